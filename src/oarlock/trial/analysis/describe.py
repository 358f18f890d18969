"""Who was there: flow, drop-out, patterns of missing values, baseline, means by arm and time."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from oarlock.trial.analysis.data import TrialData, covariate


def _arms(data: TrialData) -> tuple[str | None, ...]:
    return data.arms or (None,)


def _of(frame: pd.DataFrame, arm: str | None) -> pd.DataFrame:
    return frame if arm is None else frame[frame["arm"] == arm]


def flow(data: TrialData) -> tuple[dict[str, Any], ...]:
    """Return for each arm how many were allocated, and seen at each time."""
    rows = []
    times = data.times if data.on_grid else data.times[-1:]
    wide = {time: data.at(time)["y"].notna() for time in times}
    seen = data.people.index.isin(data.long["person"])
    for arm in _arms(data):
        people = _of(data.people, arm).index
        row: dict[str, Any] = {
            "arm": arm, "allocated": len(people), "analysed": int(seen[people].sum()),
            "baseline": int(data.people.loc[people, "baseline"].notna().sum()),
            "observed": [{"time": t, "n": int(wide[t][people].sum())} for t in times],
        }  # fmt: skip
        if "adherence" in data.people:
            received = data.people.loc[people, "adherence"]
            row["adherent"] = int((received >= data.plan.adherent_from).sum())
            row["adherence_unknown"] = int(received.isna().sum())
        if "cluster" in data.people:
            row["clusters"] = int(data.people.loc[people, "cluster"].nunique())
        rows.append(row)
    return tuple(rows)


def missing(data: TrialData) -> dict[str, Any]:
    """Return drop-out by arm and time, patterns over time, and who drops out."""
    if not data.on_grid:
        return {"not_estimable": f"{len(data.times)} different times: no table of visits"}
    observed = pd.DataFrame({time: data.at(time)["y"].notna() for time in data.times})
    table = []
    for arm in _arms(data):
        people = _of(data.people, arm).index
        for time in data.times:
            n = int(observed.loc[people, time].sum())
            table.append({
                "arm": arm, "time": time, "n_observed": n, "n_missing": len(people) - n,
                "share_missing": (len(people) - n) / len(people),
            })  # fmt: skip
    patterns = Counter("".join("x" if v else "." for v in row) for row in observed.to_numpy())
    kinds = Counter(_kind(pattern) for pattern in patterns.elements())
    last = data.times[-1]
    gone = ~observed[last]
    baseline = [
        {
            "arm": arm, "seen_at_end": _mean(people.loc[~gone[people.index], "baseline"]),
            "gone_at_end": _mean(people.loc[gone[people.index], "baseline"]),
        }
        for arm in _arms(data) for people in [_of(data.people, arm)]
    ]  # fmt: skip
    ordered = sorted(patterns.items(), key=lambda one: (-one[1], one[0]))
    with_baseline = data.has_baseline
    return {
        "times": data.times,
        "by_arm_and_time": table,
        "patterns": [{"pattern": pattern, "n": n} for pattern, n in ordered],
        "kinds": dict(kinds),
        "baseline_missing": int(data.people["baseline"].isna().sum()) if with_baseline else None,
        "baseline_by_drop_out": baseline if with_baseline and gone.any() else None,
    }


def _kind(pattern: str) -> str:
    if "." not in pattern:
        return "complete"
    if "x" not in pattern:
        return "never seen"
    return "dropped out" if ".x" not in pattern else "gaps"


def _mean(values: pd.Series) -> dict[str, Any]:
    known = values.dropna()
    return {
        "n": len(known), "mean": float(known.mean()) if len(known) else None,
        "sd": float(known.std()) if len(known) > 1 else None,
    }  # fmt: skip


def described(data: TrialData) -> tuple[dict[str, Any], ...]:
    """Return number, mean and deviation (events and share) of each arm at each time."""
    if not data.on_grid:
        return ()
    rows = []
    for arm in _arms(data):
        people = _of(data.people, arm)
        if data.has_baseline:
            rows.append({"arm": arm, "time": "baseline", **_mean(people["baseline"])})
        for time in data.times:
            y = _of(data.at(time), arm)["y"]
            row = {"arm": arm, "time": time, **_mean(y)}
            if data.outcome.kind != "continuous":
                row["events"] = float(y.sum())
            rows.append(row)
    return tuple(rows)


def baseline_table(data: TrialData) -> tuple[dict[str, Any], ...]:
    """Return baseline and covariates by arm; no tests: arms differ by chance alone."""
    rows: list[dict[str, Any]] = []
    names = ["baseline"] if data.has_baseline else []
    names += [covariate(name) for name in data.covariates if covariate(name) in data.people]
    for name in names:
        title = data.baseline_term if name == "baseline" else name.removeprefix(covariate(""))
        for arm in _arms(data):
            values = _of(data.people, arm)[name]
            if isinstance(values.dtype, pd.CategoricalDtype):
                counts = values.value_counts(sort=False)
                rows += [
                    {"variable": title, "level": str(level), "arm": arm, "n": int(n),
                     "share": float(n / values.notna().sum()) if values.notna().any() else None}
                    for level, n in counts.items()
                ]  # fmt: skip
            else:
                rows.append({"variable": title, "level": None, "arm": arm, **_mean(values)})
    return tuple(rows)
