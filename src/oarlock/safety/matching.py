"""Patterns held against one text, with what stands around each match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import regex

from oarlock.safety.context import Surroundings, lowered
from oarlock.safety.normalise import Views
from oarlock.safety.patterns import Combination, Pattern, Rulebook
from oarlock.safety.results import GRADES, ScreeningError

#: Matches of one alternative that are looked at; more of the same say no more.
_MATCHES: Final = 12
#: Seconds that one pattern may take; a hundred kilobytes need a few milliseconds.
TIMEOUT_S: Final = 3.0
#: Sentences over which the two things of a combination may stand.
_SENTENCES: Final = 3
#: A risk of which the writer says that it is over keeps this share of its score.
_PAST_SHARE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern that matched, after its context.

    Attributes:
        pattern: The pattern.
        rank: Place in `GRADES` after context, for suicide; else 0.
        score: After context; 0 where the context takes the match out.
        about: "writer" or "someone else".
        contexts: Ids of the rules that applied.
    """

    pattern: Pattern
    rank: int
    score: float
    about: str
    contexts: tuple[str, ...]


def hits(views: Views, book: Rulebook) -> list[Hit]:
    """Return the gravest hit of every pattern that matches.

    Raises:
        ScreeningError: A pattern took longer than `TIMEOUT_S`.
    """
    try:
        plain = views.plain
        for idiom in book.idioms:
            plain = idiom.sub(_struck_out, plain, timeout=TIMEOUT_S)
        around = Surroundings.of(plain, TIMEOUT_S)
        found = [
            hit
            for pattern in book.patterns
            if (hit := _gravest(pattern, views, around, book)) is not None
        ]
        together = (_together(one, around, book) for one in book.combinations)
        return [*found, *(hit for hit in together if hit is not None)]
    except TimeoutError as error:
        raise ScreeningError("A pattern took too long.") from error


def _together(one: Combination, around: Surroundings, book: Rulebook) -> Hit | None:
    """Return the gravest pair of the two things within `_SENTENCES` sentences, in any order."""
    seconds = [(span, _hit(one.pattern, *span, around, book))
               for span in _spans(one.pattern, around.text)]  # fmt: skip
    if not seconds:
        return None
    best: Hit | None = None
    words = replace(one.pattern, match=one.with_words, not_match=())
    firsts = [p for p in book.patterns if p.id in one.with_patterns]
    for pattern in (words, *firsts):
        for span in _spans(pattern, around.text):
            # Held against the context as gravely as the pair: what is denied counts for nothing.
            first = _hit(replace(pattern, grade=one.pattern.grade), *span, around, book)
            for place, second in seconds:
                if not around.are_near(span, place, _SENTENCES):
                    continue
                low = min(first, second, key=lambda hit: hit.rank)
                both = replace(low, pattern=one.pattern, about=first.about)
                if best is None or both.rank > best.rank:
                    best = both
    return best


def _struck_out(found: regex.Match[str]) -> str:
    return "~" * (found.end() - found.start())


def _gravest(pattern: Pattern, views: Views, around: Surroundings, book: Rulebook) -> Hit | None:
    best: Hit | None = None
    text = views.light if pattern.view == "light" else around.text
    for start, end in _spans(pattern, text):
        hit = _hit(pattern, start, end, around, book)
        if best is None or (hit.rank, hit.score) > (best.rank, best.score):
            best = hit
    return best


def _spans(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    for alternative in pattern.match:
        for n, found in enumerate(alternative.finditer(text, timeout=TIMEOUT_S)):
            if n == _MATCHES:
                break
            nearby = text[max(0, found.start() - 24) : found.end() + 12]
            if not any(p.search(nearby, timeout=TIMEOUT_S) for p in pattern.not_match):
                yield found.span()


def _hit(pattern: Pattern, start: int, end: int, around: Surroundings, book: Rulebook) -> Hit:
    if pattern.view == "light":
        return Hit(pattern, 0, pattern.score, pattern.about, ())
    if pattern.kind != "suicide":
        rules = [rule for rule in book.other_rules if pattern.kind in rule.kinds]
        applied = around.applying(rules, start, end)
        score = pattern.score
        for rule in applied:
            score *= 0.0 if rule.effect == "none" else _PAST_SHARE
        return Hit(pattern, 0, score, pattern.about, tuple(rule.id for rule in applied))
    about, rank = pattern.about, GRADES.index(pattern.grade or "none")
    applied = [
        rule
        for rule in around.applying(book.rules, start, end)
        if rule.effect not in pattern.immune and not (about != "writer" and rule.effect == "other")
    ]
    for rule in applied:
        rank = lowered(rank, rule.effect)
        if rule.effect == "other":
            about = "someone else"
    return Hit(pattern, rank, pattern.score, about, tuple(rule.id for rule in applied))
