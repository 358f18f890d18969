"""Harms by arm: what the plan names, with the same care as benefits."""

from __future__ import annotations

from typing import Any

import pandas as pd

from oarlock.errors import UserError
from oarlock.trial.analysis.data import TrialData
from oarlock.trial.analysis.design import arm_term
from oarlock.trial.analysis.risks import compare, share
from oarlock.trial.analysis.table import NO, YES, Table, number, shown


def _per_person(table: Table, column: str, data: TrialData) -> pd.Series:
    """Return the events of each person; NaN where no row of theirs says anything."""
    values = []
    for row, text in zip(table.rows, table.columns[column], strict=True):
        if text is None:
            values.append(float("nan"))
        elif text.casefold() in YES | NO:
            values.append(float(text.casefold() in YES))
        else:
            value = number(text)
            if value is None or value < 0:
                raise UserError(
                    f"{table.name}, row {row}, {shown(column)}: expected a count, or no or yes.",
                    remedy="Write how often the harm happened to this person, or whether.",
                )
            values.append(value)
    ids = table.columns[data.plan.id] if data.plan.id else [str(row) for row in table.rows]
    sums = pd.Series(values).groupby(list(ids)).sum(min_count=1)
    return data.people["id"].map(sums)


def harms(table: Table, data: TrialData) -> tuple[dict[str, Any], ...]:
    """Return for each column of harms the people and events of each arm, and comparisons."""
    found = []
    for column in data.plan.harms:
        events = _per_person(table, column, data)
        rows, counts = [], {}
        for arm in data.arms or (None,):
            chosen = events if arm is None else events[data.people["arm"] == arm]
            known = chosen.dropna()
            counts[arm] = (int((known > 0).sum()), len(known))
            rows.append({
                "arm": arm, "events_in_all": float(known.sum()),
                "n_unknown": int(chosen.isna().sum()),
                **share(*counts[arm], data.plan.alpha),
            })  # fmt: skip
        effects = [
            effect
            for arm in data.arms[1:]
            for effect in compare(
                *counts[arm], *counts[data.arms[0]], contrast=f"{arm} - {data.arms[0]}",
                term=arm_term(data, arm), alpha=data.plan.alpha,
            )
        ]  # fmt: skip
        found.append(
            {"harm": column, "of": "people with at least one", "arms": rows, "effects": effects}
        )
    return tuple(found)


def deterioration(change: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return people who got worse as a harm, from the change of single people."""
    found = []
    for key, name in (("reliable", "reliable"), ("mcid", "important")):
        if key not in change:
            continue
        arms = [
            {"arm": row["arm"], "events_in_all": None, "n_unknown": row["n_unknown"],
             **row["deteriorated"]}
            for row in change[key]["arms"]
        ]  # fmt: skip
        effects = [
            effect
            for one in change[key]["comparisons"] if one["of"] == "deteriorated"
            for effect in one["effects"]
        ]  # fmt: skip
        found.append({
            "harm": f"{name} deterioration", "of": "people who got worse by more than the bound",
            "bound": change[key]["bound"], "arms": arms, "effects": effects,
        })  # fmt: skip
    return tuple(found)
