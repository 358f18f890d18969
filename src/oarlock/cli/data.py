"""`oarlock data`: the public training sets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from oarlock.cli.stopping import when_stopped
from oarlock.corpus.fetch import LOCK, Check
from oarlock.errors import UserError

_CARRY_ON = "run the same command again to carry on."

app = typer.Typer()

_CHECKED: dict[Check, str] = {
    "shipped": "checked: the same that ships with Oarlock",
    "given": f"checked: the same that --sha256 gives; recorded in {LOCK}",
    "record": f"checked: the same as at the first download, recorded in {LOCK}",
    "nothing": f"NOT checked: there was nothing to check it against. Now recorded in {LOCK}; "
    "later downloads must be the same",
}


@app.command(name="list")
def list_datasets() -> None:
    """List the data sets, their licences and how a download is checked."""
    from oarlock.corpus.datasets import INTEGRITY, datasets, elsewhere

    for dataset in datasets().values():
        typer.echo(f"{dataset.name}\n  {dataset.title}\n  licence: {dataset.licence}")
        typer.echo(f"  cite: {dataset.citation}\n  home: {dataset.home}")
        typer.echo(f"  checked by: {INTEGRITY[dataset.integrity]}")
    for name, (title, citation) in elsewhere().items():
        typer.echo(f"{name}\n  {title}\n  only from its authors: {citation}")


@app.command(name="fetch")
def fetch_dataset(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Data sets, or: all.")],
    to: Annotated[Path, typer.Option(help="Folder to put them in.")] = Path("oarlock-data"),
    sha256: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[FILE=]SHA256",
            help="What a file of the one set that is named must be; may be given more than once.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Download data sets from their own homes, each file checked by its SHA-256.

    Where none ships with Oarlock or is given, the first download is recorded in
    `oarlock-data.lock.json`, and every later one must be the same. It brings the files of the
    authors, not the folder that `oarlock train` reads.
    """
    from oarlock.corpus.datasets import datasets, find_dataset
    from oarlock.corpus.fetch import fetch, parse_sha256

    wanted = list(datasets()) if names == ["all"] else names
    found = [find_dataset(name) for name in wanted]
    if sha256 and len(found) > 1:
        raise UserError(
            "--sha256 was given for several data sets.", remedy="Fetch them one at a time."
        )
    pins = parse_sha256(found[0], sha256) if sha256 else {}
    show = not quiet and sys.stderr.isatty()

    def progress(name: str, done: int, total: int | None) -> None:
        size = f" of {total / 1e6:.1f}" if total else ""
        print(f"\r{name}: {done / 1e6:.1f}{size} MB", end="", file=sys.stderr)

    for dataset in found:
        with when_stopped(lambda: f"Stopped. What came in is kept in {to}; {_CARRY_ON}"):
            files = fetch(dataset, to, sha256=pins, progress=progress if show else None)
        for file in files:
            if show:
                print(file=sys.stderr)
            if not quiet:
                was = "was there" if file.was_there else "fetched"
                print(f"{file.path}: {was}\n  SHA-256 {file.sha256}", file=sys.stderr)
                print(f"  {_CHECKED[file.checked_by]}", file=sys.stderr)
        if not quiet:
            print(f"Licence of {dataset.name}: {dataset.licence}.", file=sys.stderr)
            print(f"Cite: {dataset.citation}.", file=sys.stderr)
