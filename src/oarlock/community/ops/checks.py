"""What an operator should mend before people come: `oarlock check-deploy`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils import timezone

from oarlock.community.accounts import sealing
from oarlock.community.accounts.models import Role, User
from oarlock.community.desk import words
from oarlock.community.desk.models import Case, Shift
from oarlock.community.ops import state
from oarlock.errors import UserError
from oarlock.safety.helplines import helplines

Level = Literal["stop", "warn"]

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: "stop" where people could come to harm, "warn" where it is unwise."""

    level: Level
    what: str
    remedy: str


def findings(*, running: bool = True) -> list[Finding]:
    """Return everything that is not as it should be for real people.

    Args:
        running: Also what shows only while the place is at work: worker, queue, tables.
    """
    found = [*_setting_up(), *_keys(), *_helplines(), *_people()]
    return [*found, *_running()] if running else found


def _setting_up() -> Iterator[Finding]:
    if settings.DEBUG:
        yield Finding("stop", "Debugging is on.", "Unset OARLOCK_DEBUG.")
    if settings.DEMO:
        yield Finding("stop", "This is the demo.", "Unset OARLOCK_DEMO, use another OARLOCK_HOME.")
    if not settings.HTTPS:
        yield Finding(
            "stop",
            "Pages travel without encryption.",
            "Set OARLOCK_ORIGIN to the https:// address that people use.",
        )
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        yield Finding(
            "stop",
            "E-mail is written to a folder and reaches nobody.",
            "Set OARLOCK_EMAIL_HOST and the other OARLOCK_EMAIL_ variables.",
        )
    if not settings.ALARM_EMAILS and not settings.ALARM_WEBHOOK:
        yield Finding(
            "stop",
            "An alarm would reach nobody.",
            "Set OARLOCK_ALARM_EMAILS, OARLOCK_ALARM_WEBHOOK, or both.",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Finding(
            "stop",
            "Any host name is taken: letters could carry links to another site.",
            "Name the hosts in OARLOCK_HOSTS.",
        )
    yield Finding(
        "warn",
        "Screening reads English and German only. A text in another language is shown, and waits "
        "in the queue of moderators.",
        "See that a moderator reads the languages that people write here.",
    )
    home = Path(settings.HOME)
    for path in (home, home / "secret-key", home / "community.sqlite3"):
        if os.name == "posix" and path.exists() and path.stat().st_mode & 0o077:
            yield Finding(
                "stop",
                f"Other accounts of this machine can read {path.name}.",
                f"chmod go= {path}",
            )
    if connection.vendor == "sqlite":
        yield Finding(
            "warn",
            "SQLite holds one writer at a time; fine for some hundred people.",
            "Set OARLOCK_DATABASE_URL to a PostgreSQL database for more.",
        )
    free = shutil.disk_usage(settings.HOME).free
    if free < 2 * 1024**3:
        yield Finding("warn", "Less than 2 GB of disk are free.", "Free some space.")


def _keys() -> Iterator[Finding]:
    if len(settings.SECRET_KEY) < 50:
        yield Finding(
            "stop",
            "The secret key is short enough to be guessed.",
            "Unset OARLOCK_SECRET_KEY, and one is made; or set one of at least 50 characters.",
        )
    if settings.MFA_KEY and len(settings.MFA_KEY) < 32:
        yield Finding(
            "stop",
            "The key of second factors is short enough to be guessed.",
            "Set OARLOCK_MFA_KEY to at least 32 random characters.",
        )


def _helplines() -> Iterator[Finding]:
    """Yield what is wrong with the numbers that people here are shown in their worst hour."""
    if settings.HELPLINES is not None:
        try:
            helplines(settings.HELPLINES)
        except UserError as error:
            yield Finding(
                "stop",
                f"The file of OARLOCK_HELPLINES cannot be used: {error.message} Those that ship "
                "are shown.",
                error.remedy or "Lay it out as the one that ships.",
            )
    book = words.book()
    shown = {settings.COUNTRY, *User.objects.people().values_list("country", flat=True)}
    shown = (shown & set(book.countries)) | {""}  # Those for everywhere are shown to everybody.
    today = timezone.localdate()
    due = [code or "anywhere" for code, _name in book.due(today) if code in shown]
    if due:
        yield Finding(
            "stop",
            f"{len(due)} helplines that people here are shown ({', '.join(sorted(set(due)))}) were "
            "verified by nobody within a year.",
            "oarlock safety helplines lists them; docs/how-to/run-a-community.md tells how to "
            "verify them.",
        )


def _people() -> Iterator[Finding]:
    for role in (Role.SUPERVISOR, Role.OPERATOR, Role.MODERATOR, Role.CLINICIAN):
        n = User.objects.people().filter(role=role).count()
        if n == 0:
            yield Finding(
                "stop",
                f"Nobody is {role.label.lower()}.",
                f"oarlock role HANDLE {role.value}",
            )
        elif n == 1 and role != Role.OPERATOR:
            yield Finding(
                "warn",
                f"Only one person is {role.label.lower()}: nobody can read a case about them, "
                "or a second time.",
                f"oarlock role HANDLE {role.value}",
            )
    if n := sealing.n_unreadable():
        yield Finding(
            "stop",
            f"{n} second factors cannot be read with the key of this place: those people cannot "
            "sign in.",
            "Set OARLOCK_SECRET_KEY or OARLOCK_MFA_KEY to what it was when they were set up.",
        )
    now = timezone.now()
    week = Shift.objects.filter(ends_at__gt=now, starts_at__lt=now + timedelta(days=7))
    for queue in Case.Queue:
        if not week.filter(queue=queue).exists():
            yield Finding(
                "warn",
                f"Nobody is on the rota for {queue.label.lower()} in the next seven days.",
                "Let a supervisor fill in the rota.",
            )


def _running() -> Iterator[Finding]:
    if state.waiting_migrations():
        yield Finding("stop", "The tables are of an older version.", "Start oarlock serve once.")
        return
    now = state.look()
    if not now.worker_alive:
        yield Finding("stop", "No worker is running.", "Start oarlock worker.")
    if now.n_unscreened:
        yield Finding(
            "stop", f"{now.n_unscreened} texts were not screened.", "Look at the desk's queue."
        )
    if now.n_overdue:
        yield Finding("stop", f"{now.n_overdue} cases are overdue.", "Look at the desk's queue.")


def at_start(host: str) -> list[str]:
    """Return where e-mail goes, and for a place that others reach what has to be mended first.

    Args:
        host: Address that the server listens on.
    """
    lines = []
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        lines.append(
            f"E-mail reaches nobody: it is written to {settings.EMAIL_FILE_PATH} "
            "(set OARLOCK_EMAIL_HOST to send it)"
        )
    at_home = host in _LOOPBACK and urlsplit(settings.ORIGIN).hostname in _LOOPBACK
    if settings.DEBUG or settings.DEMO or at_home:
        return lines
    # The worker is only just starting: whether there is one shows later, on the health page.
    stops = (finding for finding in findings(running=False) if finding.level == "stop")
    return [*lines, *(f"STOP  {finding.what} {finding.remedy}" for finding in stops)]
