"""From parameters and their covariance to coefficients and comparisons with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import Design, NotEstimableError, arm_term
from oarlock.trial.analysis.results import Coefficient, Effect

Floats = NDArray[np.float64]


def interval(
    estimate: float, se: float, df: float | None, alpha: float
) -> tuple[float, float, float]:
    """Return low and high end and the two-sided p value; the normal distribution without df."""
    known = df is not None and math.isfinite(df)
    distribution = stats.t(df) if known else stats.norm()
    half = float(distribution.ppf(1 - alpha / 2)) * se
    p = float(2 * distribution.sf(abs(estimate / se)))
    return estimate - half, estimate + half, p


def coefficients(
    terms: Sequence[str], params: Floats, cov: Floats, df: Sequence[float | None], alpha: float
) -> tuple[Coefficient, ...]:
    """Return one row for each term.

    Raises:
        NotEstimableError: An error is not a positive number: the fit did not work.
    """
    errors = np.sqrt(np.where(np.diag(cov) > 0, np.diag(cov), np.nan))
    if not (np.isfinite(params).all() and np.isfinite(errors).all()):
        raise NotEstimableError("the fit gives no finite estimates and errors")
    rows = []
    for term, value, se, degrees in zip(terms, params, errors, df, strict=True):
        low, high, p = interval(float(value), float(se), degrees, alpha)
        rows.append(Coefficient(term, float(value), float(se), low, high, p, degrees))
    return tuple(rows)


def arm_effects(
    data: TrialData,
    design: Design,
    rows: Sequence[Coefficient],
    *,
    scale: str = "difference",
    time: float | None = None,
    suffix: str = "",
) -> tuple[Effect, ...]:
    """Return the comparison of each arm with the control.

    Args:
        data: The trial.
        design: What was fitted.
        rows: Its coefficients.
        scale: "difference", "log odds ratio" or "log rate ratio".
        time: Time of the comparison.
        suffix: What the term ends with, such as ":time[2]".
    """
    n = len(design.y)
    if time is not None and suffix:
        n = int((design.frame["time"] == time).sum())
    by_term = {row.term: row for row in rows}
    return tuple(
        effect_of(by_term[term], f"{one} - {data.arms[0]}", n, scale=scale, time=time)
        for one in data.arms[1:]
        if (term := arm_term(data, one) + suffix) in by_term
    )


def slope_effects(
    data: TrialData, design: Design, rows: Sequence[Coefficient], *, scale: str = "difference"
) -> tuple[Effect, ...]:
    """Return by how much each arm departs from the control with each unit of time."""
    found = arm_effects(data, design, rows, scale=scale, suffix=f":{data.plan.time or 'time'}")
    return tuple(
        replace(one, contrast=f"{one.contrast}, per unit of time", scale=f"{scale} of slopes")
        for one in found
    )


def effect_of(
    row: Coefficient, contrast: str, n: int, *, scale: str = "difference", time: float | None = None
) -> Effect:
    """Return a coefficient as a comparison; logarithms of ratios with the ratio beside."""
    ratio = [None, None, None] if not scale.startswith("log ") else [
        _exp(value) for value in (row.estimate, row.ci_low, row.ci_high)
    ]  # fmt: skip
    return Effect(
        row.term, contrast, row.estimate, row.se, row.ci_low, row.ci_high, row.p, n, scale, row.df,
        time, *ratio,
    )  # fmt: skip


def _exp(value: float) -> float | None:
    return math.exp(value) if value < 700 else None
