"""Intervals of shares, ratios and rates that never look more exact than the corpus allows.

Resampled threads give the interval where there are many of them. Where there are few, or where
every resample gives nearly the same (a code that nobody uses, one that everybody uses), resampling
says "certain" when it should say "unknown". There the resamples only tell the effective sample
size, and the interval is that of Jeffreys for so many sentences.

Source: few clusters: Cameron, Gelbach & Miller (2008), doi:10.1162/rest.90.3.414. Effective sample
size with a correction for few clusters: Korn & Graubard (1998), Survey Methodology 24, 193-201;
intervals on it compared, that of Jeffreys among the good ones: Franco, Little, Louis & Slud (2019),
PMC6690503. Jeffreys intervals and their ends at the boundary: Brown, Cai & DasGupta (2001),
doi:10.1214/ss/1009213286.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.miti import Measure
from oarlock.report.measures import Kind
from oarlock.report.packages import confint_poisson, proportion_confint, student_t

Floats = NDArray[np.float64]

FEW_THREADS = 30
"""Below this, percentiles of resampled threads are too narrow (Cameron, Gelbach & Miller 2008)."""

_MOST_UNDEFINED = 0.05
_NOTHING = Measure(None, None, None)


def measure(kind: Kind, counts: Floats, drawn: Floats | None, n_threads: int) -> Measure:
    """Return the value with its 95 % interval.

    Args:
        kind: How the two counts relate.
        counts: Expected counts on top and below, shape (2,).
        drawn: The same for each resample, shape (n, 2); None or empty gives no interval.
        n_threads: Threads that were resampled.

    Returns:
        Percent for `Kind.PERCENT`. `high` is None where the interval has no upper bound. All
        three are None where too little is there to say anything: nothing below, more than one
        resample in twenty with nothing below, or an interval from nothing to anything.
    """
    top, below = (float(count) for count in counts)
    scale = 100.0 if kind is Kind.PERCENT else 1.0
    if below <= 0:
        return _NOTHING
    value = scale * top / below
    if drawn is None or not len(drawn):
        return Measure(value, None, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        sampled = scale * drawn[:, 0] / drawn[:, 1]
    if np.isnan(sampled).mean() > _MOST_UNDEFINED:
        return _NOTHING
    drawn, sampled = drawn[~np.isnan(sampled)], sampled[~np.isnan(sampled)]
    low, high = np.percentile(sampled, [2.5, 97.5], method="inverted_cdf")
    most = 100.0 if kind is Kind.PERCENT else np.inf
    if n_threads < FEW_THREADS or not 0 < low < high < most:
        low, high = _jeffreys(kind, (top, below), drawn, n_threads)
        low, high = scale * low, scale * high
    if low <= 0 and high >= most:
        return _NOTHING
    if not np.isfinite(high):
        # From next to nothing to anything: no statement at all.
        return Measure(value, min(float(low), value), None) if low >= 0.005 else _NOTHING
    return Measure(value, min(float(low), value), max(float(high), value))


def _jeffreys(
    kind: Kind, counts: tuple[float, float], drawn: Floats, n_threads: int
) -> tuple[float, float]:
    """Return the Jeffreys interval for the effective sample size of the resamples."""
    top, below = counts
    if kind is Kind.PER_REPLY:
        rate = top / below
        n = _effective_n(rate, rate, top, below, drawn, n_threads)
        low, high = confint_poisson(rate * n, n, method="jeff")
        return (0.0 if rate * n < 0.5 else float(low)), float(high)
    if kind is Kind.RATIO:
        # Given their sum, the first of two counts is a share of it.
        below = top + below
        drawn = np.column_stack([drawn[:, 0], drawn.sum(axis=1)])
    share = top / below
    n = _effective_n(share, share * (1 - share), min(top, below - top), below, drawn, n_threads)
    low, high = proportion_confint(share * n, n, alpha=0.05, method="jeffreys")
    low = 0.0 if share * n < 0.5 else float(low)
    high = 1.0 if (1 - share) * n < 0.5 else float(high)
    if kind is Kind.RATIO:
        return low / (1 - low), high / (1 - high) if high < 1 else np.inf
    return low, high


def _effective_n(
    value: float, spread: float, n_rarer: float, n: float, drawn: Floats, n_threads: int
) -> float:
    """Return how many independent sentences (or replies) would say as much as these.

    Args:
        value: Share or rate.
        spread: Variance of one independent observation.
        n_rarer: Expected count of the rarer outcome.
        n: Number of observations.
        drawn: Counts of each resample, shape (n_resamples, 2).
        n_threads: Threads; with less than one case to go by, each counts as one observation.
    """
    below = drawn[:, 1]
    # Ratio estimator, linear in the counts: stable where few observations are drawn.
    variance = float(np.var((drawn[:, 0] - value * below) / below.mean()))
    if n_rarer < 1 or variance <= 0:
        effective = min(n, float(n_threads))
    else:
        effective = min(n, spread / variance)
    degrees = n_threads - 1
    ample = float(student_t.ppf(0.975, max(n - 1, degrees)))
    return effective * (ample / float(student_t.ppf(0.975, degrees))) ** 2
