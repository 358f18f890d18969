"""What must hold of any studies: order, scale, zero point and sign are the reader's choice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from oarlock.trial.synthesis import multilevel, pooling
from oarlock.trial.synthesis.bias import trim_and_fill
from oarlock.trial.synthesis.pooled import Pooled, pool

EFFECTS = st.lists(
    st.tuples(st.floats(-3, 3).map(lambda x: round(x, 3)), st.floats(0.01, 2.0)),
    min_size=3, max_size=12, unique_by=lambda pair: pair[0],
)  # fmt: skip


def arrays(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([y for y, _ in pairs]), np.array([v for _, v in pairs])


def names(n: int, per_study: int) -> list[str]:
    return [f"s{at // per_study}" for at in range(n)]


def pooled(y: np.ndarray, v: np.ndarray, study: list[str]) -> Pooled:
    return pool(y, v, study, "REML")


@settings(max_examples=25)
@given(EFFECTS, st.sampled_from([1, 2]), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(
    pairs: list[tuple[float, float]], per_study: int, random: object
) -> None:
    y, v = arrays(pairs)
    study = names(len(y), per_study)
    order = list(range(len(y)))
    random.shuffle(order)  # type: ignore[attr-defined]
    one = pooled(y, v, study)
    other = pooled(y[order], v[order], [study[at] for at in order])
    assert other.estimate == pytest.approx(one.estimate, abs=1e-4)
    assert other.tau2 == pytest.approx(one.tau2, abs=1e-4)
    assert other.weights == pytest.approx(one.weights[order], abs=1e-4)


@settings(max_examples=25)
@given(EFFECTS, st.sampled_from([1, 2]), st.floats(0.01, 100), st.floats(-50, 50))
def test_shift_and_scale_move_the_result_with_them(
    pairs: list[tuple[float, float]], per_study: int, by: float, to: float
) -> None:
    y, v = arrays(pairs)
    study = names(len(y), per_study)
    one, other = pooled(y, v, study), pooled(by * y + to, by * by * v, study)
    assert (other.estimate - to) / by == pytest.approx(one.estimate, abs=1e-4)
    assert other.se / by == pytest.approx(one.se, rel=1e-3)
    assert (other.tau2 or 0) / by**2 == pytest.approx(one.tau2, abs=1e-4)
    assert other.two_level is not None
    assert one.two_level is not None
    assert other.two_level.heterogeneity.q == pytest.approx(
        one.two_level.heterogeneity.q, rel=1e-6, abs=1e-6
    )


@settings(max_examples=25)
@given(EFFECTS)
def test_mirrored_effects_give_the_mirrored_result(pairs: list[tuple[float, float]]) -> None:
    y, v = arrays(pairs)
    study = names(len(y), 1)
    one, other = pooled(y, v, study), pooled(-y, v, study)
    assert other.estimate == pytest.approx(-one.estimate, abs=1e-6)
    assert other.interval.low == pytest.approx(-one.interval.high, abs=1e-6)


@settings(max_examples=25)
@given(EFFECTS)
def test_pooled_effect_lies_among_the_effects_and_weights_add_up(
    pairs: list[tuple[float, float]],
) -> None:
    y, v = arrays(pairs)
    found = pooled(y, v, names(len(y), 2))
    assert y.min() - 1e-9 <= found.estimate <= y.max() + 1e-9
    assert found.weights.sum() == pytest.approx(1)
    assert found.estimate == pytest.approx(float(found.weights @ y), abs=1e-6)


@settings(max_examples=25)
@given(EFFECTS)
def test_reml_is_at_least_as_likely_as_any_other_tau2(pairs: list[tuple[float, float]]) -> None:
    y, v = arrays(pairs)
    ones = np.ones((len(y), 1))

    def loss(tau2: float) -> float:
        return -multilevel.three_level_likelihood(y, v, names(len(y), 1), 0.0, tau2)

    found = pooling.tau2_of(y, v, ones, "REML")
    tried = [0.0, *np.geomspace(1e-4, 50, 60)]
    assert loss(found) <= min(map(loss, tried)) + 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_three_level_model_is_where_an_independent_likelihood_has_its_maximum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    study = names(24, 4)
    own = np.repeat(rng.normal(0, 0.5, 6), 4)
    v = rng.uniform(0.02, 0.3, 24)
    y = 0.4 + own + rng.normal(0, 0.3, 24) + rng.normal(0, np.sqrt(v))
    same = np.equal.outer(study, study).astype(float)
    # The restricted likelihood is that of differences between effects.
    contrasts = np.diff(np.eye(24), axis=0)

    def loss(parameters: np.ndarray) -> float:
        cov = np.diag(v + parameters[1] ** 2) + parameters[0] ** 2 * same
        part = contrasts @ cov @ contrasts.T
        return -float(multivariate_normal(np.zeros(23), part).logpdf(contrasts @ y))

    best = min(
        (minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-11})
         for start in ([0.3, 0.3], [0.8, 0.1], [0.1, 0.8])),
        key=lambda found: float(found.fun),
    )  # fmt: skip
    found = multilevel.three_level(y, v, multilevel.clusters_of(study))
    assert [found.between, found.within] == pytest.approx(best.x**2, abs=1e-4)


def test_one_immensely_imprecise_study_does_not_spoil_tau2() -> None:
    y, v = np.array([0.3, 0.5, 5.0, -1.0]), np.array([0.04, 1e12, 1e-9, 0.5])
    found = pooled(y, v, list("abcd"))
    assert found.two_level is not None
    h = found.two_level.heterogeneity
    assert h.tau2_low is not None
    assert h.tau2_high is not None
    assert h.tau2_low < (found.tau2 or 0) < h.tau2_high


def test_effects_without_spread_have_no_hartung_knapp_interval() -> None:
    found = pooled(np.full(3, 0.3), np.full(3, 0.04), list("abc"))
    assert found.hartung_knapp is None
    assert found.interval_kind == "normal"
    assert found.tau2 == 0
    assert "hartung_knapp" in found.not_given


def test_trim_and_fill_puts_back_what_was_cut_from_a_symmetric_funnel() -> None:
    rng = np.random.default_rng(2)
    se = np.repeat(np.linspace(0.05, 0.6, 15), 2)
    half = np.abs(rng.normal(0, 1, 15)) * se[::2]
    y = 0.2 + np.column_stack([half, -half]).ravel()
    kept = y > np.sort(y)[5]
    whole, cut = (
        pooled(y, se**2, names(30, 1)),
        pooled(y[kept], se[kept] ** 2, names(kept.sum(), 1)),
    )
    filled = trim_and_fill(y[kept], se[kept] ** 2)
    assert filled is not None
    assert filled.side == "left"
    assert filled.n_missing > 0
    assert abs(filled.pooled.estimate - whole.estimate) < abs(cut.estimate - whole.estimate)
