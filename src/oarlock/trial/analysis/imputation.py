"""Multiple imputation of missing outcomes, and Rubin's rules.

Visits are filled in turn (chained equations) from baseline, covariates and the other visits, by
draws of the parameters and of the error: linear regression for continuous outcomes and counts
(which take the nearest value that was observed), logistic for binary ones. Each arm is imputed by
itself where it holds enough people; else together, with the arm in the model.

No kept package draws within arms, from one seed, and hands out what a shift of the imputed values
needs; statsmodels' MICE matches values (`k_pmm` of the nearest) that small arms do not have.

Source: Rubin (1987), chapters 3 to 5; degrees of freedom: Barnard & Rubin (1999),
doi:10.1093/biomet/86.4.948; chained equations and how many: White, Royston & Wood (2011),
doi:10.1002/sim.4067; within arms: Sullivan et al. (2018), doi:10.1177/0962280216683570.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oarlock.trial.analysis.data import TrialData, covariate
from oarlock.trial.analysis.design import Floats, NotEstimableError
from oarlock.trial.analysis.estimates import interval

N_CYCLES = 10
LEAST = 20
"""Fewest imputed data sets."""
PER_TERM = 3
"""An arm is imputed by itself where each visit has so many observed people per term."""


@dataclass(frozen=True, slots=True)
class Imputed:
    """Completed data.

    Attributes:
        values: Outcome of each person at each time, one matrix per imputation.
        scores: Binary: the linear predictor behind each imputed value (0 elsewhere).
        draws: Binary: the uniform number behind each imputed value.
        missing: Which values were imputed.
        method: How, in words.
    """

    values: tuple[Floats, ...]
    scores: tuple[Floats, ...]
    draws: tuple[Floats, ...]
    missing: NDArray[np.bool_]
    method: str


def impute(data: TrialData, *, m: int, seed: int) -> Imputed:
    """Return m completed data sets; the same seed, the same values, whatever the row order.

    Raises:
        NotEstimableError: A visit has too few observed people to learn from.
    """
    if data.varying:
        raise NotEstimableError("covariates change from time to time: not imputed")
    order = np.argsort(data.people["id"].to_numpy(dtype=str), kind="stable")
    wide = np.column_stack([data.at(t)["y"].to_numpy(dtype=float) for t in data.times])[order]
    people = data.people.iloc[order]
    X = _predictors(data, people)
    arms = people["arm"].to_numpy() if data.arms else np.zeros(len(people))
    missing = np.isnan(wide)
    parts = [np.flatnonzero(arms == one) for one in (data.arms or (0,))]
    terms = X.shape[1] + wide.shape[1]
    within = len(parts) > 1 and all(
        (~missing[part]).sum(axis=0).min() >= PER_TERM * terms for part in parts
    )
    if not within and len(parts) > 1:
        dummies = np.column_stack([(arms == one).astype(float) for one in data.arms[1:]])
        X = np.column_stack([X, dummies])
        parts = [np.arange(len(people))]
    if any(min((~missing[part]).sum(axis=0)) < wide.shape[1] + 3 for part in parts):
        raise NotEstimableError("a time has too few observed people to impute from")
    back = np.argsort(order)
    values, scores, draws = [], [], []
    for stream in np.random.SeedSequence(seed).spawn(m):
        rng = np.random.default_rng(stream)
        filled, eta, u = wide.copy(), np.zeros_like(wide), np.zeros_like(wide)
        for part in parts:
            _chain(filled, eta, u, missing, part, X, data.outcome.kind or "continuous", rng)
        values.append(filled[back])
        scores.append(eta[back])
        draws.append(u[back])
    how = "within each arm" if within else "in all arms together, the arm in the model"
    return Imputed(
        tuple(values), tuple(scores), tuple(draws), missing[back],
        f"chained equations, {how}, {N_CYCLES} cycles",
    )  # fmt: skip


def _predictors(data: TrialData, people: pd.DataFrame) -> Floats:
    """Return baseline and covariates; where these are missing, their mean or commonest level."""
    columns = [np.ones(len(people))]
    if data.has_baseline:
        columns.append(_filled(people["baseline"]))
    for name in data.covariates:
        values = people[covariate(name)]
        if isinstance(values.dtype, pd.CategoricalDtype):
            for level in values.cat.categories[1:]:
                dummy = (values == level).to_numpy(dtype=float)
                if 0 < dummy.sum() < len(dummy):
                    columns.append(dummy)
        else:
            columns.append(_filled(values))
    return np.column_stack(columns)


def _filled(values: pd.Series) -> Floats:
    found = values.to_numpy(dtype=float)
    mean = float(np.nanmean(found)) if not np.isnan(found).all() else 0.0
    return np.where(np.isnan(found), mean, found)


def _chain(
    filled: Floats, eta: Floats, u: Floats, missing: NDArray[np.bool_],
    part: NDArray[np.intp], X: Floats, kind: str, rng: np.random.Generator,
) -> None:  # fmt: skip
    n_times = filled.shape[1]
    for t in range(n_times):
        gone = part[missing[part, t]]
        seen = part[~missing[part, t]]
        if len(gone):
            filled[gone, t] = rng.choice(filled[seen, t], size=len(gone))
    cycles = N_CYCLES if n_times > 1 else 1
    for _ in range(cycles):
        for t in range(n_times):
            gone, seen = part[missing[part, t]], part[~missing[part, t]]
            if not len(gone):
                continue
            Z = np.column_stack([X, np.delete(filled, t, axis=1)])
            y = filled[seen, t]
            if kind == "binary":
                eta[gone, t] = _logistic(Z[seen], y, Z[gone], rng)
                u[gone, t] = rng.uniform(size=len(gone))
                filled[gone, t] = u[gone, t] < 1 / (1 + np.exp(-eta[gone, t]))
            else:
                drawn = _linear(Z[seen], y, Z[gone], rng)
                if kind == "count":
                    drawn = y[np.abs(drawn[:, None] - y[None, :]).argmin(axis=1)]
                filled[gone, t] = drawn


def _linear(Z: Floats, y: Floats, Z_new: Floats, rng: np.random.Generator) -> Floats:
    """Return draws from the posterior prediction of a linear regression (Rubin 1987, 166)."""
    inverse = np.linalg.pinv(Z.T @ Z)
    beta = inverse @ (Z.T @ y)
    df = max(len(y) - int(np.linalg.matrix_rank(Z)), 1)
    rss = float(np.sum((y - Z @ beta) ** 2))
    sigma = math.sqrt(rss / rng.chisquare(df))
    values, vectors = np.linalg.eigh(inverse)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    beta = beta + sigma * root @ rng.standard_normal(len(beta))
    drawn: Floats = Z_new @ beta + sigma * rng.standard_normal(len(Z_new))
    return drawn


def _logistic(Z: Floats, y: Floats, Z_new: Floats, rng: np.random.Generator) -> Floats:
    """Return linear predictors from a draw of the parameters, held in place by a weak prior.

    The prior (normal, standard deviation 2.5 per standardised term, 10 for the constant) keeps the
    draws finite where a group has no event. Source: Gelman et al. (2008), doi:10.1214/08-AOAS191.
    """
    center, spread = Z.mean(axis=0), Z.std(axis=0)
    constant = spread == 0
    center, spread = np.where(constant, 0.0, center), np.where(constant, 1.0, spread)
    S, S_new = (Z - center) / spread, (Z_new - center) / spread
    precision = np.diag(np.where(constant, 1 / 100, 1 / 6.25))
    beta = np.zeros(Z.shape[1])
    for _ in range(50):
        mu = 1 / (1 + np.exp(-np.clip(S @ beta, -30, 30)))
        hessian = S.T @ (S * (mu * (1 - mu))[:, None]) + precision
        step = np.linalg.solve(hessian, S.T @ (y - mu) - precision @ beta)
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    root = np.linalg.cholesky(np.linalg.inv(hessian))
    beta = beta + root @ rng.standard_normal(len(beta))
    drawn: Floats = np.clip(S_new @ beta, -30, 30)
    return drawn


@dataclass(frozen=True, slots=True)
class Pooled:
    """An estimate over imputed data sets, by Rubin's rules.

    Attributes:
        estimate: Mean of the estimates.
        se: Root of the within variance and (1 + 1/m) times that between.
        df: Barnard and Rubin's degrees of freedom; infinite where nothing varies.
        ci_low: Low end.
        ci_high: High end.
        p: Two-sided.
        missing_information: Share of the variance that comes from missing values, 0 to 1.
        m: Data sets.
    """

    estimate: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    p: float
    missing_information: float
    m: int


def pool(estimates: Sequence[float], errors: Sequence[float], df: float, alpha: float) -> Pooled:
    """Return Rubin's combination.

    Args:
        estimates: One for each data set, two or more.
        errors: Their standard errors.
        df: Degrees of freedom of the complete data.
        alpha: Two-sided level.
    """
    q, w = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float) ** 2
    m = len(q)
    within, between = float(w.mean()), float(q.var(ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    observed = (df + 1) / (df + 3) * df * (1 - share) if math.isfinite(df) else math.inf
    if share <= 1e-12:
        degrees = observed
    else:
        old = (m - 1) / share**2
        degrees = old if math.isinf(observed) else 1 / (1 / old + 1 / observed)
    se = math.sqrt(total)
    low, high, p = interval(float(q.mean()), se, degrees, alpha)
    return Pooled(float(q.mean()), se, degrees, low, high, p, share, m)
