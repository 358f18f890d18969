"""Making what the place needs: tables, cache, static files. Safe to run at every start."""

from __future__ import annotations

import os
from typing import Any


def setup() -> None:
    """Load Django with Oarlock's settings."""
    import django

    # What is kept here is for the eyes of the account that runs it alone.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oarlock.community.settings")
    django.setup()


def prepare(*, pages: bool = True) -> int:
    """Bring the database up to date and put the first agreement and groups in place.

    However an older database has come back, by `restore` or by other means: who erased the own
    account since is erased again before a page is served.

    Args:
        pages: Also gather the static files, which a process that serves pages needs.

    Returns:
        How many people were erased again.
    """
    from django.core.management import call_command
    from django.db import connection

    quiet: dict[str, Any] = {"verbosity": 0}
    with one_at_a_time(connection):
        call_command("migrate", interactive=False, **quiet)
        call_command("createcachetable", **quiet)
        if pages:
            call_command("collectstatic", interactive=False, clear=True, **quiet)
        from oarlock.community.accounts import erasures, sealing
        from oarlock.community.ops import first_things

        first_things.lay_out()
        sealing.seal_all()
        erasures.gather()
        return erasures.repeat()


class one_at_a_time:  # noqa: N801 - reads as a phrase
    """Lets one process at a time change the tables."""

    KEY = 7_064_215

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        if self.connection.vendor == "postgresql":
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [self.KEY])
            return
        from django.conf import settings

        self.file = (settings.HOME / "prepare.lock").open("w")
        if os.name == "posix":
            import fcntl

            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        if self.connection.vendor == "postgresql":
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [self.KEY])
        else:
            self.file.close()
