"""`oarlock corpus`: the record of a community as tables: made, mapped and checked."""

from __future__ import annotations

import typer

from oarlock.cli.corpus import check, importing, mapping

app = typer.Typer()
app.command("check")(check.main)
app.command("import")(importing.main)
app.command("map")(mapping.main)
