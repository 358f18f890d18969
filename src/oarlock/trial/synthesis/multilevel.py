"""Effects that belong together: the three-level model and cluster-robust errors.

No kept Python package fits effects with known variances in studies, so it is here: the restricted
likelihood of two variances, maximised. Source: Konstantopoulos 2011, doi:10.1002/jrsm.35; Assink &
Wibbelink 2016, doi:10.20982/tqmp.12.3.p154.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.stats import chi2

from oarlock.trial.synthesis.pooling import Array, Interval, interval, typical_variance


@dataclass(frozen=True, slots=True)
class ThreeLevel:
    """The three-level model.

    Attributes:
        beta, cov: Coefficients and their model-based covariance.
        between: Variance between studies.
        within: Variance between the effects of one study.
        log_likelihood: Restricted, up to a constant.
        i2_between, i2_within: Their shares of the variance, percent; Cheung 2014,
            doi:10.1037/a0032968.
        likelihood_ratio, likelihood_ratio_p: Against the model without variance between studies.
        robust: CR2 intervals by coefficient.
    """

    beta: Array
    cov: Array
    between: float
    within: float
    log_likelihood: float
    i2_between: float
    i2_within: float
    likelihood_ratio: float
    likelihood_ratio_p: float
    robust: tuple[Interval | None, ...]


def clusters_of(labels: Sequence[str]) -> list[Array]:
    """Return the row numbers of each study, in the order in which the studies first come."""
    rows: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    return [np.array(found) for found in rows.values()]


def three_level(
    y: Array,
    v: Array,
    clusters: Sequence[Array],
    X: Array | None = None,
    *,
    start: tuple[float, float] | None = None,
) -> ThreeLevel:
    """Return the three-level model of effects in studies, fitted by REML.

    Args:
        y: Effects.
        v: Their sampling variances, taken as independent within a study.
        clusters: Rows of each study; two at least.
        X: The constant, and moderators if there are any; the constant alone by default.
        start: Variances of nearly the same data: the search then begins there alone.
    """
    X = np.ones((len(y), 1)) if X is None else X
    # Around the mean and in units of the typical effect, so that no search depends on the scale.
    unit, middle = float(np.median(v)), float(np.average(y, weights=1 / v))
    y = y - middle
    between, within, ratio = _variances(
        y / math.sqrt(unit),
        v / unit,
        clusters,
        X,
        None if start is None else (start[0] / unit, start[1] / unit),
    )
    between, within = between * unit, within * unit
    likelihood, beta, cov = _restricted(y, v, clusters, X, between, within)
    robust = cr2(y, v, clusters, X, between, within)
    total = between + within + typical_variance(v, X)
    return ThreeLevel(
        beta=_moved(beta, middle),
        cov=cov,
        between=between,
        within=within,
        log_likelihood=likelihood,
        i2_between=100 * between / total,
        i2_within=100 * within / total,
        likelihood_ratio=ratio,
        # A variance cannot be below 0: half the chi² with one degree of freedom.
        likelihood_ratio_p=1.0 if ratio < 1e-9 else float(chi2.sf(ratio, 1) / 2),
        robust=(_moved_interval(robust[0], middle), *robust[1:]),
    )


def three_level_likelihood(
    y: Array, v: Array, study: Sequence[str], between: float, within: float
) -> float:
    """Return the restricted log-likelihood of two variances, without moderators."""
    return _restricted(y, v, clusters_of(study), np.ones((len(y), 1)), between, within)[0]


def _variances(
    y: Array,
    v: Array,
    clusters: Sequence[Array],
    X: Array,
    start: tuple[float, float] | None,
) -> tuple[float, float, float]:
    """Return the variances between and within, and twice what the first adds to the likelihood."""

    def loss(parameters: Array) -> float:
        between, within = parameters**2
        return -_restricted(y, v, clusters, X, between, within)[0]

    def search(at: Array) -> tuple[Array, float]:
        found = minimize(
            lambda free: loss(np.array([free[0] if len(free) > 1 else 0.0, free[-1]])),
            at,
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-11, "maxiter": 4000},
        )
        return found.x, float(found.fun)

    spread = max(float(np.var(y)), 1e-3)
    shares = (0.5, 0.1, 0.9, 0.0, 1.0)
    starts = [np.sqrt(spread * np.array([share, 1 - share])) for share in shares]
    if start is not None:
        starts = [np.sqrt(np.array(start)) + 0.05 * math.sqrt(spread)]
    best, best_loss = np.zeros(2), loss(np.zeros(2))
    alone = best_loss
    for at in starts:
        found, _ = search(at)
        # A variance that the search leaves next to 0 is 0 where that is as likely.
        for candidate in (found, found * [0, 1], found * [1, 0]):
            value = loss(candidate)
            simpler = np.count_nonzero(candidate) < np.count_nonzero(best)
            if value < best_loss - 1e-10 or (value <= best_loss + 1e-10 and simpler):
                best, best_loss = np.abs(candidate), value
    if start is None:
        alone = min(alone, search(np.array([math.sqrt(spread)]))[1])
    between, within = (float(one) for one in best**2)
    return between, within, max(0.0, 2 * (alone - best_loss))


def _moved(beta: Array, by: float) -> Array:
    return np.array([beta[0] + by, *beta[1:]])


def _moved_interval(found: Interval | None, by: float) -> Interval | None:
    return found and interval(found.estimate + by, found.se, found.df)


def _restricted(
    y: Array, v: Array, clusters: Sequence[Array], X: Array, between: float, within: float
) -> tuple[float, Array, Array]:
    """Return the restricted log-likelihood, the coefficients and their covariance."""
    rows = np.concatenate(clusters)
    starts = np.cumsum([0, *(len(one) for one in clusters[:-1])])
    y, v, X = y[rows], v[rows], X[rows]
    d = 1 / (v + within)
    Xd, yd = X * d[:, None], y * d
    total = np.add.reduceat(d, starts)
    sum_x, sum_y = np.add.reduceat(Xd, starts, axis=0), np.add.reduceat(yd, starts)
    # Sherman-Morrison: the inverse of a diagonal plus a constant.
    shrink = between / (1 + between * total)
    information = X.T @ Xd - (sum_x * shrink[:, None]).T @ sum_x
    score = X.T @ yd - sum_x.T @ (shrink * sum_y)
    quadratic = float(y @ yd) - float(shrink @ sum_y**2)
    log_determinant = float(np.log1p(between * total).sum() - np.log(d).sum())
    cov: Array = np.linalg.inv(information)
    beta = cov @ score
    rest = quadratic - float(beta @ score)
    restriction = float(np.linalg.slogdet(information)[1])
    return -0.5 * (log_determinant + restriction + rest), beta, cov


def shares_of_weight(v: Array, clusters: Sequence[Array], between: float, within: float) -> Array:
    """Return the share of each effect in the pooled effect of the three-level model."""
    d = 1 / (v + within)
    shares = np.zeros(len(v))
    for rows in clusters:
        shares[rows] = d[rows] / (1 + between * float(d[rows].sum()))
    return np.asarray(shares / shares.sum())


def cr2(
    y: Array, v: Array, clusters: Sequence[Array], X: Array, between: float, within: float
) -> tuple[Interval | None, ...]:
    """Return cluster-robust intervals that stay honest with few studies (CR2, Satterthwaite).

    Args:
        y: As for `three_level`.
        v: Likewise.
        clusters: Likewise.
        X: Likewise.
        between: Variance between studies of the working model.
        within: Variance within studies; with 0 between, tau² gives the two-level model.

    Returns:
        One interval per coefficient; None where the studies are too few to carry it.

    Source: Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, doi:10.1080/07350015.2016.1247004.
    """
    _, beta, cov = _restricted(y, v, clusters, X, between, within)
    p: int = X.shape[1]
    if len(clusters) <= p:
        return (None,) * p
    residual = y - X @ beta
    meat = np.zeros((p, p))
    parts: list[Array] = []
    for rows in clusters:
        V = np.diag(v[rows] + within) + between
        upper = np.linalg.cholesky(V).T
        gap = V - X[rows] @ cov @ X[rows].T
        B = upper @ gap @ upper.T
        values, vectors = np.linalg.eigh((B + B.T) / 2)
        keep = values > 1e-10 * max(float(values.max()), 1e-300)
        root = (vectors[:, keep] / np.sqrt(values[keep])) @ vectors[:, keep].T
        adjusted = np.linalg.solve(V, X[rows]).T @ (upper.T @ root @ upper)
        score = adjusted @ residual[rows]
        meat += np.outer(score, score)
        parts.append(cov @ adjusted)
    robust = cov @ meat @ cov
    return tuple(
        _satterthwaite(
            at,
            float(beta[at]),
            float(robust[at, at]),
            parts,
            clusters,
            X,
            cov,
            (v, between, within),
        )
        for at in range(p)
    )


def _satterthwaite(
    at: int, estimate: float, variance: float, parts: Sequence[Array], clusters: Sequence[Array],
    X: Array, cov: Array, model: tuple[Array, float, float],
) -> Interval | None:  # fmt: skip
    v, between, within = model
    n = len(clusters)
    own = np.array(
        [
            float(part[at] ** 2 @ (v[rows] + within)) + between * float(part[at].sum()) ** 2
            for part, rows in zip(parts, clusters, strict=True)
        ]
    )
    through = np.array([part[at] @ X[rows] for part, rows in zip(parts, clusters, strict=True)])
    P = np.diag(own) - through @ cov @ through.T
    trace, square = float(np.trace(P)), float((P**2).sum())
    if variance <= 0 or square <= 0 or n < 2:
        return None
    return interval(estimate, math.sqrt(variance), trace * trace / square)
