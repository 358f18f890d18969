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

from oarlock.cli.output import write_text

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
    from oarlock.report.profile import profile
    from oarlock.report.reliability import load_reliability
    from oarlock.report.sources import code_replies

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
    reliability, caption = load_reliability(coded.model_version)
    page = render(
        profile(coded),
        title=shown.title,
        note=shown.note,
        reliability=reliability,
        reliability_caption=caption,
        with_text=shown.is_fiction,
    )
    folder.mkdir(parents=True, exist_ok=True)
    table, report = folder / f"{shown.name}-coded.csv", folder / f"{shown.name}-report.html"
    write_text(written.getvalue().decode("utf-8"), table, inputs=(), option="--folder")
    write_text(page, report, inputs=(), option="--folder")
    print(f"coded {coded.n_replies} replies, {len(coded.reply)} sentences: {table}")
    print(f"report: {report.resolve()}")
    if not no_open and _has_display():
        webbrowser.open(report.resolve().as_uri())


def _has_display() -> bool:
    if os.environ.get("CI"):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
