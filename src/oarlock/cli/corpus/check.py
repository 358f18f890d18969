"""`oarlock corpus check`: what is wrong with a corpus."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from oarlock.cli.options import JsonTarget, Quiet
from oarlock.cli.output import console_for_tables, standard_output_named, write_json

Memory = Annotated[str, typer.Option(metavar="SIZE", help="Memory to use; the rest goes to disk.")]


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of a corpus.")],
    memory: Memory = "4GB",
    json_target: JsonTarget = None,
    quiet: Quiet = False,
) -> None:
    """Say what is wrong with a corpus: counts, and examples by id only.

    Errors break keys or types, and no study runs on them (exit code 2). Warnings are counted and
    left out by a study. Notes say which parts of a study fall away.
    """
    from oarlock.corpus.checks import check_folder

    with steps("Checking", quiet=quiet) as progress:
        report = check_folder(folder, memory=memory, progress=progress)
    if json_target is not None:
        write_json({"folder": str(folder), **report.as_json()}, json_target)
    if json_target != "-":
        with standard_output_named():
            show(report)
    if report.at("error"):
        raise typer.Exit(2)


def show(report: Any) -> None:
    """Print a report as tables."""
    console = console_for_tables()
    console.print(", ".join(f"{table} {n:,}" for table, n in report.n_rows.items()))
    loud = [*report.at("error"), *report.at("warning")]
    if loud:
        table = Table(
            "", "where", "what", "rows", "share", "such as", box=None, header_style="bold"
        )
        for one in loud:
            table.add_row(
                one.level,
                one.where,
                one.about,
                f"{one.n:,}" if one.n else "",
                f"{one.n / one.of:.2%}" if one.n and one.of else "",
                ", ".join(one.examples),
            )
        console.print(table)
        for about, remedy in {one.about: one.remedy for one in loud if one.remedy}.items():
            console.print(f"{about}: {remedy}")
    n_errors, n_warnings = len(report.at("error")), len(report.at("warning"))
    console.print(f"errors: {n_errors}, warnings: {n_warnings}")
    show_notes([one.about for one in report.at("note")])


def show_notes(falls_away: list[str]) -> None:
    """Print what a study of a corpus cannot answer."""
    if falls_away:
        console = console_for_tables()
        console.print("A study of it goes without:")
        for about in falls_away:
            console.print(f"  - {about}")


@contextmanager
def steps(title: str, *, quiet: bool) -> Iterator[Any]:
    """Yield a function that shows how many steps of how many are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(file=sys.stderr)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        console=console, disable=quiet or not console.is_terminal, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
