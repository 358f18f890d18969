"""`oarlock code IN OUT`: the MI behaviours of a file, one row per sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from oarlock.errors import UserError

app = typer.Typer()


@app.command(name="code")
def main(
    source: Annotated[
        str,
        typer.Argument(metavar="IN", help="CSV, TSV, JSONL or Parquet; - for standard input."),
    ],
    out: Annotated[
        str,
        typer.Argument(metavar="OUT", help="CSV, TSV, JSONL or Parquet; - for standard output."),
    ],
    text_column: Annotated[
        str | None, typer.Option(help="Column of the replies.", show_default="text, reply or body")
    ] = None,
    id_column: Annotated[
        str | None,
        typer.Option(help="Column of identifiers.", show_default="id or reply_id, else the row"),
    ] = None,
    context_column: Annotated[
        str | None,
        typer.Option(help="Column of what each reply answers.", show_default="context, if any"),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to pass through; may be given more than once. thread_id, post_id, "
            "supporter_id, group, time and created_at always are."
        ),
    ] = None,
    tier: Annotated[str, typer.Option(help="standard or fast.")] = "standard",
    engine: Annotated[str, typer.Option(help="local or spark.")] = "local",
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="Format of IN: csv, tsv, jsonl or parquet.")
    ] = None,
    out_format: Annotated[str | None, typer.Option(help="Format of OUT.")] = None,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Write the text of each sentence too.")
    ] = False,
    skip_empty: Annotated[
        bool, typer.Option("--skip-empty", help="Pass over rows without text.")
    ] = False,
    batch_size: Annotated[int, typer.Option(min=1, max=65_536, help="Replies at a time.")] = 256,
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--restart",
            help="Carry on an interrupted run, or begin again.",
            show_default="carry on if there is one",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Code the sentences of a file: CSV, JSONL, Parquet or standard input.

    The output appears whole or not at all. After an interruption, run the same command again: it
    carries on where it stopped.
    """
    from oarlock.coder import Coder
    from oarlock.coder.files.batch import code_file
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
    if engine == "spark":
        from oarlock.coder.files.spark import code_file_on_spark

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
        with _progress(quiet) as report:
            outcome = code_file(
                source, out, options, coder, resume=resume, progress=report, columns=columns
            )
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
