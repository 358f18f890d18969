"""`oarlock demo`: a living community of made-up people, or the report of a small corpus."""

from __future__ import annotations

import io
import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from oarlock.cli.output import check_target, write_files
from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="demo")
def main(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("demo-output"),
    port: Annotated[int, typer.Option(help="Port of the community.", min=1, max=65535)] = 8000,
    tier: Annotated[str, typer.Option(help="standard or fast; of the report alone.")] = "standard",
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Code a small corpus and write its report.")
    ] = False,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Open a living community of made-up people, and the report of its threads.

    With --report-only, or with OARLOCK_DATA set to the folder of the public data, it codes a corpus
    (the small one that ships, or CounselChat), writes its report and ends.

    Example: oarlock demo
    """
    _check(folder)
    if report_only or os.environ.get("OARLOCK_DATA"):
        _report(folder, tier, opens=not no_open)
    else:
        _community(folder, port, opens=not no_open)


def _community(folder: Path, port: int, *, opens: bool) -> None:
    from oarlock.community.demo.run import configure, fill, write_report

    _make(folder)
    configure(folder.absolute() / "community", port=port)
    from oarlock.community.ops.prepare import prepare, setup

    setup()
    from oarlock.community.ops import running

    running.hold()
    prepare()
    with _bar() as bar:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, n: int) -> None:
            task = tasks.setdefault(what, bar.add_task(what, total=n))
            bar.update(task, completed=done, total=n)

        there = fill(report)
        write_report(report)
    print(", ".join(f"{n:,} {what}" for what, n in there.items()) + ", all made up")
    from oarlock.cli.serve import run

    address = f"http://localhost:{port}/demo/"
    run(port=port, host="127.0.0.1", worker=True, address=address, opens=opens and _has_display())


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )


def _report(folder: Path, tier: str, *, opens: bool) -> None:
    from oarlock.coder import Coder
    from oarlock.coder.files.rows import COLUMN_TYPES
    from oarlock.corpus.writing import StreamWriter
    from oarlock.report.demo import counselchat, made_up_forum
    from oarlock.report.page import render
    from oarlock.report.profile import profile, require_enough
    from oarlock.report.reliability import load_reliability
    from oarlock.report.sources import code_replies

    data = os.environ.get("OARLOCK_DATA")
    shown = counselchat(Path(data)) if data else made_up_forum()
    coder = Coder.load(tier=tier)
    kept = dict.fromkeys(shown.replies[0].kept, str)
    written = io.BytesIO()
    writer = StreamWriter("csv", {**COLUMN_TYPES, **kept}, written)  # no text, as by default
    with _bar() as bar:
        task = bar.add_task("coding", total=len(shown.replies))
        coded = code_replies(
            coder,
            shown.replies,
            shown.title,
            with_text=shown.is_fiction,
            progress=lambda n_done: bar.update(task, completed=n_done),
            write=writer.write,
        )
    require_enough(coded, shown.title)
    page = render(
        profile(coded),
        title=shown.title,
        note=shown.note,
        reliability=load_reliability(coded.model_version),
        with_text=shown.is_fiction,
    )
    table, report = folder / f"{shown.name}-coded.csv", folder / f"{shown.name}-report.html"
    _make(folder)
    for path in (table, report):
        check_target(path, inputs=(), option="--folder")
    write_files({table: written.getvalue().decode("utf-8"), report: page})
    print(f"coded {coded.n_replies} replies, {len(coded.reply)} sentences: {table}")
    print(f"report: {report.resolve()}")
    if opens and _has_display():
        webbrowser.open(report.resolve().as_uri())


def _check(folder: Path) -> None:
    """Refuse a folder that cannot be made, before any work is done."""
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not above.is_dir():
        raise UserError(f"--folder: {above} is not a folder.", remedy="Name another folder.")
    if not os.access(above, os.W_OK):
        raise UserError(
            f"--folder: {folder} cannot be written.",
            remedy="Check the permissions, or name another folder.",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"--folder: {folder} cannot be made: {error.strerror}.",
            remedy="Free some space, check the permissions, or name another folder.",
        ) from None


def _has_display() -> bool:
    if os.environ.get("CI"):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
