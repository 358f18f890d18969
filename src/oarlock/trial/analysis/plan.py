"""What an analysis needs to know of a trial: columns, arms, outcomes, margins.

A plan comes from the table `[analysis]` of a TOML file, from options of the command line, or both;
what neither says is looked for in the file (`layout`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from oarlock.errors import UserError

KINDS = ("continuous", "binary", "count")
MODELS = ("ancova", "mixed", "gee", "ols", "change")
MULTIPLICITY = ("holm", "bh", "none")


@dataclass(frozen=True, slots=True)
class OutcomePlan:
    """One outcome.

    Attributes:
        name: Column of the outcome (long form, or one time), or the stem of its columns: `bdi` for
            `bdi.2m`, `bdi.4m`.
        columns: Wide form: the columns themselves, in the order of the times.
        kind: "continuous", "binary" or "count"; None asks the values.
        event: Binary: the value that counts as the event; None where it is 0/1 or no/yes.
        baseline: Column of the same measure before allocation.
        better: "lower" or "higher"; None is not known, and harm cannot be told from benefit.
        reliability: Test-retest reliability or alpha, 0 to 1, for reliable change.
        baseline_sd: Published standard deviation for reliable change; None takes that of the trial.
        mcid: Smallest difference that matters, in units of the outcome, above 0.
        times: Wide form: the time of each of `columns`.
        at_most: Binary: a score up to this is the event.
        at_least: Binary: a score from this is the event.
    """

    name: str
    columns: tuple[str, ...] = ()
    kind: str | None = None
    event: str | None = None
    baseline: str | None = None
    better: str | None = None
    reliability: float | None = None
    baseline_sd: float | None = None
    mcid: float | None = None
    times: tuple[float, ...] = ()
    at_most: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """All that is decided before the data are seen. The first outcome is the primary one.

    Attributes:
        outcomes: Primary first, then secondary.
        id: Column of the person; None in a wide file numbers its rows.
        arm: Column of the arm; None looks for one, and without one the design is pre-post.
        arms: Arms that may occur; empty takes those of the file.
        control: The arm that others are compared with.
        no_control: Two or more active arms: `control` is then only the reference.
        pre_post: One group, compared with its own baseline, whatever columns there are.
        time: Column of the time (long form).
        times: Time of each column of the outcome (wide form), in their order.
        baseline_time: Time whose rows hold the baseline (long form).
        covariates: Columns to adjust for; `factors` names those that are no quantities.
        strata: Columns that allocation was stratified by: adjusted for as factors.
        factors: Columns whose numbers are names of groups.
        cluster: Column of the unit that was allocated, where that was not the person.
        adherence: Column of what was received: 0/1, no/yes, or an amount.
        adherent_from: Amount from which a person counts as adherent.
        offset: Column whose coefficient is 1 (ANCOVA of change; log exposure of a count).
        exposure: Count: column of the time at risk; its logarithm is the offset.
        severity: Column of severity at baseline; None takes the baseline of the outcome.
        severe_from: Value of it from which a person counts as severe.
        harms: Columns of harms: 0/1, no/yes or counts, one value per person.
        primary_time: Time of the primary comparison; None takes all follow-up together.
        alpha: Two-sided level, 0 to 0.5.
        multiplicity: "holm", "bh" or "none".
        imputations: Imputed data sets; None takes the percentage of missing values, at least 20.
        seed: Seed of the imputation.
        deltas: Shifts of imputed values in the arms that are not control, in units of the outcome.
        model: The primary model: "ancova", "mixed", "gee", "ols" or "change"; None takes the one
            that the design asks for.
    """

    outcomes: tuple[OutcomePlan, ...] = ()
    id: str | None = None
    arm: str | None = None
    arms: tuple[str, ...] = ()
    control: str | None = None
    no_control: bool = False
    pre_post: bool = False
    time: str | None = None
    times: tuple[float, ...] = ()
    baseline_time: float | None = None
    covariates: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    cluster: str | None = None
    adherence: str | None = None
    adherent_from: float = 1.0
    offset: str | None = None
    exposure: str | None = None
    severity: str | None = None
    severe_from: float | None = None
    harms: tuple[str, ...] = ()
    primary_time: float | None = None
    alpha: float = 0.05
    multiplicity: str = "holm"
    imputations: int | None = None
    seed: int = 20261123
    deltas: tuple[float, ...] = ()
    model: str | None = None


def read_plan(path: Path, columns: Collection[str] = ()) -> AnalysisPlan:
    """Return the plan of a TOML file: a whole protocol, or a table `[analysis]` alone.

    Args:
        path: The file.
        columns: Columns of the data, in which a protocol's instruments and waves are looked for.

    Raises:
        UserError: The file is not there, no TOML, has no such table, or says what no plan may.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file.", remedy="Check the path.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no TOML: {error}.", remedy="Mend that place.") from None
    if "arms" in content and "waves" in content:
        from oarlock.trial.analysis.from_protocol import plan_for
        from oarlock.trial.protocol import load

        return plan_for(load(path), columns)
    table = content.get("analysis")
    if not isinstance(table, Mapping):
        raise UserError(
            f"{path} has no table [analysis].",
            remedy="Add one, as docs/how-to/analyse-a-trial.md shows, or use the options alone.",
        )
    return plan_of(table, str(path))


