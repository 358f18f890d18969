"""Every pattern has a source and reasons, and none can take for ever."""

from __future__ import annotations

import time
import tomllib
from importlib.resources import files

import pytest

from oarlock.safety import GRADES, KINDS, ScreeningError
from oarlock.safety import patterns as module
from oarlock.safety.matching import hits
from oarlock.safety.normalise import views
from oarlock.safety.patterns import rulebook

LONG = 100_000
PATHOLOGICAL = {
    "one letter": "a",
    "want to": "want to ",
    "i am": "i am ",
    "i": "i ",
    "not": "not ",
    "spaces": " ",
    "newlines": "\n",
    "quotes": '"',
    "brackets": "<",
    "digits": "0",
    "spaced digits": "1 ",
    "stars": "s*",
    "at signs": "a@",
    "dots": "a.",
    "kill myself": "kill myself ",
    "friend": "my friend my friend ",
    "pills": "i took all my pills ",
    "zero width": "\u200ba",
    "emoji": "🔪",
    "override": "\u202e",
    "capitals": "Anna Smith ",
    "ampersand": "&amp;",
    "letters apart": "k i l l ",
}


def test_every_kind_and_grade_has_a_pattern() -> None:
    book = rulebook()
    assert {p.kind for p in book.patterns} == set(KINDS)
    assert {p.grade for p in book.patterns if p.grade} == set(GRADES)
    ids = [p.id for p in book.patterns] + [r.id for r in (*book.rules, *book.other_rules)]
    assert len(set(ids)) == len(ids)


def test_every_pattern_has_a_source_and_a_reason() -> None:
    book = rulebook()
    assert not [p.id for p in book.patterns if not p.source or not p.why.endswith(".")]
    assert not [r.id for r in (*book.rules, *book.other_rules) if not r.why]


def test_every_group_of_spellings_names_a_source() -> None:
    raw = tomllib.loads((files("oarlock.safety") / "spelling.toml").read_text("utf-8"))
    named = [*raw["group"], raw["emoji"], raw["disguised"]]
    assert not [entry for entry in named if entry["source"] not in raw["sources"]]


@pytest.mark.parametrize("unit", PATHOLOGICAL.values(), ids=PATHOLOGICAL)
def test_pathological_text_is_bounded(unit: str) -> None:
    text = (unit * LONG)[:LONG]
    started = time.process_time()
    hits(views(text), rulebook())
    assert time.process_time() - started < 10


def test_group_repeated_without_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="without bound"):
        module._compile("(?:a|b)*c")
    assert module._compile("(?:a|b){0,4}c").search("abc")


def test_damaged_patterns_are_a_typed_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rulebook.cache_clear()
    monkeypatch.setattr(module, "_read", lambda path: {"phrases": {}, "pattern": [{"id": "x"}]})
    with pytest.raises(ScreeningError, match="cannot be read"):
        rulebook()
    monkeypatch.undo()
    rulebook.cache_clear()
    assert rulebook().patterns
