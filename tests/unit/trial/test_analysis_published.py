"""Estimates of the analysis against published ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from made_trial import table
from oarlock.trial.analysis import AnalysisPlan, OutcomePlan, analyse_file, analyse_table
from oarlock.trial.analysis.change import reliable_change_bound, states
from oarlock.trial.analysis.effects import hedges_g, multiplicity
from oarlock.trial.analysis.imputation import pool
from oarlock.trial.analysis.marginal import optimum, satterthwaite
from oarlock.trial.analysis.results import Effect
from oarlock.trial.analysis.risks import compare, confint_paired, number_needed

BLUES = AnalysisPlan((OutcomePlan("bdi"),), control="TAU", covariates=("drug", "length"))


@pytest.fixture(scope="module")
def trials(oarlock_data: Path) -> Path:
    return oarlock_data / "trials"


@pytest.fixture(scope="module")
def targets(trials: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((trials / "targets.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def blues(trials: Path) -> dict[str, Any]:
    return analyse_file(trials / "BtheB.csv", BLUES).to_json()


def coefficient(model: dict[str, Any], term: str) -> dict[str, Any]:
    return next(one for one in model["coefficients"] if one["term"] == term)


NAMES = {
    "treatmentBtheB": "treatment[BtheB]", "time": "time", "bdi_pre": "bdi.pre",
    "drugYes": "drug[Yes]", "length_gt6m": "length[>6m]", "Cont_vs_CBT": "Treat[Cont]",
    "FT_vs_CBT": "Treat[FT]", "Prewt": "Prewt",
}  # fmt: skip


@pytest.mark.data
def test_mixed_model_gives_the_published_reml_fit(
    blues: dict[str, Any], targets: dict[str, Any]
) -> None:
    target, model = targets["BtheB_REML_time2468"], blues["models"]["mixed"]
    for name in ("treatmentBtheB", "time", "bdi_pre", "drugYes", "length_gt6m"):
        row = coefficient(model, NAMES[name])
        assert [row["estimate"], row["se"]] == pytest.approx(target[name], abs=6e-5)
    parts = blues["variance_components"]
    assert parts["person"] == pytest.approx(target["var_subject"], abs=0.05)
    assert parts["residual"] == pytest.approx(target["var_resid"], abs=0.05)
    assert -2 * model["log_likelihood"] == pytest.approx(target["reml_crit"], abs=0.05)
    assert (model["n"], model["n_people"]) == (target["nobs"], target["nsubj"])
    assert blues["primary"]["model"] == "mixed"


@pytest.mark.data
def test_least_squares_and_gee_give_the_published_fits(
    blues: dict[str, Any], targets: dict[str, Any]
) -> None:
    for name, target in (("ols", "BtheB_OLS"), ("gee", "BtheB_GEE_exch_geepack")):
        row = coefficient(blues["models"][name], "treatment[BtheB]")
        expected = targets[target]["treatmentBtheB"]
        assert [row["estimate"], row["se"]] == pytest.approx(expected, abs=6e-5)


@pytest.mark.data
def test_months_given_by_option_give_the_other_published_fit(
    trials: Path, targets: dict[str, Any]
) -> None:
    plan = replace(BLUES, times=(2, 3, 5, 8), imputations=2)
    model = analyse_file(trials / "BtheB.csv", plan).to_json()["models"]["mixed_ml"]
    for name, expected in targets["BtheB_ML_time2358_HSAUR3"].items():
        assert coefficient(model, NAMES[name])["estimate"] == pytest.approx(expected, abs=6e-5)


@pytest.mark.data
def test_ancova_with_an_offset_gives_the_published_fit(
    trials: Path, targets: dict[str, Any]
) -> None:
    outcome = OutcomePlan("Postwt", baseline="Prewt")
    plan = AnalysisPlan((outcome,), arm="Treat", control="CBT", offset="Prewt")
    content = analyse_file(trials / "anorexia.csv", plan).to_json()
    for name, expected in targets["anorexia_ancova_offset"].items():
        row = coefficient(content["models"]["ancova"][0], NAMES[name])
        assert [row["estimate"], row["se"]] == pytest.approx(expected, abs=6e-5)
    assert content["primary"]["overall"]["df"] == 2
    assert len(content["multiplicity"]["tests"]) == 2


def test_random_intercept_gives_the_published_fit_of_the_rails() -> None:
    # Pinheiro & Bates (2000), section 1.1: six rails, three measurements each.
    y = np.array([55, 53, 54, 26, 37, 32, 78, 91, 85, 92, 100, 96, 49, 51, 50, 80, 85, 83.0])
    fit = optimum(y, np.ones((18, 1)), np.repeat(np.arange(6), 3))
    assert fit.params[0] == pytest.approx(66.5)
    assert np.sqrt(fit.between) == pytest.approx(24.80547, abs=1e-4)
    assert np.sqrt(fit.residual) == pytest.approx(4.020779, abs=1e-5)
    assert fit.log_likelihood == pytest.approx(-61.0885, abs=1e-4)
    assert np.sqrt(fit.cov[0, 0]) == pytest.approx(10.17104, abs=1e-4)
    assert satterthwaite(fit, 6)[0] == pytest.approx(5, abs=0.01)
    full = optimum(y, np.ones((18, 1)), np.repeat(np.arange(6), 3), reml=False)
    assert np.sqrt(full.between) == pytest.approx(22.62435, abs=1e-4)
    assert full.log_likelihood == pytest.approx(-64.28002, abs=1e-4)


def test_crossover_gives_students_result() -> None:
    # Student (1908), as R's t.test(paired = TRUE) prints it for `sleep`.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    cells = table({
        "ID": [*range(10), *range(10)], "group": [1] * 10 + [2] * 10, "extra": [*first, *second],
    })  # fmt: skip
    content = analyse_table(cells, AnalysisPlan((OutcomePlan("extra"),))).to_json()
    primary = content["primary"]
    assert content["design"]["kind"] == "crossover"
    assert primary["estimate"] == pytest.approx(1.58)
    assert [primary["ci_low"], primary["ci_high"]] == pytest.approx([0.7001142, 2.4598858])
    assert primary["p"] == pytest.approx(0.002833, abs=1e-6)
    assert any("carries over" in one for one in content["warnings"])


def test_difference_of_shares_has_newcombes_interval() -> None:
    # Newcombe (1998), table II, example a, method 10: 56/70 - 48/80.
    effect = compare(56, 70, 48, 80, contrast="a - b", term="arm[a]", alpha=0.05)[0]
    assert effect.estimate == pytest.approx(0.2)
    assert [effect.ci_low, effect.ci_high] == pytest.approx([0.0524, 0.3339], abs=5e-5)


def test_difference_of_paired_shares_has_newcombes_interval() -> None:
    # Newcombe (1998), paired, table III: 36, 12, 2, 0 of 50 (36 both, 12 and 2 one alone).
    low, high = confint_paired([[36, 2], [12, 0]], 0.05)
    assert [low, high] == pytest.approx([0.0569, 0.3404], abs=2e-4)


def test_number_needed_passes_infinity_as_altman_writes_it() -> None:
    # Altman (1998): difference of 10 %, interval from -5 % to 25 %.
    effect = Effect("arm[a]", "a - b", 0.10, 0.077, -0.05, 0.25, 0.2, 100, "risk difference")
    found = number_needed(effect, of="healed", good=True)
    assert found["nnt"] == pytest.approx(10)
    assert [found["ci_low"], found["ci_high"]] == pytest.approx([-20, 4])
    assert found["ci_through_infinity"]
    assert found["words"] == "NNTB 10.0 (from NNTH 20.0 through infinity to NNTB 4.0)"
    sure = number_needed(replace(effect, ci_low=0.05), of="healed", good=True)
    assert not sure["ci_through_infinity"]
    assert sure["words"] == "NNTB 10.0 (NNTB 4.0 to 20.0)"
    harm = number_needed(replace(effect, ci_low=0.05), of="worse", good=False)
    assert harm["words"] == "NNTH 10.0 (NNTH 4.0 to 20.0)"


def test_reliable_change_is_that_of_jacobson_and_truax() -> None:
    # Jacobson & Truax (1991), 14: SD 7.5, reliability .80, from 47.5 to 32.5: RC = 3.16.
    bound = reliable_change_bound(7.5, 0.80)
    assert 15 / (bound / 1.959964) == pytest.approx(3.16, abs=0.005)
    import pandas as pd

    moved = states(pd.Series([-15.0, -9.0, 0.0, 9.4, float("nan")]), bound, "lower")
    assert list(moved[:4]) == ["improved", "unchanged", "unchanged", "deteriorated"]
    assert moved[4] is None


def test_rubins_rules_by_hand() -> None:
    pooled = pool([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], float("inf"), 0.05)
    assert pooled.estimate == pytest.approx(2)
    assert pooled.se**2 == pytest.approx(1 + 4 / 3)
    assert pooled.missing_information == pytest.approx(4 / 7)
    assert pooled.df == pytest.approx(2 / (4 / 7) ** 2)
    fewer = pool([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 10, 0.05)
    assert fewer.df < min(pooled.df, 10)


def test_hedges_g_agrees_with_statsmodels_and_its_interval_inverts_the_test() -> None:
    from scipy import stats
    from statsmodels.stats.meta_analysis import effectsize_smd

    g, _, low, high = hedges_g(12.0, 4.0, 20, 10.0, 5.0, 25)
    assert g == pytest.approx(effectsize_smd(12.0, 4.0, 20, 10.0, 5.0, 25)[0], rel=1e-3)
    assert low < g < high
    # The interval ends at 0 exactly where the t test has p = alpha.
    t = float(stats.t.ppf(0.975, 43))
    difference = t * np.sqrt((19 * 16 + 24 * 25) / 43 * (1 / 20 + 1 / 25))
    assert hedges_g(difference, 4.0, 20, 0.0, 5.0, 25)[2] == pytest.approx(0, abs=1e-6)


def test_holm_and_benjamini_hochberg_adjust_as_published() -> None:
    # R: p.adjust(c(.01, .02, .03, .04), "holm") and "BH".
    found = multiplicity({"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.04, "e": None}, "holm", 0.05)
    assert [one["p_holm"] for one in found["tests"]] == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert [one["p_bh"] for one in found["tests"]] == pytest.approx([0.04] * 4)
    assert [one["rejected"] for one in found["tests"]] == [True, False, False, False]
