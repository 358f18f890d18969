"""`oarlock trial`: from the plan of a trial to what it found."""

from __future__ import annotations

import typer

from oarlock.cli.trial.analyse import analyse

app = typer.Typer()
app.command()(analyse)
