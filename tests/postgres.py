"""A private PostgreSQL: starts a cluster on a free port, runs a command with it, and removes it.

Usage: python tests/postgres.py COMMAND [ARGUMENT...]

The command finds the address in OARLOCK_TEST_DATABASE_URL and OARLOCK_DATABASE_URL. Needs the
binaries of the Debian package `postgresql`; as root it runs them as the user `postgres`, since
they refuse to run as root.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _binaries() -> Path:
    """Return the newest folder with PostgreSQL's server programs."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    if found := shutil.which("initdb"):
        return Path(found).parent
    sys.exit("error: PostgreSQL's server programs are missing; install: apt-get install postgresql")


def _as_postgres() -> list[str]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster(*, settings: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the URL of an empty database in a cluster that exists for as long as the context.

    Args:
        settings: Further lines of configuration, "name=value".
    """
    binaries, port = _binaries(), free_port()
    with tempfile.TemporaryDirectory(prefix="oarlock-postgres-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(data, "postgres")
        run = _as_postgres()
        subprocess.run(
            [*run, str(binaries / "initdb"), "-D", str(data), "-U", "oarlock", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        own = (f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}")
        arguments = " ".join(f"-c {option}" for option in (*own, *settings))
        start = [*run, str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", f"{folder}/log",
                 "-o", arguments, "start"]  # fmt: skip
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        try:
            psql = [str(binaries / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "oarlock"]
            subprocess.run(
                [*psql, "-q", "-d", "postgres", "-c", "CREATE DATABASE oarlock"], check=True
            )
            yield f"postgres://oarlock@127.0.0.1:{port}/oarlock"
        finally:
            subprocess.run(
                [*run, str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"],
                check=False, stdout=subprocess.DEVNULL, cwd=folder,
            )  # fmt: skip


def main() -> int:
    with cluster(settings=("fsync=off",)) as url:
        environment = os.environ | {
            "OARLOCK_TEST_DATABASE_URL": url,
            "OARLOCK_DATABASE_URL": url,
        }
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
