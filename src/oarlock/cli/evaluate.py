"""`oarlock evaluate FILE`: the coder against human labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Table

from oarlock.cli.input import text_rows
from oarlock.cli.options import (
    DEFAULT_RESAMPLES,
    DEFAULT_SEED,
    JsonTarget,
    Resamples,
    Seed,
    Tier,
    WeightsFolder,
    cautions,
)
from oarlock.cli.output import console_for_tables, standard_output_named, write_json
from oarlock.codebook.crosswalks import Crosswalk
from oarlock.codebook.crosswalks import crosswalk as find_crosswalk
from oarlock.codebook.labels import TASK_LABELS
from oarlock.coder.quality.evaluation import Evaluation, evaluate
from oarlock.coder.quality.gold import GoldColumns, gold_set
from oarlock.corpus.reading import read_records
from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="evaluate")
def main(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV, TSV, JSONL or Parquet: one row per text, with the label that a person gave; "
            "- for standard input (CSV)."
        ),
    ],
    text_column: Annotated[str, typer.Option(help="Column of the texts.")] = "text",
    label_column: Annotated[str, typer.Option(help="Column of the human labels.")] = "label",
    context_column: Annotated[
        str | None,
        typer.Option(help="Column of what each text answers.", show_default="context, if any"),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help=f"What the labels are of: {', '.join(TASK_LABELS)}.",
            show_default="found from the labels",
        ),
    ] = None,
    crosswalk: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Translate labels of another scheme, such as annomi.",
            show_default=False,
        ),
    ] = None,
    tier: Tier = "standard",
    group_column: Annotated[
        str | None,
        typer.Option(
            help="Column that says which texts belong together (thread, author): the intervals "
            "then draw whole groups.",
            show_default="every row by itself",
        ),
    ] = None,
    min_words: Annotated[
        int, typer.Option(min=0, help="Leave out texts of fewer words than this.")
    ] = 0,
    leave_out_unknown: Annotated[
        bool, typer.Option("--leave-out-unknown", help="Leave out rows with an unknown label.")
    ] = False,
    weights: WeightsFolder = None,
    resamples: Resamples = DEFAULT_RESAMPLES,
    seed: Seed = DEFAULT_SEED,
    json_target: JsonTarget = None,
) -> None:
    """Measure how well the coder agrees with labels that people gave.

    Each text is taken whole, not cut into sentences. Prints accuracy, F1, Cohen's kappa and
    calibration (whether a probability of 0.8 is right 8 times in 10), with 95 % intervals.
    """
    from oarlock.coder import Coder

    scheme = find_crosswalk(crosswalk) if crosswalk is not None else None
    if scheme is not None and task not in (None, scheme.task) and scheme.task != "codes":
        raise UserError(
            f"The crosswalk {scheme.name!r} leads to the task {scheme.task!r}, not {task!r}.",
            remedy="Leave --task away.",
        )
    named = {
        "--text-column": text_column,
        "--label-column": label_column,
        "--context-column": context_column,
        "--group-column": group_column,
    }
    with read_records(file) as records:
        if context_column is None:
            named["--context-column"] = records.find("context")
        found = records.require(named)
        gold = gold_set(
            text_rows(records, found.values()),
            source=records.name,
            columns=GoldColumns(
                text=found["--text-column"] or text_column,
                label=found["--label-column"] or label_column,
                context=found["--context-column"],
                group=found["--group-column"],
            ),
            task=task,
            translate=_translate(scheme) if scheme is not None else None,
            crosswalk_task=scheme.task if scheme is not None else None,
            crosswalk_labels=tuple(scheme.mapping) if scheme is not None else (),
            min_words=min_words,
            leave_out_unknown=leave_out_unknown,
        )
    result = evaluate(
        Coder.load(tier=tier, folder=weights),
        gold,
        tier=tier,
        n_resamples=resamples,
        seed=seed,
        group_name=group_column,
    )
    if json_target is not None:
        write_json(result.to_dict(), json_target, inputs=(file,))
    if json_target != "-":
        with standard_output_named():
            _print(result, file)


def _translate(scheme: Crosswalk) -> Callable[[str], str | None]:
    def translate(label: str) -> str | None:
        try:
            return scheme.lookup(label)
        except UserError as error:
            raise KeyError from error

    return translate


_NAMES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1, labels with support",
    "macro_f1_all": "Macro F1, all labels",
    "kappa": "Cohen's kappa",
    "accuracy_surest_70": "Accuracy, surest 70 %",
    "ece": "Calibration error, equal width",
    "ece_equal_mass": "Calibration error, equal mass",
    "brier": "Brier score (0 to 2)",
    "nll": "Negative log-likelihood",
}


def _print(result: Evaluation, file: str) -> None:
    console = console_for_tables()
    console.print(f"{result.task}: {result.n} texts of {file}, model {result.model_version}")
    for reason, count in result.left_out.items():
        console.print(f"left out: {count} ({reason})")
    table = Table("measure", "value", box=None, header_style="bold")
    if result.n_resamples:
        table.add_column("95 % interval")
    for name, title in _NAMES.items():
        value = (result.scores | result.calibration)[name]
        pair = result.intervals.get(name)
        cells = [title, "undefined" if value is None else f"{value:.3f}"]
        if result.n_resamples:
            cells.append(f"{pair[0]:.3f} to {pair[1]:.3f}" if pair else "")
        table.add_row(*cells)
    console.print(table)
    if result.soft is not None:
        r, n_units = result.soft["pearson"], result.soft["n_units"]
        shown = "undefined" if r is None else f"r = {r:.3f}"
        console.print(f"P(complex) against the share of human labels: {shown} ({n_units} texts)")
    if result.n_resamples:
        console.print(
            f"intervals: {result.n_resamples} bootstrap resamples by {result.resampled_by}"
            f" ({result.n_groups}), seed {result.seed}"
        )
    per_class = Table(
        "label", "precision", "recall", "F1", "support", "predicted", box=None, header_style="bold"
    )
    for label, one in result.per_class.items():
        shown_values = [
            "" if x is None else f"{x:.3f}" for x in (one.precision, one.recall, one.f1)
        ]
        per_class.add_row(label, *shown_values, str(one.support), str(one.n_predicted))
    console.print(per_class)
    shown_ones = [pair for name in _NAMES if (pair := result.intervals.get(name))]
    for note in (*result.notes, *cautions(result.n, "texts", shown_ones)):
        console.print(f"note: {note}")
