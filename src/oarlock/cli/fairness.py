"""`oarlock fairness`: does the code change when only the person changes?"""

from __future__ import annotations

from typing import Any

import typer
from rich.table import Table

from oarlock.cli.options import JsonTarget, Tier, WeightsFolder
from oarlock.cli.output import console_for_tables, standard_output_named, write_json

app = typer.Typer()

_YARDSTICKS = {"edit": "an edit that means nothing", "swap": "another word of the same group"}


@app.command(name="fairness")
def main(
    tier: Tier = "standard",
    weights: WeightsFolder = None,
    json_target: JsonTarget = None,
) -> None:
    """Measure how often the code changes when only the person changes.

    Takes sentences that come with Oarlock and changes only gender, name, identity or dialect. To
    compare with, it prints how often an edit that means nothing changes the code.
    """
    from oarlock.coder import Coder
    from oarlock.coder.quality.fairness import fairness_figures

    figures = fairness_figures(Coder.load(tier=tier, folder=weights))
    if json_target is not None:
        write_json(figures, json_target)
    if json_target != "-":
        with standard_output_named():
            _print(figures)


def _print(figures: dict[str, Any]) -> None:
    table = Table(
        "what changes", "pairs", "code changes", "95 % interval", "mean shift",
        box=None, header_style="bold",
    )  # fmt: skip

    def add(name: str, one: dict[str, Any]) -> None:
        low, high = one["interval"]
        table.add_row(
            name,
            str(one["n_pairs"]),
            f"{one['share_changed']:.1%}",
            f"{low:.1%} to {high:.1%}",
            f"{one['mean_shift']:.3f}",
        )

    lines = []
    for kind, one in figures.items():
        add(kind, one)
        if len(one["groups"]) > 1:
            for group, of_group in one["groups"].items():
                add(f"  {group}", of_group)
        for name, of_yardstick in one["yardsticks"].items():
            add(f"  yardstick: {_YARDSTICKS[name]}", of_yardstick)
        if "right" in one:
            text, variant = one["right"]["text"], one["right"]["variant"]
            lines.append(
                f"{kind}: the code that was meant is given to {text['share_right']:.1%} in "
                f"standard English and to {variant['share_right']:.1%} in the other form"
            )
    console = console_for_tables()
    console.print(table)
    for line in lines:
        console.print(line)
