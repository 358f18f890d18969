"""What staff does to a text or a person: shown, hidden, locked, suspended, warned; always told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk.actions import check_version, locked
from oarlock.community.desk.intake import lock_text, open_cases
from oarlock.community.desk.models import Case, Decision
from oarlock.community.desk.reasons import WHY
from oarlock.community.notices.actions import tell
from oarlock.community.support.actions import released
from oarlock.community.texts.models import Text

What = Decision.What


def _decide(
    by: User, case: Case, what: Decision.What, reason: str, until: datetime | None, **on: Any
) -> Decision:
    if reason not in WHY:
        raise ValidationError(_("Choose one of the answers that are offered."))
    return Decision.objects.create(case=case, by=by, what=what, reason=reason, until=until, **on)


def _end(what: Decision.What, **on: Any) -> None:
    Decision.objects.filter(what=what, ended_at=None, **on).update(ended_at=timezone.now())


def until(days: int | None) -> datetime | None:
    return None if not days else timezone.now() + timedelta(days=days)


def _text(case: Case) -> Text:
    if case.text_id is None:
        raise ValidationError(_("This case has no text."))
    text = Text.objects.select_for_update().get(pk=case.text_id)
    if text.state == Text.State.DELETED:
        raise ValidationError(_("Its author has deleted this text."), code="deleted")
    return text


def set_shown(*, by: User, case: Case, text: Text) -> None:
    """Show a text to peers; inside somebody else's transaction."""
    changed = text.state != Text.State.SHOWN
    text.state, text.expected_by = Text.State.SHOWN, None
    text.save(update_fields=["state", "expected_by"])
    if not changed:
        return
    decision = _decide(by, case, What.SHOW, "looked-again", None, text=text, person=text.author)
    _end(What.HIDE, text=text)
    released(text=text)
    tell(to=text.author, kind="released", target=str(text), key=f"shown {decision.public_id}")
    record(f"{text.kind}.shown", by=by, target=str(text), case=case.public_id)


def set_hidden(
    *, by: User, case: Case, text: Text, reason: str, until: datetime | None = None
) -> None:
    """Hide a text from peers; inside somebody else's transaction."""
    decision = _decide(by, case, What.HIDE, reason, until, text=text, person=text.author)
    text.state, text.expected_by = Text.State.HIDDEN, None
    text.save(update_fields=["state", "expected_by"])
    released(text=text)
    tell(to=text.author, kind="hidden", target=str(text), key=f"hidden {decision.public_id}")
    record(f"{text.kind}.hidden", by=by, target=str(text), case=case.public_id, reason=reason)


@transaction.atomic
def show(*, by: User, case: Case, version: int | None = None) -> None:
    """Show a text again; where two people have to agree, they do so by closing the case.

    Args:
        version: The version of the text that `by` has read.
    """
    case = locked(by, case)
    text = _text(case)
    check_version(case, version)
    if case.two_readers:
        raise ValidationError(
            _("Two people have to agree. Close the case, and choose that others see the text.")
            if case.is_open
            else _(
                "Two people have to agree. Reopen the case, then close it, and choose that others "
                "see the text."
            ),
            code="second",
        )
    if open_cases(text).exclude(pk=case.pk).exists():
        raise ValidationError(
            _(
                "Another case about this text is open. "
                "The text stays as it is until that is closed."
            ),
            code="other",
        )
    set_shown(by=by, case=case, text=text)


@transaction.atomic
def hide(*, by: User, case: Case, reason: str, days: int | None = None) -> None:
    case = locked(by, case)
    set_hidden(by=by, case=case, text=_text(case), reason=reason, until=until(days))


@transaction.atomic
def lock(*, by: User, case: Case, reason: str, days: int | None = None) -> None:
    """Keep a text as it is: no edit, no deletion, and on a post no further reply."""
    case = locked(by, case)
    text = _text(case)
    text.locked = True
    text.save(update_fields=["locked"])
    on = {"text": text, "person": text.author}
    decision = _decide(by, case, What.LOCK, reason, until(days), **on)
    tell(to=text.author, kind="hidden", target=str(text), key=f"locked {decision.public_id}")
    record(f"{text.kind}.locked", by=by, target=str(text), case=case.public_id, reason=reason)


