"""`oarlock restore`: back from a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A file that oarlock backup wrote.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace people who are there already.")
    ] = False,
) -> None:
    """Put a backup in the place of the present data. Stop serve and worker first."""
    from oarlock.community.ops.prepare import setup

    setup()
    from oarlock.community.ops.backup import restore as put_back

    manifest = put_back(source, overwrite=overwrite)
    typer.echo(f"Restored the backup of {manifest['made_at']}.", err=True)
