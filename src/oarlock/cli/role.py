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
    new_factor: Annotated[
        bool,
        typer.Option(
            "--new-factor",
            help="Take away their second factor, which is lost: they set up another. Make sure "
            "first that it is them who ask.",
        ),
    ] = False,
) -> None:
    """Give somebody a role, from the machine itself."""
    from oarlock.community.ops.prepare import setup

    setup()
    from oarlock.community.accounts.actions import appoint
    from oarlock.community.accounts.models import STAFF_ROLES

    appoint(handle=handle, role=role, new_factor=new_factor)
    factor = " and set up a second factor" if role in STAFF_ROLES else ""
    typer.echo(f"{handle}: {role}. They are signed out; they sign in again{factor}.", err=True)
