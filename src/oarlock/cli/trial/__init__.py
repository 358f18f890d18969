"""`oarlock trial`: trials, from protocol to report, and the synthesis of many."""

from __future__ import annotations

import typer

from oarlock.cli.trial import synthesise

app = typer.Typer()
app.command("synthesise")(synthesise.main)
