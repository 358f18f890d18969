"""The MITI 4.2.1 summary measures of sentences, with intervals that carry the coder's own error.

Source: Moyers, T. B., Manuel, J. K., & Ernst, D. (2014). Motivational Interviewing Treatment
Integrity Coding Manual 4.2.1, "Summary scores". Support and Advise with Permission are counted as
MI-adherent after MITI 3.1.1 (Moyers et al., 2010) and Welivita & Pu (COLING 2022); MITI 4.2.1
counts neither. Questions and reflections are counted apart, in no family of the MITI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.tasks import CODE_LABELS, FAMILY_INDEX

DRAWS = 1000
_OPEN, _CLOSED, _SIMPLE, _COMPLEX = range(4)
_JEFFREYS = 0.5


@dataclass(frozen=True, slots=True)
class Measure:
    """An estimate with its 95 % interval, which carries the coder's own error.

    `value` is None where the measure is undefined (a ratio without a denominator); `high` is None
    where the interval has no upper bound.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class MitiSummary:
    """The MITI 4.2.1 summary measures of one reply or of many.

    Source: Moyers, Manuel & Ernst (2014), MITI Coding Manual 4.2.1, section H.
    """

    reflection_to_question_ratio: Measure
    percent_complex_reflections: Measure
    percent_open_questions: Measure
    mi_adherent_count: Measure
    mi_non_adherent_count: Measure
    counts: dict[str, Measure]


def draw_counts(
    probabilities: NDArray[np.floating], *, draws: int = DRAWS, seed: int = 0
) -> NDArray[np.int64]:
    """Return (draws, n_labels) counts, every sentence's label drawn from its probabilities.

    Args:
        probabilities: (n, n_labels) calibrated probabilities of the sentences.
        draws: Number of draws.
        seed: Seed, so that the same text gives the same interval.
    """
    rng = np.random.default_rng(seed)
    counts = np.zeros((draws, probabilities.shape[1]), dtype=np.int64)
    for row in probabilities:
        labels = np.searchsorted(np.cumsum(row)[:-1], rng.random(draws) * row.sum(), side="right")
        counts[np.arange(draws), labels] += 1
    return counts


def expected_counts(
    probabilities: NDArray[np.floating], labels: Sequence[str]
) -> dict[str, Measure]:
    """Return the expected number of sentences with each label, and how far it may be off.

    Args:
        probabilities: (n, n_labels) calibrated probabilities of the sentences.
        labels: Names of the labels.
    """
    drawn = draw_counts(probabilities)
    expected = probabilities.sum(0)
    return {label: _count(float(expected[i]), drawn[:, i]) for i, label in enumerate(labels)}


def _measure(value: float, draws: NDArray[np.float64]) -> Measure:
    """Return the value with the central 95 % of the draws, widened to hold the value."""
    low, high = (float(q) for q in np.quantile(draws, [0.025, 0.975]))
    return Measure(value, min(low, value), max(high, value) if np.isfinite(high) else None)


def _may_be_none(draws: NDArray[np.int64]) -> bool:
    """Whether a count of zero is plausible: then the Jeffreys interval ends at the boundary.

    Source: Brown, Cai & DasGupta (2001), section 4.1.2.
    """
    return float((draws == 0).mean()) >= 0.025


def _count(expected: float, draws: NDArray[np.int64]) -> Measure:
    return _measure(expected, draws.astype(np.float64))


def _ratio(
    top: float, bottom: float, top_draws: NDArray[np.int64], bottom_draws: NDArray[np.int64]
) -> Measure:
    """Ratio of two rates: counts drawn from the coder's error, rates from Jeffreys posteriors."""
    if bottom < _JEFFREYS:
        return Measure(None, None, None)
    rng = np.random.default_rng(1)
    draws = rng.gamma(top_draws + _JEFFREYS) / rng.gamma(bottom_draws + _JEFFREYS)
    measure = _measure(top / bottom, draws)
    return replace(measure, low=0.0) if _may_be_none(top_draws) else measure


