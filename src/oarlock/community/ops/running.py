"""Who works on the data: `serve` and `worker` side by side, or a restore alone.

Each holds a lock on a file beside the data for as long as it runs; the kernel lets go of it when
the process ends, however it ends. PostgreSQL may be used from other machines too, so a restore
also looks who is connected.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection

from oarlock.errors import UserError

NAME = "running.lock"
#: How long PostgreSQL may take to notice that a process which has just ended is gone.
LEAVING_SECONDS = 3.0
_held: dict[Path, IO[str]] = {}


def _paths() -> list[Path]:
    """Return the lock of the home and, where SQLite lies elsewhere, that of its folder."""
    folders = [Path(settings.HOME)]
    if connection.vendor == "sqlite":
        folders.append(Path(settings.DATABASES["default"]["NAME"]).absolute().parent)
    return sorted({folder.resolve() / NAME for folder in folders})


def hold() -> None:
    """Say that this process works on the data, until it ends.

    Raises:
        UserError: A restore is under way.
    """
    for path in _paths():
        if path in _held:
            continue
        if (file := _locked(path, alone=False)) is None:
            raise UserError(
                "A restore is under way.", remedy="Wait until it has ended, then start again."
            )
        _held[path] = file


@contextmanager
def alone() -> Iterator[None]:
    """Keep `serve` and `worker` from starting, for as long as the context lasts.

    Raises:
        UserError: One of them runs, or somebody else is connected to the database.
    """
    with ExitStack() as stack:
        for path in _paths():
            if (file := _locked(path, alone=True)) is None:
                raise UserError(
                    f"oarlock serve or oarlock worker runs on {path.parent}.",
                    remedy="Stop both, then restore again. Nothing was changed.",
                )
            stack.enter_context(file)
        end = time.monotonic() + LEAVING_SECONDS
        while (n := _n_others()) and time.monotonic() < end:
            time.sleep(0.1)
        if n:
            raise UserError(
                f"{n} other connections to the database are open.",
                remedy="Stop serve and worker on every machine, and close other programs that use "
                "it, then restore again. Nothing was changed.",
            )
        yield


def _locked(path: Path, *, alone: bool) -> IO[str] | None:
    """Return the file with the lock on it; None where somebody's lock is in the way."""
    file = path.open("a")
    if os.name != "posix":
        return file
    import fcntl

    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _n_others() -> int:
    """Return how many others the account of the settings has connected to PostgreSQL."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        row = cursor.fetchone()
    return int(row[0])
