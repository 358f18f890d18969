"""`oarlock serve`: the community, on an empty machine, in seconds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from typing import Annotated

import typer

from oarlock.errors import UserError

app = typer.Typer()

#: Before a worker that has died is started again.
PAUSE_SECONDS = 3.0
#: Addresses that this machine alone reaches.


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for other machines.")
    ] = "127.0.0.1",
    worker: Annotated[bool, typer.Option(help="Run the worker too, as a child process.")] = True,
) -> None:
    """Serve the community; what it needs is made under OARLOCK_HOME."""
    os.environ.setdefault("OARLOCK_ORIGIN", f"http://localhost:{port}")
    from oarlock.community.ops.prepare import prepare, setup

    setup()
    from oarlock.community.ops import running

    running.hold()
    prepare()
    run(port=port, host=host, worker=worker, address=f"{os.environ['OARLOCK_ORIGIN']}/")


def tell(host: str) -> None:
    """Say where e-mail goes, and for a place that others reach what has to be mended first."""
    from oarlock.community.ops.checks import at_start

    for line in at_start(host):
        typer.echo(line, err=True)


def run(*, port: int, host: str, worker: bool, address: str, opens: bool = False) -> None:
    """Serve until the process is told to stop; the place has been prepared."""
    import uvicorn

    _check_free(host, port)
    child = _Worker() if worker else None
    typer.echo(f"Oarlock answers at {address} (Ctrl-C stops it)", err=True)
    tell(host)
    # uvicorn raises the signal again when it is done: it must not skip the end of the worker.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if opens:
        threading.Timer(1.5, webbrowser.open, [address]).start()
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
            child.end()


def _check_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(
                f"Port {port} of {host} cannot be used: {error.strerror}.",
                remedy="Choose another with --port.",
            ) from None


class _Worker:
    """The worker as a child process, started again when it dies: without it no alarm goes out."""

    def __init__(self) -> None:
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._child = _start_worker()
        threading.Thread(target=self._keep, name="worker", daemon=True).start()

    def _keep(self) -> None:
        while True:
            status = self._child.wait()
            # Ctrl-C reaches the child first: a worker that stops then is not started again.
            if self._ends.wait(PAUSE_SECONDS):
                return
            typer.echo(f"The worker has stopped (status {status}). It starts again.", err=True)
            with self._lock:
                if self._ends.is_set():
                    return
                self._child = _start_worker()

    def end(self) -> None:
        """Stop the worker for good; one that does not stop in time is killed: its jobs wait."""
        with self._lock:
            self._ends.set()
            child = self._child
        child.terminate()
        try:
            child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _start_worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "oarlock", "worker"])
