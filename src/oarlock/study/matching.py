"""Holds lists of words and phrases against batches of texts.

A list is a text of entries: `word`, `start*` for every word that begins so, `{two words}` for a
phrase. Words are in lower case with straight apostrophes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import regex
from numpy.typing import NDArray

from oarlock.errors import UserError
from oarlock.study.reading import Reading, Vocabulary, hash_words, join_hashes, totals

_ENTRY: Final = regex.compile(r"\{([^{}]+)\}|(\S+)")
_LONGEST_PHRASE: Final = 7


@dataclass(frozen=True, slots=True)
class Entries:
    """What a category consists of."""

    words: frozenset[str]
    starts: frozenset[str]
    phrases: frozenset[str]


def entries(text: str) -> Entries:
    """Return the entries of a list."""
    words, starts, phrases = set(), set(), set()
    for phrase, word in _ENTRY.findall(text):
        if phrase:
            # As a text is read: hyphens part words.
            phrases.add(" ".join(phrase.replace("-", " ").split()))
        elif word.endswith("*"):
            starts.add(word[:-1])
        elif "-" not in word:
            words.add(word)
    alone = {phrase for phrase in phrases if " " not in phrase}
    return Entries(frozenset(words | alone), frozenset(starts), frozenset(phrases - alone))


@cache
def shipped(name: str) -> dict[str, Any]:
    """Return a list of `oarlock.study.lists`."""
    return tomllib.loads((files("oarlock.study") / "lists" / f"{name}.toml").read_text("utf-8"))


class Matcher:
    """Counts the entries of many categories in one pass.

    Args:
        categories: Entries by name; a word may be in several categories.
        covering: Categories whose phrases take their words: these count in no other category.
    """

    def __init__(self, categories: Mapping[str, Entries], covering: Sequence[str] = ()) -> None:
        self.names = tuple(categories)
        self._places = {name: n for n, name in enumerate(self.names)}
        self._exact: dict[str, list[int]] = {}
        self._starts: dict[str, list[int]] = {}
        by_phrase: dict[str, list[int]] = {}
        for place, entry in enumerate(categories.values()):
            for found, into in (
                (entry.words, self._exact),
                (entry.starts, self._starts),
                (entry.phrases, by_phrase),
            ):
                for one in found:
                    into.setdefault(one, []).append(place)
        self._start_lengths = sorted({len(start) for start in self._starts})
        self._covering = np.array([self._places[name] for name in covering], dtype=np.int64)
        self._index_phrases(by_phrase)
        # One column more says whether a phrase may begin with the word.
        self._vocabulary = Vocabulary(self._describe, len(self.names) + 1)

    def _index_phrases(self, by_phrase: Mapping[str, list[int]]) -> None:
        self._first_words = {phrase.split()[0] for phrase in by_phrase}
        self._phrases: dict[int, tuple[NDArray[np.uint64], NDArray[np.float32]]] = {}
        for length in range(2, _LONGEST_PHRASE + 1):
            chosen = [p for p in by_phrase if len(p.split()) == length]
            if not chosen:
                continue
            keys = join_hashes(
                [hash_words([phrase.split()[k] for phrase in chosen]) for k in range(length)]
            )
            table = np.zeros((len(chosen), len(self.names)), dtype=np.float32)
            for row, phrase in enumerate(chosen):
                table[row, by_phrase[phrase]] = 1.0
            order = np.argsort(keys)
            self._phrases[length] = (keys[order], table[order])

    def categories_of(self, word: str) -> list[int]:
        """Return the places of the categories that a single word is in."""
        places = list(self._exact.get(word, ()))
        for length in self._start_lengths:
            if length > len(word):
                break
            places += self._starts.get(word[:length], ())
        return places

    def _describe(self, words: list[str]) -> NDArray[np.float32]:
        table = np.zeros((len(words), len(self.names) + 1), dtype=np.float32)
        for row, word in enumerate(words):
            table[row, self.categories_of(word)] = 1.0
            table[row, -1] = word in self._first_words
        return table

    def mark(self, reading: Reading) -> Marks:
        """Return what each word of a batch is in."""
        rows = self._vocabulary.rows(reading)
        table = self._vocabulary.table
        candidates = np.flatnonzero(table[rows, -1] > 0)
        phrases = [
            found
            for length in sorted(self._phrases, reverse=True)
            if len((found := self._find(reading, candidates, length))[0])
        ]
        where = np.concatenate([p[0] for p in phrases]) if phrases else np.zeros(0, np.int64)
        what = (
            np.concatenate([p[1] for p in phrases])
            if phrases
            else np.zeros((0, len(self.names)), np.float32)
        )
        covered = np.zeros(len(rows), dtype=bool)
        if len(self._covering):
            for places, kinds, length in phrases:
                covers = places[kinds[:, self._covering].any(axis=1)]
                for k in range(length):
                    covered[covers + k] = True
        return Marks(reading, rows, table[:, :-1], where, what, covered, self._places)

    def _find(
        self, reading: Reading, candidates: NDArray[np.int64], length: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], int]:
        words = reading.words
        keys, table = self._phrases[length]
        starts = candidates[candidates <= len(words.hashes) - length]
        starts = starts[words.text[starts] == words.text[starts + length - 1]]
        starts = starts[words.clause[starts] == words.clause[starts + length - 1]]
        found = join_hashes([words.hashes[starts + k] for k in range(length)])
        places = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
        hits = keys[places] == found
        return starts[hits], table[places[hits]], length


@dataclass(frozen=True, slots=True)
class Marks:
    """What the words of a batch are in.

    Attributes:
        reading: The batch.
        rows: (n_words,) row of each word in `table`.
        table: (n_rows, n_categories) 0 or 1.
        phrase_at: (n_phrases,) first word of each phrase that was found.
        phrase_in: (n_phrases, n_categories) 0 or 1.
        covered: (n_words,) belongs to a phrase that takes its words.
        places: Place of each category.
    """

    reading: Reading
    rows: NDArray[np.int64]
    table: NDArray[np.float32]
    phrase_at: NDArray[np.int64]
    phrase_in: NDArray[np.float32]
    covered: NDArray[np.bool_]
    places: Mapping[str, int]

    def counts(self) -> NDArray[np.float64]:
        """Return how often each text says something of each category, (n, n_categories)."""
        text, n = self.reading.words.text, self.reading.n
        if self.covered.any():
            free = ~self.covered
            sums = totals(self.rows[free], text[free], n, self.table)
        else:
            sums = totals(self.rows, text, n, self.table)
        if len(self.phrase_at):
            np.add.at(sums, text[self.phrase_at], self.phrase_in)
        return sums

    def distinct(self, category: str) -> NDArray[np.int64]:
        """Return how many different words and phrases of a category each text has, (n,)."""
        place = self.places[category]
        words = self.reading.words
        hits = np.flatnonzero(self.table[self.rows, place] > 0)
        phrases = self.phrase_at[self.phrase_in[:, place] > 0]
        pairs = np.concatenate(
            [
                np.stack([words.text[hits].astype(np.uint64), words.hashes[hits]], axis=1),
                np.stack([words.text[phrases].astype(np.uint64), ~words.hashes[phrases]], axis=1),
            ]
        )
        if not len(pairs):
            return np.zeros(self.reading.n, dtype=np.int64)
        return np.bincount(
            np.unique(pairs, axis=0)[:, 0].astype(np.int64), minlength=self.reading.n
        )

    def has(self, category: str) -> NDArray[np.bool_]:
        """Return which words are in a category, (n_words,)."""
        return np.asarray(self.table[self.rows, self.places[category]] > 0)


def read_dic(path: Path) -> dict[str, Entries]:
    """Return the categories of a LIWC dictionary file.

    The format: category numbers and names between two lines of `%`, then a word and its numbers,
    separated by tabs; `*` at the end of a word stands for every ending.

    Source: Pennebaker, Booth, Boyd & Francis (2015), LIWC2015 operator's manual, "custom
    dictionaries".

    Raises:
        UserError: The file is no such dictionary; names the line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: cannot be read ({type(error).__name__}).", remedy="Save it as UTF-8 text."
        ) from None
    bounds = [n for n, line in enumerate(lines) if line.strip() == "%"]
    if len(bounds) < 2 or bounds[0] != next((n for n, line in enumerate(lines) if line.strip()), 0):
        raise UserError(
            f"{path}: no list of categories between two lines of %.",
            remedy="Give a dictionary in the .dic format of LIWC 2007 or 2015.",
        )
    names: dict[str, str] = {}
    for number, line in enumerate(lines[bounds[0] + 1 : bounds[1]], bounds[0] + 2):
        parts = line.split(maxsplit=1)
        if len(parts) == 2:
            names[parts[0]] = parts[1].split("(")[0].strip()
        elif parts:
            raise UserError(
                f"{path}, line {number}: a category needs a number and a name.",
                remedy="Write for example: 1<tab>posemo.",
            )
    found: dict[str, list[str]] = {name: [] for name in names.values()}
    for number, line in enumerate(lines[bounds[1] + 1 :], bounds[1] + 2):
        fields = [part.strip() for part in line.split("\t") if part.strip()]
        if len(fields) < 2:
            fields = line.rsplit(maxsplit=max(1, len(line.split()) - 1)) if line.strip() else []
        if not fields:
            continue
        if unknown := [one for one in fields[1:] if one not in names]:
            raise UserError(
                f"{path}, line {number}: no category has the number {unknown[0]!r}.",
                remedy="List it between the lines of %.",
            )
        word = fields[0].lower().replace("’", "'")
        for one in fields[1:]:
            found[names[one]].append("{" + word + "}" if " " in word else word)
    return {name: entries(" ".join(words)) for name, words in found.items()}