@transaction.atomic
def unlock(*, by: User, case: Case) -> None:
    case = locked(by, case)
    text = _text(case)
    if not text.locked:
        return
    text.locked = False
    text.save(update_fields=["locked"])
    _end(What.LOCK, text=text)
    _decide(by, case, What.UNLOCK, "looked-again", None, text=text, person=text.author)
    record(f"{text.kind}.unlocked", by=by, target=str(text), case=case.public_id)


def _person(case: Case) -> User:
    person = case.about
    if person is None or not person.is_active:
        raise ValidationError(_("This person has left."), code="gone")
    if person.is_staff:
        raise ValidationError(
            _("This is a member of staff. Ask an operator to take the role away first."),
            code="staff",
        )
    return person


@transaction.atomic
def suspend(*, by: User, case: Case, reason: str, days: int) -> None:
    """Keep the person from writing for some days; they can still read, get help and appeal."""
    case = locked(by, case)
    person = _person(case)
    end = until(days)
    if end is None:
        raise ValidationError(_("Say for how long."))
    accounts.suspend(by=by, person=person, until=end)
    decision = _decide(by, case, What.SUSPEND, reason, end, person=person)
    tell(
        to=person,
        kind="warned",
        target=f"decision:{decision.public_id}",
        key=f"suspended {decision.public_id}",
    )


@transaction.atomic
def readmit(*, by: User, case: Case) -> None:
    case = locked(by, case)
    person = _person(case)
    if person.suspended_until is None:
        return
    accounts.suspend(by=by, person=person, until=None)
    _end(What.SUSPEND, person=person)
    _decide(by, case, What.READMIT, "looked-again", None, person=person)


@transaction.atomic
def warn(*, by: User, case: Case, reason: str) -> None:
    """Tell the person that something they did does not fit the agreement."""
    case = locked(by, case)
    person = _person(case)
    decision = _decide(by, case, What.WARN, reason, None, person=person, text=case.text)
    tell(
        to=person,
        kind="warned",
        target=f"decision:{decision.public_id}",
        key=f"warned {decision.public_id}",
    )
    record("person.warned", by=by, target=f"person:{person.public_id}", case=case.public_id)


def end_terms() -> int:
    """Take back what was decided for a time that is over; return how many decisions ended.

    Run by the schedule. A text that somebody still looks at stays as it is.
    """
    n = 0
    due = Decision.objects.filter(ended_at=None, until__lte=timezone.now())
    for pk, text in due.values_list("pk", "text")[:200]:
        with transaction.atomic():
            lock_text(text)
            decision = Decision.objects.select_for_update().get(pk=pk)
            if decision.ended_at is None:
                n += _run_out(decision)
    return n


def _run_out(decision: Decision) -> bool:
    text = decision.text
    if text is not None and decision.what in {What.HIDE, What.LOCK}:
        text = Text.objects.get(pk=text.pk)
        if open_cases(text).exists():
            return False
        newer = Decision.objects.filter(text=text, what=decision.what, ended_at=None)
        if not newer.exclude(pk=decision.pk).exists():
            _release(text, Decision.What(decision.what))
            record(f"{text.kind}.released", by=None, target=str(text), what=decision.what)
    decision.ended_at = timezone.now()
    decision.save(update_fields=["ended_at"])
    return True


def _release(text: Text, what: Decision.What) -> None:
    if what == What.LOCK:
        text.locked = False
        text.save(update_fields=["locked"])
    elif text.state == Text.State.HIDDEN:
        text.state = Text.State.SHOWN
        text.save(update_fields=["state"])
        released(text=text)
        tell(to=text.author, kind="released", target=str(text), key=f"released {text.public_id}")
