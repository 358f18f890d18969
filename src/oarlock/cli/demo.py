"""`oarlock demo`: code a small corpus and write its report."""

from __future__ import annotations

import io
import os
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from oarlock.cli.output import check_target, write_files
from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="demo")
def main(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("demo-output"),
    tier: Annotated[str, typer.Option(help="standard or fast.")] = "standard",
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open the report in a browser.")
    ] = False,
) -> None:
    """Code the small corpus that ships with Oarlock and write its report.

    With OARLOCK_DATA set to the folder of the public data it does the same for CounselChat.
    """
    from oarlock.coder import Coder
    from oarlock.coder.files.rows import COLUMN_TYPES
    from oarlock.corpus.writing import StreamWriter
    from oarlock.report.demo import counselchat, made_up_forum
    from oarlock.report.page import render
    from oarlock.report.profile import profile, require_enough
    from oarlock.report.reliability import load_reliability
    from oarlock.report.sources import code_replies

    _check(folder)
    data = os.environ.get("OARLOCK_DATA")
    shown = counselchat(Path(data)) if data else made_up_forum()
    coder = Coder.load(tier=tier)
    kept = dict.fromkeys(shown.replies[0].kept, str)
    written = io.BytesIO()
    writer = StreamWriter("csv", {**COLUMN_TYPES, **kept}, written)  # no text, as by default
    with Progress(
        TextColumn("coding"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    ) as bar:
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
    if not no_open and _has_display():
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
