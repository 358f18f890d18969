"""`oarlock serve`: the community, on an empty machine, in seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for other machines.")
    ] = "127.0.0.1",
    worker: Annotated[bool, typer.Option(help="Run the worker too, as a child process.")] = True,
) -> None:
    """Serve the community; what it needs is made under OARLOCK_HOME.

    Example: oarlock serve --port 8000
    """
    os.environ.setdefault("OARLOCK_ORIGIN", f"http://localhost:{port}")
    from oarlock.community.ops.prepare import prepare, setup

    setup()
    prepare()
    import uvicorn

    child = _start_worker() if worker else None
    typer.echo(f"Oarlock answers at {os.environ['OARLOCK_ORIGIN']}/ (Ctrl-C stops it)", err=True)
    try:
        uvicorn.run(
            "oarlock.community.asgi:application",
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
        )
    finally:
        if child is not None:
            child.send_signal(signal.SIGTERM)
            child.wait(timeout=30)


def _start_worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "oarlock", "worker"])
