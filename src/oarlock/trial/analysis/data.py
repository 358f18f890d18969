"""A trial as people and measures, checked: who was in which arm, and what was seen when."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from oarlock.errors import UserError
from oarlock.trial.analysis.layout import Layout, times_of
from oarlock.trial.analysis.plan import AnalysisPlan, OutcomePlan
from oarlock.trial.analysis.table import (
    NO,
    YES,
    Table,
    as_event,
    is_numeric,
    number,
    numbers,
    shown,
)

MOST_TIMES = 12
"""With more different times, a visit is no level of a factor."""


def covariate(name: str) -> str:
    """Return how frames call a covariate: a file may call one "baseline", "time" or "y"."""
    return f"covariate {name}"


@dataclass(frozen=True, slots=True)
class TrialData:
    """One outcome of a trial.

    Attributes:
        outcome: Name, columns, kind.
        plan: The plan, with columns found.
        people: One row per person: id, arm, baseline, cluster, adherence, severity, and
            covariates that do not change (numbers, or categories). The index counts from 0.
        long: One row per person and time with a value: person, time, y, covariates.
        arms: The control first, then as they come in order.
        times: Times after baseline, ascending.
        covariates: Columns to adjust for, strata among them.
        varying: Those of them that change from time to time.
        warnings: What a reader of the results has to know.
        crossover: Whether people were in more than one arm.
    """

    outcome: OutcomePlan
    plan: AnalysisPlan
    people: pd.DataFrame
    long: pd.DataFrame
    arms: tuple[str, ...]
    times: tuple[float, ...]
    covariates: tuple[str, ...]
    varying: tuple[str, ...]
    warnings: tuple[str, ...]
    crossover: bool = False

    @property
    def has_baseline(self) -> bool:
        """Whether a baseline can be adjusted for."""
        return bool(self.people["baseline"].notna().any())

    @property
    def baseline_term(self) -> str:
        """What tables call the baseline."""
        return self.outcome.baseline or "baseline"

    @property
    def on_grid(self) -> bool:
        """Whether people were seen at the same few times."""
        return 0 < len(self.times) <= MOST_TIMES

    def at(self, time: float) -> pd.DataFrame:
        """Return one row per person, with `y` at a time (NaN where it was not seen)."""
        rows = self.long[self.long["time"] == time].set_index("person")
        frame = self.people.copy()
        frame["y"] = rows["y"].reindex(frame.index)
        for name in (*map(covariate, self.varying), "offset"):
            if name in rows:
                frame[name] = rows[name].reindex(frame.index)
        return frame

    def long_with_people(self) -> pd.DataFrame:
        """Return the measures, each with what is known of its person."""
        extra = [name for name in self.people.columns if name not in self.long.columns]
        return self.long.join(self.people[extra], on="person")


def build(layout: Layout, table: Table, outcome: OutcomePlan) -> TrialData:
    """Return the data of one outcome.

    Raises:
        UserError: A cell is no number, an arm is unknown or alone, a person occurs twice at one
            time or in two arms, or nobody was measured. Names the row, and shows no value.
    """
    plan = layout.plan
    warnings: list[str] = []
    ids = _ids(plan, table)
    keep = _with_arm(plan, table, warnings)
    long = _measures(layout, table, outcome, ids)
    long = long[keep[long["at"].to_numpy()]]
    crossover = _check_rows(plan, table, long, layout.long)
    names = list(dict.fromkeys(one for one, good in zip(ids, keep, strict=True) if good))
    number_of = {name: i for i, name in enumerate(names)}
    long["person"] = long["id"].map(number_of)
    people = pd.DataFrame({"id": names})
    first = pd.Series(np.flatnonzero(keep)).groupby([ids[i] for i in np.flatnonzero(keep)]).first()
    people["row"] = people["id"].map(first)
    _add_people(people, plan, table)
    in_models_anyway = {outcome.baseline, plan.time, plan.arm}
    covariates = tuple(
        one
        for one in dict.fromkeys((*plan.covariates, *plan.strata))
        if one not in in_models_anyway
    )
    varying = _add_covariates(people, long, covariates, plan, table, ids)
    _add_baseline(people, long, layout, table, outcome)
    if plan.baseline_time is not None:
        long = long[long["time"] != plan.baseline_time]
    _add_offset(long, plan, table)
    long = long[long["y"].notna()].sort_values(["person", "time"]).reset_index(drop=True)
    if long.empty:
        raise UserError(
            f"{table.name}: nobody has a value of {outcome.name!r}.",
            remedy="Check the name of the outcome, and the cells of its columns.",
        )
    if plan.adherence is not None:
        people["adherence"] = [_amount(table, plan.adherence, row) for row in people["row"]]
    arms = _arms(plan, long["arm_of_row"] if crossover else people["arm"] if plan.arm else ())
    data = TrialData(
        replace(outcome), plan, people, long, arms, tuple(sorted(set(long["time"]))), covariates,
        varying, tuple(warnings), crossover,
    )  # fmt: skip
    _check_kind(data, table)
    return data


# --- people and arms ----------------------------------------------------------------------------


def _ids(plan: AnalysisPlan, table: Table) -> list[str]:
    if plan.id is None:
        return [str(row) for row in table.rows]
    for row, text in zip(table.rows, table.columns[plan.id], strict=True):
        if text is None:
            raise UserError(
                f"{table.name}, row {row}, {shown(plan.id)}: nobody is named.",
                remedy="Write whose row it is, or leave the row out.",
            )
    return [text or "" for text in table.columns[plan.id]]


def _with_arm(plan: AnalysisPlan, table: Table, warnings: list[str]) -> np.ndarray:
    """Return which rows belong to an arm, once the arms are known to be those of the plan."""
    if plan.arm is None:
        return np.ones(len(table), dtype=bool)
    cells = table.columns[plan.arm]
    levels = list(dict.fromkeys(text for text in cells if text is not None))
    if plan.arms:
        for row, text in zip(table.rows, cells, strict=True):
            if text is not None and text not in plan.arms:
                raise UserError(
                    f"{table.name}, row {row}, {shown(plan.arm)}: unknown arm {text[:40]!r}.",
                    remedy=f"The plan has these arms: {', '.join(plan.arms)}.",
                )
    seen: dict[str, str] = {}
    for level in levels:
        twin = seen.setdefault("".join(level.casefold().split()), level)
        if twin != level:
            row = table.rows[cells.index(level)]
            raise UserError(
                f"{table.name}, row {row}, {shown(plan.arm)}: the arms {twin!r} and {level!r} "
                "differ in case or spaces alone.",
                remedy="Write an arm in one way.",
            )
    if len(levels) > MOST_TIMES:
        raise UserError(
            f"{table.name}, {shown(plan.arm)}: {len(levels)} different arms.",
            remedy="Name the column of the arm with --arm.",
        )
    if len(levels) < 2:
        raise UserError(
            f"{table.name}, {shown(plan.arm)}: "
            + (f"everybody is in one arm, {levels[0]!r}." if levels else "nobody has an arm."),
            remedy="A comparison needs two arms; for one group before and after, give --pre-post.",
        )
    keep = np.array([text is not None for text in cells])
    if not keep.all():
        warnings.append(
            f"{int((~keep).sum())} rows name no arm and are left out: they were never allocated."
        )
    return keep


def _check_rows(plan: AnalysisPlan, table: Table, long: pd.DataFrame, is_long: bool) -> bool:
    """Refuse a person who occurs twice; return whether people were in several arms."""
    if plan.arm is not None:
        arm = np.array(table.columns[plan.arm], dtype=object)[long["at"].to_numpy()]
        per_person = pd.Series(arm, dtype=object).groupby(long["id"].to_numpy()).nunique()
        several = per_person[per_person > 1]
        if len(several) == len(per_person) and len(several) > 1:
            long["arm_of_row"] = arm
            _refuse_twice(table, long, long.duplicated(["id", "arm_of_row", "time"]), is_long)
            return True
        if len(several):
            where = int(np.flatnonzero((long["id"] == several.index[0]).to_numpy())[-1])
            row = table.rows[int(long["at"].to_numpy()[where])]
            raise UserError(
                f"{table.name}, row {row}: this person is in more than one arm.",
                remedy="Mend the arm, or the identifier.",
            )
    _refuse_twice(table, long, long.duplicated(["id", "time"]), is_long)
    return False


def _refuse_twice(table: Table, long: pd.DataFrame, twice: pd.Series, is_long: bool) -> None:
    if twice.any():
        at = int(long["at"].to_numpy()[int(twice.to_numpy().argmax())])
        when = " at this time" if is_long else ""
        remedy = "Keep one row per person and time." if is_long else (
            "Keep one row per person, or name the column of the time with --time."
        )  # fmt: skip
        raise UserError(
            f"{table.name}, row {table.rows[at]}: this person occurs a second time{when}.",
            remedy=remedy,
        )


def _arms(plan: AnalysisPlan, present: Iterable[str]) -> tuple[str, ...]:
    levels = sorted(set(present))
    if not levels:
        return ()
    order = [one for one in plan.arms if one in levels] or levels
    if all(number(one) is not None for one in order):
        order = sorted(order, key=lambda one: number(one) or 0.0)
    control = plan.control if plan.control in order else order[0]
    return (str(control), *(one for one in order if one != control))


def _add_people(people: pd.DataFrame, plan: AnalysisPlan, table: Table) -> None:
    for name, column in (("arm", plan.arm), ("cluster", plan.cluster)):
        if column is not None:
            people[name] = [table.columns[column][row] for row in people["row"]]
    if plan.cluster is not None:
        missing = people["cluster"].isna()
        if missing.any():
            row = table.rows[int(people["row"].to_numpy()[int(missing.to_numpy().argmax())])]
            raise UserError(
                f"{table.name}, row {row}, {shown(plan.cluster)}: no cluster is named.",
                remedy="Write to which cluster the person belongs.",
            )
    if plan.severity is not None:
        values = numbers(table, plan.severity)
        people["severity"] = [values[row] for row in people["row"]]


def _amount(table: Table, column: str, row: int) -> float:
    text = table.columns[column][row]
    if text is None:
        return math.nan
    if text.casefold() in YES | NO:
        return float(text.casefold() in YES)
    value = number(text)
    if value is None:
        raise UserError(
            f"{table.name}, row {table.rows[row]}, {shown(column)}: expected a number, or no or "
            "yes.",
            remedy="Write how much the person received, or whether.",
        )
    return value


# --- measures -----------------------------------------------------------------------------------


def _values(table: Table, column: str, outcome: OutcomePlan) -> list[float]:
    if outcome.at_most is not None or outcome.at_least is not None:
        low = -math.inf if outcome.at_least is None else outcome.at_least
        high = math.inf if outcome.at_most is None else outcome.at_most
        scores = numbers(table, column)
        return [one if math.isnan(one) else float(low <= one <= high) for one in scores]
    if outcome.kind == "binary":
        return as_event(table, column, outcome.event)
    return numbers(table, column)


def _measures(
    layout: Layout, table: Table, outcome: OutcomePlan, ids: Sequence[str]
) -> pd.DataFrame:
    at = np.arange(len(table))
    if layout.long:
        assert layout.plan.time is not None
        time = np.array(_times(table, layout.plan.time))
        if np.isnan(time).any():
            row = table.rows[int(np.isnan(time).argmax())]
            raise UserError(
                f"{table.name}, row {row}, {shown(layout.plan.time)}: no time is given.",
                remedy="Write the time, or leave the row out.",
            )
        y = _values(table, outcome.columns[0], outcome)
        return pd.DataFrame({"id": list(ids), "at": at, "time": time, "y": y})
    parts = [
        pd.DataFrame(
            {"id": list(ids), "at": at, "time": time, "y": _values(table, column, outcome)}
        )
        for column, time in zip(outcome.columns, times_of(outcome, layout.plan), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _times(table: Table, column: str) -> list[float]:
    """Return times as numbers; names of visits with a number in them count by that number."""
    if is_numeric(table, column):
        return numbers(table, column)
    cells = table.columns[column]
    digits = ["".join(c for c in text if c.isdigit() or c == ".") if text else "" for text in cells]
    levels = dict(zip(cells, digits, strict=True))
    if all(number(d) is not None for t, d in levels.items() if t is not None) and len(
        set(levels.values())
    ) == len(levels):
        return [
            math.nan if text is None else float(d) for text, d in zip(cells, digits, strict=True)
        ]
    order = {text: float(i) for i, text in enumerate(dict.fromkeys(cells)) if text is not None}
    return [math.nan if text is None else order[text] for text in cells]


def _add_covariates(
    people: pd.DataFrame, long: pd.DataFrame, covariates: Sequence[str], plan: AnalysisPlan,
    table: Table, ids: Sequence[str],
) -> tuple[str, ...]:  # fmt: skip
    """Add covariates to people, those that change to `long`; return the latter."""
    varying = []
    for name in covariates:
        factor = name in (*plan.factors, *plan.strata) or not is_numeric(table, name)
        values = pd.Series(table.columns[name] if factor else numbers(table, name), dtype=object)
        if factor:
            levels = sorted({v for v in values if v is not None})
            values = pd.Series(pd.Categorical(values, categories=levels))
        else:
            values = values.astype(float)
        differ = pd.Series(values.to_numpy()).groupby(list(ids)).nunique()
        if (differ > 1).any():
            varying.append(name)
            long[covariate(name)] = values.iloc[long["at"].to_numpy()].to_numpy()
            if factor:
                long[covariate(name)] = pd.Categorical(long[covariate(name)], categories=levels)
        else:
            known = values.groupby(list(ids), observed=True).first()
            people[covariate(name)] = people["id"].map(known.astype(object) if factor else known)
            if factor:
                people[covariate(name)] = pd.Categorical(people[covariate(name)], categories=levels)
    return tuple(varying)


def _add_baseline(
    people: pd.DataFrame, long: pd.DataFrame, layout: Layout, table: Table, outcome: OutcomePlan
) -> None:
    plan = layout.plan
    people["baseline"] = math.nan
    if outcome.baseline is not None:
        column = outcome.baseline
        if outcome.kind == "binary" and not is_numeric(table, column):
            values = as_event(table, column, outcome.event)
        else:
            values = numbers(table, column)
        known = pd.Series(values).groupby([*_ids(plan, table)]).first()
        people["baseline"] = people["id"].map(known)
    elif plan.baseline_time is not None:
        rows = long[long["time"] == plan.baseline_time]
        if rows.empty:
            raise UserError(
                f"{table.name}: no row has the baseline time {plan.baseline_time:g}.",
                remedy="Name another with --baseline-time.",
            )
        people["baseline"] = rows.set_index("person")["y"].reindex(people.index)


def _add_offset(long: pd.DataFrame, plan: AnalysisPlan, table: Table) -> None:
    column = plan.exposure or plan.offset
    if column is None:
        return
    values = np.array(numbers(table, column))[long["at"].to_numpy()]
    if plan.exposure is not None:
        if (values <= 0).any():
            raise UserError(
                f"{table.name}, {shown(column)}: an exposure must be above 0.",
                remedy="Leave out people who were never watched.",
            )
        values = np.log(values)
    long["offset"] = values


def _check_kind(data: TrialData, table: Table) -> None:
    y, outcome = data.long["y"], data.outcome
    if outcome.kind == "count" and ((y < 0).any() or (y % 1 != 0).any()):
        raise UserError(
            f"{table.name}: the outcome {outcome.name!r} holds values that are no counts.",
            remedy="Counts are whole numbers from 0; give --kind continuous for others.",
        )
