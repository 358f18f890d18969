"""`oarlock code IN OUT`: the MI behaviours of a file, one row per sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from oarlock.cli.options import Quiet, Tier
from oarlock.cli.output import STANDARD_OUTPUT, standard_output_named
from oarlock.cli.stopping import when_stopped
from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="code")
def main(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="Replies, one per row: CSV, TSV, JSONL or Parquet; - for standard input (CSV).",
        ),
    ],
    out: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="Where to write one row per sentence: CSV, TSV, JSONL or Parquet; "
            "- for standard output (CSV).",
        ),
    ],
    text_column: Annotated[
        str | None,
        typer.Option(
            help="Column of the replies.", show_default="text, reply, body, comment or message"
        ),
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(
            help="Column of identifiers.", show_default="id, reply_id or comment_id, else the row"
        ),
    ] = None,
    context_column: Annotated[
        str | None,
        typer.Option(help="Column of what each reply answers.", show_default="context, if any"),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Copy this column to OUT; may be given more than once. thread_id, post_id, "
            "supporter_id, group, time and created_at are copied in any case.",
            show_default=False,
        ),
    ] = None,
    tier: Tier = "standard",
    engine: Annotated[
        str,
        typer.Option(
            metavar="local|spark", help="Where to code: on this machine, or on a Spark cluster."
        ),
    ] = "local",
    format: Annotated[  # noqa: A002
        str | None,
        typer.Option(
            metavar="csv|tsv|jsonl|parquet", help="Format of IN.", show_default="by its name"
        ),
    ] = None,
    out_format: Annotated[
        str | None,
        typer.Option(
            metavar="csv|tsv|jsonl|parquet", help="Format of OUT.", show_default="by its name"
        ),
    ] = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Write the text of each sentence too.")
    ] = False,
    skip_empty: Annotated[
        bool,
        typer.Option("--skip-empty", help="Pass over rows without text instead of stopping there."),
    ] = False,
    batch_size: Annotated[
        int, typer.Option(min=1, max=65_536, help="Replies coded and saved at a time.")
    ] = 256,
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--restart",
            help="Carry on an interrupted run, or begin again.",
            show_default="carry on if there is one",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace OUT where it is there already.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Give every sentence of a file its code: open question, reflection, advice and so on.

    The output appears whole or not at all. After an interruption, run the same command again: it
    carries on where it stopped.
    """
    from oarlock.coder import Coder
    from oarlock.coder.files.batch import code_file
    from oarlock.coder.files.finished import is_done
    from oarlock.coder.files.replies import Options, describe, find_columns
    from oarlock.corpus.reading import counted

    options = Options(
        text_column=text_column,
        id_column=id_column,
        context_column=context_column,
        keep=tuple(keep or ()),
        with_text=with_text,
        skip_empty=skip_empty,
        format=format,
        out_format=out_format,
        batch_size=batch_size,
    )
    if engine not in ("local", "spark"):
        raise UserError(f"There is no engine {engine!r}.", remedy="Choose one of: local, spark.")
    columns = find_columns(source, options) if source != "-" else None
    if columns is not None and not quiet:
        for part, column in describe(columns, options).items():
            print(f"The column of the {part} is {column!r}.", file=sys.stderr)
    done = _Done()
    with when_stopped(lambda: _kept(source, out, done, again=resume is False)), _faults_of(out):
        if engine == "spark":
            from oarlock.coder.files.spark import code_file_on_spark

            if not overwrite:
                is_done(Path(out), {})
            Coder.load(tier=tier)  # a wrong tier or damaged weights are told before Spark starts
            outcome = code_file_on_spark(
                source,
                out,
                options,
                make_coder=partial(Coder.load, tier),
                resume=resume,
                columns=columns,
            )
        else:
            coder = Coder.load(tier=tier)
            with _progress(quiet) as show:
                done.show = show
                outcome = code_file(
                    source,
                    out,
                    options,
                    coder,
                    resume=resume,
                    progress=done,
                    columns=columns,
                    overwrite=overwrite,
                )
    if outcome.was_done:
        if not quiet:
            print(f"{out} is done already, from the same input and options.", file=sys.stderr)
        return
    if not quiet:
        resumed = f" ({outcome.n_resumed} in an earlier run)" if outcome.n_resumed else ""
        passed = f" {counted(outcome.n_empty, 'row')} had no text." if outcome.n_empty else ""
        if not outcome.n_replies and not outcome.n_empty:
            passed = " The input has no rows, so the output has none."
        print(
            f"Coded {counted(outcome.n_sentences, 'sentence')} of "
            f"{counted(outcome.n_replies, 'reply', 'replies')}{resumed}.{passed}",
            file=sys.stderr,
        )


def _faults_of(out: str) -> AbstractContextManager[None]:
    return standard_output_named() if out == STANDARD_OUTPUT else nullcontext()


class _Done:
    """How far the coding is: what was coded is on the disk by the time that it is told."""

    def __init__(self) -> None:
        self.n = 0
        self.total: int | None = None
        self.show: Callable[[int, int | None], None] | None = None

    def __call__(self, n: int, total: int | None) -> None:
        self.n, self.total = n, total
        if self.show is not None:
            self.show(n, total)


def _kept(source: str, out: str, done: _Done, *, again: bool) -> str:
    """Return what Ctrl-C leaves of a run and how to go on, in one line."""
    start_over = "run the same command again to start over."
    if out == STANDARD_OUTPUT:
        return f"Stopped. What was written to standard output is not whole; {start_over}"
    if source == "-":
        return f"Stopped. Standard input cannot be resumed, and nothing is kept; {start_over}"
    partial = Path(f"{out}.partial")
    if not partial.exists():
        whole = f"{out} was finished just before." if done.n else f"Nothing was coded; {start_over}"
        return f"Stopped. {whole}"
    kept = f"{done.n} of {done.total} replies are" if done.n else "What was coded before is"
    option = " without --restart" if again else ""
    return (
        f"Stopped. {kept} kept in {partial}; run the same command{option} again to carry on there."
    )


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int | None], None] | None]:
    """Yields what shows the progress on the terminal; None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("replies"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bar:
        task = bar.add_task("code", total=None)

        def report(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield report
