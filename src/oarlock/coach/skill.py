"""A supporter's own skill over time, month by month, with what is not known said as plainly.

It reads one supporter's replies and nobody else's: there is no mean of others, no rank and no
target to fall short of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook import CODES, QUESTIONS, REFLECTIONS, families
from oarlock.coder import Measure, ReplyCodes
from oarlock.coder.miti import percent_of, summarise
from oarlock.errors import OarlockError

#: A measure is shown from so many expected sentences of its own kind on. With ten, the interval of
#: a half is still 23 to 77 % (Jeffreys; Brown, Cai & DasGupta 2001): below it, there is no news.
MIN_SENTENCES = 10

Name = Literal["reflections per question", "open questions", "MI-adherent"]
_NAMES = [code.name for code in CODES]
_ADHERENT, _AGAINST = (family.codes for family in families()[:2])


@dataclass(frozen=True, slots=True, eq=False)
class CodedReply:
    """The codes of one reply, without its text.

    Attributes:
        written_on: Day on which it was written, in the supporter's own time zone.
        probabilities: (n, 15) calibrated probabilities of its sentences, in the codebook's order.
    """

    written_on: date
    probabilities: NDArray[np.floating]

    def __post_init__(self) -> None:
        """Refuse what has not one probability for each code."""
        if self.probabilities.ndim != 2 or self.probabilities.shape[1] != len(CODES):
            raise OarlockError(
                f"Probabilities have the shape {self.probabilities.shape}, not (n, {len(CODES)})."
            )

    @classmethod
    def of(cls, codes: ReplyCodes, written_on: date) -> Self:
        """Return the record of a coded reply; sentences that are not English are left out."""
        rows = [
            [one.probabilities[name] for name in _NAMES]
            for one in codes.sentences
            if one.reason != "language"
        ]
        return cls(written_on, np.array(rows, dtype=np.float32).reshape(-1, len(CODES)))


@dataclass(frozen=True, slots=True)
class SkillMeasure:
    """One measure of one month.

    Attributes:
        name: "reflections per question" (a ratio), "open questions" (% of all questions) or
            "MI-adherent" (% of MI-adherent and MI-non-adherent sentences).
        n_sentences: Expected number of sentences that it rests on.
        measure: Estimate and 95 % interval, which carries the coder's error and that of few
            sentences; None where there is not enough yet.
    """

    name: Name
    n_sentences: float
    measure: Measure | None

    @property
    def enough(self) -> bool:
        """False where there is not enough yet to say anything."""
        return self.measure is not None


@dataclass(frozen=True, slots=True)
class MonthOfSkill:
    """A month in which the supporter wrote: its first day, replies, sentences, measures."""

    month: date
    n_replies: int
    n_sentences: int
    measures: tuple[SkillMeasure, ...]


def skill_by_month(replies: Iterable[CodedReply]) -> tuple[MonthOfSkill, ...]:
    """Return the skill of one supporter in each month with a reply, the oldest first.

    Months without a reply are left out: a pause is no fall.

    Args:
        replies: Coded replies of one supporter, in any order.
    """
    by_month: dict[date, list[NDArray[np.floating]]] = defaultdict(list)
    for reply in replies:
        day = reply.written_on
        by_month[date(day.year, day.month, 1)].append(reply.probabilities)
    return tuple(_month(month, rows) for month, rows in sorted(by_month.items()))


def _month(month: date, replies: list[NDArray[np.floating]]) -> MonthOfSkill:
    p = np.concatenate(replies)
    expected = dict(zip(_NAMES, map(float, p.sum(0)), strict=True))
    summary = summarise(p)
    found: tuple[tuple[Name, tuple[str, ...], Measure], ...] = (
        (
            "reflections per question",
            (*REFLECTIONS, *QUESTIONS),
            summary.reflection_to_question_ratio,
        ),
        ("open questions", QUESTIONS, summary.percent_open_questions),
        ("MI-adherent", (*_ADHERENT, *_AGAINST), percent_of(p, _ADHERENT, _AGAINST)),
    )
    measures = []
    for name, codes, measure in found:
        n = sum(expected[code] for code in codes)
        enough = n >= MIN_SENTENCES and measure.value is not None
        measures.append(SkillMeasure(name, n, measure if enough else None))
    return MonthOfSkill(month, len(replies), len(p), tuple(measures))
