"""`oarlock check-deploy`: what to mend before people come."""

from __future__ import annotations

import typer

app = typer.Typer()


@app.command()
def check_deploy() -> None:
    """List what has to be mended before real people come; exit code 2 if anything must be."""
    from oarlock.community.ops.prepare import setup

    setup()
    from oarlock.community.ops.checks import findings

    found = findings()
    for finding in found:
        typer.echo(f"{finding.level.upper():5} {finding.what}\n      {finding.remedy}")
    if any(finding.level == "stop" for finding in found):
        raise typer.Exit(2)
    typer.echo("Ready for people." if not found else "Ready, with the warnings above.")
