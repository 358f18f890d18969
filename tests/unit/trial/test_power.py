from __future__ import annotations

from dataclasses import replace

import pytest

from oarlock.errors import UserError
from oarlock.trial.power import (
    PowerPlan,
    ancova_factor,
    compute,
    design_effect,
    detectable_effect,
    needed_n,
    plan_of,
    power_by_formula,
    simulate,
)
from oarlock.trial.protocol import loads
from trial_protocols import allocating, protocol, text


def score(**options: object) -> PowerPlan:
    return PowerPlan(**{"effect": 0.5, "n_before": 0} | options)  # type: ignore[arg-type]


# Cohen (1988), table 2.4.1: people per arm for alpha .05 two-sided.
COHEN = [(0.2, 0.8, 393), (0.5, 0.8, 64), (0.8, 0.8, 26), (0.5, 0.9, 85), (1.0, 0.95, 27)]


@pytest.mark.parametrize(("effect", "wanted", "per_arm"), COHEN)
def test_two_means_need_what_cohen_tabulated(effect: float, wanted: float, per_arm: int) -> None:
    # The printed table rounds d = .2 down by one and d = 1 by none.
    assert abs(needed_n(score(effect=effect, wanted=wanted)) / 2 - per_arm) <= 1
    assert needed_n(score()) == 128


def test_two_shares_need_what_fleiss_has_without_correction() -> None:
    # Fleiss, Levin & Paik (2003), formula 4.14: 10 % against 30 % take 62 in each arm.
    plan = PowerPlan(rate_control=0.1, rate_active=0.3)
    assert needed_n(plan) == 124
    assert needed_n(PowerPlan(rate_control=0.3, rate_active=0.1)) == 124


def test_score_before_saves_one_minus_the_squared_correlation() -> None:
    # Borm, Fransen & Lemmens (2007), doi:10.1016/j.jclinepi.2007.02.006.
    assert ancova_factor(0.5) == 0.75
    assert ancova_factor(0.0) == 1.0
    plain = needed_n(score(effect=0.3))
    adjusted = needed_n(score(effect=0.3, n_before=1, correlation=0.7))
    assert adjusted / plain == pytest.approx(0.51, abs=0.02)


def test_repeated_measures_follow_frison_and_pocock() -> None:
    # (1 + (r - 1) rho) / r - p rho^2 / (1 + (p - 1) rho), by hand for rho = .65, p = 2, r = 3.
    assert ancova_factor(0.65, 2, 3) == pytest.approx(2.3 / 3 - 2 * 0.4225 / 1.65)
    assert ancova_factor(0.65, 0, 4) == pytest.approx((1 + 3 * 0.65) / 4)
    assert ancova_factor(0.65, 1, 4) < ancova_factor(0.65, 1, 2) < ancova_factor(0.65, 1, 1)


def test_clusters_follow_donner_and_klar() -> None:
    assert design_effect(0.05, 20) == pytest.approx(1.95)
    assert design_effect(0.5, 1) == 1
    plan = score(effect=0.3, cluster_size=20, icc=0.05)
    # Many clusters: people times the design effect, and the t distribution adds about one cluster
    # to each arm (Donner & Klar 2000, section 5.3).
    by_hand = needed_n(score(effect=0.3)) * 1.95
    assert 0 <= needed_n(plan) - by_hand <= 4 * 20
    # Eldridge et al. (2006): below a coefficient of variation of 0.23 the effect is negligible.
    assert design_effect(0.05, 20, 0.23) / 1.95 < 1.05
    assert design_effect(0.05, 20, 0.65) > 2.3


def test_few_large_clusters_have_a_ceiling() -> None:
    plan = score(effect=0.2, cluster_size=500, icc=0.1)
    six = power_by_formula(plan, 6 * 500)
    assert six < 0.2
    larger = replace(plan, cluster_size=5000)
    assert power_by_formula(larger, 6 * 5000) < six + 0.01


