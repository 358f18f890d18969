"""Who is on duty when, and when nobody is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community import roles
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk.intake import READERS
from oarlock.community.desk.models import Case, Shift

#: The queues that have a rota; supervisors and operators are called through these.
QUEUES = (Case.Queue.CLINICAL, Case.Queue.MODERATION)
#: Roles that can be on duty.
ROLES = sorted({role for queue in QUEUES for role in READERS[queue]})
LOOK_AHEAD = timedelta(days=7)
LONGEST = timedelta(days=7)
#: Grades up to here are urgent.
_GRAVE = 2
#: How long ago somebody signed in who still counts as there.
RECENT = timedelta(hours=12)


class Gap(NamedTuple):
    """A time in which nobody is on duty for a queue."""

    queue: str
    starts_at: datetime
    ends_at: datetime


def _usable() -> QuerySet[Shift]:
    """Return the shifts of people who are still there."""
    return Shift.objects.filter(person__is_active=True, person__erased_at=None)


def on_duty(queue: str, at: datetime | None = None) -> list[int]:
    """Return the ids of the people who are on duty for a queue; supervision has no rota."""
    at = at or timezone.now()
    found = _usable().filter(queue=queue, starts_at__lte=at, ends_at__gt=at)
    return list(found.values_list("person_id", flat=True))


def keeps_time(queue: str, grade: int) -> bool:
    """Return whether a time can be promised: somebody is there who may work on the queue.

    For the two gravest grades an account is not enough: somebody has to be on duty, or to have
    signed in within `RECENT`.
    """
    readers = User.objects.people().filter(role__in=READERS[Case.Queue(queue)], is_active=True)
    if grade > _GRAVE:
        return readers.exists()
    at = timezone.now()
    on_it = _usable().filter(queue=queue, starts_at__lte=at, ends_at__gt=at)
    return on_it.exists() or readers.filter(last_login__gt=at - RECENT).exists()


def now_on_duty() -> list[tuple[Case.Queue, list[User]]]:
    now = timezone.now()
    found = list(_usable().filter(starts_at__lte=now, ends_at__gt=now).select_related("person"))
    return [(queue, [s.person for s in found if s.queue == queue]) for queue in QUEUES]


def coming() -> QuerySet[Shift]:
    """Return the shifts that run or come, the next first."""
    return _usable().filter(ends_at__gt=timezone.now()).select_related("person")[:200]


def gaps(start: datetime | None = None) -> list[Gap]:
    """Return when nobody is on duty in the next seven days, for each queue."""
    start = start or timezone.now()
    end = start + LOOK_AHEAD
    shifts = list(_usable().filter(ends_at__gt=start, starts_at__lt=end).order_by("starts_at"))
    found = []
    for queue in QUEUES:
        covered = start
        for shift in (s for s in shifts if s.queue == queue):
            if shift.starts_at > covered:
                found.append(Gap(queue, covered, shift.starts_at))
            covered = max(covered, shift.ends_at)
        if covered < end:
            found.append(Gap(queue, covered, end))
    return found


@transaction.atomic
def add(*, by: User, queue: str, person: User, starts_at: datetime, ends_at: datetime) -> Shift:
    """Put somebody on the rota."""
    if not roles.may(by, "rota"):
        raise PermissionDenied
    if queue not in QUEUES:
        raise ValidationError(_("Choose one of the answers that are offered."))
    if person.role not in READERS[Case.Queue(queue)] or not person.is_active:
        raise ValidationError(_("This person does not work on that queue."), code="person")
    if ends_at <= starts_at:
        raise ValidationError(_("A shift ends after it starts."), code="order")
    if ends_at - starts_at > LONGEST:
        raise ValidationError(_("A shift has at most seven days."), code="long")
    if ends_at <= timezone.now():
        raise ValidationError(_("This shift is over already."), code="past")
    shift = Shift.objects.create(queue=queue, person=person, starts_at=starts_at, ends_at=ends_at)
    record("shift.added", by=by, target=f"person:{person.public_id}", queue=queue)
    return shift


@transaction.atomic
def remove(*, by: User, pk: int) -> None:
    if not roles.may(by, "rota"):
        raise PermissionDenied
    shift = Shift.objects.select_related("person").filter(pk=pk).first()
    if shift is None:
        return
    target = f"person:{shift.person.public_id}"
    shift.delete()
    record("shift.removed", by=by, target=target, queue=shift.queue)
