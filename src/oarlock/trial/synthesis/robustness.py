"""What one study does to the result: leave-one-out, influence, and studies as they came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from oarlock.trial.synthesis.pooling import (
    Array,
    Fit,
    Interval,
    fit,
    hartung_knapp,
    interval,
    q_statistic,
)


@dataclass(frozen=True, slots=True)
class Influence:
    """What one effect does to the two-level model.

    Source: Viechtbauer & Cheung 2010, doi:10.1002/jrsm.11.

    Attributes:
        rstudent: Its distance from the others, studentised.
        dffits, cooks_distance, covariance_ratio: What leaving it out changes.
        tau2_without, q_without: Heterogeneity without it.
        hat: Its share of the weight.
        is_influential: By the rules of metafor's influence().
    """

    rstudent: float
    dffits: float
    cooks_distance: float
    covariance_ratio: float
    tau2_without: float
    q_without: float
    hat: float
    is_influential: bool


def influence(y: Array, v: Array, method: str) -> list[Influence]:
    """Return the influence of each effect; of three at least."""
    whole = fit(y, v, method=method)
    k = len(y)
    hats = whole.weights / whole.weights.sum()
    found = []
    for at in range(k):
        rest = np.arange(k) != at
        left = fit(y[rest], v[rest], method=method)
        shift = whole.estimate - left.estimate
        own = v[at] + left.tau2
        hat = float(hats[at])
        dffits = shift / math.sqrt(hat * own)
        distance = shift**2 / whole.se**2
        influential = (
            abs(dffits) > 3 * math.sqrt(1 / (k - 1))
            or float(chi2.cdf(distance, 1)) >= 0.5
            or hat > 3 / k
        )
        found.append(
            Influence(
                rstudent=float((y[at] - left.estimate) / math.sqrt(own + left.se**2)),
                dffits=float(dffits),
                cooks_distance=distance,
                covariance_ratio=left.se**2 / whole.se**2,
                tau2_without=left.tau2,
                q_without=q_statistic(y[rest], v[rest]),
                hat=hat,
                is_influential=bool(influential),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Repeated:
    """The pooled effect of some of the studies.

    Attributes:
        name: The study left out, or the one added last.
        test: Hartung-Knapp interval, or the normal one where there is none.
        se: Model-based standard error.
    """

    name: str
    k: int
    test: Interval
    se: float
    tau2: float


def best_interval(fitted: Fit) -> Interval:
    """Return the Hartung-Knapp interval, or the normal one where that cannot be had."""
    return hartung_knapp(fitted) or interval(fitted.estimate, fitted.se)


def cumulative(y: Array, v: Array, names: Sequence[str], method: str) -> list[Repeated]:
    """Return the two-level pooled effect after each study, in the order given."""
    found = []
    for n in range(1, len(y) + 1):
        fitted = fit(y[:n], v[:n], method=method)
        found.append(Repeated(names[n - 1], n, best_interval(fitted), fitted.se, fitted.tau2))
    return found
