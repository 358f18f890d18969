"""The age gate: who may join, and what to do with a text that tells another age."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

#: How long a browser that the gate has refused is not asked again; no birth date is kept.
REFUSED_FOR = timedelta(days=1)
#: Ages that nobody who fills in the form has: a slip of the finger, not an answer.
LEAST_LIKELY, MOST_LIKELY = 5, 110
_UNTIL = "join_again_at"


def possible_ages(year: int, month: int, *, today: date | None = None) -> tuple[int, int]:
    """Return the youngest and oldest full age of somebody born in that month."""
    today = today or timezone.localdate()
    oldest = today.year - year - (today.month < month)
    youngest = oldest - (today.month == month)
    return youngest, oldest


def may_join(year: int, month: int, *, today: date | None = None) -> bool:
    """Return whether the age gate lets the person in: old enough for certain, and not too old."""
    youngest, _ = possible_ages(year, month, today=today)
    return settings.AGE_MIN <= youngest <= settings.AGE_MAX


def is_slip(year: int) -> bool:
    """Return whether the year was mistyped for certain."""
    age = timezone.localdate().year - year
    return not LEAST_LIKELY <= age <= MOST_LIKELY


def remember_refusal(session: SessionBase) -> None:
    """Keep in the browser's session that the gate has refused it; trying again adds no time."""
    if not was_refused(session):
        session[_UNTIL] = (timezone.now() + REFUSED_FOR).timestamp()


def was_refused(session: SessionBase) -> bool:
    """Return whether the gate has refused this browser within the last day."""
    return bool(session.get(_UNTIL, 0) > timezone.now().timestamp())
