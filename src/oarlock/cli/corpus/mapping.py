"""`oarlock corpus map`: a first mapping of a database or a folder of files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from oarlock.cli.output import check_target, standard_output_named, write_text


def main(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder of CSV, TSV or Parquet files, a file of SQLite or DuckDB, or the "
            "address of a database, in which $NAME is taken from the environment: "
            "'postgresql://me:$PGPASSWORD@host/name'.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Write the mapping to this file.", show_default="standard output"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there already.")
    ] = False,
) -> None:
    """Draft the mapping of a source from its names and types; no row is read.

    Says what could not be found, and which parts of a study fall away.
    """
    from oarlock.corpus.mapping import draft

    if out is not None:
        check_target(out, inputs=(), option="--out", may_overwrite=overwrite)
    made = draft(source, beside=out.parent if out is not None else None)
    if out is None:
        with standard_output_named():
            sys.stdout.write(made.text)
    else:
        write_text(made.text, out, inputs=(), option="--out")
    for one in made.missing:
        print(f"missing: {one}", file=sys.stderr)
    for one in made.falls_away:
        print(f"a study goes without: {one}", file=sys.stderr)
