"""From answers to a score, and from two scores to whether a person has changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from oarlock.errors import UserError
from oarlock.trial.instruments.registry import Instrument, Risk

Rule = Literal["complete", "mean of the others", "too few answers"]
#: Two-sided 95 % of the normal distribution.
Z_95: Final = 1.959964


class AnswerError(UserError):
    """An answer that the instrument does not have. Names the item, never what was answered."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a questionnaire says of one person at one time.

    Attributes:
        value: On the scale of the instrument; None where too few items were answered.
        n_answered: Items with an answer.
        band: Label of the band; empty without a score or where there are no bands.
        rule: How missing items were dealt with.
        subscales: Score by subscale, as a mean or sum like the whole; None: too few answers.
        risks: Answers that a person must look at, also where there is no score.
    """

    value: float | None
    n_answered: int
    band: str
    rule: Rule
    subscales: Mapping[str, float | None] = field(default_factory=dict)
    risks: tuple[Risk, ...] = ()


def score(
    instrument: Instrument, answers: Mapping[int, int | None] | Sequence[int | None]
) -> Score:
    """Return the score of one person's answers.

    Missing items take the mean of the answered ones, as long as no more than
    `instrument.max_missing` are missing; beyond that there is no score.

    Args:
        instrument: Whose items were answered.
        answers: By item number from 1, or all in order; None for no answer.

    Raises:
        AnswerError: An item or a value that the instrument does not have.

    Source:
        Mean of a person's own items: Shrive et al. 2006, 10.1186/1471-2288-6-57.
    """
    given = _checked(instrument, answers)
    turned = {
        item: min(instrument.values) + max(instrument.values) - value
        if item in instrument.reversed_items
        else value
        for item, value in given.items()
    }
    everything = range(1, instrument.n_items + 1)
    value = _total(instrument, turned, everything, instrument.max_missing)
    missing = instrument.n_items - len(given)
    rule: Rule = "complete" if not missing else "mean of the others"
    found = [instrument.risk_of(item, answer) for item, answer in sorted(given.items())]
    return Score(
        value=value,
        n_answered=len(given),
        band=band_of(instrument, value),
        rule="too few answers" if value is None else rule,
        subscales={
            name: _total(
                instrument, turned, items, instrument.max_missing * len(items) // instrument.n_items
            )
            for name, items in instrument.subscales.items()
        },
        risks=tuple(risk for risk in found if risk is not None),
    )


def _checked(
    instrument: Instrument, answers: Mapping[int, int | None] | Sequence[int | None]
) -> dict[int, int]:
    if not isinstance(answers, Mapping):
        if len(answers) != instrument.n_items:
            raise AnswerError(
                f"{instrument.name}: {len(answers)} answers for {instrument.n_items} items.",
                remedy="Put None in the place of each item without an answer.",
            )
        answers = dict(enumerate(answers, start=1))
    given = {item: value for item, value in answers.items() if value is not None}
    for item in answers:
        if isinstance(item, bool) or item not in range(1, instrument.n_items + 1):
            raise AnswerError(
                f"{instrument.name}: no item has this number.",
                remedy=f"Number the items from 1 to {instrument.n_items}.",
            )
    for item, value in given.items():
        if isinstance(value, bool) or value not in instrument.values:
            allowed = ", ".join(map(str, instrument.values))
            raise AnswerError(
                f"{instrument.name}: item {item} holds a value that it does not have.",
                remedy=f"Use one of {allowed}, or nothing.",
            )
    return {item: int(value) for item, value in given.items()}


def _total(
    instrument: Instrument, turned: Mapping[int, int], items: Sequence[int], max_missing: int
) -> float | None:
    values = [turned[item] for item in items if item in turned]
    if not values or len(items) - len(values) > max_missing:
        return None
    n_summed = len(items) if instrument.method == "sum" else 1
    return instrument.factor * sum(values) * n_summed / len(values)


def band_of(instrument: Instrument, value: float | None) -> str:
    """Return the label of the band that a score falls into, rounded half up; empty for none."""
    if value is None:
        return ""
    # Decimal, since round() takes 4.5 to 4.
    step = Decimal(1).scaleb(-instrument.digits)
    rounded = float(Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP))
    return next((b.label for b in reversed(instrument.bands) if rounded >= b.start), "")


@dataclass(frozen=True, slots=True)
class Change:
    """Whether one person has changed by more than the instrument errs.

    Attributes:
        difference: After minus before.
        index: Difference over its standard error; beyond 1.96 it is reliable.
        verdict: What it means, by which scores are good news.
    """

    difference: float
    index: float
    verdict: Literal["improved", "deteriorated", "changed", "no reliable change"]


def _error_of_difference(
    instrument: Instrument, sd: float | None, reliability: float | None
) -> float:
    known = instrument.reliability
    sd = sd if sd is not None else (known.sd if known else None)
    coefficient = reliability if reliability is not None else (known.coefficient if known else None)
    if sd is None or coefficient is None:
        what = "standard deviation" if sd is None else "reliability"
        raise UserError(
            f"{instrument.name}: no {what} is known for it.",
            remedy="Give that of your own sample before the intervention.",
        )
    if not (sd > 0 and math.isfinite(sd) and 0 <= coefficient < 1):
        raise UserError(
            f"{instrument.name}: the standard deviation must be above 0 and the reliability from "
            "0 to below 1.",
            remedy="Check both.",
        )
    return sd * math.sqrt(1 - coefficient) * math.sqrt(2)


def reliable_difference(
    instrument: Instrument, *, sd: float | None = None, reliability: float | None = None
) -> float:
    """Return the smallest difference that is reliable with 95 % certainty, in points.

    Args:
        instrument: Whose score it is.
        sd: Of your sample before the intervention; that of the registry if None.
        reliability: In place of that of the registry.

    Raises:
        UserError: Neither you nor the registry has a figure, or one is out of range.

    Source:
        Jacobson & Truax 1991, 10.1037/0022-006X.59.1.12.
    """
    return Z_95 * _error_of_difference(instrument, sd, reliability)


def reliable_change(
    instrument: Instrument,
    before: float,
    after: float,
    *,
    sd: float | None = None,
    reliability: float | None = None,
) -> Change:
    """Return the reliable change index of one person; arguments as in `reliable_difference`.

    Source:
        Jacobson & Truax 1991, 10.1037/0022-006X.59.1.12.
    """
    difference = after - before
    index = difference / _error_of_difference(instrument, sd, reliability)
    if abs(index) <= Z_95:
        return Change(difference, index, "no reliable change")
    if instrument.better == "neither":
        return Change(difference, index, "changed")
    good = (difference > 0) == (instrument.better == "higher")
    return Change(difference, index, "improved" if good else "deteriorated")
