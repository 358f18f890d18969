"""Working on a case: taking it, passing it on, writing about it, reopening it."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community import access, roles
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk.intake import READERS, lock_text, restart_clock
from oarlock.community.desk.models import Case, CaseNote
from oarlock.community.desk.reasons import MINUTES
from oarlock.community.texts import wording

NOTE_LENGTH = 4000


def locked(by: User, case: Case) -> Case:
    """Return the case for changing, if `by` may work on it now."""
    # Locks are taken on the row alone: the joins of the queue are of no use to it. First the text,
    # then the case, as an edit of its author does: two that wait for each other would both fail.
    lock_text(case.text_id)
    Case.objects.select_for_update().get(pk=case.pk)
    return access.case(by, case.public_id)


def check_version(case: Case, version: int | None) -> None:
    """Refuse a decision about another version of the text than the one that was read."""
    if version is not None and case.text is not None and case.text.version != version:
        raise ValidationError(
            _("The text has changed since you opened this page. Read it again, then decide."),
            code="stale",
        )


def _open(by: User, case: Case) -> Case:
    case = locked(by, case)
    if not case.is_open:
        raise ValidationError(_("This case is closed. Reopen it first."), code="closed")
    return case


def _note(case: Case, by: User, kind: CaseNote.Kind, body: str) -> None:
    CaseNote.objects.create(
        case=case, by=by, kind=kind, body=wording.clean(body, limit=NOTE_LENGTH)
    )


@transaction.atomic
def note_reading(*, by: User, case: Case) -> None:
    """Write down that somebody opened a case: it shows what a person in need wrote."""
    record("case.read", by=by, target=str(case))


@transaction.atomic
def acknowledge(*, by: User, case: Case) -> None:
    """Say "I have it": the clock stops, and the case is one's own."""
    case = _open(by, case)
    if case.state == Case.State.ACKNOWLEDGED and case.assigned_to_id == by.pk:
        return
    if case.state == Case.State.ACKNOWLEDGED and case.assigned_to_id is not None:
        raise ValidationError(_("Somebody else has it already."), code="taken")
    case.state = Case.State.ACKNOWLEDGED
    case.acknowledged_at = timezone.now()
    case.assigned_to = by
    case.save()
    record("case.acknowledged", by=by, target=str(case), late=timezone.now() > case.acknowledge_by)


def _past(case: Case) -> set[int]:
    """Return the people whom a case goes past."""
    concerned = {pk for pk in (case.not_for_id, case.about_id) if pk is not None}
    return concerned | access.deciders(case)


def colleagues(by: User, case: Case) -> list[User]:
    """Return those who could take a case: readers of its queue whom it does not concern."""
    readers = User.objects.people().filter(role__in=READERS[Case.Queue(case.queue)])
    return list(readers.exclude(pk__in=_past(case)).order_by("handle"))


def _give(by: User, case: Case, to: User) -> None:
    if to not in colleagues(by, case):
        raise ValidationError(_("This person cannot take this case."), code="person")
    case.assigned_to = to
    if to == by:
        return
    restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[case.grade]))


@transaction.atomic
def assign(*, by: User, case: Case, to: User) -> None:
    """Give a case to somebody; its clock runs until that person says "I have it"."""
    case = _open(by, case)
    _give(by, case, to)
    case.save()
    record("case.assigned", by=by, target=str(case), to=to.public_id)


@transaction.atomic
def hand_over(*, by: User, case: Case, to: User, note: str) -> None:
    """Pass a case on with what the next person has to know."""
    case = _open(by, case)
    if to == by:
        raise ValidationError(_("Choose somebody else."), code="person")
    _note(case, by, CaseNote.Kind.HANDOVER, note)
    _give(by, case, to)
    case.save()
    record("case.handed_over", by=by, target=str(case), to=to.public_id)


@transaction.atomic
def add_note(*, by: User, case: Case, body: str, kind: str = CaseNote.Kind.NOTE) -> None:
    case = locked(by, case)
    if kind not in {CaseNote.Kind.NOTE, CaseNote.Kind.CONTACT}:
        raise ValidationError(_("Choose one of the answers that are offered."))
    _note(case, by, CaseNote.Kind(kind), body)
    record("case.noted", by=by, target=str(case), kind=kind)


@transaction.atomic
def regrade(*, by: User, case: Case, grade: int, note: str) -> None:
    """Change how urgent a case is, with the reason; a more urgent one gets a new clock."""
    case = _open(by, case)
    if grade not in MINUTES:
        raise ValidationError(_("Choose one of the answers that are offered."))
    _note(case, by, CaseNote.Kind.NOTE, note)
    record("case.regraded", by=by, target=str(case), old=case.grade, new=grade)
    more_urgent = grade < case.grade
    # What was graded 1 or 2 keeps its second reader.
    case.needs_second = case.needs_second or case.two_readers
    case.grade = grade
    at_work = case.state == Case.State.ACKNOWLEDGED and case.assigned_to_id == by.pk
    if more_urgent and (case.awaits_second or not at_work):
        restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[grade]))
    case.save()


@transaction.atomic
def pass_to_clinicians(*, by: User, case: Case, note: str) -> None:
    """Move a case of the moderators to the clinicians."""
    case = _open(by, case)
    if case.queue != Case.Queue.MODERATION:
        raise ValidationError(_("This case is not in the moderators' queue."))
    _note(case, by, CaseNote.Kind.HANDOVER, note)
    case.queue, case.assigned_to = Case.Queue.CLINICAL, None
    restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[case.grade]))
    record("case.moved", by=by, target=str(case), queue=str(case.queue))


@transaction.atomic
def reopen(*, by: User, case: Case, note: str) -> None:
    """Open a closed case again, with a note that says why."""
    case = locked(by, case)
    if case.is_open:
        return
    _note(case, by, CaseNote.Kind.NOTE, note)
    case.assigned_to = None
    restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[case.grade]))
    record("case.reopened", by=by, target=str(case))


def leave_all(person: User) -> None:
    """Take the open cases away from somebody who leaves or changes the role.

    Runs inside their transaction. Each case waits for "I have it" again.
    """
    cases = Case.objects.select_for_update().filter(assigned_to=person)
    for case in cases.exclude(state=Case.State.CLOSED).order_by("pk"):
        case.assigned_to = None
        restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[case.grade]))
        record("case.left", by=None, target=str(case))


@transaction.atomic
def give_to_new_supervisor(*, by: User, case: Case) -> None:
    """Move a case that waits for an outside person to the supervisor who came in for it."""
    Case.objects.select_for_update().get(pk=case.pk)
    case = access.outside_case(by, case.public_id)
    if not roles.may(by, "operations"):
        raise PermissionDenied
    others = User.objects.people().filter(role__in=READERS[Case.Queue.SUPERVISION])
    if not others.exclude(pk__in=_past(case)).exists():
        raise ValidationError(
            _("There is nobody yet. Give somebody from outside the role of supervisor first."),
            code="nobody",
        )
    case.queue = Case.Queue.SUPERVISION
    restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[case.grade]))
    record("case.moved", by=by, target=str(case), queue=str(case.queue))


@transaction.atomic
def acknowledge_outside(*, by: User, case: Case) -> None:
    """Say that one is looking for an outside person: the alarm stops for a day."""
    Case.objects.select_for_update().get(pk=case.pk)
    case = access.outside_case(by, case.public_id)
    case.acknowledge_by = timezone.now() + timedelta(days=1)
    case.alarmed_at, case.alarm_round = None, 0
    case.save()
    record("case.outside_sought", by=by, target=str(case))
