"""`oarlock corpus import`: a known corpus, or a mapped source, as corpus tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from oarlock.cli.corpus.check import Memory, show
from oarlock.cli.options import Quiet
from oarlock.cli.output import standard_output_named
from oarlock.cli.stopping import when_stopped
from oarlock.errors import UserError


def main(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|MAP.toml",
            help="oarlock, counselchat, esconv, mibot, rated-responses, reddit or convokit; or a "
            "mapping that `oarlock corpus map` drafted.",
        ),
    ],
    path: Annotated[
        Path | None,
        typer.Argument(help="Where the source lies; a mapping names it itself.", show_default=""),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make.", show_default="must be given")
    ] = None,
    mask: Annotated[
        bool, typer.Option(help="Mask e-mail, phone, links, handles, postcodes and names in texts.")
    ] = True,
    keep_ids: Annotated[
        bool,
        typer.Option("--keep-ids", help="Keep ids of people of a mapped source: no pseudonyms."),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Leave out rows that point to nothing or repeat a key, and say so."
        ),
    ] = False,
    memory: Memory = "4GB",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a corpus that is there already.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write a source as corpus tables: de-identified, checked, whole or not at all."""
    from oarlock.corpus.importers import IMPORTERS, import_rows
    from oarlock.corpus.mapping import import_mapped

    if out is None:
        raise UserError("--out is missing.", remedy="Name the folder to make: --out FOLDER.")
    mapped = name.lower().endswith(".toml")
    if not mapped and name not in IMPORTERS:
        raise UserError(
            f"There is no importer {name!r}.",
            remedy=f"Use one of: {', '.join(IMPORTERS)}; or a mapping that ends in .toml.",
        )
    if mapped == (path is not None):
        raise UserError(
            "A mapping names its source itself." if mapped else f"{name}: PATH is missing.",
            remedy="Leave out PATH."
            if mapped
            else f"{name} needs {IMPORTERS[name].needs}: oarlock corpus import {name} PATH --out "
            "FOLDER",
        )
    kept = (
        f"Stopped. What is loaded is kept in {out}.partial; run the same command again to carry on."
    )
    with when_stopped(lambda: kept if mapped else ""), _rows(quiet=quiet) as progress:
        if mapped:
            report = import_mapped(
                Path(name), out, mask=mask, keep_ids=keep_ids, mend=repair, overwrite=overwrite,
                memory=memory, progress=progress,
            )  # fmt: skip
        else:
            if keep_ids or repair:
                raise UserError(
                    "--keep-ids and --repair are for mappings.", remedy="Leave them out."
                )
            assert path is not None
            report = import_rows(
                IMPORTERS[name], path, out, mask=mask, overwrite=overwrite,
                progress=lambda n: progress(name, n),
            )  # fmt: skip
    if not quiet:
        with standard_output_named():
            show(report)
        for lack in () if mapped else IMPORTERS[name].lacks:
            print(lack, file=sys.stderr)
        if not mask:
            print("Texts are not masked: the folder is as private as its source.", file=sys.stderr)


@contextmanager
def _rows(*, quiet: bool) -> Iterator[Any]:
    """Yield a function that shows how many rows of a table are done."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(file=sys.stderr)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=console, disable=quiet or not console.is_terminal, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("Reading", total=None)
        yield lambda table, n: bar.update(task, description=f"{table}: {n:,} rows")
