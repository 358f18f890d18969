"""Patterns and the context rules around them, read from TOML and compiled.

Every gap in a pattern is bounded, so that time grows with the length of the text and not faster;
`regex` stops a search at a time limit besides.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import regex

from oarlock.safety.results import GRADES, KINDS, ScreeningError

_FOLDER: Final = files("oarlock.safety")
_EFFECTS: Final = ("none", "passive", "past", "joke", "other")
_PLACES: Final = ("before", "after", "sentence", "line", "around")
#: A group repeated without bound, which could take a time that explodes.
_UNBOUNDED = regex.compile(r"(?<!\\)\)[*+]")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One thing to look for.

    Attributes:
        id: Stable name, stored with the finding.
        kind: One of `results.KINDS`.
        grade: For suicide risk, else None.
        score: How sure a match makes.
        about: "writer" or "someone else".
        view: "plain" or "light", see `normalise.Views`.
        why: For staff.
        source: Full text of the source.
        match: Alternatives; one suffices.
        not_match: A match is dropped where one of these is found on it or just before.
        immune: Effects of context that do not apply.
        trained: Whether the models were fitted with it; they do not see the others.
    """

    id: str
    kind: str
    grade: str | None
    score: float
    about: str
    view: str
    why: str
    source: str
    match: tuple[regex.Pattern[str], ...]
    not_match: tuple[regex.Pattern[str], ...]
    immune: frozenset[str]
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """What stands around a match and changes its meaning."""

    id: str
    effect: str
    where: str
    why: str
    quoted: bool
    match: tuple[regex.Pattern[str], ...]
    unless: tuple[regex.Pattern[str], ...]
    kinds: frozenset[str]
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Combination:
    """Two things that are graver together than each alone.

    Attributes:
        pattern: What both together are; its `match` is the second thing.
        with_patterns: Ids of the patterns that are the first thing.
        with_words: Further wordings of the first thing.
    """

    pattern: Pattern
    with_patterns: frozenset[str]
    with_words: tuple[regex.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that is written down to screen by."""

    patterns: tuple[Pattern, ...]
    rules: tuple[Rule, ...]
    other_rules: tuple[Rule, ...]
    idioms: tuple[regex.Pattern[str], ...]
    combinations: tuple[Combination, ...] = ()

    def why(self, name: str) -> str:
        """Return the words for staff of a pattern or rule."""
        reasons = {entry.id: entry.why for entry in self.patterns}
        reasons |= {one.pattern.id: one.pattern.why for one in self.combinations}
        reasons |= {rule.id: rule.why for rule in (*self.rules, *self.other_rules)}
        return reasons.get(name, "")


@cache
def rulebook() -> Rulebook:
    """Return the shipped patterns and rules.

    Raises:
        ScreeningError: A file is missing or damaged.
    """
    try:
        phrases = _phrases(_read(_FOLDER / "phrases.toml")["phrases"])
        names = sorted(entry.name for entry in (_FOLDER / "patterns").iterdir())
        patterns = tuple(
            pattern
            for name in names
            if name.endswith(".toml")
            for pattern in _patterns(_read(_FOLDER / "patterns" / name), phrases)
        )
        context, german = _read(_FOLDER / "context.toml"), _read(_FOLDER / "context_de.toml")
        rules = tuple(_rules("rule", context, phrases)) + tuple(_rules("rule", german, phrases))
        others = tuple(
            rule for raw in (context, german) for rule in _rules("other_rule", raw, phrases)
        )
        idioms = tuple(map(_compile, context["idioms"]["match"]))
        combinations = tuple(_combinations(_read(_FOLDER / "combinations.toml"), phrases))
    except (OSError, KeyError, TypeError, ValueError, regex.error) as error:
        raise ScreeningError("The patterns of screening cannot be read.") from error
    if not patterns or not rules:
        raise ScreeningError("There are no patterns to screen by.")
    return Rulebook(patterns, rules, others, idioms, combinations)


def _read(path: Traversable) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _phrases(raw: Mapping[str, str]) -> dict[str, str]:
    filled: dict[str, str] = {}
    for name, text in raw.items():
        filled[name] = _fill(text, filled)
    return filled


def _fill(text: str, phrases: Mapping[str, str]) -> str:
    for name, phrase in phrases.items():
        text = text.replace("{" + name + "}", phrase)
    return text


def _compile(text: str) -> regex.Pattern[str]:
    if _UNBOUNDED.search(text):
        raise ValueError("a group is repeated without bound")
    return regex.compile(text, regex.MULTILINE | regex.VERSION0)


#: How umlauts are written: the plain view has taken their dots off, and some type "ue".
_UMLAUTS: Final = str.maketrans({"ä": "ae?", "ö": "oe?", "ü": "ue?"})


def _wording(text: str, raw: Mapping[str, Any], phrases: Mapping[str, str]) -> regex.Pattern[str]:
    if raw.get("language") == "de":
        text = _fill(text, _german(tuple(raw.get("phrases", {}).items())))
        return _compile(text.translate(_UMLAUTS))
    return _compile(_fill(text, phrases))


@cache
def _german(phrases: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return _phrases(dict(phrases))


def _patterns(raw: dict[str, Any], phrases: Mapping[str, str]) -> Iterator[Pattern]:
    for entry in raw["pattern"]:
        grade = entry.get("grade")
        kind = entry.get("kind", "suicide")
        if kind not in KINDS or (grade is not None and grade not in GRADES):
            raise ValueError("unknown kind or grade")
        yield Pattern(
            id=entry["id"],
            kind=kind,
            grade=grade,
            score=float(entry.get("score", 0.9)),
            about=entry.get("about", "writer"),
            view=entry.get("view", "plain"),
            why=entry["why"],
            source=raw["sources"][entry["source"]],
            match=tuple(_wording(text, raw, phrases) for text in entry["match"]),
            not_match=tuple(_wording(text, raw, {}) for text in entry.get("not_match", ())),
            immune=frozenset(entry.get("immune", ())),
            trained=raw.get("trained", True),
        )


def _combinations(raw: dict[str, Any], phrases: Mapping[str, str]) -> Iterator[Combination]:
    by_id = {pattern.id: pattern for pattern in _patterns(raw, phrases)}
    for entry in raw["pattern"]:
        yield Combination(
            pattern=by_id[entry["id"]],
            with_patterns=frozenset(entry["with_patterns"]),
            with_words=tuple(_wording(text, raw, phrases) for text in entry["with_words"]),
        )


def _rules(kind: str, raw: dict[str, Any], phrases: Mapping[str, str]) -> Iterator[Rule]:
    for entry in raw[kind]:
        yield _rule(entry, raw, phrases)


def _rule(entry: dict[str, Any], raw: dict[str, Any], phrases: Mapping[str, str]) -> Rule:
    if entry["effect"] not in _EFFECTS or entry["where"] not in _PLACES:
        raise ValueError("unknown effect or place")
    if entry["source"] not in raw["sources"]:
        raise ValueError("a rule without a source")
    return Rule(
        id=entry["id"],
        effect=entry["effect"],
        where=entry["where"],
        why=entry["why"],
        quoted=bool(entry.get("quoted", False)),
        match=tuple(_wording(text, raw, phrases) for text in entry["match"]),
        unless=tuple(_wording(text, raw, {}) for text in entry.get("unless", ())),
        kinds=frozenset(entry.get("kinds", ("suicide",))),
        trained=raw.get("trained", True),
    )
