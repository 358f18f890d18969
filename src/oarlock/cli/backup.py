"""`oarlock backup`: the community in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="File to write, for instance today.tar.")],
) -> None:
    """Write the community's database and key into one file, while it runs."""
    from oarlock.community.ops.prepare import setup

    setup()
    from oarlock.community.ops.backup import backup as write

    manifest = write(target)
    typer.echo(f"{target}: {manifest['engine']}, {target.stat().st_size:,} bytes", err=True)
