"""`oarlock trial init`: a commented protocol to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oarlock.cli.output import check_target, write_files


def main(
    file: Annotated[Path, typer.Argument(help="File to write.")] = Path("trial.toml"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over a file that is there already.")
    ] = False,
) -> None:
    """Write a commented protocol that passes the check, to change into your own."""
    from oarlock.trial.protocol import template

    check_target(file, inputs=(), option="FILE", may_overwrite=overwrite)
    write_files({file: template()})
    typer.echo(f"{file} is written. Change it, then run: oarlock trial check {file}")
