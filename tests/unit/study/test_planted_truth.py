"""Simulated communities: the adjusted estimate finds what was planted, the crude one does not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from oarlock.study.estimation.association import Association, associations, dose_response
from oarlock.study.estimation.design import NotEstimableError, fit
from oarlock.study.estimation.misclassification import corrected_prevalence, impute
from oarlock.study.simulate import CONFOUNDERS, Truth, simulate

N_STUDIES = 60
EFFECT = 0.4


def found(frame: pd.DataFrame, *behaviours: str, **how: object) -> dict[str, Association]:
    how = {"outcomes": ["helped"], "confounders": CONFOUNDERS, "kinds": ()} | how
    ones = associations(frame, behaviours=behaviours or ("affirm", "direct"), **how)  # type: ignore[arg-type]
    return {one.behaviour: one for one in ones}


@pytest.fixture(scope="module")
def studies() -> list[dict[str, Association]]:
    return [
        found(simulate(Truth(), n_threads=400, n_repliers=150, seed=seed))
        for seed in range(N_STUDIES)
    ]


def test_planted_effect_is_found_and_the_crude_one_misleads(
    studies: list[dict[str, Association]],
) -> None:
    estimates = np.array([one["affirm"].estimate for one in studies])
    crude = np.array([one["affirm"].crude for one in studies])
    error = estimates.std(ddof=1) / math.sqrt(N_STUDIES)
    assert abs(estimates.mean() - EFFECT) < 3.5 * error
    assert crude.mean() - EFFECT > 0.2


def test_intervals_cover_and_null_effects_are_rarely_called_real(
    studies: list[dict[str, Association]],
) -> None:
    covered = sum(one["affirm"].low < EFFECT < one["affirm"].high for one in studies)
    false = sum(one["direct"].p < 0.05 for one in studies)
    # Three and a half Monte Carlo errors of a share of .95 and .05.
    slack = 3.5 * math.sqrt(0.95 * 0.05 * N_STUDIES)
    assert covered > 0.95 * N_STUDIES - slack
    assert false < 0.05 * N_STUDIES + slack


def test_coders_errors_attenuate_and_imputation_repairs_them() -> None:
    truth = Truth(effects={"affirm": 1.0}, sharpness=1.6)
    frame = simulate(truth, n_threads=1500, n_repliers=400, seed=5)
    seen = found(frame, "affirm")["affirm"].estimate
    corrected = impute(
        frame, behaviour="affirm", outcome="helped", confounders=CONFOUNDERS, n_imputed=10
    )
    assert seen < 0.75
    assert corrected.low < 1.0 < corrected.high
    assert corrected.estimate > seen + 0.15
    assert 0.1 < corrected.fraction_missing < 1


def test_errors_grow_with_clusters() -> None:
    frame = simulate(Truth(within_thread=0.6, within_replier=0.0), n_threads=300, seed=1)
    frame["f_of_thread"] = pd.factorize(frame["post_id"])[0] % 2
    y, x = frame["y_helped"], frame[["f_of_thread"]].astype(float)
    alone = pd.Series([f"t{i}" for i in range(len(frame))])
    clustered = fit(y, x, frame["post_id"], None).standard_error("f_of_thread")
    assert clustered > 1.2 * fit(y, x, alone, None).standard_error("f_of_thread")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.assign(n_affirm=0), "0 replies have it"),
        (lambda f: f.assign(n_affirm=1), "0 replies lack it"),
        (lambda f: f.assign(y_helped=1.0), "the outcome is the same"),
        (lambda f: f.assign(y_helped=np.nan), "missing for every reply"),
        (lambda f: f.assign(y_helped=(f["n_affirm"] > 0).astype(float)), "the outcome is the same"),
        (lambda f: f.head(40), "too few"),
        (lambda f: f.assign(post_id="p1"), "1 threads are too few"),
    ],
)
def test_what_the_rows_cannot_carry_is_said_and_not_estimated(change: object, reason: str) -> None:
    frame = simulate(Truth(), n_threads=200, seed=3)
    one = found(change(frame), "affirm")["affirm"]  # type: ignore[operator]
    assert not one.is_estimated
    assert reason in one.reason
    assert math.isnan(one.estimate)


def test_strata_are_estimated_apart_and_q_is_never_below_p() -> None:
    frame = simulate(Truth(), n_threads=1200, seed=2)
    ones = associations(
        frame,
        behaviours=["affirm", "direct"],
        outcomes=["helped", "liked"],
        confounders=CONFOUNDERS,
        kinds=("severity",),
    )
    assert {one.stratum for one in ones} == {
        "all", "severity=general", "severity=severe", "severity=crisis",
    }  # fmt: skip
    assert all(one.q >= one.p for one in ones if one.is_estimated)
    whole = {one.stratum: one.n for one in ones if one.behaviour == "affirm"}
    assert whole["all"] == sum(n for name, n in whole.items() if name != "all")


def test_more_of_a_behaviour_shows_as_a_dose() -> None:
    frame = simulate(Truth(effects={"affirm": 0.0}), n_threads=1500, seed=4)
    dice = np.random.default_rng(0)
    frame["n_affirm"] = dice.integers(0, 4, len(frame))
    p = 1 / (1 + np.exp(1.5 - 0.5 * frame["n_affirm"]))
    frame["y_helped"] = (dice.random(len(frame)) < p).astype(float)
    dose = dose_response(frame, behaviour="affirm", outcome="helped", confounders=CONFOUNDERS)
    assert dose.counts == (1, 2, 3)
    assert list(dose.estimates) == sorted(dose.estimates)
    assert dose.trend_p < 0.001
    assert all(
        low < 0.5 * n < high
        for n, low, high in zip(dose.counts, dose.lows, dose.highs, strict=True)
    )


def test_corrected_prevalence_is_that_of_the_formula_and_refuses_a_useless_coder() -> None:
    sample_true = np.repeat([True, False], [100, 200])
    sample_predicted = np.concatenate(
        [np.repeat([True, False], [80, 20]), np.repeat([True, False], [20, 180])]
    )
    predicted = np.repeat([True, False], [310, 690])
    one = corrected_prevalence(predicted, sample_true, sample_predicted)
    # (apparent + specificity - 1) / (sensitivity + specificity - 1) = (.31 - .1) / .7
    assert one.corrected == pytest.approx(0.3)
    assert one.low < 0.3 < one.high
    assert one.apparent == pytest.approx(0.31)
    with pytest.raises(NotEstimableError, match="no better than chance"):
        corrected_prevalence(predicted, sample_true, ~sample_predicted)
    with pytest.raises(NotEstimableError, match="in every reply, or in none"):
        corrected_prevalence(predicted, np.ones(300, bool), sample_predicted)