def _percent(
    part: float, rest: float, part_draws: NDArray[np.int64], rest_draws: NDArray[np.int64]
) -> Measure:
    """Percentage of `part` in both: Jeffreys posterior of a proportion over the drawn counts."""
    if part + rest < _JEFFREYS:
        return Measure(None, None, None)
    rng = np.random.default_rng(1)
    draws = 100.0 * rng.beta(part_draws + _JEFFREYS, rest_draws + _JEFFREYS)
    measure = _measure(100.0 * part / (part + rest), draws)
    if _may_be_none(part_draws):
        measure = replace(measure, low=0.0)
    return replace(measure, high=100.0) if _may_be_none(rest_draws) else measure


def percent_of(
    sentences: NDArray[np.floating],
    part: Sequence[str],
    rest: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """Return the percentage of `part` among the sentences of `part` and `rest`.

    Args:
        sentences: (n, 15) probabilities of the sentences.
        part: Full names of the codes that are counted.
        rest: Full names of the codes that they are set against.
        draws: Monte-Carlo draws.
        seed: Seed of the draws.

    Returns:
        0 to 100; undefined (None) where less than half a sentence is expected in both together.
    """
    p = sentences.astype(np.float64).reshape(-1, len(CODE_LABELS))
    drawn = draw_counts(p, draws=draws, seed=seed)
    one, other = ([CODE_LABELS.index(name) for name in names] for names in (part, rest))
    return _percent(
        float(p[:, one].sum()),
        float(p[:, other].sum()),
        drawn[:, one].sum(1),
        drawn[:, other].sum(1),
    )


def summarise(
    sentences: Sequence[Mapping[str, float]] | NDArray[np.floating],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> MitiSummary:
    """Return the summary measures of a reply, or of all sentences of many replies.

    A count's value is its expectation under the calibrated probabilities and its interval says
    how far the coder may have miscounted this text. Ratios and percentages estimate the rate
    behind the text, so their intervals also carry the sampling error of few sentences (Jeffreys
    posteriors: Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286) and never look exact.

    Args:
        sentences: Probabilities by full name of the code, or an (n, 15) array.
        draws: Monte-Carlo draws.
        seed: Seed of the draws.

    Returns:
        Measures; a ratio is undefined (None) where less than half a sentence is expected in its
        denominator.
    """
    if isinstance(sentences, np.ndarray):
        p = sentences.astype(np.float64).reshape(-1, len(CODE_LABELS))
    else:
        p = np.array([[s[label] for label in CODE_LABELS] for s in sentences], dtype=np.float64)
        p = p.reshape(-1, len(CODE_LABELS))
    expected = p.sum(0)
    drawn = draw_counts(p, draws=draws, seed=seed)
    reflections, questions = [_SIMPLE, _COMPLEX], [_OPEN, _CLOSED]
    adherent, against = FAMILY_INDEX["MI-adherent"], FAMILY_INDEX["MI-non-adherent"]
    return MitiSummary(
        reflection_to_question_ratio=_ratio(
            float(expected[reflections].sum()),
            float(expected[questions].sum()),
            drawn[:, reflections].sum(1),
            drawn[:, questions].sum(1),
        ),
        percent_complex_reflections=_percent(
            float(expected[_COMPLEX]),
            float(expected[_SIMPLE]),
            drawn[:, _COMPLEX],
            drawn[:, _SIMPLE],
        ),
        percent_open_questions=_percent(
            float(expected[_OPEN]), float(expected[_CLOSED]), drawn[:, _OPEN], drawn[:, _CLOSED]
        ),
        mi_adherent_count=_count(float(expected[adherent].sum()), drawn[:, adherent].sum(1)),
        mi_non_adherent_count=_count(float(expected[against].sum()), drawn[:, against].sum(1)),
        counts={
            label: _count(float(expected[i]), drawn[:, i]) for i, label in enumerate(CODE_LABELS)
        },
    )
