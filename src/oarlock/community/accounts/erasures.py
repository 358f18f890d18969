"""Who has erased the own account, written down outside the database and outside every backup.

A backup holds people who erased themselves after it was made. `OARLOCK_HOME/erasures` names them by
public id, without anything personal, so that no restore brings them back.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from oarlock.community.accounts.models import User
from oarlock.community.audit.models import AuditEvent

log = logging.getLogger("oarlock.accounts")

NAME = "erasures"
_SINCE = "# complete since "
_LINE = re.compile(r"(?P<at>\S+) (?P<id>[\w-]{1,14}) (?P<texts>blank|keep)")
#: Ids in one query: SQLite takes some thousand.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erased account.

    Attributes:
        person: Public id.
        keep_texts: Whether the words stay in the threads, without a name.
    """

    person: str
    at: datetime
    keep_texts: bool

    def line(self) -> str:
        texts = "keep" if self.keep_texts else "blank"
        return f"{self.at.astimezone(UTC).isoformat(timespec='seconds')} {self.person} {texts}\n"


def path() -> Path:
    return Path(settings.HOME) / NAME


def listed() -> dict[str, Erasure]:
    """Return what the list holds, by public id; a line that was cut short is left out."""
    try:
        lines = path().read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for line in lines:
        if (match := _LINE.fullmatch(line)) is not None:
            try:
                at = datetime.fromisoformat(match["at"])
            except ValueError:
                continue
            found[match["id"]] = Erasure(match["id"], at, match["texts"] == "keep")
    return found


def begin(since: datetime) -> None:
    """Begin the list, unless there is one, with the time from which it is complete."""
    if not path().exists():
        _append(f"{_SINCE}{since.astimezone(UTC).isoformat(timespec='seconds')}\n")


def reaches_back_to(at: datetime) -> bool:
    """Return whether the list names everybody who has erased the own account since that time."""
    try:
        first = path().read_text("ascii", "replace").partition("\n")[0]
        return datetime.fromisoformat(first.removeprefix(_SINCE)) <= at
    except (FileNotFoundError, ValueError, TypeError):
        return False


def add(erasures: Iterable[Erasure]) -> None:
    """Write lines at the end of the list, all on the disk when this returns."""
    _append("".join(erasure.line() for erasure in erasures))


def _append(lines: str) -> None:
    # What a power cut left of a last line must not swallow the next one.
    lines = f"\n{lines}" if _cut_short() else lines
    descriptor = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def _cut_short() -> bool:
    try:
        return path().read_bytes()[-1:] not in {b"", b"\n"}
    except FileNotFoundError:
        return False


def add_later(erasure: Erasure) -> None:
    """Add a line once the erasure stands in the database; a disk that fails does not undo it.

    What is missing then is added when the place next starts.
    """

    def write() -> None:
        try:
            add([erasure])
        except OSError as error:
            log.error("erasure.not_listed", extra={"error": type(error).__name__})

    transaction.on_commit(write)


def gather() -> int:
    """Add to the list whom the database knows as erased; return how many were missing.

    Erasures on another machine, and those whose line could not be written, come in here.
    """
    tables = connection.introspection.table_names()
    if User._meta.db_table not in tables or AuditEvent._meta.db_table not in tables:
        return 0
    first = User.objects.order_by("joined_at").values_list("joined_at", flat=True).first()
    # Rows of erased accounts stay: a database knows of all since its first person.
    begin(first or timezone.now())
    known = listed()
    gone = User.objects.filter(erased_at__isnull=False).values_list("public_id", "erased_at")
    missing = {public_id: at for public_id, at in gone if public_id not in known}
    targets = [f"person:{public_id}" for public_id in missing]
    keeping: set[str] = set()
    for start in range(0, len(targets), _BATCH):
        rows = AuditEvent.objects.filter(
            target__in=targets[start : start + _BATCH], action="account.erased"
        )
        keeping |= {row.target for row in rows if row.details.get("kept_texts")}
    if missing:
        add(Erasure(one, at, f"person:{one}" in keeping) for one, at in missing.items() if at)
    return len(missing)


def repeat() -> int:
    """Erase again who is on the list and has come back; return how many those were."""
    from oarlock.community.accounts.actions import erase_again

    erasures = listed()
    ids = sorted(erasures)
    n = 0
    for start in range(0, len(ids), _BATCH):
        back = User.objects.filter(public_id__in=ids[start : start + _BATCH], erased_at=None)
        for person in back:
            erase_again(person=person, keep_texts=erasures[person.public_id].keep_texts)
            n += 1
    return n
