"""`oarlock trial`: trials, from protocol and power to allocation, analysis and synthesis."""

from __future__ import annotations

import typer

from oarlock.cli.trial import allocate, analyse, check, init, power, synthesise, verify

app = typer.Typer()
app.command("init")(init.main)
app.command("check")(check.main)
app.command("power")(power.main)
app.command("allocate")(allocate.main)
app.command("verify")(verify.main)
app.command("analyse")(analyse.analyse)
app.command("synthesise")(synthesise.main)
