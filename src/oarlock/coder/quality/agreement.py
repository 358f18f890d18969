"""How well human raters agree, beyond chance, with intervals that respect threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from oarlock.errors import UserError, how_to_install

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COEFFICIENTS = ("percent_agreement", "cohen", "fleiss", "krippendorff", "gwet_ac1")

_ONE_LABEL = "only one label occurs"
_CONSTANT = "chance agreement is already complete"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient with its 95 % bootstrap interval; None where undefined, with the reason."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on all labels at once, or on one label against the rest.

    Attributes:
        label: The label, or "all".
        coefficients: By name: percent_agreement (0 to 1), cohen (mean over pairs of raters),
            fleiss, krippendorff (nominal alpha), gwet_ac1.
        pairs: Cohen's kappa of each pair of raters.
        positive_agreement: Of the ratings that give the label, the share that another rater of the
            same unit matched (specific agreement); None for "all" or where nobody gave it.
        n_ratings: How many ratings gave the label.
    """

    label: str
    coefficients: dict[str, Coefficient]
    pairs: dict[tuple[str, str], Coefficient]
    positive_agreement: float | None
    n_ratings: int


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """Everything said of one file of labels."""

    overall: Agreement
    per_label: tuple[Agreement, ...]
    labels: tuple[str, ...]
    raters: tuple[str, ...]
    n_units: int
    n_shared: int
    resampled_by: str
    n_clusters: int
    n_resamples: int
    seed: int


