"""Signs that studies are missing: Egger's test, trim and fill, the funnel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy.stats import rankdata

from oarlock.trial.synthesis.pooling import (
    Array,
    Interval,
    fit,
    fit_at,
    hartung_knapp,
    interval,
)

FEW = 10
"""Below this many studies tests of the funnel have too little power. Source: Sterne et al. 2011,
doi:10.1136/bmj.d4002."""


@dataclass(frozen=True, slots=True)
class Egger:
    """Egger's regression: effect on standard error, weighted by precision.

    Attributes:
        intercept: Egger's intercept (the slope on the standard error) with its t test.
        limit: Estimated effect of a study without sampling error.
    """

    intercept: Interval
    limit: Interval


def egger(y: Array, v: Array) -> Egger | None:
    """Return Egger's test, or None where all standard errors are alike or studies are below 3.

    Source: Egger et al. 1997, doi:10.1136/bmj.315.7109.629; as metafor's regtest, model "lm".
    """
    se = np.sqrt(v)
    if len(y) < 3 or np.ptp(se) <= 1e-9 * float(se.max()):
        return None
    # Centred and in one unit: the regression is then as exact for any scale.
    unit, middle = float(np.median(se)), float(np.average(y, weights=1 / v))
    model = sm.WLS((y - middle) / unit, np.column_stack([np.ones(len(y)), se / unit]), 1 / v).fit()
    if not model.bse.min() > 1e-10:
        return None
    df = float(model.df_resid)
    return Egger(
        intercept=interval(float(model.params[1]), float(model.bse[1]), df),
        limit=interval(float(model.params[0]) * unit + middle, float(model.bse[0]) * unit, df),
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """Trim and fill.

    Attributes:
        estimator: "L0" or "R0".
        trimmed_by: "random" or "fixed": the model whose centre the trimming goes by.
        side: On which side studies seem to be missing.
        n_missing: How many.
        effects, variances: Those filled in.
        pooled, tau2: Of all studies with those filled in.
    """

    estimator: str
    trimmed_by: str
    side: str
    n_missing: int
    effects: Array
    variances: Array
    pooled: Interval
    tau2: float


def trim_and_fill(
    y: Array, v: Array, method: str = "REML", *, estimator: str = "L0", trimmed_by: str = "random"
) -> Filled | None:
    """Return what the effect would be if the funnel were symmetric; None below 3 studies.

    The side is where small studies are fewer by a meta-regression on the standard error. Trimming
    by the random-effects model is what metafor does, by the fixed effect what meta does; the filled
    funnel is always pooled with random effects.

    Source: Duval & Tweedie 2000, doi:10.1111/j.0006-341X.2000.00455.x.
    """
    k = len(y)
    if k < 3:
        return None
    se = np.sqrt(v)
    slope = 0.0
    if np.ptp(se) > 1e-9 * float(se.max()):
        slope = float(fit(y, v, np.column_stack([np.ones(k), se]), _regression(method)).beta[1])
    side = "right" if slope < 0 else "left"
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    mirrored, variances = sign * y[order], v[order]
    n_missing, seen = 0, set[int]()
    while n_missing not in seen:
        seen.add(n_missing)
        kept = k - n_missing
        trimmed, own = mirrored[:kept], variances[:kept]
        if trimmed_by == "fixed":
            centre = fit_at(trimmed, own, np.ones((kept, 1)), 0.0).estimate
        else:
            centre = fit(trimmed, own, method=method).estimate
        n_missing = min(_n_missing(mirrored - centre, estimator), k - 2)
    filled = sign * (2 * centre - mirrored[k - n_missing :]) if n_missing else np.empty(0)
    filled_variances = variances[k - n_missing :] if n_missing else np.empty(0)
    whole = fit(np.append(y, filled), np.append(v, filled_variances), method=method)
    return Filled(
        estimator, trimmed_by, side, n_missing, filled, filled_variances,
        hartung_knapp(whole) or interval(whole.estimate, whole.se), whole.tau2,
    )  # fmt: skip


def _regression(method: str) -> str:
    # Paule and Mandel's estimator is there without moderators only.
    return "REML" if method == "PM" else method


def _n_missing(centred: Array, estimator: str) -> int:
    """Return the estimate of Duval and Tweedie for effects around their centre."""
    k = len(centred)
    ranks = rankdata(np.abs(centred), method="ordinal")
    if estimator == "R0":
        below = ranks[centred < 0]
        found = float(k - (below.max() if len(below) else 0) - 1)
    else:
        sum_of_ranks = float(ranks[centred > 0].sum())
        found = (4 * sum_of_ranks - k * (k + 1)) / (2 * k - 1)
    return max(0, round(found))
