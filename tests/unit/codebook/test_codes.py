from __future__ import annotations

import itertools
from collections import Counter

import pytest

import oarlock.codebook as codebook
from oarlock.codebook import (
    ALL_CODES,
    CODES,
    EMPATHY,
    OARS,
    QUESTIONS,
    REFLECTIONS,
    SUMMARY,
    TALK,
    TOPICS,
    Code,
    CodebookError,
    code_by,
    display_groups,
    families,
    fold,
    render_crosswalks_markdown,
    render_markdown,
)
from oarlock.errors import UserError

ABBREVIATIONS = [
    "QUO",
    "QUC",
    "RES",
    "REC",
    "AF",
    "SU",
    "EA",
    "GI",
    "ADP",
    "ADW",
    "CO",
    "DI",
    "WA",
    "SD",
    "OT",
]

each_code = pytest.mark.parametrize("code", ALL_CODES, ids=lambda code: code.abbreviation)


def test_codes_stand_in_the_order_of_the_probability_vector() -> None:
    assert [code.abbreviation for code in CODES] == ABBREVIATIONS
    assert {code.level for code in CODES} == {"sentence"}


def test_groups_hold_summary_empathy_and_talk() -> None:
    assert SUMMARY.abbreviation == "SUM"
    assert [c.name for c in EMPATHY] == ["emotional reactions", "interpretations", "explorations"]
    assert [c.name for c in TALK] == ["change", "sustain", "neutral"]
    assert len(ALL_CODES) == 22


def test_families_divide_the_sentence_codes() -> None:
    by_name = {family.name: family.codes for family in families()}
    assert list(by_name) == ["MI-adherent", "MI-non-adherent", "other"]
    assert [code_by(name).abbreviation for name in by_name["MI-adherent"]] == (
        ["AF", "SU", "EA", "ADP"]
    )
    assert [code_by(name).abbreviation for name in by_name["MI-non-adherent"]] == (
        ["ADW", "CO", "DI", "WA"]
    )
    assert [code_by(name).abbreviation for name in by_name["other"]] == (
        ["QUO", "QUC", "RES", "REC", "GI", "SD", "OT"]
    )
    assert sorted(itertools.chain(*by_name.values())) == sorted(code.name for code in CODES)


def test_groups_to_show_set_questions_and_reflections_apart() -> None:
    shown = {group.name: group.codes for group in display_groups()}
    assert list(shown) == [
        "Questions and reflections", "MI-adherent", "MI-non-adherent", "Neither",
    ]  # fmt: skip
    assert shown["Questions and reflections"] == (*QUESTIONS, *REFLECTIONS)
    assert shown["Neither"] == ("Give Information", "Self-Disclose", "Other")
    assert {family.name: family.codes for family in families()}.items() >= {
        (name, shown[name]) for name in ("MI-adherent", "MI-non-adherent")
    }
    assert sorted(itertools.chain(*shown.values())) == sorted(code.name for code in CODES)


def test_a_question_in_another_family_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codebook, "QUESTIONS", ("Open Question", "Affirm"))
    display_groups.cache_clear()
    try:
        with pytest.raises(CodebookError, match="questions and reflections"):
            codebook._check_book()
    finally:
        display_groups.cache_clear()


def test_oars_names_known_codes() -> None:
    assert {name for names in OARS.values() for name in names} <= {c.name for c in ALL_CODES}


@each_code
def test_code_has_enough_examples_and_near_misses(code: Code) -> None:
    assert len(code.examples) >= 10
    assert len(code.near_misses) >= 5
    assert len({example.topic for example in code.examples}) >= 7


@each_code
def test_code_says_when_when_not_and_source(code: Code) -> None:
    assert code.when
    assert code.when_not
    assert any(mark in code.source for mark in ("MITI", "MISC", "Welivita", "Sharma"))


@each_code
def test_near_misses_name_another_existing_code_and_the_reason(code: Code) -> None:
    names = {other.name for other in ALL_CODES}
    for miss in code.near_misses:
        assert miss.right_code in names - {code.name}
        assert miss.reason.endswith(".")


def test_no_text_occurs_twice_in_the_book() -> None:
    texts = Counter(
        fold(item.text) or item.text
        for code in ALL_CODES
        for item in (*code.examples, *code.near_misses)
    )
    assert [text for text, count in texts.items() if count > 1] == []


def test_examples_of_replies_carry_the_seekers_text_and_a_level() -> None:
    for code in (SUMMARY, *EMPATHY):
        assert all(item.context for item in (*code.examples, *code.near_misses))
    for code in EMPATHY:
        assert {example.strength for example in code.examples} == {1, 2}


def test_most_examples_are_written_as_young_peers_write() -> None:
    first_letters = [example.text[0] for code in CODES for example in code.examples]
    upper = sum(letter.isupper() for letter in first_letters)
    assert upper / len(first_letters) < 0.2


@each_code
def test_code_by_finds_name_and_abbreviation_in_any_case(code: Code) -> None:
    for written in (code.name, code.name.upper(), code.abbreviation.lower(), f" {code.name} "):
        assert code_by(written) is code


def test_code_by_refuses_an_unknown_name_and_lists_the_names() -> None:
    with pytest.raises(UserError, match=r"'Hug'.*Open Question \(QUO\)"):
        code_by("Hug")


def test_examples_on_a_topic_come_first() -> None:
    assert code_by("AF").examples_on("eating")[0].topic == "eating"
    assert len(code_by("AF").examples_on("eating")) == len(code_by("AF").examples)


def test_codes_are_frozen() -> None:
    with pytest.raises(AttributeError):
        CODES[0].name = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Openness"}, "does not fit the file"),
        ({"family": "good"}, "family 'good'"),
        ({"definition": " "}, "empty text"),
    ],
)
def test_damaged_code_is_refused(change: dict[str, str], message: str) -> None:
    fields = {name: getattr(CODES[0], name) for name in Code.__slots__}
    with pytest.raises(CodebookError, match=message):
        codebook._check(Code(**{**fields, **change}), "open_question")


def test_missing_file_is_refused() -> None:
    with pytest.raises(CodebookError, match=r"codes/nothing\.toml cannot be read"):
        codebook._load("nothing")


def test_rendered_page_shows_every_code_example_and_reason() -> None:
    page = render_markdown()
    for code in ALL_CODES:
        assert code.definition in page
        assert code.source in page
    rows = [line for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    n_items = sum(len(code.examples) + len(code.near_misses) for code in ALL_CODES)
    assert len(rows) >= n_items + 2 * len(ALL_CODES)
    assert "https://" not in page


def test_rendered_crosswalks_show_every_label_without_equivalent() -> None:
    page = render_crosswalks_markdown()
    assert "## annomi\n" in page
    assert "no equivalent: a client turn" in page


def test_topics_are_all_used() -> None:
    assert {example.topic for code in ALL_CODES for example in code.examples} == set(TOPICS)
