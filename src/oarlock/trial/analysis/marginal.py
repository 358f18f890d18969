"""The random-intercept model solved along its one hard parameter, to check others against.

With one intercept per group the (restricted) likelihood given the ratio of the two variances has a
closed form, so that its maximum is found on a line and cannot be missed, also at zero.

Source: likelihood: Harville (1977), doi:10.1080/01621459.1977.10480998. Degrees of freedom:
Satterthwaite, as Kuznetsova, Brockhoff & Christensen (2017), doi:10.18637/jss.v082.i13, apply it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from oarlock.trial.analysis.design import NotEstimableError

Floats = NDArray[np.float64]
_GRID = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 49)])


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums of squares, by size of group: all that the likelihood needs.

    Attributes:
        whole: Cross-products of [X y], shape (p + 1, p + 1).
        sizes: Sizes of groups that occur.
        counts: Groups of each size.
        within: For each size, the sum over its groups of the outer product of their totals.
        n: Rows.
    """

    whole: Floats
    sizes: Floats
    counts: Floats
    within: Floats
    n: int

    @classmethod
    def of(cls, y: Floats, X: Floats, groups: NDArray[np.int64]) -> Moments:
        """Return the sums for an outcome, a matrix, and the group (from 0) of each row."""
        Z = np.column_stack([X, y])
        totals = np.zeros((int(groups.max()) + 1, Z.shape[1]))
        np.add.at(totals, groups, Z)
        per_group = np.bincount(groups)
        sizes = np.unique(per_group)
        within = np.stack([totals[per_group == n].T @ totals[per_group == n] for n in sizes])
        counts = np.array([(per_group == n).sum() for n in sizes], dtype=float)
        return cls(Z.T @ Z, sizes.astype(float), counts, within, len(y))

    def weighted(self, ratio: float) -> Floats:
        """Return [X y]' W [X y] for W the inverse of I + ratio J in each group."""
        shrink = ratio / (1 + self.sizes * ratio)
        weighted: Floats = self.whole - np.tensordot(shrink, self.within, axes=1)
        return weighted

    def log_determinant(self, ratio: float) -> float:
        """Return the sum of log(1 + n ratio) over groups."""
        return float(self.counts @ np.log1p(self.sizes * ratio))


@dataclass(frozen=True, slots=True)
class Optimum:
    """The maximum of the (restricted) likelihood.

    Attributes:
        params: Coefficients, shape (p,).
        cov: Their covariance at the variances, shape (p, p).
        between: Variance of the intercepts.
        residual: Variance within.
        log_likelihood: The maximum.
        reml: Whether restricted.
        moments: What it was computed from.
    """

    params: Floats
    cov: Floats
    between: float
    residual: float
    log_likelihood: float
    reml: bool
    moments: Moments


def log_likelihood(moments: Moments, between: float, residual: float, *, reml: bool) -> float:
    """Return the (restricted) log likelihood at two variances."""
    ratio = between / residual
    w = moments.weighted(ratio)
    A, b, c = w[:-1, :-1], w[:-1, -1], w[-1, -1]
    rss = float(c - b @ np.linalg.solve(A, b))
    p = len(A)
    value = moments.n * math.log(2 * math.pi * residual) + moments.log_determinant(ratio)
    value += rss / residual
    if reml:
        value += float(np.linalg.slogdet(A)[1]) - p * math.log(2 * math.pi * residual)
    return -0.5 * value


def _profile(moments: Moments, ratio: float, reml: bool) -> tuple[float, float]:
    """Return the likelihood at a ratio and the best residual variance, and the latter."""
    w = moments.weighted(ratio)
    A, b, c = w[:-1, :-1], w[:-1, -1], w[-1, -1]
    rss = float(c - b @ np.linalg.solve(A, b))
    if rss <= 1e-12 * abs(float(c)):
        raise NotEstimableError("the covariates give the outcome without error")
    residual = rss / (moments.n - len(A) if reml else moments.n)
    return log_likelihood(moments, ratio * residual, residual, reml=reml), residual


def optimum(y: Floats, X: Floats, groups: NDArray[np.int64], *, reml: bool = True) -> Optimum:
    """Return the random-intercept model of greatest (restricted) likelihood.

    Args:
        y: Outcome, shape (n,).
        X: Matrix of full rank, shape (n, p).
        groups: Group of each row, from 0.
        reml: Restricted or full likelihood.

    Raises:
        NotEstimableError: No group has two rows, so that the variances cannot be told apart.
    """
    if np.bincount(groups).max() < 2:
        raise NotEstimableError("nobody was measured twice: two variances cannot be told apart")
    if int(groups.max()) + 1 < 3:
        raise NotEstimableError(f"{int(groups.max()) + 1} groups: their variance cannot be told")
    moments = Moments.of(y, X, groups)
    grid = [_profile(moments, ratio, reml)[0] for ratio in _GRID]
    best = int(np.argmax(grid))
    low, high = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
    found = minimize_scalar(
        lambda ratio: -_profile(moments, ratio, reml)[0], bounds=(low, high), method="bounded",
        options={"xatol": 1e-10 * max(high, 1e-3)},
    )  # fmt: skip
    ratio = float(found.x) if -found.fun > grid[0] + 1e-10 else 0.0
    value, residual = _profile(moments, ratio, reml)
    params, cov = solved(moments, ratio * residual, residual)
    return Optimum(params, cov, ratio * residual, residual, value, reml, moments)


def solved(moments: Moments, between: float, residual: float) -> tuple[Floats, Floats]:
    """Return coefficients and their covariance, given the variances (generalised least squares)."""
    w = moments.weighted(between / residual)
    inverse = np.asarray(np.linalg.inv(w[:-1, :-1]), dtype=np.float64)
    return inverse @ w[:-1, -1], inverse * residual


def satterthwaite(fit: Optimum, n_groups: int) -> Floats:
    """Return the degrees of freedom of each coefficient.

    Where the variance between groups is zero, its information is not defined; then rows count as
    one group's would at least: the number of groups less the coefficients, never less than 1.
    """
    moments, p = fit.moments, len(fit.params)
    fallback = np.full(p, float(max(n_groups - p, 1)))
    if fit.between <= 1e-8 * fit.residual:
        return fallback
    theta = np.array([fit.between, fit.residual])
    step = theta * 1e-3

    def value(at: Floats) -> float:
        return log_likelihood(moments, float(at[0]), float(at[1]), reml=fit.reml)

    hessian = np.empty((2, 2))
    unit = np.diag(step)
    for i in range(2):
        for j in range(2):
            hessian[i, j] = (
                value(theta + unit[i] + unit[j]) - value(theta + unit[i] - unit[j])
                - value(theta - unit[i] + unit[j]) + value(theta - unit[i] - unit[j])
            ) / (4 * step[i] * step[j])  # fmt: skip
    try:
        information = np.linalg.inv(-hessian)
    except np.linalg.LinAlgError:
        return fallback
    gradient = np.stack([
        (np.diag(solved(moments, *(theta + unit[i]))[1])
         - np.diag(solved(moments, *(theta - unit[i]))[1])) / (2 * step[i])
        for i in range(2)
    ])  # fmt: skip
    spread = np.einsum("ip,ij,jp->p", gradient, information, gradient)
    variance = np.diag(fit.cov)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = 2 * variance**2 / spread
    good = np.isfinite(df) & (spread > 0)
    return np.where(good, np.clip(df, 1.0, float(moments.n - p)), fallback)
