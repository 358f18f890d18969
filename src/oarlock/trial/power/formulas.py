"""Power where a formula is known; the distributions are those of statsmodels.

Source: t-test: Cohen (1988), Statistical power analysis for the behavioral sciences. Proportions:
Fleiss, Levin & Paik (2003), Statistical methods for rates and proportions, section 4.2. ANCOVA with
measurements before and after: Frison & Pocock (1992), doi:10.1002/sim.4780111304. Clusters: Donner
& Klar (2000), Design and analysis of cluster randomization trials; of unequal size: Eldridge, Ashby
& Kerry (2006), doi:10.1093/ije/dyl129.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from scipy.optimize import brentq
from statsmodels.stats.power import TTestIndPower, TTestPower
from statsmodels.stats.proportion import power_proportions_2indep

from oarlock.errors import UserError
from oarlock.trial.power.plan import PowerPlan

MAX_N = 10_000_000


def ancova_factor(correlation: float, n_before: int = 1, n_after: int = 1) -> float:
    """Return the variance of the effect on the mean after, as a part of that of one measurement.

    Any two measurements of a person have the same correlation (compound symmetry). With one before
    and one after it is 1 minus the squared correlation; without one before, nothing is adjusted.
    """
    after = (1 + (n_after - 1) * correlation) / n_after
    if n_before == 0:
        return after
    return after - n_before * correlation**2 / (1 + (n_before - 1) * correlation)


def design_effect(icc: float, cluster_size: float, cluster_cv: float = 0.0) -> float:
    """Return how many times more people a cluster trial needs than one that allocates people."""
    return 1 + ((1 + cluster_cv**2) * cluster_size - 1) * icc


def power_by_formula(plan: PowerPlan, n: int) -> float:
    """Return the power with `n` people in all arms together, 0 to 1."""
    if plan.is_paired:
        n_pairs = n * (1 - plan.dropout)
        if n_pairs < 2:
            return 0.0
        # The standard deviation of a change is sqrt(2 (1 - r)) that of a score.
        effect = (plan.effect or 0.0) / (2 * (1 - plan.correlation)) ** 0.5
        return _sure(TTestPower().power(effect, n_pairs, plan.shared_alpha))
    first, second = plan.n_of_pair(n)
    df = first + second - 2 - min(1, plan.n_before)
    variance = 1.0
    if not plan.is_binary:
        variance = ancova_factor(plan.correlation, plan.n_before, plan.n_after)
    if plan.cluster_size is not None:
        kept = max(1.0, plan.cluster_size * (1 - plan.dropout))
        df = (first + second) / kept - 2
        # What is measured before tells people of a cluster apart, but not clusters: only the part
        # of the variance that lies within clusters shrinks.
        within = (1 - plan.icc) * (variance - 1)
        variance = design_effect(plan.icc, kept, plan.cluster_cv) + within
    first, second = first / variance, second / variance
    if min(first, second) < 1 or df <= 0:
        return 0.0
    if plan.is_binary:
        return _power_of_rates(plan, first, second)
    return _sure(
        TTestIndPower().power(
            plan.effect or 0.0, first, plan.shared_alpha, ratio=second / first, df=df
        )
    )


def _sure(power: float) -> float:
    """Return the power; the noncentral t has no value where the effect is found without fail."""
    return 1.0 if math.isnan(power) else float(power)


def _power_of_rates(plan: PowerPlan, first: float, second: float) -> float:
    control, active = plan.rate_control or 0.0, plan.rate_active or 0.0
    return float(
        power_proportions_2indep(
            active - control, control, first, ratio=second / first, alpha=plan.shared_alpha,
            return_results=False,
        )
    )  # fmt: skip


def needed_n(plan: PowerPlan, power: Callable[[int], float] | None = None) -> int:
    """Return the least number of people, a multiple of the sum of the shares, with that power.

    In a cluster trial it is a multiple of the people in one round of whole clusters.

    Raises:
        UserError: No number is enough: with few large clusters, power has a ceiling.
    """
    power = power or (lambda n: power_by_formula(plan, n))
    step = sum(plan.shares) * (plan.cluster_size or 1)

    def people(rounds: int) -> int:
        return round(rounds * step)

    high = 1
    while power(people(high)) < plan.wanted:
        high *= 2
        if people(high) > MAX_N:
            raise UserError(
                "Ten million people are not enough for this power.",
                remedy="Look for a larger effect, or allocate people instead of clusters.",
            )
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(people(middle)) >= plan.wanted else (middle, high)
    return people(high)


def detectable_effect(plan: PowerPlan, n: int) -> float | None:
    """Return the least effect that `n` people find with the wanted power; None where none is.

    For a score it is a standardised difference, for a binary outcome the rate in the active arm, on
    the side of the control on which the planned one lies.
    """
    if not plan.is_binary:
        return _root(lambda effect: power_by_formula(replace(plan, effect=effect), n) - plan.wanted,
                     0.001, 10.0)  # fmt: skip
    control = plan.rate_control or 0.0
    end = 1 - 1e-6 if (plan.rate_active or 0.0) > control else 1e-6
    start = control + (end - control) * 1e-4
    return _root(
        lambda part: power_by_formula(replace(plan, rate_active=part), n) - plan.wanted, start, end
    )


def _root(function: Callable[[float], float], start: float, end: float) -> float | None:
    """Return where a function that rises from `start` to `end` crosses zero; None if nowhere."""
    if function(start) > 0:
        return None
    # Towards the end by doubling: far beyond the root the distribution is not computed any more.
    step = (end - start) / 1024
    near, far = start, start + step
    while function(far) < 0:
        if far == end:
            return None
        step *= 2
        near, far = far, end if abs(start + step - start) >= abs(end - start) else start + step
    return float(brentq(function, near, far, xtol=1e-6))
