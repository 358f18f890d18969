"""`oarlock agree FILE`: how well human coders agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from oarlock.cli.input import text_rows
from oarlock.cli.options import (
    DEFAULT_RESAMPLES,
    DEFAULT_SEED,
    JsonTarget,
    Resamples,
    Seed,
    cautions,
)
from oarlock.cli.output import console_for_tables, standard_output_named, write_json
from oarlock.coder.quality.agreement import (
    COEFFICIENTS,
    Agreement,
    AgreementReport,
    Coefficient,
    agreement,
    session_tallies,
)
from oarlock.coder.quality.icc import MEANING, Icc, icc
from oarlock.coder.quality.ratings import (
    RatingColumns,
    Ratings,
    find_columns,
    label_table,
    read_ratings,
    score_table,
)
from oarlock.corpus.reading import read_records
from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="agree")
def main(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV, TSV, JSONL or Parquet: one row per unit (a sentence, say) and rater, or one "
            "row per unit and one column per rater; - for standard input (CSV)."
        ),
    ],
    unit_column: Annotated[str, typer.Option(help="Column of units: what was labelled.")] = "unit",
    rater_column: Annotated[str, typer.Option(help="Column of raters: who labelled.")] = "rater",
    label_column: Annotated[str, typer.Option(help="Column of labels or scores.")] = "label",
    raters: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="One column per rater: their names.",
            show_default="columns that begin with rater, coder or annotator",
        ),
    ] = None,
    thread_column: Annotated[
        str | None,
        typer.Option(
            help="Column of threads: the intervals draw whole threads.",
            show_default="thread or thread_id, if any",
        ),
    ] = None,
    session_column: Annotated[
        str | None,
        typer.Option(
            help="Column of sessions: adds agreement on how often each label was given in one.",
            show_default="session or session_id, if any",
        ),
    ] = None,
    scores: Annotated[
        bool,
        typer.Option(
            "--scores",
            help="The values are numbers, not labels: print the intraclass correlation (ICC) only.",
        ),
    ] = False,
    any_labels: Annotated[
        bool,
        typer.Option(
            "--any-labels",
            help="Take every label as it is written, also one that looks like a typing error.",
        ),
    ] = False,
    resamples: Resamples = DEFAULT_RESAMPLES,
    seed: Seed = DEFAULT_SEED,
    json_target: JsonTarget = None,
) -> None:
    """Measure how well people who labelled the same texts agree.

    Prints percent agreement, the kappas of Cohen and Fleiss, Krippendorff's alpha and Gwet's AC1,
    overall and per label, with 95 % intervals.
    """
    with read_records(file) as records:
        wanted = RatingColumns(
            unit=unit_column,
            rater=rater_column,
            value=label_column,
            thread=thread_column or records.find("thread", "thread_id"),
            session=session_column or records.find("session", "session_id"),
            raters=tuple(name.strip() for name in raters.split(",")) if raters else (),
        )
        columns = find_columns(records.columns, wanted, records.name)
        cells = (
            (columns.unit, *columns.raters)
            if columns.raters
            else (columns.unit, columns.rater, columns.value)
        )
        rows = text_rows(records, [*cells, columns.thread, columns.session])
        ratings = read_ratings(rows, columns, records.name)
    if scores:
        forms, n_sessions = icc(score_table(ratings))
        content: dict[str, Any] = {
            "file": file,
            "raters": ratings.raters,
            "n_sessions": len(ratings.units),
            "n_scored_by_all": n_sessions,
            "left_out": dict(ratings.left_out),
            "icc": {one.form: _icc_json(one) for one in forms},
        }
        if json_target is not None:
            write_json(content, json_target, inputs=(file,))
        if json_target != "-":
            with standard_output_named():
                _print_scores(forms, n_sessions, ratings)
        return
    table, labels, task = label_table(ratings, any_labels=any_labels)
    clusters, resampled_by = _clusters(ratings)
    report = agreement(
        table,
        labels,
        ratings.raters,
        clusters=clusters,
        resampled_by=resampled_by,
        n_resamples=resamples,
        seed=seed,
    )
    sessions: dict[str, tuple[Icc, ...]] = {}
    n_sessions = 0
    if ratings.columns.session:
        for label, tally in session_tallies(table, labels, ratings.sessions).items():
            sessions[label], n_sessions = icc(tally)
    if json_target is not None:
        content = _json(report, ratings, file, task) | {
            "session_icc": {
                label: {one.form: _icc_json(one) for one in forms}
                for label, forms in sessions.items()
            },
            "n_sessions": n_sessions,
        }
        write_json(content, json_target, inputs=(file,))
    if json_target != "-":
        with standard_output_named():
            _print(report, ratings, file)
            if sessions:
                _print_sessions(sessions, n_sessions)


def _clusters(ratings: Ratings) -> tuple[list[str] | None, str]:
    """Return the thread, else the session, of each unit, and which of the two it is."""
    for column, values in (
        (ratings.columns.thread, ratings.threads),
        (ratings.columns.session, ratings.sessions),
    ):
        if column is not None:
            if not any(values):
                raise UserError(
                    f"{ratings.source}: the column {column!r} is empty.",
                    remedy="Fill it, or leave the option away.",
                )
            return values, column
    return None, "unit"


def _icc_json(one: Icc) -> dict[str, Any]:
    return {key: value for key, value in asdict(one).items() if key != "form"}


def _agreement_json(one: Agreement) -> dict[str, Any]:
    return {
        "n_ratings": one.n_ratings,
        "positive_agreement": one.positive_agreement,
        **{name: asdict(coefficient) for name, coefficient in one.coefficients.items()},
        "pairs": [
            {"raters": list(names), **asdict(coefficient)}
            for names, coefficient in one.pairs.items()
        ],
    }


def _json(report: AgreementReport, ratings: Ratings, file: str, task: str | None) -> dict[str, Any]:
    return {
        "file": file,
        "task": task,
        "raters": list(report.raters),
        "labels": list(report.labels),
        "n_units": report.n_units,
        "n_units_shared": report.n_shared,
        "left_out": dict(ratings.left_out),
        "intervals": {
            "level": 0.95,
            "method": "percentile bootstrap",
            "resampled_by": report.resampled_by,
            "n_clusters": report.n_clusters,
            "n_resamples": report.n_resamples,
            "seed": report.seed,
        },
        "overall": _agreement_json(report.overall),
        "per_label": {one.label: _agreement_json(one) for one in report.per_label},
    }


_TITLES = {
    "percent_agreement": "agreement",
    "cohen": "Cohen",
    "fleiss": "Fleiss",
    "krippendorff": "Krippendorff",
    "gwet_ac1": "Gwet AC1",
}


def _show(coefficient: Coefficient) -> str:
    if coefficient.value is None:
        return "undefined"
    if coefficient.low is None or coefficient.high is None:
        return f"{coefficient.value:.3f}"
    return f"{coefficient.value:.3f} [{coefficient.low:.2f}, {coefficient.high:.2f}]"


def _print(report: AgreementReport, ratings: Ratings, file: str) -> None:
    console = console_for_tables()
    console.print(
        f"{file}: {report.n_shared} of {report.n_units} units labelled by two or more of "
        f"{len(report.raters)} raters, {len(report.labels)} labels"
    )
    for reason, count in ratings.left_out.items():
        console.print(f"left out: {count} ({reason})")
    shown = "value [95 % interval]" if report.n_resamples else "value"
    overall = Table("all labels", shown, box=None, header_style="bold")
    for name in COEFFICIENTS:
        overall.add_row(_TITLES[name], _show(report.overall.coefficients[name]))
    if len(report.overall.pairs) > 1:
        for (first, second), coefficient in report.overall.pairs.items():
            overall.add_row(f"  Cohen, {first} and {second}", _show(coefficient))
    console.print(overall)
    per_label = Table("label against the rest", "ratings", box=None, header_style="bold")
    for name in COEFFICIENTS:
        per_label.add_column(_TITLES[name])
    for one in report.per_label:
        cells = [_show(one.coefficients[name]) for name in COEFFICIENTS]
        per_label.add_row(one.label, str(one.n_ratings), *cells)
    console.print(per_label)
    reasons = Counter(
        coefficient.reason
        for one in (report.overall, *report.per_label)
        for coefficient in one.coefficients.values()
        if coefficient.reason
    )
    for why in reasons:
        console.print(f"undefined: {why}")
    if report.n_clusters < 2:
        console.print(f"no intervals: all shared units are in one {report.resampled_by}")
    elif not report.n_resamples:
        console.print("note: No bootstrap intervals are given: no resamples were asked for.")
    else:
        console.print(
            f"intervals: {report.n_resamples} bootstrap resamples by {report.resampled_by} "
            f"({report.n_clusters}), seed {report.seed}"
        )
    shown_ones = [
        *(c for one in (report.overall, *report.per_label) for c in one.coefficients.values()),
        *report.overall.pairs.values(),
    ]
    for note in cautions(report.n_shared, "units", _intervals(shown_ones)):
        console.print(f"note: {note}")


def _intervals(shown: Iterable[Coefficient | Icc]) -> list[tuple[float, float]]:
    return [(c.low, c.high) for c in shown if c.low is not None and c.high is not None]


def _print_sessions(sessions: dict[str, tuple[Icc, ...]], n_sessions: int) -> None:
    console = console_for_tables()
    table = Table(f"count per session ({n_sessions})", box=None, header_style="bold")
    for form in MEANING:
        table.add_column(form)
    for label, forms in sessions.items():
        table.add_row(label, *(_show_icc(one) for one in forms))
    console.print(table)


def _show_icc(one: Icc) -> str:
    return _show(Coefficient(one.value, one.low, one.high))


def _print_scores(forms: tuple[Icc, ...], n_sessions: int, ratings: Ratings) -> None:
    console = console_for_tables()
    console.print(
        f"{ratings.source}: {n_sessions} of {len(ratings.units)} sessions scored by all "
        f"{len(ratings.raters)} raters"
    )
    table = Table("form", "value [95 % interval]", "of", box=None, header_style="bold")
    for one in forms:
        table.add_row(one.form, _show_icc(one), MEANING[one.form])
    console.print(table)
    for why in dict.fromkeys(one.reason for one in forms if one.reason):
        console.print(f"undefined: {why}")
    for note in cautions(n_sessions, "sessions", _intervals(forms)):
        console.print(f"note: {note}")
