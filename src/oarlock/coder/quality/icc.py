"""Intraclass correlation of scores that several raters gave to the same sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oarlock.errors import UserError, how_to_install

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
MEANING = {
    "ICC(1,1)": "one rater, raters differ by session",
    "ICC(2,1)": "one rater, absolute agreement",
    "ICC(3,1)": "one rater, consistency",
    "ICC(1,k)": "mean of all raters, raters differ by session",
    "ICC(2,k)": "mean of all raters, absolute agreement",
    "ICC(3,k)": "mean of all raters, consistency",
}


@dataclass(frozen=True, slots=True)
class Icc:
    """One form of the intraclass correlation with its 95 % interval.

    `value` is None where it is undefined; `reason` says why.
    """

    form: str
    value: float | None
    low: float | None
    high: float | None
    reason: str | None = None


def icc(scores: NDArray[np.float64]) -> tuple[tuple[Icc, ...], int]:
    """Return the six forms, and the number of sessions that they rest on.

    Only sessions that every rater scored count.

    Args:
        scores: Shape (n_sessions, n_raters), NaN where a rater gave no score.

    Source:
        Shrout & Fleiss (1979), Psychological Bulletin 86(2), 420-428; intervals: McGraw & Wong
        (1996), Psychological Methods 1(1), 30-46, table 7.
    """
    complete = scores[~np.isnan(scores).any(axis=1)]
    n, k = complete.shape
    if n < 2 or k < 2:
        return _undefined("fewer than two sessions scored by every rater"), n
    total = float(complete.mean())
    between = k * float(((complete.mean(axis=1) - total) ** 2).sum())
    raters = n * float(((complete.mean(axis=0) - total) ** 2).sum())
    everything = float(((complete - total) ** 2).sum())
    scale = max(1.0, float(np.abs(complete).max())) ** 2 * n * k
    if everything <= 1e-12 * scale:
        return _undefined("every score is the same"), n
    error = max(everything - between - raters, 0.0)
    ms_r, ms_c = between / (n - 1), raters / (k - 1)
    ms_e, ms_w = error / ((n - 1) * (k - 1)), (raters + error) / (n * (k - 1))
    tiny = 1e-12 * everything
    if ms_r <= tiny and ms_e <= tiny:
        return _undefined("the sessions do not differ and the raters do not err"), n
    return _forms(ms_r, ms_c, ms_e, ms_w, n, k), n


def _undefined(reason: str) -> tuple[Icc, ...]:
    return tuple(Icc(form, None, None, None, reason) for form in FORMS)


def _forms(ms_r: float, ms_c: float, ms_e: float, ms_w: float, n: int, k: int) -> tuple[Icc, ...]:
    one = (ms_r - ms_w) / (ms_r + (k - 1) * ms_w)
    two = (ms_r - ms_e) / (ms_r + (k - 1) * ms_e + k * (ms_c - ms_e) / n)
    three = (ms_r - ms_e) / (ms_r + (k - 1) * ms_e)
    two_k_below = ms_r + (ms_c - ms_e) / n
    values = (
        one,
        two,
        three,
        (ms_r - ms_w) / ms_r if ms_r > 0 else None,
        (ms_r - ms_e) / two_k_below if two_k_below > 0 else None,
        (ms_r - ms_e) / ms_r if ms_r > 0 else None,
    )
    bounds = _bounds(ms_r, ms_c, ms_e, ms_w, n, k, two)
    result = []
    for form, value, (low, high) in zip(FORMS, values, bounds, strict=True):
        if value is None or not np.isfinite(value):
            result.append(Icc(form, None, None, None, "the sessions do not differ"))
        else:
            result.append(Icc(form, value, low, high))
    return tuple(result)


def _bounds(
    ms_r: float, ms_c: float, ms_e: float, ms_w: float, n: int, k: int, two: float
) -> list[tuple[float | None, float | None]]:
    """Return the 95 % bounds of the six forms; None where there is no error to compare with."""
    try:
        from scipy.stats import f
    except ImportError as error:
        raise UserError(
            "Agreement needs packages that are not installed.",
            remedy=how_to_install("research"),
        ) from error
    none: tuple[float | None, float | None] = (None, None)
    if ms_e <= 0 or ms_w <= 0:
        return [none] * 6

    def quantile(first: float, second: float) -> float:
        return float(f.ppf(0.975, first, second))

    low1 = ms_r / ms_w / quantile(n - 1, n * (k - 1))
    high1 = ms_r / ms_w * quantile(n * (k - 1), n - 1)
    low3 = ms_r / ms_e / quantile(n - 1, (n - 1) * (k - 1))
    high3 = ms_r / ms_e * quantile((n - 1) * (k - 1), n - 1)
    # ICC(2,1): Satterthwaite's degrees of freedom.
    fj = ms_c / ms_e
    above = (k - 1) * (n - 1) * (k * two * fj + n * (1 + (k - 1) * two) - k * two) ** 2
    below = (n - 1) * (k * two * fj) ** 2 + (n * (1 + (k - 1) * two) - k * two) ** 2
    v = above / below
    f_low, f_high = quantile(n - 1, v), quantile(v, n - 1)
    rest = k * ms_c + (k * n - k - n) * ms_e
    low2 = n * (ms_r - f_low * ms_e) / (f_low * rest + n * ms_r)
    high2 = n * (f_high * ms_r - ms_e) / (rest + n * f_high * ms_r)

    def step_up(value: float) -> float:
        return value * k / (1 + value * (k - 1))

    return [
        ((low1 - 1) / (low1 + k - 1), (high1 - 1) / (high1 + k - 1)),
        (low2, high2),
        ((low3 - 1) / (low3 + k - 1), (high3 - 1) / (high3 + k - 1)),
        (1 - 1 / low1, 1 - 1 / high1),
        (step_up(low2), step_up(high2)),
        (1 - 1 / low3, 1 - 1 / high3),
    ]