def agreement(
    table: Ints,
    labels: Sequence[str],
    raters: Sequence[str],
    *,
    clusters: Sequence[str] | None = None,
    resampled_by: str = "unit",
    n_resamples: int = 1000,
    seed: int = 20261123,
) -> AgreementReport:
    """Return agreement overall and per label.

    Args:
        table: Shape (n_units, n_raters), index of the label, -1 where a rater gave none.
        labels: Names of the labels.
        raters: Names of the raters.
        clusters: Thread of each unit, resampled whole; None resamples units.
        resampled_by: What the clusters are, for the record.
        n_resamples: Bootstrap resamples; 0 for no intervals.
        seed: Seed of the bootstrap.
    """
    cluster_of = np.arange(len(table))
    if clusters is not None:
        named = [name or f"\0{unit}" for unit, name in enumerate(clusters)]
        cluster_of = np.unique(np.asarray(named, dtype=object).astype(str), return_inverse=True)[1]
    # Only clusters with a unit that two raters share can say anything.
    shared = (table >= 0).sum(axis=1) >= 2
    n_clusters = len(np.unique(cluster_of[shared]))
    # The resamples are held at once: fewer of them where there are very many units.
    n_resamples = min(n_resamples, max(200, 20_000_000 // max(len(table), 1)))
    rng = np.random.default_rng(seed)
    weights = np.empty((0, len(table)))
    if n_resamples and n_clusters >= 2:
        n_all = int(cluster_of.max()) + 1
        drawn = np.stack(
            [
                np.bincount(rng.integers(0, n_all, n_all), minlength=n_all)
                for _ in range(n_resamples)
            ]
        )
        weights = drawn.astype(np.float64)[:, cluster_of]
    overall = _agree("all", table, len(labels), raters, weights)
    per_label = tuple(
        _agree(
            name, np.where(table < 0, -1, (table == position).astype(np.int64)), 2, raters, weights
        )
        for position, name in enumerate(labels)
    )
    return AgreementReport(
        overall=overall,
        per_label=per_label,
        labels=tuple(labels),
        raters=tuple(raters),
        n_units=len(table),
        n_shared=int(shared.sum()),
        resampled_by=resampled_by,
        n_clusters=n_clusters,
        n_resamples=n_resamples,
        seed=seed,
    )


def _agree(
    label: str, table: Ints, n_labels: int, raters: Sequence[str], weights: Floats
) -> Agreement:
    counts = np.stack([(table == position).sum(axis=1) for position in range(n_labels)], axis=1)
    given = np.flatnonzero(counts.sum(axis=0))
    counts = counts[:, given].astype(np.float64)  # labels that occur, as irrCAC counts them
    ones = np.ones((1, len(table)))
    functions: dict[str, Callable[[Floats], Floats]] = {
        "percent_agreement": lambda w: percent_agreement(counts, w),
        "fleiss": lambda w: fleiss(counts, w),
        "krippendorff": lambda w: krippendorff(counts, w),
        "gwet_ac1": lambda w: gwet_ac1(counts, w),
    }
    reason = _ONE_LABEL if len(given) < 2 else _CONSTANT
    coefficients = {
        name: _coefficient(float(of(ones)[0]), of(weights), reason)
        for name, of in functions.items()
    }
    if len(given) > 1 and len(np.unique(counts.sum(axis=1))) == 1 and counts.sum(axis=1)[0] > 1:
        # As many ratings everywhere: the kappa of Fleiss (1971), from the kept package.
        known = coefficients["fleiss"]
        coefficients["fleiss"] = replace(known, value=float(_packages()[0](counts)))
    pairs, drawn = {}, []
    for first, second in combinations(range(table.shape[1]), 2):
        both = (table[:, first] >= 0) & (table[:, second] >= 0)
        cell = np.where(both, table[:, first] * n_labels + table[:, second], -1)
        names = (raters[first], raters[second])
        if not both.any():
            pairs[names] = Coefficient(None, reason="no unit that both labelled")
            continue
        sampled = cohen(cell, n_labels, weights)
        value = np.nan
        if len(np.unique(table[both][:, [first, second]])) > 1:
            value = float(_packages()[1](table[both, first], table[both, second]))
        pairs[names] = _coefficient(value, sampled, "both used one label only")
        drawn.append(sampled)
    values = [pair.value for pair in pairs.values() if pair.value is not None]
    mean_draws = np.full(len(weights), np.nan)
    if drawn:
        stacked = np.stack(drawn)
        defined = (~np.isnan(stacked)).sum(axis=0)
        total = np.nansum(stacked, axis=0)
        mean_draws = np.divide(total, defined, out=mean_draws, where=defined > 0)
    mean = float(np.mean(values)) if values else np.nan
    coefficients["cohen"] = _coefficient(mean, mean_draws, reason)
    n_ratings = int((table == 1).sum() if label != "all" else (table >= 0).sum())
    return Agreement(
        label,
        {name: coefficients[name] for name in COEFFICIENTS},
        pairs,
        _positive(table) if label != "all" else None,
        n_ratings,
    )


def _packages() -> tuple[Callable[..., float], Callable[..., float]]:
    """Return Fleiss' kappa of statsmodels and Cohen's kappa of scikit-learn."""
    try:
        from sklearn.metrics import cohen_kappa_score
        from statsmodels.stats.inter_rater import fleiss_kappa
    except ImportError as error:
        raise UserError(
            "Agreement needs packages that are not installed.",
            remedy=how_to_install("research"),
        ) from error
    return fleiss_kappa, cohen_kappa_score


def _coefficient(value: float, sampled: Floats, reason: str) -> Coefficient:
    """Return the value with the percentiles of its resamples, where enough are defined."""
    if np.isnan(value):
        return Coefficient(None, reason=reason)
    defined = sampled[~np.isnan(sampled)]
    if not len(sampled):
        return Coefficient(value)
    if len(defined) < 0.9 * len(sampled):
        return Coefficient(value, reason="undefined in too many resamples for an interval")
    low, high = np.percentile(defined, [2.5, 97.5])
    return Coefficient(value, float(low), float(high))


def _ratio(above: Floats, below: Floats) -> Floats:
    """Return above / below, NaN where below is (nearly) nothing."""
    result: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    return np.divide(above, below, out=result, where=np.abs(below) > 1e-12)


def _observed(counts: Floats, weights: Floats) -> Floats:
    """Return the mean share of agreeing pairs over units with two ratings or more."""
    n = counts.sum(axis=1)
    shared = n >= 2
    pairs = (counts * (counts - 1)).sum(axis=1)
    per_unit = np.divide(pairs, n * (n - 1), out=np.zeros_like(n), where=shared)
    return _ratio(weights @ per_unit, weights @ shared.astype(np.float64))


def percent_agreement(counts: Floats, weights: Floats) -> Floats:
    """Return the share of pairs of ratings of one unit that agree, 0 to 1, per row of weights.

    Args:
        counts: Shape (n_units, n_labels), how many raters gave each label.
        weights: Shape (n_resamples, n_units).
    """
    return _observed(counts, weights)


def _prevalence(counts: Floats, weights: Floats) -> Floats:
    """Return the mean share of each label over rated units, shape (n_resamples, n_labels)."""
    n = counts.sum(axis=1)
    rated = n > 0
    share = np.divide(counts, n[:, None], out=np.zeros_like(counts), where=rated[:, None])
    return _ratio(weights @ share, (weights @ rated.astype(np.float64))[:, None])


def fleiss(counts: Floats, weights: Floats) -> Floats:
    """Return Fleiss' kappa, which allows missing ratings as Gwet (2014) extends it.

    With as many ratings for every unit it is the kappa of Fleiss (1971).

    Args:
        counts: Shape (n_units, n_labels), how many raters gave each label.
        weights: Shape (n_resamples, n_units).

    Source:
        Fleiss (1971), Psychological Bulletin 76(5), 378-382; Gwet (2014), Handbook of Inter-Rater
        Reliability, 4th ed., chapter 2.
    """
    expected = (_prevalence(counts, weights) ** 2).sum(axis=1)
    return _ratio(_observed(counts, weights) - expected, 1 - expected)


def gwet_ac1(counts: Floats, weights: Floats) -> Floats:
    """Return Gwet's AC1 with missing ratings allowed.

    Args:
        counts: Shape (n_units, n_labels), how many raters gave each label.
        weights: Shape (n_resamples, n_units).

    Source:
        Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29-48; missing
        ratings: Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., chapter 2.
    """
    n_labels = counts.shape[1]
    if n_labels < 2:
        return np.full(len(weights), np.nan)
    share = _prevalence(counts, weights)
    expected = (share * (1 - share)).sum(axis=1) / (n_labels - 1)
    return _ratio(_observed(counts, weights) - expected, 1 - expected)


def krippendorff(counts: Floats, weights: Floats) -> Floats:
    """Return Krippendorff's alpha for nominal labels with missing ratings allowed.

    Args:
        counts: Shape (n_units, n_labels), how many raters gave each label.
        weights: Shape (n_resamples, n_units).

    Source:
        Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C.
    """
    n = counts.sum(axis=1)
    shared = n >= 2
    paired = counts[shared]
    own = weights[:, shared]
    agreeing = (paired * (paired - 1)).sum(axis=1) / (n[shared] - 1)
    totals = own @ paired
    everything = totals.sum(axis=1)
    observed = 1 - _ratio(own @ agreeing, everything)
    chance = _ratio((totals * (totals - 1)).sum(axis=1), everything * (everything - 1))
    return 1 - _ratio(observed, 1 - chance)


def cohen(cell: Ints, n_labels: int, weights: Floats) -> Floats:
    """Return Cohen's kappa of two raters under each row of weights.

    Args:
        cell: Shape (n_units,), first label times `n_labels` plus second label; -1 where one of the
            two gave none.
        n_labels: Number of labels.
        weights: Shape (n_resamples, n_units).

    Source:
        Cohen (1960), Educational and Psychological Measurement 20(1), 37-46.
    """
    both = cell >= 0
    one_hot = np.zeros((int(both.sum()), n_labels**2))
    one_hot[np.arange(len(one_hot)), cell[both]] = 1
    table = (weights[:, both] @ one_hot).reshape(-1, n_labels, n_labels)
    total = table.sum(axis=(1, 2))
    observed = _ratio(np.trace(table, axis1=1, axis2=2), total)
    expected = _ratio((table.sum(axis=2) * table.sum(axis=1)).sum(axis=1), total**2)
    return _ratio(observed - expected, 1 - expected)


def _positive(table: Ints) -> float | None:
    """Return specific agreement on label 1.

    Source: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, section
    18.1, over all pairs of raters.
    """
    yes, n = (table == 1).sum(axis=1), (table >= 0).sum(axis=1)
    below = float((yes * (n - 1)).sum())
    return float((yes * (yes - 1)).sum()) / below if below else None


def session_tallies(
    table: Ints, labels: Sequence[str], sessions: Sequence[str]
) -> dict[str, Floats]:
    """Return how often each rater gave each label in each session.

    Only units that every rater labelled count, so that the tallies can be compared.

    Args:
        table: Shape (n_units, n_raters), index of the label, -1 where a rater gave none.
        labels: Names of the labels.
        sessions: Session of each unit, "" where not known.

    Returns:
        By label, shape (n_sessions, n_raters); sessions without such a unit are absent.
    """
    use = (table >= 0).all(axis=1) & np.asarray([bool(name) for name in sessions], dtype=bool)
    names = np.asarray(sessions, dtype=object)[use].astype(str)
    place = np.unique(names, return_inverse=True)[1]
    n_sessions = int(place.max()) + 1 if len(place) else 0
    result = {}
    for position, name in enumerate(labels):
        tally = np.zeros((n_sessions, table.shape[1]))
        np.add.at(tally, place, (table[use] == position).astype(np.float64))
        result[name] = tally
    return result
