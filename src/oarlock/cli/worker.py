"""`oarlock worker`: queued jobs and periodic work of the community."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def worker(
    until_done: Annotated[
        bool, typer.Option("--until-done", help="Stop when no job is waiting.")
    ] = False,
) -> None:
    """Run the community's jobs: coding, digests, alarms, the watch on unanswered posts."""
    from oarlock.community.ops.prepare import prepare, setup

    setup()
    from oarlock.community.ops import running

    running.hold()
    prepare(pages=False)
    from oarlock.community.ops import worker as jobs

    jobs.run(until_done=until_done)
