"""One call from a file and a plan to the results."""

from __future__ import annotations

from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from oarlock.errors import UserError
from oarlock.trial.analysis import parallel, within
from oarlock.trial.analysis.data import TrialData, build
from oarlock.trial.analysis.describe import baseline_table, flow
from oarlock.trial.analysis.effects import multiplicity
from oarlock.trial.analysis.harms import deterioration, harms
from oarlock.trial.analysis.layout import lay_out
from oarlock.trial.analysis.plan import AnalysisPlan
from oarlock.trial.analysis.prepost import CROSSOVER, NO_CONTROL
from oarlock.trial.analysis.results import Model, NotEstimable, OutcomeResults, TrialResults, plain
from oarlock.trial.analysis.table import Table, read_table

FEW_PEOPLE = 10
"""People in an arm below which a warning says how little that tells."""
FEW_CLUSTERS = 20
"""Clusters in all below which errors are hardly known, whatever the correction."""


def analyse_file(path: str | Path, plan: AnalysisPlan) -> TrialResults:
    """Return the analysis of a CSV, TSV, JSONL or Parquet file by a plan."""
    return analyse_table(read_table(path), plan)


def analyse_table(table: Table, plan: AnalysisPlan) -> TrialResults:
    """Return the analysis of the cells of a file by a plan.

    Raises:
        UserError: The file does not hold what the plan names; says where.
    """
    layout = lay_out(plan, table)
    plan = layout.plan
    all_data = [build(layout, table, outcome) for outcome in plan.outcomes]
    first = all_data[0]
    if plan.primary_time is not None and plan.primary_time not in first.times:
        raise UserError(
            f"{table.name}: nobody has a value of {first.outcome.name!r} at the primary time "
            f"{plan.primary_time:g}.",
            remedy=f"The times are: {', '.join(f'{t:g}' for t in first.times[:20])}.",
        )
    results = [_outcome(data) for data in all_data]
    tests = {
        f"{one.outcome}: {effect['contrast']}": effect["p"]
        for one in results
        for effect in one.primary["effects"]
    }
    found = (*harms(table, first), *deterioration(results[0].change))
    warnings = [*layout.notes, *_warnings(first), *_faults(results)]
    return TrialResults(
        source=Path(table.name).name, design=_design(first, layout.long), n=_counts(first, table),
        arms=_arms(first), flow=flow(first) if not first.crossover else (), outcome=results[0],
        secondary=tuple(results[1:]), harms=found,
        multiplicity=multiplicity(tests, plan.multiplicity, plan.alpha),
        baseline_table=baseline_table(first) if not first.crossover else (),
        plan=plain(asdict(plan)),
        software={one: version(one) for one in ("statsmodels", "scipy", "numpy", "pandas")},
        not_estimable=tuple(_not_estimable(results)), warnings=tuple(dict.fromkeys(warnings)),
    )  # fmt: skip


def _outcome(data: TrialData) -> OutcomeResults:
    if data.crossover:
        return within.crossover(data)
    if not data.arms:
        return within.pre_post(data)
    present = [one for one in data.arms if (data.people["arm"] == one).any()]
    if data.plan.primary_time is not None and data.plan.primary_time not in data.times:
        data = replace(data, plan=replace(data.plan, primary_time=None))
    assert len(present) > 1
    return parallel.analyse(data)


def _design(data: TrialData, long: bool) -> dict[str, Any]:
    plan = data.plan
    if data.crossover:
        kind = "crossover"
    elif not data.arms:
        kind = "pre-post without control"
    elif plan.cluster is not None:
        kind = "cluster-randomised"
    elif plan.no_control:
        kind = "randomised, active arms without control"
    else:
        kind = "randomised with control"
    return {
        "kind": kind, "randomised": bool(data.arms), "control": data.arms[0] if data.arms else None,
        "n_arms": len(data.arms), "repeated": len(data.times) > 1, "times": data.times,
        "primary_time": plan.primary_time, "form": "long" if long else "wide",
        "unit": plan.cluster or "person", "alpha": plan.alpha,
        "adjusted_for": [
            *([data.baseline_term] if data.has_baseline else []), *data.covariates,
        ],
    }  # fmt: skip


