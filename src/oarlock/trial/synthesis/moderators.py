"""Why studies differ: meta-regression and subgroups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as f_distribution

from oarlock.trial.synthesis.multilevel import ThreeLevel, clusters_of, three_level
from oarlock.trial.synthesis.pooling import (
    Array,
    Fit,
    Heterogeneity,
    Interval,
    fit,
    heterogeneity,
    interval,
)

PER_MODERATOR = 10
"""Studies that each moderator needs. Source: Cochrane Handbook 6.4, section 10.11.4."""


@dataclass(frozen=True, slots=True)
class Moderator:
    """One characteristic of the studies.

    Attributes:
        name: Its column.
        values: A number per effect, or a word.
    """

    name: str
    values: tuple[float, ...] | tuple[str, ...]

    @property
    def is_number(self) -> bool:
        """Whether it is a quantity."""
        return all(isinstance(value, float) for value in self.values)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A line of the meta-regression.

    Attributes:
        robust: CR2 interval, where effects belong to studies.
    """

    name: str
    test: Interval
    robust: Interval | None


@dataclass(frozen=True, slots=True)
class MetaRegression:
    """A random-effects meta-regression.

    Attributes:
        f, df1, df2, p: Test of all moderators together.
        tau2: What is left.
        r2: Share of tau² that they explain, percent; None where there was none. Source: Raudenbush
            2009, as metafor prints it; negative values are shown as 0.
        rest: Heterogeneity around the regression.
    """

    coefficients: tuple[Coefficient, ...]
    f: float
    df1: int
    df2: int
    p: float
    tau2: float
    r2: float | None
    rest: Heterogeneity
    n_effects: int
    reference: dict[str, str]


def design(moderators: Sequence[Moderator]) -> tuple[Array, list[str], dict[str, str]]:
    """Return the matrix with its constant, the names of its columns, and reference levels."""
    n = len(moderators[0].values)
    columns, names, reference = [np.ones(n)], ["intercept"], {}
    for moderator in moderators:
        if moderator.is_number:
            columns.append(np.array(moderator.values, dtype=float))
            names.append(moderator.name)
            continue
        levels = sorted({str(value) for value in moderator.values})
        reference[moderator.name] = levels[0]
        for level in levels[1:]:
            columns.append(np.array([value == level for value in moderator.values], dtype=float))
            names.append(f"{moderator.name}: {level}")
    return np.column_stack(columns), names, reference


def can_be_told_apart(X: Array) -> bool:
    """Return whether no column of the matrix follows from the others, and studies are enough."""
    scale = np.abs(X).max(axis=0)
    if (scale == 0).any() or len(X) <= X.shape[1]:
        return False
    rank = int(np.linalg.matrix_rank(X / scale, tol=1e-8))
    return rank == len(X.T)


def meta_regression(
    y: Array, v: Array, moderators: Sequence[Moderator], *, method: str, studies: Sequence[str]
) -> MetaRegression:
    """Return the meta-regression, with the tests of Knapp and Hartung.

    Args:
        y: Effects.
        v: Sampling variances.
        moderators: Characteristics, without gaps, that can be told apart.
        method: Estimator of tau².
        studies: Study of each effect; where one has several, the model has three levels.

    Source: Knapp & Hartung 2003, doi:10.1002/sim.1482.
    """
    X, names, reference = design(moderators)
    clusters = clusters_of(studies)
    is_nested = 1 < len(clusters) < len(y)
    if is_nested and len(clusters) > X.shape[1]:
        levels = three_level(y, v, clusters, X)
        tau2, before = _total(levels), _total(three_level(y, v, clusters))
        beta, cov, df2 = levels.beta, levels.cov, len(clusters) - X.shape[1]
        robust = levels.robust
    else:
        fitted: Fit = fit(y, v, X, method)
        tau2, before = fitted.tau2, fit(y, v, method=method).tau2
        factor = fitted.knha_factor
        beta, cov, df2 = fitted.beta, fitted.cov * max(factor, 1e-12), len(y) - X.shape[1]
        robust = (None,) * X.shape[1]
    df1 = X.shape[1] - 1
    tested = beta[1:]
    f = float(tested @ np.linalg.solve(cov[1:, 1:], tested)) / df1
    return MetaRegression(
        coefficients=tuple(
            Coefficient(name, interval(float(beta[i]), math.sqrt(cov[i, i]), df2), robust[i])
            for i, name in enumerate(names)
        ),
        f=f,
        df1=df1,
        df2=df2,
        p=float(f_distribution.sf(f, df1, df2)),
        tau2=tau2,
        r2=None if before <= 0 else 100 * max(0.0, (before - tau2) / before),
        rest=heterogeneity(y, v, tau2, X),
        n_effects=len(y),
        reference=reference,
    )


def _total(levels: ThreeLevel) -> float:
    return levels.between + levels.within


@dataclass(frozen=True, slots=True)
class Between:
    """Test of whether subgroups differ, from their own pooled effects.

    Source: Borenstein et al. 2009, ch. 19, with a tau² per subgroup.
    """

    q: float
    df: int
    p: float


def between(estimates: Sequence[float], errors: Sequence[float]) -> Between | None:
    """Return the test of pooled effects of subgroups; None for fewer than two."""
    if len(estimates) < 2:
        return None
    weights = 1 / np.array(errors) ** 2
    values = np.array(estimates)
    q = float((weights * (values - np.average(values, weights=weights)) ** 2).sum())
    return Between(q, len(values) - 1, float(chi2.sf(q, len(values) - 1)))
