"""`oarlock evaluate FILE`: the coder against human labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from oarlock.cli.input import text_rows
from oarlock.cli.output import JsonCommand, console_for_tables, write_json
from oarlock.codebook.labels import TASK_LABELS
from oarlock.coder.quality.evaluation import Evaluation, evaluate
from oarlock.coder.quality.gold import GoldColumns, gold_set
from oarlock.corpus.reading import read_records
from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="evaluate", cls=JsonCommand)
def main(
    file: Annotated[
        str, typer.Argument(help="CSV, JSONL or Parquet with texts and human labels; - for stdin.")
    ],
    text_column: Annotated[str, typer.Option(help="Column of the texts.")] = "text",
    label_column: Annotated[str, typer.Option(help="Column of the human labels.")] = "label",
    context_column: Annotated[
        str | None,
        typer.Option(help="Column of what each text replies to.", show_default="context, if any"),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(TASK_LABELS)}; found from the labels where they allow."),
    ] = None,
    crosswalk: Annotated[
        str | None, typer.Option(help="Translate labels of another scheme, such as annomi.")
    ] = None,
    tier: Annotated[str, typer.Option(help="standard or fast.")] = "standard",
    group_column: Annotated[
        str | None,
        typer.Option(help="Column of threads, videos or authors; intervals resample them whole."),
    ] = None,
    min_words: Annotated[
        int, typer.Option(min=0, help="Leave out texts of fewer words than this.")
    ] = 0,
    leave_out_unknown: Annotated[
        bool, typer.Option("--leave-out-unknown", help="Leave out rows with an unknown label.")
    ] = False,
    weights: Annotated[
        Path | None, typer.Option(help="Folder of weights of your own training.")
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=0, max=100_000, help="Bootstrap resamples; 0 for no intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 20261123,
    json_target: Annotated[
        str | None,
        typer.Option(
            "--json", metavar="[PATH]", help="Write JSON to PATH, or to standard output without."
        ),
    ] = None,
) -> None:
    """Score the coder against human labels.

    Texts are taken whole. Prints accuracy, F1, Cohen's kappa and calibration with 95 % intervals.
    """
    from oarlock.coder import Coder

    translate: Callable[[str], str | None] | None = None
    crosswalk_task = None
    if crosswalk is not None:
        translate, crosswalk_task = _translator(crosswalk)
        if task is not None and task != crosswalk_task and crosswalk_task != "codes":
            raise UserError(
                f"The crosswalk {crosswalk!r} leads to the task {crosswalk_task!r}, not {task!r}.",
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
            translate=translate,
            crosswalk_task=crosswalk_task,
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
        _print(result, file)


def _translator(name: str) -> tuple[Callable[[str], str | None], str]:
    """Return the crosswalk as a function of a label, and the task that it leads to."""
    from oarlock.codebook.crosswalks import crosswalk

    scheme = crosswalk(name)

    def translate(label: str) -> str | None:
        try:
            return scheme.lookup(label)
        except UserError as error:
            raise KeyError from error

    return translate, scheme.task


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
    table = Table("measure", "value", "95 % interval", box=None, header_style="bold")
    for name, title in _NAMES.items():
        value = (result.scores | result.calibration)[name]
        pair = result.intervals.get(name)
        table.add_row(
            title,
            "undefined" if value is None else f"{value:.3f}",
            f"{pair[0]:.3f} to {pair[1]:.3f}" if pair else "",
        )
    console.print(table)
    if result.soft is not None:
        r, n_units = result.soft["pearson"], result.soft["n_units"]
        shown = "undefined" if r is None else f"r = {r:.3f}"
        console.print(f"P(complex) against the share of human labels: {shown} ({n_units} texts)")
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
    for note in result.notes:
        console.print(f"note: {note}")