def _counts(data: TrialData, table: Table) -> dict[str, int]:
    counts = {
        "rows": len(table), "people": len(data.people),
        "people_with_outcome": int(data.long["person"].nunique()), "measures": len(data.long),
    }  # fmt: skip
    if "cluster" in data.people:
        counts["clusters"] = int(data.people["cluster"].nunique())
    return counts


def _arms(data: TrialData) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"arm": arm, "n": len(_members(data, arm)), "control": i == 0}
        for i, arm in enumerate(data.arms)
    )


def _members(data: TrialData, arm: str) -> set[int]:
    """Return the people of an arm; in a crossover all who were ever in it."""
    if data.crossover:
        return set(data.long.loc[data.long["arm_of_row"] == arm, "person"])
    return set(data.people.index[data.people["arm"] == arm])


def _warnings(data: TrialData) -> list[str]:
    said = list(data.warnings)
    if data.crossover:
        return [*said, CROSSOVER]
    if not data.arms:
        said.append(NO_CONTROL)
        if not data.has_baseline:
            said.append("There is no column of a baseline: the first time stands for it.")
    for arm in data.arms:
        n = int((data.people["arm"] == arm).sum())
        if n < FEW_PEOPLE:
            said.append(f"The arm {arm!r} has {n} people: estimates and intervals tell little.")
    if "cluster" in data.people:
        n = int(data.people["cluster"].nunique())
        if n < FEW_CLUSTERS:
            said.append(f"There are {n} clusters: with few of them no error is known well.")
        split = data.people.groupby("cluster")["arm"].nunique()
        if data.arms and (split > 1).any():
            said.append(
                f"{int((split > 1).sum())} clusters hold people of several arms: allocation was "
                "within clusters, or people changed over."
            )
    if data.has_baseline and (n := int(data.people["baseline"].isna().sum())):
        said.append(f"{n} people lack the baseline and are left out of adjusted models.")
    if data.plan.no_control and data.arms:
        said.append(
            "No arm is a control: a difference says which arm does better, not whether any helps."
        )
    return said


def _faults(results: list[OutcomeResults]) -> list[str]:
    said = []
    for one in results:
        for check in one.cross_check:
            if not check.agrees:
                said.append(
                    f"{one.outcome}: {check.first} and {check.second} differ by "
                    f"{check.difference:.2f} standard errors, more than {check.bound:g}."
                )
        for row in one.missing.get("by_arm_and_time", ()):
            if row["n_observed"] == 0:
                of = "" if row["arm"] is None else f" of arm {row['arm']!r}"
                said.append(f"{one.outcome}: nobody{of} has a value at time {row['time']:g}.")
    return said


def _not_estimable(results: list[OutcomeResults]) -> list[NotEstimable]:
    found = []
    for one in results:
        if "not_estimable" in one.primary:
            found.append(NotEstimable(f"{one.outcome}: primary", one.primary["not_estimable"]))
        for name, models in one.models.items():
            if len(one.times) < 2 and name in {"mixed", "mixed_ml"}:
                continue  # nobody asked for repeated measures
            for model in models if isinstance(models, tuple) else (models,):
                if isinstance(model, Model) and model.not_estimable is not None:
                    when = "" if model.time is None else f" at time {model.time:g}"
                    found.append(NotEstimable(f"{one.outcome}: {name}{when}", model.not_estimable))
        for name in ("sensitivity", "subgroup", "change"):
            part = getattr(one, name)
            if part and "not_estimable" in part:
                found.append(NotEstimable(f"{one.outcome}: {name}", part["not_estimable"]))
    return found
