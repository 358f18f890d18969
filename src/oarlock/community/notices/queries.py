"""What the pages of notices show."""

from __future__ import annotations

from dataclasses import dataclass

from oarlock.community.accounts.models import User
from oarlock.community.notices.kinds import KINDS
from oarlock.community.notices.models import Notice

#: As many as anybody reads; older ones are in the personal export.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Line:
    notice: Notice
    words: str


def latest(of: User) -> list[Line]:
    """Return the newest notices, each with its words."""
    rows = Notice.objects.filter(to=of)[:SHOWN]
    return [Line(row, str(KINDS.get(row.kind, row.kind))) for row in rows]


def n_unread(of: User) -> int:
    """Return how many are unread, counted up to a hundred."""
    return Notice.objects.filter(to=of, read_at=None)[:SHOWN].count()
