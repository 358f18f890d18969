"""Options that several commands share, each with one name, one help text and one check."""

from __future__ import annotations

from collections.abc import Iterable
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


FEW = 30
"""Below this many units or texts a note says that figures and intervals tell little."""


def cautions(n: int, what: str, intervals: Iterable[tuple[float, float]]) -> list[str]:
    """Return what to say of figures that look surer than they are.

    Args:
        n: Units or texts that the figures are of.
        what: How these are called, in the plural.
        intervals: Low and high end of each interval that is shown.
    """
    said = []
    if n < FEW:
        said.append(
            f"So few {what} ({n}) say little: label at least {FEW}, better some hundred, before "
            "you rely on these figures."
        )
    if any(low == high for low, high in intervals):
        said.append(
            "An interval of no width, such as [1.00, 1.00], is not certainty: drawing the same "
            f"{what} again cannot tell how much another set would differ."
        )
    return said
