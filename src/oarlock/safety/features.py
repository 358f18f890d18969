"""What the models read: hashed n-grams of the plain view, and what patterns and lexicon say."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from oarlock.safety.matching import Hit
from oarlock.safety.patterns import Pattern, Rule, Rulebook
from oarlock.safety.results import GRADES, KINDS

#: Buckets of words and word pairs, then as many of character n-grams.
N_BUCKETS: Final = 1 << 17
#: Characters that the models read: the patterns read more (see `normalise.MAX_CHARACTERS`).
MAX_MODEL_CHARACTERS: Final = 20_000
#: Longest phrase of the lexicon in words.
_PHRASE: Final = 6
_WORD = re.compile(r"[a-z]+|0|[?!]")
_DIGITS = re.compile(r"\d+")
_A: Final = np.uint64(0x9E3779B97F4A7C15)
_B: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT: Final = np.uint64(40)
FIRST_PERSON: Final = frozenset({"i", "me", "my", "myself", "mine"})
_Entry = TypeVar("_Entry", Pattern, Rule)
SECOND_PERSON: Final = frozenset({"you", "your", "yours", "yourself"})


@dataclass(frozen=True, slots=True)
class Features:
    """One text as the models see it.

    Attributes:
        buckets: Sorted places among 2 * `N_BUCKETS`.
        counts: How often each occurs.
        dense: (n_dense,) what patterns, lexicon and counts of words say; see `dense_names`.
    """

    buckets: NDArray[np.int64]
    counts: NDArray[np.float32]
    dense: NDArray[np.float32]


@cache
def _lexicon() -> tuple[tuple[str, ...], dict[str, tuple[int, ...]]]:
    raw = json.loads((files("oarlock.safety") / "lexicon.json").read_text(encoding="utf-8"))
    names = tuple(raw["constructs"])
    phrases: dict[str, tuple[int, ...]] = {}
    for number, name in enumerate(names):
        for phrase in raw["constructs"][name]:
            phrases[phrase] = (*phrases.get(phrase, ()), number)
    return names, phrases


def dense_names(book: Rulebook) -> tuple[str, ...]:
    """Return the names of the dense features, in their order."""
    return (
        *(f"pattern {p.id}" for p in book.patterns if p.trained),
        *(f"grade {grade}" for grade in GRADES[1:]),
        *(f"grade of another {grade}" for grade in GRADES[1:]),
        *(f"kind {kind}" for kind in KINDS[1:]),
        *(f"context {rule.id}" for rule in book.rules if rule.trained),
        *(f"lexicon {name}" for name in _lexicon()[0]),
        "length", "first person", "second person", "questions",
    )  # fmt: skip


def features(plain: str, found: Sequence[Hit], book: Rulebook) -> Features:
    """Return the features of one text.

    Args:
        plain: Plain view.
        found: What the patterns found in it.
        book: The patterns, in the order of `dense_names`.
    """
    text = plain
    if len(text) > MAX_MODEL_CHARACTERS:
        text = f"{text[: MAX_MODEL_CHARACTERS // 2]}\n{text[-MAX_MODEL_CHARACTERS // 2 :]}"
    text = _DIGITS.sub("0", text)
    words = _WORD.findall(text)
    buckets, counts = np.unique(
        np.concatenate([_word_grams(words), _character_grams(" ".join(words)) + N_BUCKETS]),
        return_counts=True,
    )
    dense = np.concatenate([_of_patterns(found, book), _of_lexicon(words), _of_counts(words)])
    return Features(buckets, counts.astype(np.float32), dense)


def _word_grams(words: list[str]) -> NDArray[np.int64]:
    ids = np.array([zlib.crc32(word.encode()) for word in words], dtype=np.uint64)
    pairs = ids[:-1] * _A ^ (ids[1:] + np.uint64(11)) * _B
    return np.concatenate([_bucket(ids * _A), _bucket(pairs)])


def _character_grams(text: str) -> NDArray[np.int64]:
    codes = np.frombuffer(f" {text} ".encode("ascii", "replace"), dtype=np.uint8).astype(np.uint64)
    parts = []
    gram = codes
    for length in range(2, 6):
        gram = gram[:-1] * _A ^ (codes[length - 1 :] + np.uint64(length)) * _B
        if length > 2:
            parts.append(_bucket(gram))
    return np.concatenate(parts)


def _bucket(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    return ((hashes >> _SHIFT) % np.uint64(N_BUCKETS)).astype(np.int64)


def _trained(entries: Sequence[_Entry]) -> list[_Entry]:
    return [entry for entry in entries if entry.trained]


def _of_patterns(found: Sequence[Hit], book: Rulebook) -> NDArray[np.float32]:
    places = {pattern.id: n for n, pattern in enumerate(_trained(book.patterns))}
    contexts = {rule.id: n for n, rule in enumerate(_trained(book.rules))}
    patterns = np.zeros(len(places), dtype=np.float32)
    grades = np.zeros(2 * (len(GRADES) - 1), dtype=np.float32)
    kinds = np.zeros(len(KINDS) - 1, dtype=np.float32)
    lowering = np.zeros(len(contexts), dtype=np.float32)
    for hit in found:
        if hit.pattern.kind == "suicide":
            if hit.pattern.trained:
                patterns[places[hit.pattern.id]] = float(hit.rank > 0)
            offset = 0 if hit.about == "writer" else len(GRADES) - 1
            grades[offset : offset + hit.rank] = 1.0
            for name in contexts.keys() & set(hit.contexts):
                lowering[contexts[name]] = 1.0
        else:
            if hit.pattern.trained:
                patterns[places[hit.pattern.id]] = hit.score
            place = KINDS.index(hit.pattern.kind) - 1
            kinds[place] = max(kinds[place], hit.score)
    return np.concatenate([patterns, grades, kinds, lowering])


def _of_lexicon(words: list[str]) -> NDArray[np.float32]:
    names, phrases = _lexicon()
    counts = np.zeros(len(names), dtype=np.float32)
    for length in range(1, _PHRASE + 1):
        for start in range(len(words) - length + 1):
            for number in phrases.get(" ".join(words[start : start + length]), ()):
                counts[number] += 1.0
    return np.log1p(counts)


def _of_counts(words: list[str]) -> NDArray[np.float32]:
    n = max(len(words), 1)
    first = sum(word in FIRST_PERSON for word in words) / n
    second = sum(word in SECOND_PERSON for word in words) / n
    asks = sum(word == "?" for word in words)
    return np.array([np.log1p(n) / 5, 8 * first, 8 * second, np.log1p(asks)], dtype=np.float32)
