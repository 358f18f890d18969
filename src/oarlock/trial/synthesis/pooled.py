"""The pooled effect of a set of studies: which model is the main one, and all that goes with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from oarlock.trial.synthesis.multilevel import (
    ThreeLevel,
    clusters_of,
    shares_of_weight,
    three_level,
)
from oarlock.trial.synthesis.pooling import (
    METHODS,
    Array,
    Fit,
    Heterogeneity,
    Interval,
    fit,
    fit_at,
    hartung_knapp,
    heterogeneity,
    interval,
    prediction,
    tau2_of,
)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where the true effect of a new study is expected.

    Attributes:
        df: Degrees of freedom of its t distribution.
    """

    low: float
    high: float
    df: int


@dataclass(frozen=True, slots=True)
class TwoLevel:
    """The random-effects model that takes all effects as independent."""

    fitted: Fit
    wald: Interval
    hartung_knapp: Interval | None
    floor: Interval | None
    heterogeneity: Heterogeneity


@dataclass(frozen=True, slots=True)
class Pooled:
    """The pooled effect.

    Attributes:
        k: Studies.
        n_effects: Effects.
        model: "single study", "random effects" or "three-level".
        method: Estimator of the variance between studies.
        estimate: The main result.
        se: Its standard error by the model, before Hartung and Knapp.
        interval: The main interval and test.
        interval_kind: What it is: "hartung-knapp", "t", or "normal".
        tau2: Variance of true effects; in the three-level model the sum of both.
        fixed: The fixed-effect model.
        two_level: The random-effects model; None with one effect.
        three_level: Where a study has several effects.
        robust: CR2 interval of the main model, where a study has several effects.
        prediction: By k - 1 degrees of freedom; None below three studies.
        prediction_k2: By k - 2.
        weights: Share of each effect in the estimate; they add up to 1.
        others: Estimate and interval by the other estimators of tau².
        not_given: What the studies cannot carry, with the reason.
    """

    k: int
    n_effects: int
    model: str
    method: str
    estimate: float
    se: float
    interval: Interval
    interval_kind: str
    tau2: float | None
    fixed: Interval
    two_level: TwoLevel | None
    three_level: ThreeLevel | None
    robust: Interval | None
    prediction: Prediction | None
    prediction_k2: Prediction | None
    weights: Array
    others: dict[str, tuple[float, Interval]] = field(default_factory=dict)
    not_given: dict[str, str] = field(default_factory=dict)

    @property
    def hartung_knapp(self) -> Interval | None:
        """The Hartung-Knapp interval of the two-level model."""
        return self.two_level.hartung_knapp if self.two_level else None

    @property
    def knha_factor(self) -> float | None:
        """What Hartung and Knapp multiply the variance of the two-level model by."""
        return self.two_level.fitted.knha_factor if self.two_level else None


def pool(y: Array, v: Array, study: Sequence[str], method: str) -> Pooled:
    """Return the pooled effect: three-level where a study has several effects, else two-level.

    Args:
        y: Effects.
        v: Sampling variances.
        study: Study of each.
        method: Estimator of tau² of the two-level model; the three-level one is fitted by REML.
    """
    return _pool(y, v, study, method, start=None, brief=False)


def pool_briefly(
    y: Array,
    v: Array,
    study: Sequence[str],
    method: str,
    *,
    start: tuple[float, float] | None = None,
) -> Pooled:
    """Return the same without the other estimators, the search beginning at known variances."""
    return _pool(y, v, study, method, start=start, brief=True)


def _pool(
    y: Array,
    v: Array,
    study: Sequence[str],
    method: str,
    *,
    start: tuple[float, float] | None,
    brief: bool,
) -> Pooled:
    n = len(y)
    ones = np.ones((n, 1))
    fixed_fit = fit_at(y, v, ones, 0.0)
    fixed = interval(fixed_fit.estimate, fixed_fit.se)
    clusters = clusters_of(study)
    k = len(clusters)
    reasons = _reasons(k, n)
    if n == 1:
        return Pooled(
            1, 1, "single study", method, fixed.estimate, fixed.se, fixed, "normal", None, fixed,
            None, None, None, None, None, np.ones(1), {}, reasons,
        )  # fmt: skip
    fitted = fit(y, v, method=method)
    knapp = hartung_knapp(fitted)
    if knapp is None:
        reasons["hartung_knapp"] = "The effects have no spread."
    wald = interval(fitted.estimate, fitted.se)
    two_level = TwoLevel(
        fitted, wald, knapp, hartung_knapp(fitted, floor=True), heterogeneity(y, v, fitted.tau2)
    )
    if two_level.heterogeneity.tau2_high is None:
        reasons["tau2_ci"] = "It is empty: the studies differ less than chance alone would make."
    others = {} if brief else _others(y, v, method)
    is_nested = 1 < k < n
    if not is_nested:
        main = knapp or wald
        near, far = _predictions(fitted.estimate, main.se, fitted.se, fitted.tau2, k)
        return Pooled(
            k, n, "random effects", method, fitted.estimate, fitted.se, main,
            "hartung-knapp" if knapp else "normal", fitted.tau2, fixed, two_level, None, None,
            near, far, fitted.weights / fitted.weights.sum(), others, reasons,
        )  # fmt: skip
    levels = three_level(y, v, clusters, start=start)
    estimate, se = float(levels.beta[0]), math.sqrt(levels.cov[0, 0])
    total = levels.between + levels.within
    near, far = _predictions(estimate, se, se, total, k)
    reasons["tau2_ci"] = "The Q-profile interval is for independent effects; two_level has it."
    return Pooled(
        k, n, "three-level", "REML", estimate, se, interval(estimate, se, k - 1), "t", total,
        fixed, two_level, levels, levels.robust[0], near, far,
        shares_of_weight(v, clusters, levels.between, levels.within), others, reasons,
    )  # fmt: skip


def _reasons(k: int, n: int) -> dict[str, str]:
    found = {}
    if n < 2:
        found["hartung_knapp"] = "It needs two studies."
        found["tau2"] = found["tau2_ci"] = found["i2"] = found["q"] = (
            "One study shows nothing of the variance between studies."
        )
    if k < 3:
        found["prediction"] = "A prediction interval needs three studies."
    return found


def _predictions(
    estimate: float, se: float, model_se: float, tau2: float, k: int
) -> tuple[Prediction | None, Prediction | None]:
    if k < 3:
        return None, None
    near = prediction(estimate, se, tau2, k - 1)
    far = prediction(estimate, model_se, tau2, k - 2)
    return near and Prediction(*near, k - 1), far and Prediction(*far, k - 2)


def _others(y: Array, v: Array, method: str) -> dict[str, tuple[float, Interval]]:
    ones = np.ones((len(y), 1))
    found = {}
    for other in METHODS:
        if other == method:
            continue
        fitted = fit_at(y, v, ones, tau2_of(y, v, ones, other))
        knapp = hartung_knapp(fitted) or interval(fitted.estimate, fitted.se)
        found[other] = (fitted.tau2, knapp)
    return found
