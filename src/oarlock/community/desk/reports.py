"""Reports and appeals: what members send to the desk, each with a receipt and an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk.intake import lock_text, open_case, restart_clock
from oarlock.community.desk.models import Appeal, Case, Decision, Report
from oarlock.community.desk.reasons import MINUTES, REPORT
from oarlock.community.texts import door, wording
from oarlock.community.texts.models import Text

APPEAL_GRADE = 4


def report(
    *,
    by: User,
    reason: str,
    text: Text | None = None,
    person: User | None = None,
    words: str = "",
    key: str = "",
) -> Report:
    """Report a text or a person and return the receipt.

    The same report by the same person again, while the first is open, returns the first: its
    receipt says how it stands. One with new words or another reason is a report of its own, so that
    all that was said is on the case.

    Raises:
        ValidationError: No such reason, or nothing to report, in words for the reporter.
    """
    if reason not in REPORT:
        raise ValidationError(_("Choose a reason."), code="reason")
    if (text is None) == (person is None):
        raise ValidationError(_("Choose what to report."))
    concerned = person if text is None else text.author
    if concerned == by:
        raise ValidationError(_("This is your own. You can delete it instead."), code="own")
    earlier = Report.objects.filter(by=by, text=text, person=person, reason=reason)
    earlier = earlier.exclude(case__state=Case.State.CLOSED)
    if words.strip():
        earlier = earlier.filter(words__body=wording.clean(words))
    if (open_one := earlier.first()) is not None:
        return open_one
    if not words.strip():
        with transaction.atomic():
            return _send(by, reason, text, person, None)
    # The words go through the door; the report is made inside its transaction.
    sent = door.receive(
        by=by,
        kind=Text.Kind.REPORT,
        body=words,
        key=key,
        attach=lambda own: _send(by, reason, text, person, own),
    )
    return _made(Report.objects.filter(by=by, words=sent).first())


def _send(
    by: User, reason: str, text: Text | None, person: User | None, words: Text | None
) -> Report:
    case = _case_for(reason, text, person)
    sent = Report.objects.create(
        by=by, text=text, person=person, reason=reason, words=words, case=case
    )
    record("report.sent", by=by, target=f"report:{sent.public_id}", reason=reason)
    return sent


def _case_for(reason: str, text: Text | None, person: User | None) -> Case:
    """Return the case that the report joins, made more urgent, or a new one."""
    _label, queue, grade = REPORT[reason]
    concerned = person if text is None else text.author
    lock_text(None if text is None else text.pk)
    same = Case.objects.select_for_update().filter(origin=Case.Origin.REPORT)
    same = same.exclude(state=Case.State.CLOSED).filter(text=text, about=concerned)
    if concerned is None or not concerned.is_staff:
        same = same.filter(queue=queue)
    if (found := same.first()) is not None:
        if grade < found.grade or found.awaits_second:
            # What was chosen before this report is chosen again by somebody who has read it.
            found.grade = min(grade, found.grade)
            restart_clock(found, timezone.now() + timedelta(minutes=MINUTES[found.grade]))
        return found
    staff = concerned is not None and concerned.is_staff
    return open_case(
        # What concerns a member of staff is for supervisors alone, whatever the reason.
        queue=Case.Queue.SUPERVISION if staff else Case.Queue(queue),
        origin=Case.Origin.REPORT,
        kind=reason,
        grade=grade,
        minutes=MINUTES[grade],
        text=text,
        about=concerned,
    )


def decided_case(
    *, by: User, text: Text | None = None, report: Report | None = None,
    decision: Decision | None = None,
) -> Case | None:  # fmt: skip
    """Return the case whose decision `by` can appeal against; None where there is none (yet)."""
    if report is not None:
        return report.case if report.told_at is not None and report.by_id == by.pk else None
    if decision is not None:
        appealable = {Decision.What.HIDE, Decision.What.LOCK, Decision.What.SUSPEND,
                      Decision.What.WARN}  # fmt: skip
        own = decision.person_id == by.pk
        return decision.case if own and decision.what in appealable else None
    if text is None or text.author_id != by.pk:
        return None
    if text.state != Text.State.HIDDEN and not text.locked:
        return None
    latest = text.decisions.filter(what__in=(Decision.What.HIDE, Decision.What.LOCK)).first()
    if latest is not None:
        return latest.case
    # Hidden by the policy alone: a person looks at it first, then there is a decision.
    return text.cases.filter(state=Case.State.CLOSED).order_by("-closed_at").first()


def appeal(*, by: User, against: Case, words: str, key: str = "") -> Appeal:
    """Ask that somebody else looks again; once for each case and person.

    Raises:
        PermissionDenied: Not the one whom the decision concerns, and not a reporter of it.
        ValidationError: Nothing to read, or too long.
    """
    concerned = against.about_id == by.pk or against.reports.filter(by=by).exists()
    if not concerned or against.origin == Case.Origin.APPEAL:
        raise PermissionDenied
    earlier = Appeal.objects.filter(by=by, against=against).first()
    if earlier is not None:
        return earlier

    def attach(own: Text) -> None:
        deciders = {against.closed_by_id, against.second_by_id}
        deciders |= set(against.decisions.values_list("by_id", flat=True))
        case = open_case(
            queue=Case.Queue(against.queue),
            origin=Case.Origin.APPEAL,
            kind="appeal",
            grade=APPEAL_GRADE,
            minutes=MINUTES[APPEAL_GRADE],
            text=against.text,
            about=against.about,
            past={pk for pk in deciders if pk is not None},
        )
        made = Appeal.objects.create(by=by, against=against, words=own, case=case)
        record("appeal.sent", by=by, target=f"appeal:{made.public_id}")

    sent = door.receive(by=by, kind=Text.Kind.APPEAL, body=words, key=key, attach=attach)
    return _made(Appeal.objects.filter(by=by, words=sent).first())


Made = TypeVar("Made", Report, Appeal)


def _made(made: Made | None) -> Made:
    """Return what the form made; a form key that made something else is refused."""
    if made is None:
        raise ValidationError(_("Reload the page and send it again."), code="stale")
    return made
