"""`oarlock train`: the weights, from the public data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from oarlock.cli.output import console_for_tables
from oarlock.cli.stopping import when_stopped
from oarlock.coder.training.files import check_files
from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="train")
def main(
    out: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER", help="Where to write; work in progress is kept there too."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the training data.",
            show_default="the environment variable OARLOCK_DATA",
        ),
    ] = None,
    release: Annotated[
        str, typer.Option(help="Name of these weights, stored with every code that they give.")
    ] = "own",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    jobs: Annotated[
        int,
        typer.Option(min=1, help="How many of the parts are fitted side by side, a thread each."),
    ] = 2,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="Use a few examples only, to try that everything works.")
    ] = False,
    check_labels: Annotated[
        bool,
        typer.Option(
            "--check-labels",
            help="Train nothing: print how well Oarlock's own labels agree with human ones.",
        ),
    ] = False,
) -> None:
    """Make the weights of the coder again from the training data.

    Needs the extra `train`. On two processor cores it takes some three hours; after an
    interruption the same command goes on where it stopped. FOLDER/weights then holds what
    `--weights` of other commands and `oarlock.coder.Coder.load(folder=...)` read.
    """
    folder = data or (Path(os.environ["OARLOCK_DATA"]) if "OARLOCK_DATA" in os.environ else None)
    if folder is None or not folder.is_dir():
        raise UserError(
            "The training data was not found.",
            remedy="Name with --data or OARLOCK_DATA a folder with mi/ and support/, laid out as "
            "docs/how-to/fetch-data.md says.",
        )
    if out is None and not check_labels:
        raise UserError("No folder to write is named.", remedy="Say: oarlock train FOLDER.")
    check_files(folder)
    if out is None or check_labels:
        _print_agreement(folder)
        return
    with when_stopped(lambda: _kept(out)):
        from oarlock.coder.training import package, train
        from oarlock.coder.training.recipe import N_FOLDS, Recipe, load

        run = train.Run(folder, out, Recipe.tiny() if tiny else Recipe(), seed)
        run.work.mkdir(parents=True, exist_ok=True)
        console = Console(stderr=True)
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[loss]}"),
            console=console,
        ) as progress:
            tasks: dict[str, TaskID] = {}

            def report(name: str, step: int, steps: int, loss: float) -> None:
                if name not in tasks:
                    tasks[name] = progress.add_task(name, total=steps, loss="")
                progress.update(tasks[name], completed=step, total=steps, loss=f"loss {loss:.3f}")

            examples = load(folder, run.recipe, seed=seed)
            train.first_stage(run, examples, report)
            train.second_stages(run, [None, *range(N_FOLDS)], n_jobs=jobs, report=report)
            weights = package.assemble(run, examples, release, report)
        console.print(f"The weights are in {weights}.")


def _kept(out: Path) -> str:
    """Return what Ctrl-C leaves of a run and how to go on; "" where nothing was begun."""
    work = out / "work"
    if not work.is_dir():
        return ""
    return (
        f"Stopped. The steps that are done are kept in {work}; run the same command again to carry "
        "on after them."
    )


def _print_agreement(data: Path) -> None:
    from oarlock.coder.training.agreement import agreement_figures

    table = Table(
        "task", "texts", "accuracy", "macro F1", "Cohen's kappa", "first or second choice",
        box=None, header_style="bold",
    )  # fmt: skip
    for task, one in agreement_figures(data).items():
        shown = [*one["scores"].values(), one["first_or_second_choice"]]
        cells = ["undefined" if value is None else f"{value:.3f}" for value in shown]
        table.add_row(task, str(one["n"]), *cells)
    console_for_tables().print(table)
