"""`oarlock trial analyse`: the results of a trial, from a file and a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from oarlock.cli.output import (
    STANDARD_OUTPUT,
    check_target,
    console_for_tables,
    write_files,
    write_json,
)
from oarlock.errors import UserError

if TYPE_CHECKING:
    from oarlock.trial.analysis import AnalysisPlan, TrialResults

RESULTS_FILE = "results.json"

_Names = list[str] | None


def _column(text: str) -> Any:
    return typer.Option(metavar="COLUMN", help=text, show_default=False)


def analyse(
    file: Annotated[str, typer.Argument(help="The trial's data: CSV, TSV, JSONL or Parquet.")],
    protocol: Annotated[
        Path | None,
        typer.Option(help="TOML file with a table [analysis]; options go before it."),
    ] = None,
    person: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="The person.")
    ] = None,
    arm: Annotated[str | None, _column("The arm.")] = None,
    control: Annotated[
        str | None, typer.Option(help="The arm that others are compared with.")
    ] = None,
    no_control: Annotated[
        bool, typer.Option("--no-control", help="All arms are active; --control is a reference.")
    ] = False,
    pre_post: Annotated[
        bool, typer.Option("--pre-post", help="One group, compared with its own baseline.")
    ] = False,
    outcome: Annotated[
        _Names,
        typer.Option(
            metavar="NAME",
            help="A column, or the stem of several (bdi for bdi.2m, bdi.4m). The first is primary.",
        ),
    ] = None,
    baseline: Annotated[str | None, _column("The primary outcome before allocation.")] = None,
    baseline_time: Annotated[
        float | None, typer.Option(help="Long form: the time whose rows are the baseline.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN|LIST", help="Long form: the column. Wide form: times such as 2,4,6,8."
        ),
    ] = None,
    primary_time: Annotated[
        float | None, typer.Option(help="Compare at this time; by default all follow-up together.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="ancova|mixed|gee|ols", help="The primary model, if not the usual."),
    ] = None,
    binary: Annotated[bool, typer.Option("--binary", help="The outcome happens or not.")] = False,
    count: Annotated[bool, typer.Option("--count", help="The outcome is a count.")] = False,
    event: Annotated[
        str | None, typer.Option(help="Binary: the value that is the event, unless 1 or yes.")
    ] = None,
    better: Annotated[
        str | None, typer.Option(metavar="lower|higher", help="Which values are good for people.")
    ] = None,
    reliability: Annotated[
        float | None, typer.Option(help="Reliability of the instrument, for reliable change.")
    ] = None,
    mcid: Annotated[float | None, typer.Option(help="Smallest difference that matters.")] = None,
    covariate: Annotated[_Names, _column("Adjust for it; repeat for more.")] = None,
    factor: Annotated[_Names, _column("A covariate whose numbers are names.")] = None,
    stratum: Annotated[_Names, _column("Allocation was stratified by it.")] = None,
    cluster: Annotated[str | None, _column("The unit that was allocated, if not people.")] = None,
    offset: Annotated[str | None, _column("A term whose coefficient is 1.")] = None,
    exposure: Annotated[str | None, _column("Counts: time at risk.")] = None,
    adherence: Annotated[str | None, _column("What was received: 0/1 or an amount.")] = None,
    adherent_from: Annotated[
        float | None, typer.Option(help="Amount from which a person adhered (1).")
    ] = None,
    severity: Annotated[str | None, _column("Severity; by default the baseline.")] = None,
    severe_from: Annotated[
        float | None, typer.Option(help="Value from which a person is severe.")
    ] = None,
    harm: Annotated[_Names, _column("A harm: no/yes or a count; repeat for more.")] = None,
    alpha: Annotated[float | None, typer.Option(help="Two-sided level (0.05).")] = None,
    multiplicity: Annotated[
        str | None, typer.Option(metavar="holm|bh|none", help="Correction for several tests.")
    ] = None,
    imputations: Annotated[
        int | None, typer.Option(help="Imputed data sets (at least 20).")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the imputation.")] = None,
    delta: Annotated[
        list[float] | None, typer.Option(help="Shift of imputed values; repeat for more.")
    ] = None,
    json_alone: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help=f"Write {RESULTS_FILE} into this folder.", show_default=False
        ),
    ] = None,
) -> None:
    """Analyse a trial: by intention to treat, with its checks, harms and missing values.

    The file has one row per person, or one per person and time. What neither the protocol nor an
    option says is told from the names of columns, and the result says what was guessed.
    """
    from oarlock.trial.analysis import AnalysisPlan, analyse_table, merged, read_plan, read_table

    target = _target(out, file)
    table = read_table(file)
    plan = read_plan(protocol, table.columns) if protocol is not None else AnalysisPlan()
    if binary and count:
        raise UserError("--binary and --count exclude each other.", remedy="Give one of them.")
    times, column = _times(time)
    plan = merged(
        plan,
        {
            "id": person, "arm": arm, "control": control, "no_control": no_control,
            "pre_post": pre_post, "baseline_time": baseline_time, "time": column, "times": times,
            "primary_time": primary_time, "model": model, "covariates": tuple(covariate or ()),
            "factors": tuple(factor or ()), "strata": tuple(stratum or ()), "cluster": cluster,
            "offset": offset, "exposure": exposure, "adherence": adherence,
            "adherent_from": adherent_from, "severity": severity, "severe_from": severe_from,
            "harms": tuple(harm or ()), "alpha": alpha, "multiplicity": multiplicity,
            "imputations": imputations, "seed": seed, "deltas": tuple(delta or ()),
        },
    )  # fmt: skip
    kind = "binary" if binary or event is not None else "count" if count else None
    plan = _with_outcomes(
        plan, outcome,
        {"kind": kind, "event": event, "baseline": baseline, "better": better,
         "reliability": reliability, "mcid": mcid},
    )  # fmt: skip
    results = analyse_table(table, plan)
    content = results.to_json()
    if target is not None:
        import json

        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        target.parent.mkdir(exist_ok=True)
        write_files({target: text})
    if json_alone:
        write_json(content, STANDARD_OUTPUT)
    else:
        _print(results, content, target)


def _target(out: Path | None, file: str) -> Path | None:
    if out is None:
        return None
    if out.exists() and not out.is_dir():
        raise UserError(f"--out {out} is a file.", remedy="Name a folder.")
    if not out.parent.is_dir():
        raise UserError(
            f"--out: the folder {out.parent} does not exist.", remedy="Make the folder first."
        )
    target = out / RESULTS_FILE
    if out.is_dir():
        check_target(target, inputs=(file,), option="--out")
    return target


def _times(text: str | None) -> tuple[tuple[float, ...], str | None]:
    """Return times, or the column of the time: a list of numbers is no name of a column."""
    if text is None:
        return (), None
    try:
        return tuple(float(one) for one in text.split(",")), None
    except ValueError:
        return (), text


def _with_outcomes(
    plan: AnalysisPlan, names: list[str] | None, first: dict[str, Any]
) -> AnalysisPlan:
    """Return the plan with the outcomes of the options; `first` is said of the primary one."""
    from dataclasses import replace

    from oarlock.trial.analysis import OutcomePlan, merged

    given = {key: value for key, value in first.items() if value is not None}
    outcomes = plan.outcomes
    if names:
        known = {one.name: one for one in outcomes}
        outcomes = tuple(known.get(name, OutcomePlan(name)) for name in names)
    if not outcomes:
        if not given:
            return plan
        if set(given) - {"better", "reliability", "mcid"}:
            raise UserError(
                "The options describe an outcome that is not named.",
                remedy="Name it with --outcome.",
            )
        outcomes = (OutcomePlan(""),)
    head = replace(outcomes[0], **given)
    rest = outcomes[1:]
    if names and "kind" in given:
        rest = tuple(one if one.kind else replace(one, kind=given["kind"]) for one in rest)
    return merged(plan, {"outcomes": (head, *rest)})


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _print(results: TrialResults, content: dict[str, Any], target: Path | None) -> None:
    console = console_for_tables()
    design = content["design"]
    arms = ", ".join(f"{one['arm']} {one['n']}" for one in content["arms"])
    console.print(
        f"{results.source}: {design['kind']}, {content['n']['people']} people"
        + (f" ({arms})" if arms else "")
    )
    primary = content["primary"]
    console.print(
        f"primary outcome {content['outcome']}: {primary.get('method', primary['model'])}"
    )
    if "not_estimable" in primary:
        console.print(f"  not estimable: {primary['not_estimable']}")
    console.print(_comparisons(content))
    harms = Table("harm", "arm", "people", "share", box=None, header_style="bold")
    for one in content["harms"]:
        for row in one["arms"]:
            people = f"{row['events']}/{row['n']}"
            harms.add_row(one["harm"], row["arm"] or "all", people, _number(row["share"]))
    if harms.row_count:
        console.print(harms)
    for one in content["nnt"]:
        console.print(f"{one['of']}: {one['words']}")
    for one in content["not_estimable"]:
        console.print(f"not estimable: {one['what']}: {one['reason']}")
    for warning in content["warnings"]:
        console.print(f"note: {warning}")
    if target is not None:
        console.print(f"All results are in {target}.")


def _comparisons(content: dict[str, Any]) -> Table:
    columns = (
        "comparison",
        "estimate",
        f"{100 - 100 * content['design']['alpha']:g} % interval",
        "p",
        "n",
    )
    table = Table(*columns, box=None, header_style="bold")
    _add(table, content["primary"]["effects"])
    shown = set()
    for models in content["models"].values():
        for model in models if isinstance(models, list) else [models]:
            if not model.get("effects"):
                continue
            if model["method"] not in shown:
                table.add_row(model["method"])
                shown.add(model["method"])
            _add(table, model["effects"])
    return table


def _add(table: Table, effects: list[dict[str, Any]]) -> None:
    for one in effects:
        ratio = one.get("ratio") is not None
        low, high = ("ratio_low", "ratio_high") if ratio else ("ci_low", "ci_high")
        when = "" if one.get("time") is None else f" at {one['time']:g}"
        name = one["scale"].removeprefix("log ") if ratio else one["scale"]
        table.add_row(
            f"  {one['contrast']}{when} ({name})", _number(one["ratio" if ratio else "estimate"]),
            f"{_number(one[low])} to {_number(one[high])}", _p(one["p"]), str(one["n"]),
        )  # fmt: skip
