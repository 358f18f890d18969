"""Published figures: metafor's documentation and tests, Harrer et al. 2021, clubSandwich."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from oarlock.trial.synthesis import multilevel
from oarlock.trial.synthesis.bias import trim_and_fill
from oarlock.trial.synthesis.columns import Options
from oarlock.trial.synthesis.moderators import Moderator, design
from oarlock.trial.synthesis.results import to_json
from oarlock.trial.synthesis.synthesise import Question, synthesise
from oarlock.trial.synthesis.table import Table, read_table

pytestmark = pytest.mark.data


@pytest.fixture
def bcg(oarlock_data: Path) -> Table:
    return read_table(oarlock_data / "meta" / "dat.bcg.txt")


@pytest.fixture
def third_wave(oarlock_data: Path) -> Table:
    return read_table(oarlock_data / "meta" / "dat.harrer2021.txt")


@pytest.fixture
def assink(oarlock_data: Path) -> Table:
    return read_table(oarlock_data / "meta" / "dat.assink2016.txt")


@pytest.fixture
def targets(oarlock_data: Path) -> dict[str, dict[str, float]]:
    content: dict[str, dict[str, float]] = json.loads(
        (oarlock_data / "trials" / "targets.json").read_text("utf-8")
    )
    return content


def test_bcg_gives_the_published_risk_ratio(bcg: Table, targets: dict) -> None:
    found = to_json(synthesise(bcg))
    want = targets["BCG_RR_REML"]
    assert found["measure"] == "RR"
    assert [found["estimate"], found["se"]] == pytest.approx(want["logRR"], abs=5e-5)
    assert found["tau2"] == pytest.approx(want["tau2"], abs=5e-5)
    assert found["i2"] == pytest.approx(want["I2"], abs=0.005)
    assert found["q"] == pytest.approx(want["Q"], abs=5e-4)
    assert found["h2"] == pytest.approx(12.86, abs=0.005)
    # metafor's confint(): Q-profile.
    assert found["tau2_ci"] == pytest.approx([0.1197, 1.1115], abs=5e-5)
    assert [found["wald"]["ci_low"], found["wald"]["ci_high"]] == pytest.approx(
        [-1.0669, -0.3622], abs=5e-5
    )


def test_bcg_odds_ratio_and_risk_difference_differ_from_the_risk_ratio(bcg: Table) -> None:
    # metafor: OR by REML.
    odds = to_json(synthesise(bcg, Options(measure="OR")))
    assert odds["estimate"] == pytest.approx(-0.7452, abs=5e-5)
    risk = to_json(synthesise(bcg, Options(measure="RD")))
    assert abs(risk["estimate"]) < 0.05
    assert odds["back_transformed"]["estimate"] == pytest.approx(np.exp(-0.7452), abs=5e-5)
    assert risk["back_transformed"] is None


def test_bcg_meta_regression_gives_the_published_coefficients(bcg: Table) -> None:
    # Viechtbauer 2010, doi:10.18637/jss.v036.i03, section 3.3.
    found = to_json(synthesise(bcg, None, Question(moderators=("ablat", "year"))))
    fitted = found["meta_regression"]
    estimates = [one["estimate"] for one in fitted["coefficients"]]
    # The intercept, at the year 0, moves with the last digit at which a search for tau² stops.
    assert estimates[0] == pytest.approx(-3.5455, abs=2e-4)
    assert estimates[1:] == pytest.approx([-0.0280, 0.0019], abs=5e-5)
    assert fitted["tau2"] == pytest.approx(0.1108, abs=5e-5)
    assert fitted["r2"] == pytest.approx(64.63, abs=0.01)
    assert fitted["i2"] == pytest.approx(71.98, abs=0.01)
    assert fitted["qe"] == pytest.approx(28.3251, abs=5e-4)


def test_bcg_influence_and_leave_one_out_are_those_of_metafor(bcg: Table) -> None:
    # metafor, tests/testthat/test_misc_influence.r.
    found = to_json(synthesise(bcg))
    first = found["influence"][0]
    assert first["rstudent"] == pytest.approx(-0.2181425, abs=1e-5)
    assert first["dffits"] == pytest.approx(-0.0407076, abs=1e-5)
    assert first["cooks_distance"] == pytest.approx(0.0017165, abs=1e-6)
    assert first["covariance_ratio"] == pytest.approx(1.1164489, abs=1e-5)
    assert first["tau2_without"] == pytest.approx(0.3361567, abs=1e-5)
    assert first["q_without"] == pytest.approx(151.5825727, abs=1e-5)
    assert first["hat"] == pytest.approx(0.0505948, abs=1e-6)
    left = found["leave_one_out"][0]
    assert [left["estimate"], left["se"]] == pytest.approx([-0.7070838, 0.1899610], abs=1e-5)


def test_bcg_small_study_tests_are_those_of_metafor(bcg: Table) -> None:
    found = to_json(synthesise(bcg))
    assert found["egger"]["t"] == pytest.approx(-1.4013, abs=5e-5)
    assert found["egger"]["p"] == pytest.approx(0.1887, abs=5e-5)
    assert found["egger"]["limit_estimate"] == pytest.approx(-0.1909, abs=5e-5)
    filled = found["trim_and_fill"]
    assert (filled["n_missing"], filled["side"]) == (1, "right")
    assert filled["estimate"] == pytest.approx(-0.6571, abs=5e-5)


def test_third_wave_gives_the_published_effect(third_wave: Table, targets: dict) -> None:
    found = to_json(synthesise(third_wave))
    want = targets["harrer2021_thirdwave"]
    assert found["k"] == want["k"]
    assert found["estimate"] == pytest.approx(want["g"], abs=5e-5)
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(want["HK_ci"], abs=5e-5)
    assert found["ci_method"] == "hartung-knapp"
    assert found["tau2"] == pytest.approx(want["tau2_REML"], abs=5e-5)
    assert found["q"] == pytest.approx(want["Q"], abs=0.05)
    assert found["i2_q"] == pytest.approx(want["I2_Q_based"], abs=0.05)
    assert found["i2"] == pytest.approx(want["I2_tau2_based_metafor"], abs=0.005)
    # Harrer et al. 2021, doi:10.1201/9781003107347, chapters 4 and 9.
    assert found["tau2_ci"] == pytest.approx([0.0295, 0.3533], abs=5e-5)
    far = found["prediction_k_minus_2"]
    assert [far["low"], far["high"]] == pytest.approx([-0.0572, 1.2115], abs=6e-5)
    assert found["egger"]["t"] == pytest.approx(4.677, abs=5e-4)
    assert found["egger"]["intercept"] == pytest.approx(4.111, abs=5e-4)


def test_third_wave_trim_and_fill_depends_on_what_it_trims_by(third_wave: Table) -> None:
    studies = synthesise(third_wave).studies
    by_fixed = trim_and_fill(studies.y, studies.v, trimmed_by="fixed")
    assert by_fixed is not None
    assert [by_fixed.pooled.estimate, by_fixed.pooled.low, by_fixed.pooled.high] == pytest.approx(
        [0.3428, 0.1015, 0.5841], abs=5e-5
    )
    by_random = trim_and_fill(studies.y, studies.v)
    assert by_random is not None
    assert by_random.n_missing == 0


def test_third_wave_without_high_risk_of_bias_is_smaller(third_wave: Table) -> None:
    found = to_json(synthesise(third_wave))
    risk = found["risk_of_bias"]
    assert risk["counts"] == {"low": 11, "high": 7}
    assert sum(risk["percent_of_weight"].values()) == pytest.approx(100)
    assert risk["without_high"]["k"] == 11
    assert risk["without_high"]["estimate"] < found["estimate"]


def test_assink_gives_the_published_three_level_model(assink: Table) -> None:
    # metafor's rma.mv(yi, vi, random = ~ 1 | study/esid), from its documentation of these data.
    found = to_json(synthesise(assink))["three_level"]
    assert [found["estimate"], found["se"]] == pytest.approx([0.4268, 0.1184], abs=5e-5)
    assert found["sigma2_between"] == pytest.approx(0.1879, abs=5e-5)
    assert found["sigma2_within"] == pytest.approx(0.1120, abs=5e-5)


def test_assink_robust_errors_are_those_of_clubsandwich(assink: Table) -> None:
    # clubSandwich, documentation of vcovCR.rma.mv: CR2 and Satterthwaite degrees of freedom.
    studies = synthesise(assink).studies
    year = tuple(float(str(row["year"])) for row in assink.rows)
    kind = tuple(f"{row['deltype'] != 'covert':d}{row['deltype']}" for row in assink.rows)
    X, _, _ = design([Moderator("year", year), Moderator("deltype", kind)])
    fitted = multilevel.three_level(studies.y, studies.v, multilevel.clusters_of(studies.study), X)
    assert fitted.beta == pytest.approx([-0.2438, -0.0380, 0.7094, 0.5054], abs=5e-5)
    assert [fitted.between, fitted.within] == pytest.approx([0.1493, 0.0853], abs=5e-5)
    robust = [one for one in fitted.robust if one is not None]
    assert [one.se for one in robust] == pytest.approx([0.1228, 0.0276, 0.0656, 0.1004], abs=5e-5)
    assert [one.df for one in robust] == pytest.approx([5.35, 7.22, 2.25, 2.03], abs=5e-3)
    assert [one.p for one in robust] == pytest.approx(
        [0.10015, 0.20977, 0.00555, 0.03614], abs=5e-6
    )