def test_drop_out_takes_more_people() -> None:
    assert needed_n(score(dropout=0.2)) == 2 * -(-64 // 0.8)
    assert power_by_formula(score(dropout=0.2), 160) == pytest.approx(
        power_by_formula(score(), 128)
    )


def test_unequal_shares_take_more_people_and_keep_the_ratio() -> None:
    needed = needed_n(score(shares=(2, 1)))
    assert needed % 3 == 0
    assert needed > 128


def test_least_effect_is_found_with_the_wanted_power() -> None:
    found = detectable_effect(score(), 128)
    assert found == pytest.approx(0.4991, abs=0.001)
    assert power_by_formula(score(effect=found), 128) == pytest.approx(0.8, abs=1e-4)
    fewer = PowerPlan(rate_control=0.3, rate_active=0.1)
    rate = detectable_effect(fewer, 200)
    assert rate is not None
    assert rate < 0.3
    assert power_by_formula(replace(fewer, rate_active=rate), 200) == pytest.approx(0.8, abs=1e-4)
    assert detectable_effect(score(), 2) is None


# --- simulation against the formula -----------------------------------------------------------

PLANS = {
    "people": (score(), 128),
    "score before": (score(n_before=1, correlation=0.6), 90),
    "repeated": (score(effect=0.35, n_before=1, n_after=3, correlation=0.5), 130),
    "unequal": (score(shares=(2, 1)), 150),
    "shares": (PowerPlan(rate_control=0.3, rate_active=0.5), 190),
    "clusters": (score(effect=0.4, cluster_size=10, icc=0.05), 400),
    "clusters, score before": (
        score(effect=0.4, cluster_size=10, icc=0.05, n_before=1, correlation=0.5), 340,
    ),
    "pre-post": (score(shares=(1,), is_paired=True, correlation=0.5), 34),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_simulation_agrees_with_the_formula_where_both_hold(name: str) -> None:
    plan, n = PLANS[name]
    expected = power_by_formula(plan, n)
    assert 0.7 < expected < 0.95
    found = simulate(plan, n, n_simulations=2000, seed=5)
    # Three points, besides four Monte Carlo standard errors of at most 1.1 points.
    assert abs(found.power - expected) < 0.03 + 4 * 0.0103
    assert found.low < found.power < found.high


@pytest.mark.parametrize(
    ("plan", "n", "n_simulations"),
    [
        (score(effect=0.001), 120, 3000),
        (score(effect=0.001, n_before=1, n_after=3, correlation=0.5, dropout=0.2), 120, 3000),
        (score(effect=0.001, cluster_size=15, icc=0.1, cluster_cv=0.5), 150, 3000),
        (PowerPlan(rate_control=0.4, rate_active=0.4001, cluster_size=15, icc=0.05), 300, 400),
    ],
)
def test_simulated_trials_without_an_effect_find_one_in_twenty(
    plan: PowerPlan, n: int, n_simulations: int
) -> None:
    found = simulate(plan, n, n_simulations=n_simulations, seed=11)
    error = (0.05 * 0.95 / n_simulations) ** 0.5
    assert abs(found.power - 0.05) < 4 * error


def test_same_seed_gives_the_same_power() -> None:
    plan, n = PLANS["clusters"]
    one = simulate(plan, n, n_simulations=200, seed=3)
    assert one == simulate(plan, n, n_simulations=200, seed=3)
    assert one.power != simulate(plan, n, n_simulations=200, seed=4).power


def test_simulation_is_chosen_where_the_formula_is_not_to_be_trusted() -> None:
    plain = compute(score(n=128))
    assert plain.simulated is None
    few = compute(score(n=120, cluster_size=10, icc=0.05), n_simulations=200)
    assert few.simulated is not None
    assert few.why_simulated == "fewer than 40 clusters"
    steps: list[tuple[int, int]] = []
    compute(score(n=20), method="simulation", n_simulations=100,
            progress=lambda done, whole: steps.append((done, whole)))  # fmt: skip
    assert steps[-1] == (100, 100)


def test_arms_with_nobody_left_find_nothing_and_are_counted() -> None:
    found = simulate(score(dropout=0.95), 4, n_simulations=100, seed=1)
    assert found.n_failed > 0
    assert found.power < 0.5


# --- plans ------------------------------------------------------------------------------------


def test_plan_is_read_from_a_protocol() -> None:
    plan = plan_of(protocol())
    assert (plan.n, plan.effect, plan.correlation, plan.dropout) == (200, 0.4, 0.5, 0.2)
    assert (plan.n_before, plan.n_after, plan.n_comparisons) == (1, 1, 1)
    assert plan_of(protocol(model='"mixed"')).n_after == 2
    assert plan_of(allocating("blocks", (1, 1, 1))).shared_alpha == pytest.approx(0.025)
    cluster = text(unit='"group"').replace("# cluster_size = 10", "icc = 0.05\ncluster_size = 10")
    assert plan_of(loads(cluster)).cluster_size == 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"effect": None}, "Nothing says what is worth finding"),
        ({"effect": None, "rate_active": 0.4}, "one rate alone"),
        ({"rate_active": 0.4, "rate_control": 0.3}, "Both an effect and rates"),
        ({"effect": None, "rate_active": 0.3, "rate_control": 0.3}, "nothing to find"),
        ({"shares": (0, 0)}, "ratio 0:0"),
        ({"dropout": 1.0}, "dropout is 1"),
        ({"alpha": 0}, "alpha is 0"),
        ({"correlation": 1}, "correlation is 1"),
        ({"n": 1}, "n is 1"),
    ],
)
def test_plan_that_no_trial_can_have_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        score(**options)


def test_power_that_no_number_reaches_is_refused_with_a_remedy() -> None:
    with pytest.raises(UserError, match="Ten million people"):
        compute(score(effect=0.001, wanted=0.9999, alpha=1e-6))
