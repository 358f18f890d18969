"""Power by simulated trials, where no formula holds: few clusters, drop-out between waves, GEE.

Source: analysis of few clusters by their means, adjusted in two stages: Hayes & Moulton (2017),
Cluster randomised trials, chapters 10 and 11. Clustered shares: beta-binomial; GEE with the
covariance for few clusters: Mancl & DeRouen (2001), doi:10.1111/j.0006-341X.2001.00126.x.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t
from statsmodels.genmod.cov_struct import Exchangeable
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tools.sm_exceptions import ModelWarning

from oarlock.trial.power.plan import PowerPlan

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Simulated:
    """Power by simulation.

    Attributes:
        power: Share of simulated trials that found the effect.
        low, high: 95 % interval of the simulation itself (Wilson).
        n_simulations: Trials that gave an answer.
        n_failed: Trials whose model could not be fitted; they count as having found nothing.
        seed: The same seed gives the same result.
    """

    power: float
    low: float
    high: float
    n_simulations: int
    n_failed: int
    seed: int


def simulate(
    plan: PowerPlan,
    n: int,
    *,
    n_simulations: int = 1000,
    seed: int = 20261123,
    progress: Progress | None = None,
) -> Simulated:
    """Return the share of simulated trials with `n` people that find the effect.

    Args:
        plan: The assumptions.
        n: People in all arms together.
        n_simulations: Trials to simulate.
        seed: Seed of the generator.
        progress: Called with trials done and trials in all.
    """
    generator = np.random.default_rng(seed)
    trial = _trial_of(plan)
    n_found = n_failed = 0
    for done in range(1, n_simulations + 1):
        p = trial(plan, n, generator)
        n_failed += p is None
        n_found += p is not None and p < plan.shared_alpha
        if progress is not None:
            progress(done, n_simulations)
    low, high = proportion_confint(n_found, n_simulations, method="wilson")
    return Simulated(
        n_found / n_simulations, float(low), float(high), n_simulations, n_failed, seed
    )


def needs_simulation(plan: PowerPlan, n: int) -> str:
    """Return why the formula is not to be trusted here, or ""."""
    if plan.cluster_size is not None:
        if plan.is_binary:
            return "shares in clusters"
        if n / plan.cluster_size < 40:
            return "fewer than 40 clusters"
    if plan.n_after > 1 and plan.dropout > 0:
        return "drop-out between measurements"
    return ""


Trial = Callable[[PowerPlan, int, np.random.Generator], float | None]


def _trial_of(plan: PowerPlan) -> Trial:
    if plan.is_paired:
        return _paired_trial
    if plan.cluster_size is not None:
        return _binary_clusters if plan.is_binary else _score_clusters
    return _binary_people if plan.is_binary else _score_people


def _sizes(plan: PowerPlan, n: int) -> tuple[int, int]:
    whole = n / sum(plan.shares)
    return round(whole * plan.pair[0]), round(whole * plan.pair[1])


def _scores(
    plan: PowerPlan, n_people: int, effect: Floats, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the mean before and the mean of what was measured after; missing after is NaN."""
    own = generator.standard_normal(n_people) * plan.correlation**0.5
    noise = (1 - plan.correlation) ** 0.5
    shape = (n_people, plan.n_before + plan.n_after)
    values = own[:, None] + noise * generator.standard_normal(shape)
    after = values[:, plan.n_before :] + effect[:, None]
    # Leavers leave before a wave chosen evenly among all of them; nobody comes back.
    leaves = generator.random(n_people) < plan.dropout
    n_seen = np.where(leaves, generator.integers(0, plan.n_after, n_people), plan.n_after)
    after[np.arange(plan.n_after) >= n_seen[:, None]] = np.nan
    seen = ~np.isnan(after)
    sums = np.where(seen, after, 0).sum(axis=1)
    counts = seen.sum(axis=1)
    means = np.divide(sums, counts, out=np.full(n_people, np.nan), where=counts > 0)
    before = values[:, : plan.n_before].mean(axis=1) if plan.n_before else np.zeros(n_people)
    return before, means


def _score_people(plan: PowerPlan, n: int, generator: np.random.Generator) -> float | None:
    first, second = _sizes(plan, n)
    arm = np.repeat([1.0, 0.0], [first, second])
    before, after = _scores(plan, len(arm), arm * (plan.effect or 0.0), generator)
    kept = ~np.isnan(after)
    columns = [np.ones(len(arm)), arm] + ([before] if plan.n_before else [])
    return _p_of_arm(np.column_stack(columns)[kept], after[kept])


def _p_of_arm(design: Floats, outcome: Floats) -> float | None:
    """Return the p-value of the second column in a least-squares fit."""
    df = len(outcome) - design.shape[1]
    if df < 1 or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ outcome
    residual = outcome - design @ coefficients
    error = (residual @ residual / df * inverse[1, 1]) ** 0.5
    return float(2 * student_t.sf(abs(coefficients[1]) / error, df))


