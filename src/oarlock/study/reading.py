"""Reads batches of texts at the speed of arrays: words, marks and sentences without a loop.

A batch becomes one array of code points. Words are runs in it, known by a 64-bit hash; what a word
*is* (its syllables, its categories) is worked out once per distinct word, and a text's counts are
then one sparse product. That is what makes tens of millions of replies a matter of minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex
from numpy.typing import NDArray

#: Characters of a text that are read; a longer one is a pasted book, not a reply.
MAX_CHARACTERS: Final = 20_000
#: Distinct words kept before the memory of words is emptied: bounds memory, changes no value.
MAX_WORDS: Final = 400_000
_N: Final = 0x110000
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_LONGEST: Final = 48
_LETTER, _END, _CLAUSE, _PICTURE = np.uint8(1), np.uint8(2), np.uint8(4), np.uint8(8)
_LINK: Final = r"https?://[^\s]+|www\.[^\s]+"


@cache
def _classes() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return what each code point is, and its lower case."""
    flags = np.zeros(_N, dtype=np.uint8)
    lower = np.arange(_N, dtype=np.uint32)
    everything = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x32000)]))

    def mark(pattern: str, flag: np.uint8) -> None:
        for found in regex.finditer(pattern, everything):
            points = np.frombuffer(found[0].encode("utf-32-le"), dtype=np.uint32)
            flags[points] |= flag

    mark(r"[\p{L}\p{M}\p{N}]+", _LETTER)
    mark(r"[\p{Extended_Pictographic}--[\u0000-\u218f]]+(?V1)", _PICTURE)
    flags[[ord("\ufe0f"), ord("\ufe0e")]] = 0
    for mark_ in ".!?…\n。！？":
        flags[ord(mark_)] |= _END | _CLAUSE
    for mark_ in ",;:()":
        flags[ord(mark_)] |= _CLAUSE
    for found in regex.finditer(r"\p{Lu}", everything):
        small = found[0].lower()
        if len(small) == 1:
            lower[ord(found[0])] = ord(small)
    return flags, lower


