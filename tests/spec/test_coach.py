"""The coach, with the shipped weights, on drafts that were written for it."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from oarlock.coach import Coach, CodedReply, skill_by_month
from oarlock.coach.rules import rule_book
from oarlock.coder import Coder
from spec.cases import normalised, training_texts

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("coach_cases.toml").read_text("utf-8")
)["cases"]
RULES = {rule.id for rule in rule_book().rules}
FLOOR = 0.95
"""Share of the cases that must be right; the others are known errors of the coder."""


@pytest.fixture(scope="module")
def coach() -> Coach:
    return Coach.load()


def _said(coach: Coach, case: dict[str, Any]) -> list[str]:
    feedback = coach.review(case["draft"], post=case["post"], risk=case.get("risk", False))
    return [one.rule for one in feedback.suggestions]


def _is_right(case: dict[str, Any], said: list[str]) -> bool:
    first = said[0] in case["first"] if said else not case["first"]
    return first and not set(said) & set(case.get("not", ()))


def test_cases_are_enough_distinct_and_name_known_rules() -> None:
    assert len(CASES) >= 60
    pairs = Counter((normalised(case["post"]), case["draft"]) for case in CASES)
    assert max(pairs.values()) == 1
    named = {rule for case in CASES for rule in (*case["first"], *case.get("not", ()))}
    assert named <= RULES
    assert RULES - {rule for case in CASES for rule in case["first"]} <= {
        "open_question",
        "summary",
    }
    assert sum(not case["first"] for case in CASES) >= 25
    trained = {normalised(text) for text in training_texts()}
    assert not [case for case in CASES if normalised(case["draft"]) in trained - {""}]


def test_first_suggestion_is_the_right_one(coach: Coach) -> None:
    wrong = [(c["kind"], c["draft"], s) for c in CASES if not _is_right(c, s := _said(coach, c))]
    assert 1 - len(wrong) / len(CASES) >= FLOOR, wrong


@pytest.mark.parametrize("case", [case for case in CASES if case.get("risk") and case["first"]])
def test_draft_that_leaves_suicidal_thoughts_unanswered_is_never_passed_over(
    coach: Coach, case: dict[str, Any]
) -> None:
    assert _said(coach, case)[0].startswith("risk_")


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] == "good reply"])
def test_good_reply_is_praised_and_not_criticised(coach: Coach, case: dict[str, Any]) -> None:
    feedback = coach.review(case["draft"], post=case["post"])
    assert feedback.praise
    assert feedback.suggestions == ()


def test_feedback_of_a_draft_does_not_depend_on_what_was_read_before(coach: Coach) -> None:
    fresh = Coach.load()
    case = CASES[0]
    for length in range(5, len(case["draft"]), 11):
        coach.review(case["draft"][:length], post=case["post"])
    assert coach.review(case["draft"], post=case["post"]) == fresh.review(
        case["draft"], post=case["post"]
    )


def test_sentences_are_those_of_the_coder(coach: Coach) -> None:
    draft = CASES[0]["draft"]
    expected = Coder.load().code(draft).sentences
    found = coach.review(draft).sentences
    assert [(s.start, s.end, s.code, s.probability, s.reliable) for s in found] == [
        (s.start, s.end, s.code, s.probability, s.reliable) for s in expected
    ]


def test_fast_tier_reviews_too() -> None:
    feedback = Coach.load("fast").review("it will be fine, i promise", post="i am so scared")
    assert feedback.model_version.startswith("fast-")
    assert [one.rule for one in feedback.suggestions] == ["promise"]


def test_drafts_in_other_languages_are_not_judged(coach: Coach) -> None:
    feedback = coach.review("Das klingt wirklich schwer, du bist ganz allein.", post="so allone")
    assert feedback.suggestions == ()
    assert feedback.limits
    at_risk = coach.review("Das klingt wirklich schwer, du bist ganz allein.", risk=True)
    assert [one.rule for one in at_risk.suggestions] == ["risk_help"]


def test_skill_leaves_out_what_is_not_english() -> None:
    from datetime import date

    coder = Coder.load()
    text = "what was it like? Das klingt wirklich schwer, du bist ganz allein."
    coded = CodedReply.of(coder.code(text), date(2026, 3, 1))
    assert skill_by_month([coded])[0].n_sentences == 1
