"""What follows from a screening, and that the page says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from oarlock.safety import GRADES, KINDS, Finding, Screening
from oarlock.safety.policy import LANGUAGES, QUEUES, SHOWS, UNSCREENED, as_markdown, policy, respond

ROOT = Path(__file__).resolve().parents[3]


def screening(*findings: Finding, truncated: bool = False) -> Screening:
    grade = max((f.grade or "none" for f in findings), key=GRADES.index, default="none")
    return Screening(grade, findings, (), 0.5, truncated, "test-1")


def test_every_kind_and_grade_has_a_row_and_every_row_its_reason() -> None:
    book = policy()
    for about in ("writer", "someone else"):
        assert all(book.row("suicide", grade, about) for grade in GRADES[1:])
    assert all(book.row(kind) for kind in (*KINDS[1:], UNSCREENED))
    assert all(row.why and row.source and row.show in SHOWS for row in book.rows)
    assert all(row.queue in QUEUES for row in book.rows)


def test_words_exist_in_both_languages_and_promise_only_what_the_row_does() -> None:
    for row in policy().rows:
        for language in LANGUAGES:
            words = policy().messages[row.message][language]
            assert words.title
            assert "{time}" in words.next
            said = words.next.lower()
            if row.show in {"held", "hidden"}:
                assert "is posted" not in said
                assert "ist veröffentlicht" not in said
            if row.show == "hidden":
                assert "appeal" in said or "widersprich" in said


@pytest.mark.parametrize(
    ("grade", "minutes", "en", "de"),
    [
        ("imminent", 15, "15 minutes", "15 Minuten"),
        ("recent behaviour", 60, "1 hour", "einer Stunde"),
        ("plan or intent", 60, "1 hour", "einer Stunde"),
        ("active", 240, "4 hours", "4 Stunden"),
        ("passive", 1440, "24 hours", "24 Stunden"),
    ],
)
def test_graver_risk_is_acknowledged_sooner(grade: str, minutes: int, en: str, de: str) -> None:
    response = respond(screening(Finding("suicide", 0.9, grade)))
    assert response.acknowledge_minutes == minutes
    assert response.helplines
    assert f"within {en}" in response.words()[0].next
    assert f"innerhalb von {de}" in response.words("de")[0].next
    for language in LANGUAGES:
        unkept = response.words(language, kept=False)[0].next
        assert en not in unkept
        assert de not in unkept
        assert "numbers below now" in unkept or "jetzt die Nummern" in unkept


def test_strictest_of_several_rows_counts() -> None:
    response = respond(
        screening(Finding("suicide", 0.9, "passive"), Finding("encouragement of self-harm", 0.9))
    )
    assert response.show == "hidden"
    assert response.acknowledge_minutes == 60
    for language, posted in (("en", "is posted"), ("de", "ist veröffentlicht")):
        words = response.words(language)
        assert len(words) == 2
        assert not [w.next for w in words if posted in w.next]
        assert all("1 hour" in w.next or "einer Stunde" in w.next for w in words)


def test_ordinary_text_shows_and_nobody_is_called() -> None:
    response = respond(screening())
    assert (response.show, response.queue, response.words()) == ("shows", None, ())


@pytest.mark.parametrize("failed", [None, screening(truncated=True)], ids=["failed", "truncated"])
def test_unscreened_text_is_held_for_a_person(failed: Screening | None) -> None:
    response = respond(failed)
    assert response.show == "held"
    assert response.queue == "moderator"
    assert response.helplines


def test_somebody_elses_plan_has_words_for_a_friend() -> None:
    own = respond(screening(Finding("suicide", 0.9, "plan or intent")))
    other = respond(screening(Finding("suicide", 0.9, "plan or intent", "someone else")))
    assert own.words() != other.words()
    assert other.show == "shows"


def test_page_in_the_docs_is_the_policy() -> None:
    assert (ROOT / "docs/reference/safety-policy.md").read_text("utf-8") == as_markdown()