def _paired_trial(plan: PowerPlan, n: int, generator: np.random.Generator) -> float | None:
    own = generator.standard_normal(n) * plan.correlation**0.5
    noise = (1 - plan.correlation) ** 0.5
    values = own[:, None] + noise * generator.standard_normal((n, 2))
    change = values[:, 1] - values[:, 0] + (plan.effect or 0.0)
    change = change[generator.random(n) >= plan.dropout]
    if len(change) < 2:
        return None
    t = change.mean() / (change.std(ddof=1) / len(change) ** 0.5)
    return float(2 * student_t.sf(abs(t), len(change) - 1))


def _binary_people(plan: PowerPlan, n: int, generator: np.random.Generator) -> float | None:
    """Return the p-value of the test of two shares with the pooled variance."""
    totals = [generator.binomial(size, 1 - plan.dropout) for size in _sizes(plan, n)]
    if min(totals) < 1:
        return None
    rates = (plan.rate_active or 0.0, plan.rate_control or 0.0)
    shares = [
        generator.binomial(total, rate) / total for total, rate in zip(totals, rates, strict=True)
    ]
    pooled = sum(s * t for s, t in zip(shares, totals, strict=True)) / sum(totals)
    variance = pooled * (1 - pooled) * (1 / totals[0] + 1 / totals[1])
    if variance == 0:
        return 1.0
    # Two-sided normal: the t distribution with infinite degrees of freedom.
    return float(2 * student_t.sf(abs(shares[0] - shares[1]) / variance**0.5, np.inf))


def _clusters(
    plan: PowerPlan, n: int, generator: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the arm of each cluster, and the cluster of each person who stayed."""
    size = plan.cluster_size or 1.0
    n_first, n_second = (max(2, round(people / size)) for people in _sizes(plan, n))
    arm = np.repeat([1.0, 0.0], [n_first, n_second])
    if plan.cluster_cv > 0:
        shape = 1 / plan.cluster_cv**2
        drawn = generator.gamma(shape, size / shape, len(arm))
    else:
        drawn = np.full(len(arm), size)
    sizes = np.maximum(1, np.round(drawn)).astype(int)
    people = np.repeat(np.arange(len(arm)), sizes)
    return arm, people[generator.random(len(people)) >= plan.dropout]


def _score_clusters(plan: PowerPlan, n: int, generator: np.random.Generator) -> float | None:
    arm, people = _clusters(plan, n, generator)
    shared = generator.standard_normal(len(arm)) * plan.icc**0.5
    before, after = _scores(_without_dropout(plan), len(people), np.zeros(len(people)), generator)
    outcome = shared[people] + (1 - plan.icc) ** 0.5 * after + (plan.effect or 0.0) * arm[people]
    if plan.n_before:
        outcome = outcome - _slope_within(before, outcome, people) * before
    counts = np.bincount(people, minlength=len(arm))
    there = counts > 0
    means = np.bincount(people, outcome, minlength=len(arm))[there] / counts[there]
    if min(arm[there].sum(), (1 - arm[there]).sum()) < 1:
        return None
    return _p_of_arm(np.column_stack([np.ones(there.sum()), arm[there]]), means)


def _without_dropout(plan: PowerPlan) -> PowerPlan:
    return replace(plan, dropout=0.0)


def _slope_within(before: Floats, outcome: Floats, people: NDArray[np.int64]) -> float:
    counts = np.maximum(1, np.bincount(people))
    inside = before - (np.bincount(people, before) / counts)[people]
    total = float(inside @ inside)
    return float(inside @ outcome) / total if total else 0.0


def _binary_clusters(plan: PowerPlan, n: int, generator: np.random.Generator) -> float | None:
    arm, people = _clusters(plan, n, generator)
    rates = np.where(arm == 1, plan.rate_active or 0.0, plan.rate_control or 0.0)
    if plan.icc > 0:
        # A beta distribution with this sum has the intracluster correlation icc.
        whole = 1 / plan.icc - 1
        rates = generator.beta(rates * whole, (1 - rates) * whole)
    outcome = (generator.random(len(people)) < rates[people]).astype(float)
    design = np.column_stack([np.ones(len(people)), arm[people]])
    of_arm = [outcome[arm[people] == one] for one in (0, 1)]
    if any(len(one) == 0 or one.min() == one.max() for one in of_arm):
        return None
    df = len(np.unique(people)) - 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        model = GEE(outcome, design, groups=people, family=Binomial(), cov_struct=Exchangeable())
        fit = model.fit(cov_type="bias_reduced")
    error = float(fit.bse[1])
    if df < 1 or not np.isfinite(error) or error <= 0:
        return None
    return float(2 * student_t.sf(abs(float(fit.params[1])) / error, df))
