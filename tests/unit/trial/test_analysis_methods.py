"""Checks, missing values, take-up, subgroups, harms and clusters of an analysis."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_trial import long, reordered, table, wide
from oarlock.trial.analysis import AnalysisPlan, OutcomePlan, analyse_table, gee, linear, mixed
from oarlock.trial.analysis.complier import complier_effect, per_protocol
from oarlock.trial.analysis.data import TrialData, build
from oarlock.trial.analysis.imputation import impute
from oarlock.trial.analysis.layout import lay_out
from oarlock.trial.analysis.sensitivity import sensitivity
from oarlock.trial.analysis.subgroup import by_severity

MOOD = AnalysisPlan((OutcomePlan("mood", better="lower"),), imputations=5)


def data(columns: dict[str, Any], plan: AnalysisPlan = MOOD) -> TrialData:
    layout = lay_out(plan, table(columns))
    return build(layout, table(columns), layout.plan.outcomes[0])


# --- the mixed model and its check --------------------------------------------------------------


def test_mixed_model_stuck_at_zero_is_found_out_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trial = data(wide())
    honest, checks = mixed.repeated(trial)
    assert all(one.agrees for one in checks)

    class Stuck:
        def __init__(self, y: Any, X: Any, groups: Any) -> None:
            self.k_fe, self.y, self.X = X.shape[1], y, X

        def fit(self, **options: Any) -> Any:
            params = np.linalg.lstsq(self.X, self.y, rcond=None)[0]
            params[-1] = 0.0
            return SimpleNamespace(fe_params=params, cov_re=[[0.0]], scale=9.0, converged=True)

    monkeypatch.setattr(mixed.sm, "MixedLM", Stuck)
    found, checks = mixed.repeated(trial)
    assert [one.agrees for one in checks] == [False]
    assert checks[0].difference > 1
    assert found.effects[0].estimate == pytest.approx(honest.effects[0].estimate, abs=1e-4)
    assert "missed the maximum" in found.notes[0]
    content = analyse_table(table(wide()), MOOD).to_json()
    assert any("more than 0.01" in one for one in content["warnings"])


def test_person_without_differences_between_people_has_zero_variance_and_says_so() -> None:
    columns = wide(40, times=(1, 2, 3), drop_out=0)
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(40, 3))
    # Within a person values repel each other, so that the variance between them is 0.
    noise -= noise.mean(axis=1, keepdims=True)
    for t in (1, 2, 3):
        columns[f"mood_{t}"] = list(noise[:, t - 1])
    model, checks = mixed.repeated(data(columns))
    assert model.variance_components is not None
    assert model.variance_components["person"] == pytest.approx(0, abs=1e-3)
    assert all(one.agrees for one in checks)


def test_effect_at_the_primary_time_is_that_of_its_visit() -> None:
    plan = replace(MOOD, primary_time=2.0)
    content = analyse_table(table(wide()), plan).to_json()
    assert content["primary"]["model"] == "mixed_by_time"
    assert content["primary"]["time"] == 2
    rows = content["models"]["mixed_by_time"]["coefficients"]
    row = next(one for one in rows if one["term"] == "arm[coach]:time[2]")
    assert content["primary"]["estimate"] == row["estimate"]


def test_secondary_outcomes_are_corrected_together_with_the_primary_one() -> None:
    plan = AnalysisPlan((OutcomePlan("mood"), OutcomePlan("hurt", kind="binary")), imputations=2)
    content = analyse_table(table(wide()), plan).to_json()
    assert [one["outcome"] for one in content["secondary"]] == ["hurt"]
    tests = content["multiplicity"]["tests"]
    assert [one["test"].split(":")[0] for one in tests] == ["mood", "hurt"]
    assert all(one["p_holm"] >= one["p"] for one in tests)


# --- missing values -----------------------------------------------------------------------------


def test_imputation_is_the_same_for_the_same_seed_and_any_order_of_rows() -> None:
    columns = wide()
    order = list(np.random.default_rng(0).permutation(60))
    one = impute(data(columns), m=3, seed=7)
    again = impute(data(columns), m=3, seed=7)
    moved = impute(data(reordered(columns, order)), m=3, seed=7)
    other = impute(data(columns), m=3, seed=8)
    assert np.array_equal(one.values[2], again.values[2])
    assert np.allclose(one.values[2][order], moved.values[2])
    assert not np.array_equal(one.values[2], other.values[2])
    assert not np.isnan(one.values[0]).any()


def test_shift_of_imputed_values_moves_the_effect_and_finds_the_tipping_point() -> None:
    found = sensitivity(data(wide(80, effect=-3, drop_out=0.3)), 3.0)
    at = {one["delta"]: one["effects"][0]["estimate"] for one in found["deltas"]}
    assert list(at.values()) == sorted(at.values())
    assert at[0.0] == pytest.approx(found["imputation"]["effects"][0]["estimate"])
    tipping = found["tipping_point"][0]
    assert tipping["significant_at_0"]
    assert tipping["upward"] > 0
    beyond = replace(MOOD, deltas=(tipping["upward"] * 1.05, tipping["upward"] * 0.9))
    shifted = sensitivity(data(wide(80, effect=-3, drop_out=0.3), beyond), 3.0)["deltas"]
    p = {one["delta"]: one["effects"][0]["p"] for one in shifted}
    assert p[beyond.deltas[0]] > 0.05 > p[beyond.deltas[1]]


def test_complete_data_need_no_imputation_and_binary_ones_are_imputed() -> None:
    assert "nothing to impute" in sensitivity(data(wide(drop_out=0)), 3.0)["not_estimable"]
    columns = wide(120, drop_out=0.25)
    for t in (1, 2, 3):
        columns[f"mood_{t}"] = [None if v is None else int(v < 13) for v in columns[f"mood_{t}"]]  # type: ignore[operator]
    plan = AnalysisPlan((OutcomePlan("mood", kind="binary"),), imputations=5)
    trial = data(columns, plan)
    found = sensitivity(trial, 3.0)
    assert found["delta_unit"] == "log odds"
    assert set(np.unique(impute(trial, m=2, seed=1).values[0])) == {0.0, 1.0}
    at = [one["effects"][0]["estimate"] for one in found["deltas"]]
    assert at == sorted(at)


# --- take-up, subgroups, harms, clusters --------------------------------------------------------


def test_complier_effect_is_walds_ratio_without_covariates() -> None:
    columns = wide(drop_out=0)
    columns.pop("mood_pre")
    trial = data(columns, replace(MOOD, adherence="used"))
    model = complier_effect(trial, 3.0)
    y, arm = np.array(columns["mood_3"], float), np.array(columns["arm"]) == "coach"
    used = np.array(columns["used"], float)
    ratio = (y[arm].mean() - y[~arm].mean()) / used[arm].mean()
    assert model.effects[0].estimate == pytest.approx(ratio)
    assert per_protocol(trial, 3.0).n == 30 + int(used.sum())
    assert "open to bias" in per_protocol(trial, 3.0).notes[-1]


def test_nobody_who_complied_gives_no_complier_effect() -> None:
    columns = wide()
    columns["used"] = [0] * 60
    trial = data(columns, replace(MOOD, adherence="used"))
    assert "nobody complied" in (complier_effect(trial, 3.0).not_estimable or "")


def test_subgroup_finds_an_effect_that_only_severe_people_have() -> None:
    columns = wide(200, effect=0, drop_out=0)
    severe = np.array(columns["mood_pre"], float) >= 15
    coach = np.array(columns["arm"]) == "coach"
    columns["mood_3"] = list(np.array(columns["mood_3"], float) - 5 * (severe & coach))
    found = by_severity(data(columns, replace(MOOD, severe_from=15.0)), 3.0)["groups"]
    effects = {one["subgroup"]: one["estimate"] for one in found["effects"]}
    assert effects["severe"] - effects["other"] == pytest.approx(
        found["interactions"][0]["estimate"]
    )
    assert found["interactions"][0]["p"] < 0.001
    assert effects["severe"] == pytest.approx(-5, abs=1.5)
    assert "no value was named" in by_severity(data(columns), 3.0)["groups"]["not_estimable"]


def test_harms_and_deterioration_stand_beside_the_benefit() -> None:
    plan = AnalysisPlan(
        (OutcomePlan("mood", better="lower", reliability=0.85, mcid=2),), harms=("hurt",),
        imputations=2,
    )  # fmt: skip
    content = analyse_table(table(wide()), plan).to_json()
    harm = content["harms"][0]
    assert content["harms"][1]["harm"] == "reliable deterioration"
    assert sum(one["events"] for one in harm["arms"]) == sum(wide()["hurt"])  # type: ignore[arg-type]
    assert harm["effects"][0]["scale"] == "risk difference"
    rates = content["change"]["reliable"]["arms"]
    for one in rates:
        assert (
            one["improved"]["events"] + one["unchanged"]["events"] + one["deteriorated"]["events"]
            == one["n"]
        )
    assert {one["of"] for one in content["nnt"]} >= {
        "reliable improvement",
        "reliable deterioration",
    }


def test_clusters_widen_the_interval_and_few_are_warned_of() -> None:
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(12), 15)
    arm = np.where(cluster % 2 == 0, "wait", "coach")
    y = rng.normal(size=180) + rng.normal(size=12)[cluster]
    columns = {"id": list(range(180)), "arm": list(arm), "thread": list(cluster), "score": list(y)}
    plan = AnalysisPlan((OutcomePlan("score"),), cluster="thread")
    content = analyse_table(table(columns), plan).to_json()
    alone = analyse_table(table(columns), AnalysisPlan((OutcomePlan("score"),))).to_json()
    assert content["primary"]["model"] == "mixed_cluster"
    assert content["primary"]["df"] == pytest.approx(10, abs=0.5)
    assert content["primary"]["se"] > 1.5 * alone["primary"]["se"]
    assert 0.2 < content["variance_components"]["icc"] < 0.8
    assert any("12 clusters" in one for one in content["warnings"])


def test_counts_over_time_give_a_rate_ratio_with_their_exposure() -> None:
    rng = np.random.default_rng(6)
    columns = long(wide(80, drop_out=0))
    coach = np.array(columns["arm"]) == "coach"
    weeks = rng.integers(1, 5, 240)
    columns["posts"] = list(rng.poisson(3.0 * weeks * np.where(coach, 2, 1)))
    columns["weeks"] = list(weeks)
    plan = AnalysisPlan((OutcomePlan("posts", kind="count"),), time="week", exposure="weeks")
    primary = analyse_table(table(columns), plan).to_json()["primary"]
    assert primary["scale"] == "log rate ratio"
    assert primary["ratio"] == pytest.approx(2, rel=0.15)


# --- properties ---------------------------------------------------------------------------------

FITS = {
    "ancova": lambda trial: linear.ancova(trial, 3.0),
    "mixed": lambda trial: mixed.repeated(trial, check=False)[0],
    "gee": gee.repeated,
}


@pytest.mark.parametrize("name", FITS)
@settings(max_examples=12)
@given(seed=st.integers(0, 99), shift=st.floats(-50, 50), draw=st.randoms(use_true_random=False))
def test_order_names_and_origin_do_not_change_an_effect(
    name: str, seed: int, shift: float, draw: Any
) -> None:
    columns = wide(40, seed=seed)
    order = list(range(40))
    draw.shuffle(order)
    moved = reordered(columns, order)
    moved["id"] = [f"x{one}" for one in moved["id"]]
    moved["arm"] = [{"wait": "usual care", "coach": "arm 1"}[str(one)] for one in moved["arm"]]
    for t in (1, 2, 3):
        moved[f"mood_{t}"] = [None if v is None else v + shift for v in moved[f"mood_{t}"]]  # type: ignore[operator]
    before, after = (FITS[name](data(one)).effects[0] for one in (columns, moved))
    assert after.estimate == pytest.approx(before.estimate, abs=1e-5)
    assert after.se == pytest.approx(before.se, abs=1e-5)


@settings(max_examples=10)
@given(seed=st.integers(0, 99))
def test_exchanging_the_control_turns_the_sign(seed: int) -> None:
    columns = wide(40, seed=seed)
    forth = mixed.repeated(data(columns), check=False)[0].effects[0]
    back = mixed.repeated(data(columns, replace(MOOD, control="coach")), check=False)[0].effects[0]
    assert back.estimate == pytest.approx(-forth.estimate, abs=1e-7)
    assert [back.ci_low, back.ci_high] == pytest.approx([-forth.ci_high, -forth.ci_low], abs=1e-5)
