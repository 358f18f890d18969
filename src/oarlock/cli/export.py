"""`oarlock export`: the consented part of the community, as corpus tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    k: Annotated[
        int,
        typer.Option(min=1, help="Everybody is one of so many by age band, country, offers."),
    ] = 5,
) -> None:
    """Write what people consented to share as Parquet tables with a codebook."""
    from oarlock.community.ops.prepare import setup

    setup()
    from oarlock.community.ops.export import export as write

    facts = write(folder, k=k)
    rows = ", ".join(f"{name} {n:,}" for name, n in facts["n_rows"].items())
    privacy = facts["k_anonymity"]
    typer.echo(f"{folder}: {rows}", err=True)
    typer.echo(
        f"k-anonymity: k = {privacy['k']} (wanted {k}); "
        f"{privacy['people_left_out']} people left out with all their texts; blanked: "
        + ", ".join(f"{name} of {n} people" for name, n in privacy["blanked"].items()),
        err=True,
    )
