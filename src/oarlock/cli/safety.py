"""`oarlock safety`: the models, the policy and the helplines of screening."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from oarlock.cli.output import check_target, console_for_tables, write_files, write_text
from oarlock.errors import UserError

app = typer.Typer()

_Data = Annotated[
    Path | None,
    typer.Option(help="Folder of the data; by default the variable OARLOCK_DATA."),
]
_Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]
_Jobs = Annotated[int, typer.Option(min=1, help="Processes that read the texts.")]


def _folder(data: Path | None) -> Path:
    folder = data or (Path(os.environ["OARLOCK_DATA"]) if "OARLOCK_DATA" in os.environ else None)
    if folder is None or not (folder / "safety").is_dir():
        raise UserError(
            "The data were not found.",
            remedy="Name with --data or OARLOCK_DATA a folder with safety/ and support/, laid out "
            "as docs/how-to/train-the-screening.md says.",
        )
    return folder


def _assembled(data: Path | None, release: str, seed: int, jobs: int) -> Any:
    from oarlock.safety.training import run

    folder = _folder(data)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        console=Console(stderr=True),
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def report(name: str, step: int, steps: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=steps)
            progress.update(tasks[name], completed=step, total=steps)

        texts, matrix = run.read(folder, seed=seed, jobs=jobs, report=report)
        return run.assemble(texts, matrix, release=release, seed=seed, report=report)


@app.command()
def train(
    out: Annotated[Path, typer.Argument(help="Folder to write the models to.")],
    data: _Data = None,
    release: Annotated[str, typer.Option(help="Name of this release of the models.")] = "own",
    seed: _Seed = 0,
    jobs: _Jobs = 2,
    card: Annotated[
        Path | None, typer.Option(help="File to write the model card to, besides.")
    ] = None,
) -> None:
    """Fit, cross-validate, calibrate and pack the models of screening.

    Needs the extra `research`. OUT then holds what
    `oarlock.safety.Screener.load(folder=...)` reads.
    """
    from oarlock.safety.model import MANIFEST
    from oarlock.safety.training import run
    from oarlock.safety.training.card import model_card

    arrays, manifest, figures = _assembled(data, release, seed, jobs)
    run.write(out, arrays, manifest, figures)
    if card is not None:
        whole = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        write_text(model_card(whole, figures), card, inputs=(), option="--card")
    typer.echo(f"The models are in {out}.")


@app.command()
def evaluate(data: _Data = None, seed: _Seed = 0, jobs: _Jobs = 2) -> None:
    """Measure the screening again by cross-validation, and compare with the shipped figures."""
    from oarlock.safety.model import weights_folder
    from oarlock.safety.training.run import METRICS

    shipped = json.loads((weights_folder() / METRICS).read_text(encoding="utf-8"))
    _, _, figures = _assembled(data, "check", seed, jobs)
    console = console_for_tables()
    for mix, title in (("mix", "Recall on the mix"), ("support_mix", "Among texts of support")):
        table = Table("share read", "rated", "recall", "shipped", title=title)
        for load, row in figures[mix]["loads"].items():
            for name, value in row.items():
                old = shipped[mix]["loads"][load][name]
                table.add_row(load, name, f"{value[0]:.3f}", f"{old[0]:.3f}")
        console.print(table)
    alone = Table("AUC", "now", "shipped", title="C-SSRS posts alone")
    for name, value in figures["cssrs"].items():
        if isinstance(value, list):
            alone.add_row(name, f"{value[0]:.3f}", f"{shipped['cssrs'][name][0]:.3f}")
    console.print(alone)
    grades = Table("set", "grade", "share", "shipped", title="Grades that patterns alone give")
    for name, row in figures["patterns"].items():
        for grade, share in row.items():
            if grade != "n":
                grades.add_row(
                    name, grade, f"{share:.3f}", f"{shipped['patterns'][name][grade]:.3f}"
                )
    console.print(grades)
    harm = Table("model", "figure", "now", "shipped", title="Harm")
    for name, row in figures["harm"].items():
        for figure, value in row.items():
            now, old = (v[0] if isinstance(v, list) else v
                        for v in (value, shipped["harm"][name][figure]))  # fmt: skip
            harm.add_row(name, figure.replace("_", " "), f"{now:g}", f"{old:g}")
    console.print(harm)


@app.command()
def policy(
    out: Annotated[
        Path | None, typer.Option(help="File to write; by default standard output.")
    ] = None,
) -> None:
    """Print the response policy as a page."""
    from oarlock.safety.policy import as_markdown

    if out is None:
        typer.echo(as_markdown(), nl=False)
    else:
        write_text(as_markdown(), out, inputs=(), option="--out")


@app.command()
def helplines(
    file: Annotated[
        Path | None,
        typer.Option(
            help="An operator's own helplines, in place of those shipped.",
            envvar="OARLOCK_HELPLINES",
        ),
    ] = None,
    copy: Annotated[
        Path | None, typer.Option(help="Write those shipped to this file, to fill in and keep.")
    ] = None,
) -> None:
    """List the helplines that a person has to verify before going live."""
    from oarlock.safety.helplines import helplines as load
    from oarlock.safety.helplines import shipped

    if copy is not None:
        check_target(copy, inputs=(), option="--copy", may_overwrite=False)
        write_files({copy: shipped().read_text("utf-8")})
        typer.echo(f"{copy}: write the date of each check into verified_on.", err=True)
        return
    today = dt.datetime.now(tz=dt.UTC).date()
    book = load(file)
    due = book.due(today)
    table = Table("country", "helpline", title="To verify: ring, write or read their own page")
    for code, name in due:
        table.add_row(code or "anywhere", name)
    if due:
        console_for_tables().print(table)
    n_lines = sum(len(c.lines) for c in (*book.countries.values(), book.fallback))
    typer.echo(f"{len(due)} of {n_lines} helplines have to be verified by a person.")
