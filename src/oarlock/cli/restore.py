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

    done = put_back(source, overwrite=overwrite)
    typer.echo(f"Restored the backup of {done.made_at}.", err=True)
    if done.n_erased:
        people = "1 person" if done.n_erased == 1 else f"{done.n_erased} people"
        typer.echo(f"Erased again: {people} who had erased their account since.", err=True)
    if not done.knew_erasures:
        typer.echo(
            "This place has no list of erasures since then: whoever erased their account after the "
            "backup was made is back. Copy the file `erasures` from the OARLOCK_HOME of the old "
            "machine into this one; oarlock serve erases them again when it starts.",
            err=True,
        )
    if done.other_key:
        typer.echo(
            "OARLOCK_SECRET_KEY is not the key of the backup: sessions and links end, and second "
            "factors cannot be read. Unset it to use the key of the backup.",
            err=True,
        )