@cache
def _powers() -> NDArray[np.uint64]:
    powers = np.ones(_LONGEST, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for place in range(1, _LONGEST):
            powers[place] = powers[place - 1] * np.uint64(0x100000001B3)
    return powers


def hash_words(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return the hashes that `read` gives to single words in lower case."""
    if not words:
        return np.zeros(0, dtype=np.uint64)
    points = np.frombuffer("".join(words).encode("utf-32-le"), dtype=np.uint32)
    lengths = np.array([len(word) for word in words])
    ends = np.cumsum(lengths)
    return _hashes(points, ends - lengths, ends)


def _hashes(
    points: NDArray[np.uint32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Return the hash of each run of code points; runs do not overlap and are in order."""
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    lengths = np.minimum(ends - starts, _LONGEST)
    total = int(lengths.sum())
    firsts = np.cumsum(lengths) - lengths
    places = np.arange(total) - np.repeat(firsts, lengths)
    with np.errstate(over="ignore"):
        codes = points[np.repeat(starts, lengths) + places].astype(np.uint64) * _BASE
        codes ^= codes >> np.uint64(29)
        sums = np.add.reduceat(codes * _powers()[places], firsts)
        sums ^= sums >> np.uint64(31)
        return sums * _MIX


def join_hashes(hashes: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return the hashes of phrases from those of their words, the first words first."""
    with np.errstate(over="ignore"):
        joined = hashes[0]
        for follower in hashes[1:]:
            joined = (joined * _BASE) ^ (follower + _MIX)
        return joined


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch, in a row.

    Attributes:
        hashes: (n_words,) uint64.
        text: (n_words,) row of the text that each stands in.
        clause: (n_words,) number that grows at every comma, stop or line end.
        starts, ends: (n_words,) code points.
    """

    hashes: NDArray[np.uint64]
    text: NDArray[np.int64]
    clause: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


@dataclass(frozen=True)
class Reading:
    """A batch of n texts, read once.

    Attributes:
        texts: (n,) as read: nothing missing, links taken out, apostrophes straight.
        n_links: (n,) links per text.
        points: Code points of all texts in a row.
        lower: The same in lower case.
        offsets: (n + 1,) where each text begins.
    """

    texts: pa.Array
    n_links: NDArray[np.int64]
    points: NDArray[np.uint32]
    lower: NDArray[np.uint32]
    offsets: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of texts."""
        return len(self.offsets) - 1

    @cached_property
    def flags(self) -> NDArray[np.uint8]:
        """What each code point is."""
        return np.asarray(_classes()[0][self.points])

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Whether a code point begins a text."""
        first = np.zeros(len(self.points) + 1, dtype=bool)
        first[self.offsets[:-1]] = True
        return first[:-1]

    def per_text(self, hits: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return how many code points of each text are marked."""
        sums = np.concatenate([[0], np.cumsum(hits, dtype=np.int64)])
        return np.asarray(sums[self.offsets[1:]] - sums[self.offsets[:-1]])

    def count(self, character: str) -> NDArray[np.int64]:
        """Return how often each text has a character."""
        return self.per_text(self.points == ord(character))

    @cached_property
    def words(self) -> Words:
        """The words of all texts: letters, digits and apostrophes between letters."""
        inside = (self.flags & _LETTER).astype(bool)
        if len(inside) > 2:
            apostrophe = self.points == ord("'")
            between = np.zeros_like(inside)
            between[1:-1] = apostrophe[1:-1] & inside[:-2] & inside[2:]
            between &= ~self.first
            # An apostrophe at the end of a text has no letter of that text behind it.
            between[:-1] &= ~self.first[1:]
            inside = inside | between
        before = np.concatenate([[False], inside[:-1]]) & ~self.first
        starts = np.flatnonzero(inside & ~before)
        after = np.concatenate([inside[1:] & ~self.first[1:], [False]])[: len(inside)]
        ends = np.flatnonzero(inside & ~after) + 1
        rows = np.searchsorted(self.offsets, starts, side="right") - 1
        begins = ((self.flags & _CLAUSE) > 0) | self.first
        clauses = np.cumsum(begins, dtype=np.int64)
        return Words(_hashes(self.lower, starts, ends), rows, clauses[starts], starts, ends)

    @cached_property
    def n_words(self) -> NDArray[np.int64]:
        """(n,) words per text."""
        return np.bincount(self.words.text, minlength=self.n)

    @cached_property
    def n_sentences(self) -> NDArray[np.int64]:
        """(n,) runs of words that a stop, a mark or a line end closes; at least 1 with words."""
        ends = np.cumsum((self.flags & _END) > 0)
        number = ends[self.words.starts] if len(self.words.starts) else np.zeros(0, np.int64)
        new = np.ones(len(number), dtype=bool)
        new[1:] = (number[1:] != number[:-1]) | (self.words.text[1:] != self.words.text[:-1])
        return np.bincount(self.words.text[new], minlength=self.n)

    @cached_property
    def pictures(self) -> NDArray[np.bool_]:
        """Code points that begin an emoji; skin tones and joined parts belong to the first."""
        hits = (self.flags & _PICTURE) > 0
        if len(hits) > 1:
            hits[1:] &= self.points[:-1] != 0x200D
        flags = (self.points >= 0x1F1E6) & (self.points <= 0x1F1FF)
        if flags.any():
            # A flag is two of these signs: every second one counts.
            hits |= flags & (np.cumsum(flags) % 2 == 1)
        return hits

    def word(self, place: int) -> str:
        """Return a word in lower case."""
        start, end = int(self.words.starts[place]), int(self.words.ends[place])
        return self.lower[start : min(end, start + _LONGEST)].tobytes().decode("utf-32-le")


def read(texts: pa.Array | pa.ChunkedArray | Sequence[str | None]) -> Reading:
    """Return a batch of texts as arrays.

    Args:
        texts: (n,) texts; a missing one counts as empty.
    """
    array = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else pa.array(texts, pa.string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    array = pc.fill_null(array.cast(pa.large_string()), "")
    if len(array) and pc.max(pc.utf8_length(array)).as_py() > MAX_CHARACTERS:
        array = pc.utf8_slice_codeunits(array, 0, MAX_CHARACTERS)
    n_links = np.zeros(len(array), dtype=np.int64)
    linked = pc.match_substring_regex(array, r"https?://|www\.")
    if pc.any(linked).as_py():
        found = pc.count_substring_regex(array, _LINK)
        n_links = found.to_numpy(zero_copy_only=False).astype(np.int64)
        array = pc.if_else(linked, pc.replace_substring_regex(array, _LINK, " "), array)
    array = pc.replace_substring(array, "’", "'")
    lengths = pc.utf8_length(array).to_numpy(zero_copy_only=False).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    buffer = array.buffers()[2]
    bounds = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset :]
    data = memoryview(buffer)[bounds[0] : bounds[len(array)]] if buffer is not None else b""
    points = np.frombuffer(str(data, "utf-8").encode("utf-32-le"), dtype=np.uint32)
    return Reading(array, n_links, points, _classes()[1][points], offsets)


class Vocabulary:
    """Remembers what every distinct word is, so that it is worked out once.

    Args:
        describe: From words in lower case to their attributes, (n, n_attributes) float32.
        n_attributes: How many there are.
    """

    def __init__(
        self, describe: Callable[[list[str]], NDArray[np.float32]], n_attributes: int
    ) -> None:
        self._describe = describe
        self._ids: dict[int, int] = {}
        self._table = np.zeros((1024, n_attributes), dtype=np.float32)

    def rows(self, reading: Reading) -> NDArray[np.int64]:
        """Return for each word of a batch its row of `table`."""
        coded = pa.array(reading.words.hashes).dictionary_encode()
        distinct = coded.dictionary.to_pylist()
        if len(self._ids) + len(distinct) > MAX_WORDS:
            # A new table: what was read before still points into the old one.
            self._ids, self._table = {}, np.zeros_like(self._table)
        fresh = [n for n, key in enumerate(distinct) if key not in self._ids]
        indices = coded.indices.to_numpy()
        if fresh:
            firsts = np.zeros(len(distinct), dtype=np.int64)
            firsts[indices[::-1]] = np.arange(len(indices))[::-1]
            words = [reading.word(int(firsts[n])) for n in fresh]
            begin = len(self._ids)
            self._grow(begin + len(fresh))
            self._table[begin : begin + len(fresh)] = self._describe(words)
            self._ids.update((distinct[n], begin + k) for k, n in enumerate(fresh))
        known = np.fromiter((self._ids[key] for key in distinct), np.int64, len(distinct))
        return np.asarray(known[indices])

    @property
    def table(self) -> NDArray[np.float32]:
        """(n_rows, n_attributes) what each word is."""
        return self._table

    def _grow(self, n_rows: int) -> None:
        if n_rows > len(self._table):
            larger = np.zeros((max(n_rows, 2 * len(self._table)), self._table.shape[1]), np.float32)
            larger[: len(self._table)] = self._table
            self._table = larger


def totals(
    rows: NDArray[np.int64], text: NDArray[np.int64], n: int, table: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the sum of the attributes of each text's words, (n, n_attributes).

    Args:
        rows: (n_words,) row of each word in `table`.
        text: (n_words,) row of its text, ascending.
        n: Number of texts.
        table: What each word is.
    """
    from scipy.sparse import csr_matrix

    bounds = np.concatenate([[0], np.cumsum(np.bincount(text, minlength=n))])
    counts: Any = csr_matrix((np.ones(len(rows), np.float32), rows, bounds), (n, len(table)))
    return np.asarray(counts @ table, dtype=np.float64)
