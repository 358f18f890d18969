"""The coder on the codebook's examples and near-misses and on the hard cases."""

from __future__ import annotations

import pytest

from oarlock.coder import Coder
from spec.cases import HardCase, hard_cases
from spec.outcomes import FLOORS, Outcome, outcomes, page, share_right


@pytest.fixture(scope="module")
def coder() -> Coder:
    return Coder.load()


@pytest.fixture(scope="module")
def found(coder: Coder) -> list[Outcome]:
    return outcomes(coder)


@pytest.mark.parametrize("name", FLOORS)
def test_share_right_is_not_below_its_floor(name: str, found: list[Outcome]) -> None:
    of_set = [one for one in found if one.set == name]
    misses = [f"{one.id}: {one.given}, not {one.expected}" for one in of_set if not one.right]
    assert share_right(of_set) >= FLOORS[name], misses


def test_every_text_has_one_outcome(found: list[Outcome]) -> None:
    assert len({one.id for one in found}) == len(found)
    assert sum(one.set == "hard cases" for one in found) == len(hard_cases())


@pytest.mark.parametrize(
    "case", [c for c in hard_cases() if c.language is not None], ids=lambda case: case.language
)
def test_text_that_is_not_english_is_flagged_and_not_coded(coder: Coder, case: HardCase) -> None:
    reply = coder.code(case.text)
    assert reply.sentences
    assert {sentence.reason for sentence in reply.sentences} == {"language"}
    assert not any(sentence.reliable for sentence in reply.sentences)
    assert {sentence.reason for sentence in coder.talk(case.text).sentences} == {"language"}


@pytest.mark.parametrize("text", [case.text for case in hard_cases() if case.kind == "emoji only"])
def test_emoji_alone_have_no_words(coder: Coder, text: str) -> None:
    sentences = coder.code(text).sentences
    assert sentences
    assert {sentence.reason for sentence in sentences} == {"no words"}


def test_english_is_not_taken_for_another_language(found: list[Outcome]) -> None:
    flagged = [
        one.id
        for one in found
        # An example of Other is in Spanish; it is flagged, and Other is right.
        if one.reason == "language" and one.group != "not English" and not one.right
    ]
    assert flagged == []


def test_page_shows_every_set_and_every_miss(found: list[Outcome]) -> None:
    text = page(found, "standard-test")
    for name in FLOORS:
        assert f"| {name} |" in text
    for one in found:
        assert (f"| {one.id} |" in text) == (not one.right)
