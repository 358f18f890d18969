"""Files of trials: what is found in them, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from made_trial import long, table, wide
from oarlock.errors import UserError
from oarlock.trial.analysis import (
    AnalysisPlan,
    OutcomePlan,
    analyse_file,
    analyse_table,
    plan_of,
    read_plan,
)

QUICK = AnalysisPlan((OutcomePlan("mood", better="lower"),), imputations=2)


def run(columns: dict[str, Any], plan: AnalysisPlan = QUICK) -> dict[str, Any]:
    content = analyse_table(table(columns), plan).to_json()
    json.dumps(content, allow_nan=False)
    return content


def changed(columns: dict[str, list[object]], **values: tuple[int, object]) -> dict[str, Any]:
    new = {name: list(cells) for name, cells in columns.items()}
    for name, (row, value) in values.items():
        new[name][row] = value
    return new


# --- what is found ------------------------------------------------------------------------------


def test_wide_file_needs_no_option_but_says_what_was_guessed() -> None:
    content = run(wide(), AnalysisPlan(imputations=2))
    assert content["design"]["kind"] == "randomised with control"
    assert content["design"]["control"] == "wait"
    assert content["times"] == [1, 2, 3]
    assert content["outcome"] == "mood"
    assert content["design"]["adjusted_for"] == ["mood_pre"]
    guessed = " ".join(content["warnings"])
    for word in ("'id'", "'arm'", "'mood'", "'mood_pre'", "'wait'"):
        assert word in guessed


def test_long_file_gives_what_the_wide_one_gives() -> None:
    columns = wide()
    one, other = run(columns), run(long(columns))
    assert other["design"]["form"] == "long"
    for name in ("mixed", "gee", "ols"):
        assert other["models"][name]["estimate"] == pytest.approx(one["models"][name]["estimate"])
    assert other["flow"] == one["flow"]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_every_kind_of_file_gives_the_same_estimate(tmp_path: Path, ending: str) -> None:
    frame, path = pd.DataFrame(wide(30)), tmp_path / f"trial.{ending}"
    frame = frame.astype({f"mood_{t}": float for t in (1, 2, 3)})
    if ending == "parquet":
        frame.to_parquet(path)
    elif ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="," if ending == "csv" else "\t", na_rep="NA")
    found = analyse_file(path, QUICK).to_json()["primary"]["estimate"]
    assert found == pytest.approx(run(wide(30))["primary"]["estimate"])


def test_baseline_can_be_the_rows_of_one_time() -> None:
    columns = long(wide(drop_out=0))
    columns["week"] = [t - 1 for t in columns["week"]]  # type: ignore[operator]
    columns.pop("mood_pre")
    plan = AnalysisPlan((OutcomePlan("mood"),), baseline_time=0.0, imputations=2)
    content = run(columns, plan)
    assert content["times"] == [1, 2]
    assert content["design"]["adjusted_for"] == ["baseline"]


def test_outcome_of_two_words_needs_the_event_and_takes_it() -> None:
    columns = wide(80)
    columns["state"] = ["good" if (v or 13) < 13 else "poor" for v in columns["mood_3"]]  # type: ignore[operator]
    plan = AnalysisPlan((OutcomePlan("state", event="good", better="higher"),), imputations=2)
    content = run(columns, plan)
    assert content["kind"] == "binary"
    assert content["primary"]["scale"] == "log odds ratio"
    assert content["primary"]["ratio"] > 1
    assert content["nnt"][0]["nnt"] > 0
    with pytest.raises(UserError, match="the value 'better' does not occur"):
        run(columns, AnalysisPlan((OutcomePlan("state", event="better"),)))
    with pytest.raises(UserError, match=r"row 1, column 'state': expected a number"):
        run(columns, AnalysisPlan((OutcomePlan("state"),)))


def test_decimal_commas_are_numbers() -> None:
    columns = wide(40)
    columns["mood_pre"] = [str(v).replace(".", ",") for v in columns["mood_pre"]]
    assert run(columns)["primary"]["estimate"] == pytest.approx(
        run(wide(40))["primary"]["estimate"]
    )


# --- what is refused ----------------------------------------------------------------------------


def test_text_in_a_number_column_is_refused_by_row_and_column_and_not_shown() -> None:
    with pytest.raises(UserError) as refused:
        run(changed(wide(), mood_2=(6, "I felt awful")))
    assert "trial.csv, row 7, column 'mood_2'" in refused.value.message
    assert "awful" not in str(refused.value)


def test_unknown_arm_is_refused_by_row() -> None:
    plan = AnalysisPlan((OutcomePlan("mood"),), arms=("wait", "coach"))
    with pytest.raises(UserError, match=r"row 4, column 'arm': unknown arm 'chat'"):
        run(changed(wide(), arm=(3, "chat")), plan)
    with pytest.raises(UserError, match="differ in case or spaces alone"):
        run(changed(wide(), arm=(3, "Coach")))
    with pytest.raises(UserError, match="nobody is in the control arm 'tau'"):
        run(wide(), AnalysisPlan((OutcomePlan("mood"),), control="tau"))


def test_one_arm_only_is_refused_unless_the_design_is_pre_post() -> None:
    columns = wide()
    columns["arm"] = ["coach"] * len(columns["arm"])
    with pytest.raises(UserError, match="everybody is in one arm") as refused:
        run(columns, AnalysisPlan((OutcomePlan("mood"),), arm="arm"))
    assert "--pre-post" in str(refused.value)
    content = run(columns, AnalysisPlan((OutcomePlan("mood"),), pre_post=True))
    assert content["design"]["kind"] == "pre-post without control"
    assert any("no control" in one for one in content["warnings"])


def test_everybody_missing_is_refused() -> None:
    columns = wide()
    for t in (1, 2, 3):
        columns[f"mood_{t}"] = [None] * len(columns["arm"])
    with pytest.raises(UserError, match="nobody has a value of 'mood'"):
        run(columns, AnalysisPlan((OutcomePlan("mood", ("mood_1", "mood_2", "mood_3")),)))


def test_arm_without_values_is_not_estimable_and_said() -> None:
    columns = wide()
    for t in (1, 2, 3):
        cells = zip(columns[f"mood_{t}"], columns["arm"], strict=True)
        columns[f"mood_{t}"] = [v if a == "wait" else None for v, a in cells]
    content = run(columns)
    assert content["primary"]["not_estimable"] == "nobody in arm 'coach' has a value"
    assert "estimate" not in content["primary"]
    assert any("nobody of arm 'coach'" in one for one in content["warnings"])


def test_same_person_twice_is_refused_by_row() -> None:
    columns = long(wide())
    with pytest.raises(UserError, match=r"row 2: this person occurs a second time at this time"):
        run(changed(columns, week=(1, 1)), AnalysisPlan((OutcomePlan("mood"),), time="week"))
    with pytest.raises(UserError, match="name the column of the time"):
        run(changed(wide(), id=(2, "p000")))
    with pytest.raises(UserError, match="in more than one arm"):
        run(changed(columns, arm=(1, "coach")))


def test_constant_outcome_is_not_estimable() -> None:
    columns = wide()
    columns["score"] = [7] * len(columns["arm"])
    content = run(columns, AnalysisPlan((OutcomePlan("score"),)))
    assert "same value for everybody" in content["primary"]["not_estimable"]
    assert content["primary"]["effects"] == []


def test_three_people_give_no_estimate_that_they_cannot_carry() -> None:
    columns = {"id": [1, 2, 3], "arm": ["a", "a", "b"], "pre": [3, 4, 5], "post": [1.0, 5.0, 3.0]}
    plan = AnalysisPlan((OutcomePlan("post", baseline="pre", better="lower", reliability=0.8),))
    content = run(columns, plan)
    assert "nothing is left to estimate errors" in content["primary"]["not_estimable"]
    assert any("has 1 people" in one for one in content["warnings"])
    assert content["effects"][0]["not_estimable"]


def test_arm_without_events_has_no_odds_ratio_but_a_risk_difference() -> None:
    columns = wide(40)
    columns["left"] = [int(a == "wait" and i % 3 == 0) for i, a in enumerate(columns["arm"])]
    content = run(columns, AnalysisPlan((OutcomePlan("left", better="lower"),)))
    assert "has no event" in content["models"]["logistic"][0]["not_estimable"]
    assert content["primary"]["scale"] == "risk difference"
    assert content["primary"]["p"] < 0.05


def test_missing_person_cluster_or_time_is_refused_by_row() -> None:
    with pytest.raises(UserError, match=r"row 5, column 'id': nobody is named"):
        run(changed(wide(), id=(4, None)))
    columns = wide()
    columns["group"] = [None if i == 1 else i // 6 for i in range(60)]
    plan = AnalysisPlan((OutcomePlan("mood_3"),), arm="arm", cluster="group")
    with pytest.raises(UserError, match=r"row 2, column 'group': no cluster"):
        run(columns, plan)
    with pytest.raises(UserError, match=r"row 3, column 'week': no time"):
        run(
            changed(long(wide()), week=(2, None)), AnalysisPlan((OutcomePlan("mood"),), time="week")
        )


def test_people_without_an_arm_are_left_out_and_counted() -> None:
    content = run(changed(wide(), arm=(0, None)))
    assert content["n"]["people"] == 59
    assert any("1 rows name no arm" in one for one in content["warnings"])


def test_counts_must_be_counts_and_exposure_above_zero() -> None:
    columns = wide()
    columns["days"] = [0.5, *range(59)]
    plan = AnalysisPlan((OutcomePlan("days", kind="count"),))
    with pytest.raises(UserError, match="values that are no counts"):
        run(columns, plan)
    columns["days"] = list(range(60))
    columns["weeks"] = [0, *[2] * 59]
    with pytest.raises(UserError, match="an exposure must be above 0"):
        run(columns, AnalysisPlan(plan.outcomes, exposure="weeks"))


# --- the plan -----------------------------------------------------------------------------------


def test_plan_is_read_from_a_table_of_toml(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(
        '[analysis]\narm = "arm"\ncontrol = "wait"\nprimary_time = 3\n\n'
        '[[analysis.outcome]]\nname = "mood"\nbetter = "lower"\nmcid = 2\n'
    )
    plan = read_plan(path)
    assert (plan.control, plan.primary_time) == ("wait", 3)
    assert plan.outcomes == (OutcomePlan("mood", better="lower", mcid=2),)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"arms": 3}, "arms must be a list of texts"),
        ({"alfa": 0.05}, "unknown key 'alfa'"),
        ({"alpha": 0.7}, "alpha must lie between"),
        ({"multiplicity": "sidak"}, "unknown multiplicity"),
        ({"imputations": 1}, "imputations must be 2 to 1000"),
        ({"no_control": "yes"}, "no_control must be true or false"),
        ({"outcome": [{"better": "lower"}]}, "an outcome needs a name"),
        ({"outcome": [{"name": "mood", "kind": "ordinal"}]}, "unknown kind 'ordinal'"),
        ({"outcome": [{"name": "mood", "reliability": 1.2}]}, "must lie between 0 and 1"),
        ({"outcome": [{"name": "mood", "mcid": -2}]}, "must be above 0"),
    ],
)
def test_impossible_plans_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        plan_of(settings, "trial.toml")


def test_unknown_column_and_time_of_a_plan_are_named() -> None:
    with pytest.raises(UserError, match="no column 'grp'"):
        run(wide(), AnalysisPlan((OutcomePlan("mood"),), arm="grp"))
    with pytest.raises(UserError, match="at the primary time 9"):
        run(wide(), AnalysisPlan((OutcomePlan("mood"),), primary_time=9))
    with pytest.raises(UserError, match="2 times were given for 3 columns"):
        run(wide(), AnalysisPlan((OutcomePlan("mood"),), times=(1, 2)))


def test_whole_protocol_names_columns_times_model_and_instrument() -> None:
    from importlib.resources import files

    columns = wide(80)
    cells = {
        "id": columns["id"],
        "arm": ["usual" if one == "wait" else "coach" for one in columns["arm"]],
        "severity": ["mild" if i % 3 else "severe" for i in range(80)],
        "phq-9.before": columns["mood_pre"],
        "phq_9_week_3": columns["mood_1"],
        "phq-9.week-6": columns["mood_2"],
        "ucla-3.before": columns["mood_pre"],
        "ucla-3.week-6": columns["mood_3"],
    }
    template = Path(str(files("oarlock.trial.protocol"))) / "template.toml"
    content = run(cells, read_plan(template, list(cells)))
    assert content["primary"]["model"] == "ancova"
    assert (content["outcome"], content["times"]) == ("depression", [21, 42])
    assert content["design"]["control"] == "usual"
    assert content["primary"]["time"] == 42
    assert "reliable" in content["change"]
    kinds = {one["outcome"]: one["kind"] for one in content["secondary"]}
    assert kinds == {"response": "binary", "loneliness": "continuous"}
    response = next(one for one in content["secondary"] if one["outcome"] == "response")
    seen = [v for v, a in zip(columns["mood_2"], cells["arm"], strict=True) if v and a == "coach"]
    share = next(
        one for one in response["described"] if one["arm"] == "coach" and one["time"] == 42
    )
    assert share["events"] == sum(float(str(v)) <= 9 for v in seen)


def test_columns_may_have_any_name_and_the_baseline_counts_once() -> None:
    columns = wide()
    plan = AnalysisPlan((OutcomePlan("mood"),), covariates=("sex",), imputations=2)
    expected = run(columns, plan)["primary"]["estimate"]
    for name in ("severity", "time", "y", "baseline", "person", "cluster", "offset"):
        renamed = {name if key == "sex" else key: cells for key, cells in columns.items()}
        found = run(renamed, AnalysisPlan(plan.outcomes, covariates=(name,), imputations=2))
        assert found["primary"]["estimate"] == pytest.approx(expected), name
    both = AnalysisPlan(plan.outcomes, covariates=("sex", "mood_pre"), imputations=2)
    assert run(columns, both)["primary"]["estimate"] == pytest.approx(expected)
