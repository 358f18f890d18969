"""Telling people, without saying of what, that questions wait; and ending what was not answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from oarlock.community.measures.models import Administration
from oarlock.community.notices.actions import tell
from oarlock.community.notices.models import Notice

#: The second and last notice goes out after this share of the window.
AGAIN_AT = 0.5
#: In a shorter window one notice is enough.
SHORT = timedelta(hours=24)


def run(now: datetime | None = None) -> dict[str, int]:
    """Send the notices that are due and end what is over; return how many of each."""
    now = now or timezone.now()
    waiting = Administration.objects.filter(
        finished_at=None, called_off_at=None, expired_at=None, opens_at__lte=now
    )
    n_told = 0
    for one in waiting.filter(closes_at__gt=now, n_reminders__lt=2).select_related("person"):
        n_told += _remind(one, now)
    n_expired = 0
    for one in waiting.filter(closes_at__lte=now):
        n_expired += _expire(one, now)
    return {"told": n_told, "expired": n_expired}


@transaction.atomic
def _remind(one: Administration, now: datetime) -> int:
    length = one.closes_at - one.opens_at
    again = length >= SHORT and now >= one.opens_at + AGAIN_AT * length
    wanted = 2 if again else 1
    # Taken by one worker alone.
    mine = Administration.objects.filter(pk=one.pk, n_reminders=one.n_reminders, finished_at=None)
    if one.n_reminders >= wanted or not mine.update(n_reminders=wanted):
        return 0
    key = f"measure {wanted} {one.public_id}"
    return int(tell(to=one.person, kind="measure", target=str(one), key=key) is not None)


@transaction.atomic
def _expire(one: Administration, now: datetime) -> int:
    if now < one.ends_at:
        return 0
    done = Administration.objects.filter(pk=one.pk, finished_at=None, expired_at=None)
    if not done.update(expired_at=now):
        return 0
    Notice.objects.filter(target=str(one), read_at=None).update(read_at=now)
    return 1
