"""`oarlock role`: the first operator and supervisor of a new community."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def role(
    handle: Annotated[str, typer.Argument(help="Handle of somebody who has joined.")],
    role: Annotated[
        str,
        typer.Argument(help="member, moderator, clinician, supervisor, operator or researcher."),
    ],
) -> None:
    """Give somebody a role, from the machine itself."""
    from oarlock.community.ops.prepare import setup

    setup()
    from oarlock.community.accounts.actions import appoint

    appoint(handle=handle, role=role)
    typer.echo(f"{handle}: {role}. They set up a second factor when they next sign in.", err=True)
