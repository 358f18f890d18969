"""Standardised effects with intervals: Hedges' g, as it stands and adjusted; multiplicity.

Source: g, its correction and its interval: Hedges (1981), doi:10.3102/10769986006002107, with the
noncentral t distribution. Adjusted g takes the adjusted difference over the standard deviation of
the outcome within arms. Multiplicity: Holm (1979); Benjamini & Hochberg (1995),
doi:10.1111/j.2517-6161.1995.tb02031.x.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq
from scipy.special import gammaln
from statsmodels.stats.multitest import multipletests

from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.results import Effect


def correction(df: float) -> float:
    """Return the factor J that takes the bias from a standardised difference."""
    return math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def hedges_g(
    mean: float, sd: float, n: int, mean_control: float, sd_control: float, n_control: int,
    alpha: float = 0.05,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Return g, its standard error, and the two ends of its interval.

    Raises:
        ValueError: Fewer than two people in a group, or nobody differs from anybody.
    """
    df = n + n_control - 2
    if n < 2 or n_control < 2:
        raise ValueError("a group has fewer than two people")
    pooled = math.sqrt(((n - 1) * sd**2 + (n_control - 1) * sd_control**2) / df)
    if pooled == 0:
        raise ValueError("nobody differs from anybody in an arm")
    d = (mean - mean_control) / pooled
    factor, size = correction(df), 1 / n + 1 / n_control
    low, high = (
        end * math.sqrt(size) * factor for end in _noncentral(d / math.sqrt(size), df, alpha)
    )
    se = factor * math.sqrt(size + d**2 / (2 * (n + n_control)))
    return factor * d, se, low, high


def _noncentral(t: float, df: float, alpha: float) -> tuple[float, float]:
    """Return the noncentralities for which t is the upper and the lower alpha/2 quantile."""
    if abs(t) > 30:
        half = float(stats.norm.ppf(1 - alpha / 2)) * math.sqrt(1 + t**2 / (2 * df))
        return t - half, t + half

    def excess(nc: float, level: float) -> float:
        # Far out the distribution function is not computed; there it is 1 or 0.
        value = float(stats.nct.cdf(t, df, nc))
        return (value if math.isfinite(value) else float(nc < t)) - level

    def end(level: float) -> float:
        span = 8 + 4 * abs(t)
        return float(brentq(excess, t - span, t + span, args=(level,), xtol=1e-8))

    return end(1 - alpha / 2), end(alpha / 2)


def standardised(
    data: TrialData, time: float, adjusted: tuple[Effect, ...]
) -> tuple[dict[str, Any], ...]:
    """Return Hedges' g of each arm at a time, and from the adjusted difference."""
    frame = data.at(time)
    frame = frame[frame["y"].notna()]
    control = frame.loc[frame["arm"] == data.arms[0], "y"]
    by_contrast = {one.contrast: one for one in adjusted}
    rows: list[dict[str, Any]] = []
    for arm in data.arms[1:]:
        contrast = f"{arm} - {data.arms[0]}"
        y = frame.loc[frame["arm"] == arm, "y"]
        head = {"contrast": contrast, "time": time, "n": len(y) + len(control)}
        try:
            g, se, low, high = hedges_g(
                float(y.mean()), float(y.std()), len(y),
                float(control.mean()), float(control.std()), len(control), data.plan.alpha,
            )  # fmt: skip
        except ValueError as error:
            rows.append({**head, "measure": "Hedges g", "not_estimable": str(error)})
            continue
        rows.append({
            **head, "measure": "Hedges g", "estimate": g, "se": se, "ci_low": low, "ci_high": high,
        })  # fmt: skip
        effect = by_contrast.get(contrast)
        if effect is None or effect.se is None:
            continue
        df = len(y) + len(control) - 2
        spread = ((len(y) - 1) * y.var() + (len(control) - 1) * control.var()) / df
        factor = correction(df) / math.sqrt(spread)
        g = effect.estimate * factor
        se = math.sqrt((effect.se * factor) ** 2 + g**2 / (2 * df))
        half = float(stats.t.ppf(1 - data.plan.alpha / 2, effect.df or df)) * se
        rows.append({
            **head, "measure": "Hedges g, adjusted", "estimate": g, "se": se,
            "ci_low": g - half, "ci_high": g + half,
        })  # fmt: skip
    return tuple(rows)


def multiplicity(tests: Mapping[str, float | None], method: str, alpha: float) -> dict[str, Any]:
    """Return the p values of a family of tests, adjusted by Holm and by Benjamini-Hochberg.

    Args:
        tests: p value by name; None where there is no estimate, which leaves the family.
        method: The one that the plan names: "holm", "bh" or "none".
        alpha: Level.
    """
    names = [name for name, p in tests.items() if p is not None]
    values = np.array([tests[name] for name in names], dtype=float)
    rows = []
    if len(values):
        holm = multipletests(values, alpha=alpha, method="holm")[1]
        bh = multipletests(values, alpha=alpha, method="fdr_bh")[1]
        chosen = {"holm": holm, "bh": bh, "none": values}[method]
        rows = [
            {"test": name, "p": float(p), "p_holm": float(h), "p_bh": float(b),
             "p_adjusted": float(c), "rejected": bool(c < alpha)}
            for name, p, h, b, c in zip(names, values, holm, bh, chosen, strict=True)
        ]  # fmt: skip
    return {"method": method, "alpha": alpha, "n_tests": len(rows), "tests": rows}
