"""What stands around a match: denial, quotation, song, joke, past time, another person."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import regex

from oarlock.safety.patterns import Rule

_BOUNDARY = regex.compile(r"[.!?;\n]")
_LINE = regex.compile(r"\n")
_FIRST_PERSON = regex.compile(r"\b(?:myself|my|me|i)\b")
#: Characters of a neighbourhood that are read; sentences without end are cut there.
_REACH: Final = 160
_AROUND: Final = 320


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a text's sentences and lines end, and which parts stand in quotation marks."""

    text: str
    sentence_ends: tuple[int, ...]
    line_ends: tuple[int, ...]
    quotes: tuple[tuple[int, int], ...]
    timeout: float

    @classmethod
    def of(cls, text: str, timeout: float) -> Surroundings:
        """Return the surroundings in a text of the plain view."""
        marks = [i for i, c in enumerate(text) if c == '"']
        return cls(
            text,
            tuple(m.end() for m in _BOUNDARY.finditer(text)),
            tuple(m.end() for m in _LINE.finditer(text)),
            tuple(zip(marks[::2], marks[1::2], strict=False)),
            timeout,
        )

    def holds(self, rule: Rule, start: int, end: int) -> bool:
        """Tell whether a rule applies to the match text[start:end]."""
        if rule.quoted and not any(a < start and end <= b + 1 for a, b in self.quotes):
            return False
        if rule.id == "third_person" and _FIRST_PERSON.search(self.text, start, end):
            return False
        place = self._place(rule.where, start, end)
        if not any(p.search(place, timeout=self.timeout) for p in rule.match):
            return False
        return not any(p.search(place, timeout=self.timeout) for p in rule.unless)

    def applying(self, rules: Iterable[Rule], start: int, end: int) -> list[Rule]:
        """Return the rules that apply to the match text[start:end], in their order."""
        return [rule for rule in rules if self.holds(rule, start, end)]

    def are_near(self, one: tuple[int, int], other: tuple[int, int], sentences: int) -> bool:
        """Tell whether two matches stand within so many sentences of each other."""
        start, end = min(one, other)[1], max(one, other)[0]
        between = bisect.bisect_left(self.sentence_ends, end + 1)
        between -= bisect.bisect_left(self.sentence_ends, start + 1)
        return between < sentences

    def _place(self, where: str, start: int, end: int) -> str:
        if where in {"line", "around"}:
            first, last = _within(self.line_ends, start, end, len(self.text))
            reach = _AROUND
        else:
            first, last = _within(self.sentence_ends, start, end, len(self.text))
            reach = _REACH
        first, last = max(first, start - reach), min(last, end + reach)
        if where == "before":
            return self.text[first:start].lstrip()
        if where == "after":
            return self.text[end:last]
        return self.text[first:last]


def _within(ends: tuple[int, ...], start: int, end: int, length: int) -> tuple[int, int]:
    before = bisect.bisect_right(ends, start)
    after = bisect.bisect_left(ends, end)
    return (ends[before - 1] if before else 0, ends[after] if after < len(ends) else length)


def lowered(rank: int, effect: str) -> int:
    """Return what a context rule leaves of a suicide grade, as its place in `GRADES`.

    Source: C-SSRS triage, where behaviour in a lifetime weighs less than in the past three months;
    that jokes and reports stay visible is a rule of this place (recall comes first).
    """
    if effect == "none":
        return 0
    if effect == "passive":
        return min(rank, 1)
    if effect == "past":
        return 1 if rank >= _PLAN else 0
    if effect == "joke":
        return {0: 0, 1: 0, 5: 2}.get(rank, 1)
    return rank


_PLAN: Final = 3