def plan_of(table: Mapping[str, Any], source: str) -> AnalysisPlan:
    """Return the plan that a table of settings holds, checked."""
    known = {one.name: one for one in fields(AnalysisPlan)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in {"outcome", "outcomes"}:
            values["outcomes"] = _outcomes(value, source)
            continue
        if key not in known:
            raise UserError(
                f"{source}, [analysis]: unknown key {key!r}.",
                remedy=f"Known are: {', '.join(sorted(known))}.",
            )
        values[key] = _value(key, value, known[key].default, source)
    return checked(AnalysisPlan(**values), source)


_NUMBERS = {"baseline_time", "adherent_from", "severe_from", "primary_time", "alpha"} | {
    "reliability",
    "baseline_sd",
    "mcid",
    "at_most",
    "at_least",
}
_WHOLE = {"imputations", "seed"}


def _value(key: str, value: Any, default: Any, source: str) -> Any:
    wanted, good = "a text", isinstance(value, str)
    if isinstance(default, bool):
        wanted, good = "true or false", isinstance(value, bool)
    elif isinstance(default, tuple):
        numbers = key in {"times", "deltas"}
        items = [value] if isinstance(value, str | int | float) else value
        kind: Any = int | float if numbers else str
        wanted = f"a list of {'numbers' if numbers else 'texts'}"
        good = isinstance(items, list) and all(isinstance(one, kind) for one in items)
        value = tuple(items) if good else value
    elif key in _NUMBERS or key in _WHOLE:
        wanted = "a whole number" if key in _WHOLE else "a number"
        kind = int if key in _WHOLE else int | float
        good = isinstance(value, kind) and not isinstance(value, bool)
    if not good:
        raise UserError(f"{source}, [analysis]: {key} must be {wanted}.", remedy="Mend that line.")
    return value


def _outcomes(value: Any, source: str) -> tuple[OutcomePlan, ...]:
    known = {one.name: one for one in fields(OutcomePlan)}
    found = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            found.append(OutcomePlan(one))
            continue
        if not isinstance(one, Mapping) or "name" not in one:
            raise UserError(
                f"{source}, [analysis]: an outcome needs a name.",
                remedy="Write [[analysis.outcome]] and below it name = ...",
            )
        strange = sorted(set(one) - set(known))
        if strange:
            raise UserError(
                f"{source}, [[analysis.outcome]]: unknown key {strange[0]!r}.",
                remedy=f"Known are: {', '.join(sorted(known))}.",
            )
        found.append(
            OutcomePlan(**{k: _value(k, v, known[k].default, source) for k, v in one.items()})
        )
    return tuple(found)


def checked(plan: AnalysisPlan, source: str) -> AnalysisPlan:
    """Return the plan, once its values are known to be possible.

    Raises:
        UserError: One is not.
    """
    if not 0 < plan.alpha < 0.5:
        raise UserError(f"{source}: alpha must lie between 0 and 0.5.", remedy="Usual is 0.05.")
    if plan.multiplicity not in MULTIPLICITY:
        raise UserError(
            f"{source}: unknown multiplicity {plan.multiplicity!r}.",
            remedy=f"Choose one of: {', '.join(MULTIPLICITY)}.",
        )
    if plan.model is not None and plan.model not in MODELS:
        raise UserError(
            f"{source}: unknown model {plan.model!r}.",
            remedy=f"Choose one of: {', '.join(MODELS)}.",
        )
    if plan.imputations is not None and not 2 <= plan.imputations <= 1000:
        raise UserError(f"{source}: imputations must be 2 to 1000.", remedy="Usual is 20 or more.")
    if plan.seed < 0:
        raise UserError(f"{source}: a seed is at least 0.", remedy="Choose any such number.")
    for one in plan.outcomes:
        _check_outcome(one, source)
    return plan


def _check_outcome(one: OutcomePlan, source: str) -> None:
    if one.kind is not None and one.kind not in KINDS:
        raise UserError(
            f"{source}: unknown kind {one.kind!r} of outcome {one.name!r}.",
            remedy=f"Choose one of: {', '.join(KINDS)}.",
        )
    if one.better not in (None, "lower", "higher"):
        raise UserError(
            f"{source}: what is better for outcome {one.name!r} must be lower or higher.",
            remedy="Say whether low or high values are good for people.",
        )
    if one.reliability is not None and not 0 < one.reliability < 1:
        raise UserError(
            f"{source}: the reliability of {one.name!r} must lie between 0 and 1.",
            remedy="Take it from the manual of the instrument.",
        )
    for name in ("mcid", "baseline_sd"):
        value = getattr(one, name)
        if value is not None and value <= 0:
            raise UserError(
                f"{source}: {name} of {one.name!r} must be above 0.",
                remedy="Give its size; what is better says the direction.",
            )


def merged(plan: AnalysisPlan, options: Mapping[str, Any]) -> AnalysisPlan:
    """Return the plan with options over it: those that are None, empty or off change nothing."""
    given = {
        key: value
        for key, value in options.items()
        # 0 is a value: it equals False, and is not it.
        if value is not None and value is not False and value != ()
    }
    return checked(replace(plan, **given), "the options")
