"""The test sets are what they say, and no training sentence comes near them."""

from __future__ import annotations

import csv
from collections import Counter
from importlib.resources import files

import pytest

from oarlock.codebook import CODES, TOPICS
from spec.cases import codebook_texts, hard_cases, kinds, normalised, training_texts

NAMES = {code.name for code in CODES}
N_GRAM = 5


def _n_grams(text: str) -> set[tuple[str, ...]]:
    words = normalised(text).split()
    return {tuple(words[i : i + N_GRAM]) for i in range(len(words) - N_GRAM + 1)}


def test_hard_cases_are_enough_and_distinct() -> None:
    cases = hard_cases()
    assert len(cases) >= 240
    assert min(Counter(case.kind for case in cases).values()) >= 10
    assert len(kinds()) == 20
    texts = Counter((case.context, normalised(case.text) or case.text) for case in cases)
    assert [text for text, count in texts.items() if count > 1] == []


def test_hard_cases_name_known_codes_or_a_language() -> None:
    for case in hard_cases():
        assert bool(case.codes) != bool(case.language)
        assert set(case.codes) <= NAMES
        assert len(set(case.codes)) == len(case.codes) <= 4
        assert (case.kind == "not English") == (case.language is not None)


def test_hard_cases_ask_for_every_code_but_not_always_the_same() -> None:
    best = Counter(case.codes[0] for case in hard_cases() if case.codes)
    assert set(best) == NAMES
    assert max(best.values()) < 0.25 * sum(best.values())


def test_written_training_sentences_are_enough_for_every_code() -> None:
    path = files("oarlock.coder") / "training" / "written.csv"
    with path.open("r", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    counts = Counter(row["code"] for row in rows)
    assert set(counts) == NAMES
    assert sum(counts.values()) >= 1500
    assert min(counts.values()) >= 60
    for name in (
        "Warn", "Confront", "Emphasize Autonomy", "Advise with Permission", "Simple Reflection",
        "Complex Reflection", "Open Question", "Direct",
    ):  # fmt: skip
        assert counts[name] >= 150
    assert {row["topic"] for row in rows} == set(TOPICS)
    assert len({normalised(row["text"]) or row["text"] for row in rows}) == len(rows)


@pytest.mark.parametrize("which", ["codebook", "hard cases"])
def test_no_training_sentence_is_a_near_copy_of_a_test(which: str) -> None:
    """Neither the same words nor five words in a row in common."""
    tests = codebook_texts() if which == "codebook" else [case.text for case in hard_cases()]
    whole = {normalised(text) or text for text in tests}
    runs = set().union(*(_n_grams(text) for text in tests))
    copies = [
        text
        for text in training_texts()
        if (normalised(text) or text) in whole or _n_grams(text) & runs
    ]
    assert copies == []


def test_hard_cases_are_no_near_copies_of_the_codebook() -> None:
    whole = {normalised(text) or text for text in codebook_texts()}
    runs = set().union(*(_n_grams(text) for text in codebook_texts()))
    copies = [
        case.text
        for case in hard_cases()
        if (normalised(case.text) or case.text) in whole or _n_grams(case.text) & runs
    ]
    assert copies == []
