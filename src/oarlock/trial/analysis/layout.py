"""Which column is what: what the plan names, and for the rest what the names of a file say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from oarlock.corpus.reading import find_column, no_column
from oarlock.errors import UserError
from oarlock.trial.analysis.plan import AnalysisPlan, OutcomePlan
from oarlock.trial.analysis.table import Table, is_numeric, looks_binary

_IDS = (
    "id", "person", "person_id", "participant", "participant_id", "participantid", "subject",
    "subject_id", "subj", "patient", "patient_id", "patientid", "pid", "user_id", "case",
    "rownames", "rowname", "",
)  # fmt: skip
_ARMS = (
    "arm", "treatment", "treat", "trt", "condition", "allocation", "assignment", "assigned",
    "randomised", "randomized", "tx", "group", "intervention", "therapy", "rx", "supp", "drug",
)  # fmt: skip
_TIMES = ("time", "visit", "week", "weeks", "month", "months", "day", "days", "wave", "period",
          "occasion")  # fmt: skip
_CONTROLS = re.compile(
    r"(?i)^(0|no|none|control.*|contr?|ctrl|ctl|placebo|plac|pbo|p|tau|usual.*|treatment.as.usual|"
    r"standard.*|care.as.usual|cau|wait.*|wl.?c?|untreated|no.treat.*|sham|comparison|reference)$"
)
_BASELINES = ("pre", "base", "baseline", "bl", "t0", "0", "before", "start", "w0", "m0", "prewt")
_TIME_IN_NAME = re.compile(
    r"(?i)^[._\- ]?(?:t|time|w|wk|week|m|mo|month|v|visit|d|day|y|year|wave)?[._\- ]?"
    r"(\d+(?:\.\d+)?)[._\- ]?(?:m|mo|mths?|months?|w|wks?|weeks?|d|days?|y|years?)?$"
)
_AFTER = {"post": 1.0, "followup": 2.0, "follow_up": 2.0, "fu": 2.0, "end": 1.0, "after": 1.0}


@dataclass(frozen=True, slots=True)
class Layout:
    """The plan with every column found, as the file spells it.

    Attributes:
        plan: The plan; its outcomes have columns, kind and baseline.
        long: Whether the file has one row per person and time.
        notes: What was guessed, for the report.
    """

    plan: AnalysisPlan
    long: bool
    notes: tuple[str, ...]


def lay_out(plan: AnalysisPlan, table: Table) -> Layout:
    """Return which column is what.

    Raises:
        UserError: A column that the plan names is not there, or what is needed cannot be told.
    """
    plan = _spelled(plan, table)
    notes: list[str] = []
    if plan.time is None and not plan.times:
        found = _time_column(plan, table)
        if found is not None:
            plan = replace(plan, time=found)
            notes.append(f"time is taken from {found!r}")
    long = plan.time is not None
    if plan.id is None:
        # In a long file the numbers of the rows tell nobody apart.
        found = _first(table, _IDS, repeating=long)
        if found is not None:
            plan = replace(plan, id=found)
            notes.append(f"people are told apart by the column {found!r}")
        elif long:
            raise UserError(
                f"{table.name}: which column tells people apart was not said.",
                remedy="Name it with --id.",
            )
    if plan.arm is None and not plan.pre_post:
        taken = {plan.id, plan.time, plan.cluster, *plan.covariates, *plan.strata}
        taken |= {one.name for one in plan.outcomes}
        found = _first(table, [name for name in _ARMS if name not in taken])
        if found is not None and 2 <= _n_levels(table, found) <= 8:
            plan = replace(plan, arm=found)
            notes.append(f"arms are taken from the column {found!r}")
    plan = replace(plan, outcomes=_outcomes(plan, table, long, notes))
    if plan.arm is not None:
        plan = _with_control(plan, table, notes)
    return Layout(plan, long, tuple(notes))


def _first(table: Table, names: Iterable[str], *, repeating: bool = False) -> str | None:
    """Return the first of the names that is a column, whose cells repeat where that is asked."""
    folded = {column.casefold(): column for column in reversed(list(table.columns))}
    found = (folded[name] for name in names if name in folded)
    return next((one for one in found if not repeating or _repeats(table, one)), None)


def _time_column(plan: AnalysisPlan, table: Table) -> str | None:
    """Return the column of the time of a file in which people come several times."""
    person = plan.id or _first(table, _IDS, repeating=True)
    if person is None or not _repeats(table, person):
        return None
    taken = {person, plan.arm, plan.exposure, plan.offset, plan.cluster, *plan.covariates}
    taken |= {one.name for one in plan.outcomes}
    for name in _TIMES:
        column = _first(table, [name])
        if column is None or column in taken:
            continue
        pairs = list(zip(table.columns[person], table.columns[column], strict=True))
        if len(set(pairs)) == len(pairs) or name == "time":
            return column
    return None


def _repeats(table: Table, column: str) -> bool:
    cells = [text for text in table.columns[column] if text is not None]
    return len(set(cells)) < len(cells)


def _n_levels(table: Table, column: str) -> int:
    return len({text for text in table.columns[column] if text is not None})


def _spelled(plan: AnalysisPlan, table: Table) -> AnalysisPlan:
    """Return the plan with its columns as the file spells them."""

    def spell(name: str, option: str) -> str:
        found = find_column(list(table.columns), name, source=table.name)
        if found is None:
            raise no_column(
                table.name, name, list(table.columns), f"Name another one with {option}."
            )
        return found

    values: dict[str, object] = {}
    single = ("id", "arm", "time", "cluster", "adherence", "offset", "exposure", "severity")
    for name in single:
        column = getattr(plan, name)
        if column is not None:
            values[name] = spell(column, f"--{name}")
    for name, option in (
        ("covariates", "--covariate"), ("strata", "--stratum"), ("factors", "--factor"),
        ("harms", "--harm"),
    ):  # fmt: skip
        values[name] = tuple(spell(column, option) for column in getattr(plan, name))
    outcomes = []
    for one in plan.outcomes:
        outcomes.append(
            replace(
                one,
                columns=tuple(spell(column, "--outcome") for column in one.columns),
                baseline=None if one.baseline is None else spell(one.baseline, "--baseline"),
            )
        )
    return replace(plan, outcomes=tuple(outcomes), **values)  # type: ignore[arg-type]


def _with_control(plan: AnalysisPlan, table: Table, notes: list[str]) -> AnalysisPlan:
    assert plan.arm is not None
    levels = list(dict.fromkeys(t for t in table.columns[plan.arm] if t is not None))
    if plan.control is not None:
        if plan.control not in levels:
            alike = [one for one in levels if one.casefold() == plan.control.casefold()]
            if len(alike) != 1:
                raise UserError(
                    f"{table.name}, column {plan.arm!r}: nobody is in the control arm "
                    f"{plan.control!r}.",
                    remedy=f"The arms are: {', '.join(sorted(levels))}. Name one with --control.",
                )
            plan = replace(plan, control=alike[0])
        return plan
    guessed = [one for one in sorted(levels) if _CONTROLS.match(one)]
    if len(guessed) == 1:
        notes.append(f"the control arm is taken to be {guessed[0]!r}, by its name")
        return replace(plan, control=guessed[0])
    first = sorted(levels, key=_in_order)[0] if levels else None
    if first is not None:
        notes.append(
            f"no arm is named as the control: others are compared with {first!r}, the first in "
            "order; name another with --control"
        )
    return replace(plan, control=first, no_control=True)


def _in_order(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


# --- outcomes ---------------------------------------------------------------------------------


def _outcomes(
    plan: AnalysisPlan, table: Table, long: bool, notes: list[str]
) -> tuple[OutcomePlan, ...]:
    asked = plan.outcomes
    if not asked or not asked[0].name:
        # An outcome without a name is one of which only its qualities were said.
        (guess,) = _guessed(table, long, notes)
        asked = (replace(asked[0], name=guess.name) if asked else guess,)
    if not long:
        asked = _joined(asked, plan, table)
    return tuple(_found(one, plan, table, long, notes) for one in asked)


def _guessed(table: Table, long: bool, notes: list[str]) -> tuple[OutcomePlan, ...]:
    """Return the only family of columns such as bdi.2m, bdi.4m; nothing else is guessed."""
    if not long:
        stems: dict[str, list[str]] = {}
        for column in table.columns:
            match = re.match(r"^(.*?[A-Za-z])[._\- ]", column)
            if match and time_in(column, match[1]) is not None and is_numeric(table, column):
                stems.setdefault(match[1], []).append(column)
        families = [stem for stem, columns in stems.items() if len(columns) >= 2]
        if len(families) == 1:
            notes.append(f"the outcome is taken to be {families[0]!r}, by the names of columns")
            return (OutcomePlan(families[0]),)
    raise UserError(
        f"{table.name}: which column is the outcome was not said.",
        remedy="Name it with --outcome: a column, or the stem of several such as bdi for bdi.2m "
        "and bdi.4m.",
    )


def _joined(
    asked: Sequence[OutcomePlan], plan: AnalysisPlan, table: Table
) -> tuple[OutcomePlan, ...]:
    """Return the outcomes, with columns of one stem that were named one by one made one."""
    if len(asked) < 2 or any(one.columns for one in asked):
        return tuple(asked)
    names = [find_column(list(table.columns), one.name, source=table.name) for one in asked]
    if any(name is None for name in names):
        return tuple(asked)
    columns = [name for name in names if name is not None]
    stem = re.sub(r"[._\- ]*(?:[A-Za-z]{0,2})$", "", _common_prefix(columns)) or None
    if stem is None or len(plan.times) == len(columns):
        stem = stem or asked[0].name
        if len(plan.times) != len(columns):
            return tuple(asked)
    elif any(time_in(column, stem) is None for column in columns):
        return tuple(asked)
    return (replace(asked[0], name=stem, columns=tuple(columns)),)


def _common_prefix(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    n = next((i for i, c in enumerate(first) if i >= len(last) or last[i] != c), len(first))
    return first[:n]


def time_in(column: str, stem: str) -> float | None:
    """Return the time in the name of a column after its stem: 2 in "bdi.2m" after "bdi"."""
    if not column.casefold().startswith(stem.casefold()):
        return None
    rest = column[len(stem) :]
    match = _TIME_IN_NAME.match(rest)
    if match:
        return float(match[1])
    return _AFTER.get(rest.casefold().strip("._- "))


def _found(
    one: OutcomePlan, plan: AnalysisPlan, table: Table, long: bool, notes: list[str]
) -> OutcomePlan:
    columns, baseline = one.columns, one.baseline
    if baseline is None and plan.baseline_time is None:
        baseline = _baseline_of(one.name, table)
        if baseline is not None:
            notes.append(f"the baseline of {one.name!r} is taken from the column {baseline!r}")
    if not columns:
        exact = find_column(list(table.columns), one.name, source=table.name)
        if exact is not None:
            columns = (exact,)
        elif not long:
            timed = [
                (time, column)
                for column in table.columns
                if column != baseline and (time := time_in(column, one.name)) is not None
            ]
            columns = tuple(column for _, column in sorted(timed))
    if not columns:
        raise no_column(
            table.name, one.name, list(table.columns), "Name the outcome with --outcome.",
            besides="" if long else ", and none such as " + repr(one.name + ".2m"),
        )  # fmt: skip
    if plan.times and not long and len(plan.times) != len(columns) and len(plan.outcomes) < 2:
        raise UserError(
            f"{len(plan.times)} times were given for {len(columns)} columns of {one.name!r}: "
            f"{', '.join(columns)}.",
            remedy="Give one time for each column, in their order.",
        )
    kind = one.kind
    if kind is None:
        past = one.at_most is not None or one.at_least is not None
        if past or one.event is not None or all(looks_binary(table, column) for column in columns):
            kind = "binary"
        else:
            kind = "continuous"
    return replace(one, columns=columns, baseline=baseline, kind=kind)


def _baseline_of(stem: str, table: Table) -> str | None:
    folded = {column.casefold(): column for column in table.columns}
    for end in _BASELINES:
        for between in ("", ".", "_", "-", " "):
            found = folded.get(f"{stem}{between}{end}".casefold())
            if found is not None and found.casefold() != stem.casefold():
                return found
    return None


def times_of(one: OutcomePlan, plan: AnalysisPlan) -> tuple[float, ...]:
    """Return the time of each column of an outcome in a wide file."""
    for given in (one.times, plan.times):
        if given and len(given) == len(one.columns):
            return given
    if len(one.columns) == 1:
        return (1.0,)
    stem = one.name
    found = [time_in(column, stem) for column in one.columns]
    if None in found or len(set(found)) < len(found):
        return tuple(float(i) for i in range(1, len(found) + 1))
    return tuple(time for time in found if time is not None)
