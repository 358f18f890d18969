"""Closing a case: outcome, second reader, what becomes of the text, and who is told."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk.actions import check_version, locked
from oarlock.community.desk.intake import open_cases, restart_clock
from oarlock.community.desk.measures import readmit, set_hidden, set_shown
from oarlock.community.desk.models import Appeal, Case, CaseNote, Decision, Report
from oarlock.community.desk.reasons import MINUTES
from oarlock.community.notices.actions import tell
from oarlock.community.support.actions import released
from oarlock.community.texts import wording
from oarlock.community.texts.models import IN_THREADS, CodedSentence, Screening, Text

Outcome = Case.Outcome
OF_APPEALS = frozenset({Outcome.UPHELD, Outcome.OVERTURNED})
ACTED = frozenset({Outcome.HIDDEN, Outcome.WARNED, Outcome.SUSPENDED, Outcome.EMERGENCY})
CARED = frozenset({Outcome.SUPPORTED, Outcome.REFERRED, Outcome.NOT_REACHED})


def outcomes(case: Case) -> list[tuple[str, str]]:
    """Return the outcomes that a case can have, with their names."""
    appeal = case.origin == Case.Origin.APPEAL
    return [
        (choice.value, str(choice.label)) for choice in Outcome if (choice in OF_APPEALS) == appeal
    ]


def asks_about_text(case: Case) -> bool:
    """Return whether closing has to say what becomes of the text."""
    text = case.text
    if text is None or text.state == Text.State.DELETED:
        return False
    unread = text.state == Text.State.HIDDEN and not _hidden_by_a_person(text)
    return unread or text.state == Text.State.HELD or case.origin == Case.Origin.APPEAL


def may_choose_text(case: Case) -> bool:
    """Return whether closing can say what becomes of the text, also where it need not."""
    text = case.text
    return asks_about_text(case) or (text is not None and text.state == Text.State.HIDDEN)


def _hidden_by_a_person(text: Text) -> bool:
    return text.decisions.filter(what=Decision.What.HIDE, ended_at=None).exists()


def same_text(case: Case) -> bool:
    """Return whether the text is still the one about which an outcome was chosen."""
    return case.text is None or case.text_version == case.text.version


def _version(case: Case) -> int | None:
    return None if case.text is None else case.text.version


@transaction.atomic
def close(
    *, by: User, case: Case, outcome: str, text_after: str = "", version: int | None = None
) -> bool:
    """Close a case, or hand the outcome to a second reader; return whether it is closed now.

    Args:
        outcome: One of `outcomes(case)`.
        text_after: "shown" or "hidden"; needed while the text is held, and on an appeal about one.
        version: The version of the text that `by` has read.
    """
    case = locked(by, case)
    check_version(case, version)
    if not case.is_open:
        raise ValidationError(_("Somebody has closed this case already."), code="closed")
    if outcome not in dict(outcomes(case)):
        raise ValidationError(_("Choose an outcome first."), code="outcome")
    if text_after not in {"", Text.State.SHOWN, Text.State.HIDDEN}:
        raise ValidationError(_("Choose one of the answers that are offered."))
    if asks_about_text(case) and not text_after:
        raise ValidationError(_("Say whether others will see the text."), code="text")
    waited = case.awaits_second and case.text_version == _version(case)
    case.outcome, case.text_after, case.text_version = outcome, text_after, _version(case)
    case.closed_by, case.second_by = by, None
    if case.state == Case.State.NEW:
        case.state, case.acknowledged_at = Case.State.ACKNOWLEDGED, timezone.now()
        case.assigned_to = case.assigned_to or by
    if case.two_readers:
        if not waited:
            # The second reader has as long as the first had, then people are called.
            case.acknowledge_by = timezone.now() + timedelta(minutes=MINUTES[case.grade])
            case.alarmed_at, case.alarm_round = None, 0
        case.save()
        record("case.proposed", by=by, target=str(case), outcome=outcome)
        return False
    _finish(by, case)
    return True


@transaction.atomic
def agree(*, by: User, case: Case, version: int | None = None) -> None:
    """Agree as second reader with the outcome that somebody else chose; closes the case.

    Args:
        version: The version of the text that `by` has read; both have to have read the same.
    """
    case = locked(by, case)
    check_version(case, version)
    if not case.awaits_second:
        raise ValidationError(_("There is no outcome to agree with."), code="outcome")
    if case.closed_by_id == by.pk:
        raise ValidationError(_("Somebody else has to read it too."), code="second")
    if not same_text(case):
        raise ValidationError(
            _("The text has changed since the outcome was chosen. Choose an outcome again."),
            code="changed",
        )
    case.second_by = by
    _finish(by, case)


@transaction.atomic
def disagree(*, by: User, case: Case, note: str) -> None:
    """Disagree as second reader, with the reason: the case goes on without an outcome.

    Whoever has it is asked to say so again, so that they learn of it.
    """
    case = locked(by, case)
    if not case.awaits_second:
        raise ValidationError(_("There is no outcome to agree with."), code="outcome")
    body = wording.clean(note, limit=4000)
    CaseNote.objects.create(case=case, by=by, kind=CaseNote.Kind.SECOND, body=body)
    restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[case.grade]))
    record("case.disagreed", by=by, target=str(case))


def _finish(by: User, case: Case) -> None:
    case.state, case.closed_at = Case.State.CLOSED, timezone.now()
    case.save()
    record(
        "case.closed",
        by=by,
        target=str(case),
        outcome=case.outcome,
        first=case.closed_by.public_id if case.closed_by else "",
    )
    _settle_text(by, case)
    _answer_reports(case)
    _answer_appeal(by, case)
    forget_erased(case)


def _settle_text(by: User, case: Case) -> None:
    if case.text_id is None:
        return
    text = Text.objects.select_for_update().get(pk=case.text_id)
    if text.state == Text.State.DELETED:
        return
    hidden = text.state == Text.State.HIDDEN and _hidden_by_a_person(text)
    if case.text_after == Text.State.HIDDEN and not hidden:
        set_hidden(by=by, case=case, text=text, reason="other")
    elif case.text_after == Text.State.SHOWN and not open_cases(text).exists():
        # While somebody else still looks at it, it stays as it is.
        set_shown(by=by, case=case, text=text)
    elif text.state == Text.State.SHOWN:
        released(text=text)


def _answer_reports(case: Case) -> None:
    outcome = Outcome(case.outcome)
    told = "acted" if outcome in ACTED else "cared" if outcome in CARED else "kept"
    if case.text_after == Text.State.HIDDEN or case.decisions.filter(what="hide").exists():
        told = "acted"
    for report in Report.objects.filter(case=case, told_at=None).select_related("by"):
        report.outcome, report.told_at = told, timezone.now()
        report.save(update_fields=["outcome", "told_at"])
        target = f"report:{report.public_id}"
        tell(to=report.by, kind="report", target=target, key=f"answer {report.public_id}")


def _answer_appeal(by: User, case: Case) -> None:
    appeal = Appeal.objects.filter(case=case).select_related("by", "against").first()
    if appeal is None:
        return
    overturned = case.outcome == Outcome.OVERTURNED
    appeal.outcome, appeal.told_at = ("changed" if overturned else "upheld"), timezone.now()
    appeal.save(update_fields=["outcome", "told_at"])
    person = case.about
    if overturned and person is not None and appeal.by == person and person.suspended_until:
        readmit(by=by, case=case)
    target = f"appeal:{appeal.public_id}"
    tell(to=appeal.by, kind="appeal", target=target, key=f"answer {appeal.public_id}")


def needed(texts: QuerySet[Text]) -> set[int]:
    """Return which texts an open case needs: what it is about, its talk, its reports, its appeal.

    The watch on unanswered posts needs none.
    """
    cases = Case.objects.exclude(state=Case.State.CLOSED)
    own = Q(cases__in=cases.exclude(origin=Case.Origin.WATCH)) | Q(contact__case__in=cases)
    words = {
        pk
        for model in (Report, Appeal)
        for pk in model._default_manager.filter(case__in=cases, words__in=texts).values_list(
            "words", flat=True
        )
    }
    return words | set(texts.filter(own).values_list("pk", flat=True))


def forget_erased(case: Case) -> None:
    """Blank what people who erased their account wrote, once no open case needs it."""
    pks = {case.text_id, *case.contacts.values_list("text", flat=True)}
    pks |= set(case.reports.values_list("words", flat=True))
    pks |= set(Appeal.objects.filter(case=case).values_list("words", flat=True))
    texts = Text.objects.filter(pk__in={pk for pk in pks if pk is not None}, author=None)
    still = needed(texts)
    for text in texts:
        if text.pk in still:
            continue
        text.versions.all().delete()
        kept = text.kind in IN_THREADS and text.state != Text.State.DELETED
        if kept:
            continue
        CodedSentence.objects.filter(text=text).delete()
        Screening.objects.filter(text=text).delete()
        text.title = text.body = text.language = ""
        text.state = Text.State.DELETED
        text.save(update_fields=["title", "body", "language", "state"])
        record(f"{text.kind}.blanked", by=None, target=str(text))
