"""`oarlock trial synthesise FILE`: what several studies say together."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid

from oarlock.cli.output import check_target, console_for_tables, standard_output_named, write_text
from oarlock.corpus.reading import counted
from oarlock.errors import UserError

if TYPE_CHECKING:
    from oarlock.trial.synthesis.pooling import Interval
    from oarlock.trial.synthesis.synthesise import Synthesis
    from oarlock.trial.synthesis.votes import VoteTable

_METHODS = ("REML", "DL", "PM")
_MEASURES = ("SMD", "MD", "RR", "OR", "RD", "ZCOR", "GEN")


def _column(what: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar="COLUMN", help=what, show_default="found by its name"
    )
    return option


def main(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV, TSV, .txt, JSONL or Parquet: one row per study or effect; - for standard "
            "input (CSV)."
        ),
    ],
    measure: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(_MEASURES),
            help="What to compute of raw data, or to turn effects into.",
            show_default="SMD of means, RR of events, else what the file gives",
        ),
    ] = None,
    effect: Annotated[str | None, _column("Column of effects.")] = None,
    se: Annotated[str | None, _column("Column of their standard errors.")] = None,
    variance: Annotated[str | None, _column("Column of their variances.")] = None,
    ci_low: Annotated[str | None, _column("Column of the low end of 95 % intervals.")] = None,
    ci_high: Annotated[str | None, _column("Column of the high end.")] = None,
    study: Annotated[str | None, _column("Column of studies.")] = None,
    cluster: Annotated[
        str | None, _column("Column of what effects belong to, where it is not the study.")
    ] = None,
    label: Annotated[str | None, _column("Column of names to show.")] = None,
    risk_of_bias: Annotated[str | None, _column("Column of judgements of risk of bias.")] = None,
    moderator: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Moderator of a meta-regression; may be given several times."
        ),
    ] = None,
    subgroup: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of subgroups.")
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Pool each outcome of this column on its own."),
    ] = None,
    method: Annotated[
        str,
        typer.Option(metavar="|".join(_METHODS), help="Estimator of the variance between studies."),
    ] = "REML",
    lower_is_better: Annotated[
        bool | None,
        typer.Option(
            "--lower-is-better/--higher-is-better",
            help="Which direction is the good one; changes words, never a number.",
            show_default="not told",
        ),
    ] = None,
    keep_double_zero: Annotated[
        bool,
        typer.Option(
            "--keep-double-zero",
            help="Keep studies without any event in both arms when pooling ratios.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page with forest and funnel plot (HTML)."),
    ] = None,
) -> None:
    """Pool the effects of several studies.

    Reads effects with standard errors, variances or intervals, or raw data of two arms. Pools by
    random effects (REML, Hartung-Knapp), by a three-level model where a study has several effects,
    and says what so many studies cannot carry. A file with a column of verdicts and no effects is
    shown as an evidence table.
    """
    measure = _choice(measure, _MEASURES, "--measure") if measure else None
    method = _choice(method, _METHODS, "--method")
    if out is not None:
        check_target(out, inputs=(file,), option="--out")

    from oarlock.trial.synthesis.columns import Options, has_effects
    from oarlock.trial.synthesis.results import outcomes_to_json, to_json, votes_to_json
    from oarlock.trial.synthesis.synthesise import Question, synthesise, synthesise_by_outcome
    from oarlock.trial.synthesis.table import read_table
    from oarlock.trial.synthesis.votes import read_votes

    table = read_table(file)
    options = Options(
        measure, effect, se, variance, ci_low, ci_high, study, cluster, label, risk_of_bias,
        keep_double_zero,
    )  # fmt: skip
    votes = None if has_effects(table, options) else read_votes(table)
    found: list[Synthesis] = []
    if votes is None:
        question = Question(method, subgroup, tuple(moderator or ()), lower_is_better)
        if outcome:
            found = synthesise_by_outcome(table, options, question, outcome)
        else:
            found = [synthesise(table, options, question)]
    if out is not None:
        from oarlock.report import synthesis as page

        text = page.render_votes(votes) if votes else page.render(found)
        write_text(text, out, inputs=(file,), option="--out")
    if as_json:
        if votes:
            content = votes_to_json(votes)
        elif outcome:
            content = outcomes_to_json(found, outcome)
        else:
            content = to_json(found[0])
        with standard_output_named():
            print(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
            sys.stdout.flush()
        return
    with standard_output_named():
        console = console_for_tables()
        if votes:
            _print_votes(console, votes)
        for one in found:
            _print(console, one)
        if out is not None:
            console.print(f"\nWrote {out}.", soft_wrap=True)


def _choice(value: str, allowed: Sequence[str], option: str) -> str:
    if value.upper() not in allowed:
        raise UserError(
            f"{option} {value}: there is no such choice.",
            remedy=f"Choose one of {', '.join(allowed)}.",
        )
    return value.upper()


def _print(console: Console, found: Synthesis) -> None:
    from oarlock.trial.synthesis import wording

    if found.outcome is not None:
        console.print(f"\n{found.outcome}\n{'=' * len(found.outcome)}")
    console.print(wording.headline(found), soft_wrap=True)
    console.print()
    _print_studies(console, found)
    console.print()
    _print_models(console, found)
    _print_subgroups(console, found)
    _print_regression(console, found)
    for paragraph in wording.meaning(found):
        console.print(f"\n{paragraph}", soft_wrap=True)
    cautions = wording.cautions(found)
    if cautions:
        console.print("\nRead this too:")
    for line in cautions:
        console.print(f"- {line}", soft_wrap=True)


def _grid(*columns: str) -> Grid:
    grid = Grid(box=None, pad_edge=False)
    grid.add_column(columns[0], overflow="fold", max_width=44)
    for column in columns[1:]:
        grid.add_column(column, justify="right", no_wrap=True)
    return grid


def _ends(test: Interval) -> str:
    from oarlock.trial.synthesis.wording import number

    return f"{number(test.low, 3)} to {number(test.high, 3)}"


def _print_studies(console: Console, found: Synthesis) -> None:
    from oarlock.trial.synthesis.pooling import interval
    from oarlock.trial.synthesis.wording import number

    studies = found.studies
    grid = _grid("study", "effect", "95 % interval", "weight")
    for label, y, v, weight in zip(
        studies.labels, studies.y, studies.v, found.pooled.weights, strict=True
    ):
        own = interval(float(y), float(v) ** 0.5)
        grid.add_row(label, number(own.estimate, 3), _ends(own), f"{100 * weight:.1f} %")
    console.print(grid)


def _print_models(console: Console, found: Synthesis) -> None:
    from oarlock.trial.synthesis.wording import number, p_value

    pooled = found.pooled
    grid = _grid("model", "estimate", "se", "95 % interval", "p")

    def row(name: str, test: Interval | None) -> None:
        if test is not None:
            grid.add_row(
                name, number(test.estimate, 4), number(test.se, 4), _ends(test), p_value(test.p)
            )

    if pooled.three_level:
        row("three-level, t", pooled.interval)
        row("three-level, robust (CR2)", pooled.robust)
    if pooled.two_level:
        prefix = "two-level, " if pooled.three_level else "random effects, "
        row(prefix + "Hartung-Knapp", pooled.two_level.hartung_knapp)
        row(prefix + "normal", pooled.two_level.wald)
    row("fixed effect", pooled.fixed)
    console.print(grid)
    for line in _spread(found):
        console.print(line, soft_wrap=True)


def _spread(found: Synthesis) -> list[str]:
    from oarlock.trial.synthesis.wording import number, p_value

    pooled = found.pooled
    lines = []
    if pooled.prediction:
        near = pooled.prediction
        lines.append(
            f"Prediction interval (t, {near.df} df): {number(near.low, 3)} to "
            f"{number(near.high, 3)}"
        )
    if pooled.three_level:
        levels = pooled.three_level
        lines.append(
            f"Variance between studies {number(levels.between, 4)} ({levels.i2_between:.1f} % of "
            f"all), within {number(levels.within, 4)} ({levels.i2_within:.1f} %)"
        )
    elif pooled.two_level:
        h = pooled.two_level.heterogeneity
        ends = ""
        if h.tau2_low is not None and h.tau2_high is not None:
            ends = f" (95 % interval {number(h.tau2_low, 4)} to {number(h.tau2_high, 4)})"
        lines.append(
            f"tau² {number(h.tau2 or 0.0, 4)}{ends}, I² {h.i2:.1f} % (from Q: {h.i2_q:.1f} %), "
            f"H² {number(h.h2 or 1.0)}"
        )
    if pooled.two_level:
        h = pooled.two_level.heterogeneity
        lines.append(f"Q = {h.q:.2f}, df = {h.q_df}, {p_value(h.q_p or 0.0)}")
    if found.egger:
        own = found.egger.intercept
        lines.append(
            f"Egger's test: t = {number(own.statistic)}, df = {own.df:.0f}, {p_value(own.p)}"
        )
    if found.filled:
        lines.append(
            "Trim and fill (L0): "
            f"{counted(found.filled.n_missing, 'study', 'studies')} missing on the "
            f"{found.filled.side}; with them {number(found.filled.pooled.estimate, 3)}"
        )
    return lines


def _print_subgroups(console: Console, found: Synthesis) -> None:
    from oarlock.trial.synthesis.wording import number, p_value

    if not found.subgroups:
        return
    grid = _grid("subgroup", "studies", "estimate", "95 % interval", "tau²")
    for one in found.subgroups:
        tau2 = "" if one.pooled.tau2 is None else number(one.pooled.tau2, 4)
        grid.add_row(
            one.name, str(one.k), number(one.pooled.estimate, 3), _ends(one.pooled.interval), tau2
        )
    console.print()
    console.print(grid)
    if found.between:
        test = found.between
        console.print(
            f"Between subgroups: Q = {test.q:.2f}, df = {test.df}, {p_value(test.p)}",
            soft_wrap=True,
        )


def _print_regression(console: Console, found: Synthesis) -> None:
    from oarlock.trial.synthesis.wording import number, p_value

    result = found.regression
    if result is None:
        return
    grid = _grid("moderator", "coefficient", "se", "95 % interval", "p")
    for one in result.coefficients:
        grid.add_row(
            one.name, number(one.test.estimate, 4), number(one.test.se, 4), _ends(one.test),
            p_value(one.test.p),
        )  # fmt: skip
    console.print()
    console.print(grid)
    explained = "not defined" if result.r2 is None else f"{result.r2:.1f} %"
    console.print(
        f"F = {result.f:.2f}, df = {result.df1} and {result.df2}, {p_value(result.p)}; "
        f"tau² left {number(result.tau2, 4)}, R² {explained}",
        soft_wrap=True,
    )


def _print_votes(console: Console, table: VoteTable) -> None:
    from oarlock.trial.synthesis.votes import WARNING

    roles = [
        role
        for role in ("study", "topic", "design", "control", "verdict")
        if any(getattr(vote, role) for vote in table.votes)
    ]
    grid = Grid(box=None, pad_edge=False)
    for role in roles:
        grid.add_column(role, overflow="fold")
    for vote in table.votes:
        grid.add_row(*(getattr(vote, role) for role in roles))
    console.print(grid)
    counts = ", ".join(f"{verdict} {n}" for verdict, n in table.verdicts.items())
    console.print(f"\n{len(table.votes)} studies: {counts}.", soft_wrap=True)
    console.print(f"{WARNING} So no effect is pooled.", soft_wrap=True)
