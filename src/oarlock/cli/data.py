"""`oarlock data`: the public training sets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command(name="list")
def list_datasets() -> None:
    """List the data sets, their licences and how a download is checked."""
    from oarlock.corpus.fetch import datasets, elsewhere

    for dataset in datasets().values():
        typer.echo(f"{dataset.name}\n  {dataset.title}\n  licence: {dataset.licence}")
        typer.echo(f"  cite: {dataset.citation}\n  home: {dataset.home}")
        typer.echo(f"  checked by: {dataset.integrity}")
    for name, (title, citation) in elsewhere().items():
        typer.echo(f"{name}\n  {title}\n  only from its authors: {citation}")


@app.command(name="fetch")
def fetch_dataset(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Data sets, or: all.")],
    to: Annotated[Path, typer.Option(help="Folder to put them in.")] = Path("oarlock-data"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Download data sets from their own homes; `oarlock data list` says how each is checked."""
    from oarlock.corpus.fetch import datasets, fetch, find_dataset

    wanted = list(datasets()) if names == ["all"] else names
    found = [find_dataset(name) for name in wanted]
    show = not quiet and sys.stderr.isatty()

    def progress(name: str, done: int, total: int | None) -> None:
        size = f" of {total / 1e6:.1f}" if total else ""
        print(f"\r{name}: {done / 1e6:.1f}{size} MB", end="", file=sys.stderr)

    for dataset in found:
        for file in fetch(dataset, to, progress=progress if show else None):
            if show:
                print(file=sys.stderr)
            if not quiet:
                was = "was there" if file.was_there else "fetched"
                print(f"{file.path}: {was}, SHA-256 {file.sha256}", file=sys.stderr)
        if not quiet:
            print(f"Licence of {dataset.name}: {dataset.licence}.", file=sys.stderr)
            print(f"Cite: {dataset.citation}.", file=sys.stderr)
