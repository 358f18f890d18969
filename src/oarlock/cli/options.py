"""Options that several commands share, each with one name, one help text and one check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oarlock.cli.output import check_json_target

DEFAULT_RESAMPLES = 1000
DEFAULT_SEED = 20261123

Tier = Annotated[
    str,
    typer.Option(
        metavar="standard|fast",
        help="Which weights: standard is more exact, fast is many times faster.",
    ),
]
WeightsFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Weights that you trained yourself, instead of those that ship.",
        show_default=False,
    ),
]
Resamples = Annotated[
    int,
    typer.Option(min=0, max=100_000, help="Bootstrap resamples for the intervals; 0 for none."),
]
Seed = Annotated[
    int, typer.Option(min=0, help="Seed of the bootstrap: the same seed, the same intervals.")
]
JsonTarget = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        callback=check_json_target,
        help="Write the result to this file too, as JSON; - prints that alone.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
