"""Asking people, and keeping what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community import roles
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.measures import catalogue, risk
from oarlock.community.measures.models import Administration, Answer
from oarlock.community.notices.models import Notice
from oarlock.trial.instruments import Instrument

State = Administration.State


def administer(
    *,
    by: User | None,
    person: User,
    instrument: str,
    wave: str,
    opens_at: datetime,
    closes_at: datetime,
    source: str,
    intended_at: datetime | None = None,
) -> Administration:
    """Ask a person to answer a questionnaire, and return the row; asking again changes nothing.

    Args:
        by: Researcher; None for the system, such as the schedule of a trial.
        person: Who is asked.
        instrument: Name in the registry.
        wave: Name of the wave, "baseline".
        opens_at: First moment of the window, with a time zone.
        closes_at: First moment after it.
        source: Who asks, "trial:abc"; a wave of a source asks a person once.
        intended_at: When the protocol wants it; the opening if None.

    Raises:
        PermissionDenied: Not a researcher.
        ValidationError: No such questionnaire here, no window, nobody to ask.
    """
    if by is not None and not roles.may(by, "research"):
        raise PermissionDenied
    found = catalogue.find(instrument)
    if found is None:
        raise ValidationError(_("This questionnaire is not available here."), code="instrument")
    intended_at = intended_at or opens_at
    if any(timezone.is_naive(at) for at in (opens_at, closes_at, intended_at)):
        raise ValidationError(_("Give every time with its time zone."), code="zone")
    if closes_at <= opens_at:
        raise ValidationError(_("A window has to close after it opens."), code="window")
    if not (wave and source) or len(wave) > 40 or len(source) > 60:
        raise ValidationError(_("Name the wave and who asks, briefly."), code="name")
    if not person.is_active or person.erased_at is not None:
        raise ValidationError(_("This account is closed."), code="gone")
    named = {"person": person, "instrument": instrument, "wave": wave, "source": source}
    try:
        with transaction.atomic():
            made, new = Administration.objects.get_or_create(
                **named,
                defaults={
                    "version": found.version,
                    "intended_at": intended_at,
                    "opens_at": opens_at,
                    "closes_at": closes_at,
                },
            )
            if new:
                record("measure.scheduled", by=by, target=str(made), instrument=instrument)
    except IntegrityError:
        # Asked twice at once.
        made = Administration.objects.get(**named)
    return made


@transaction.atomic
def call_off(*, by: User | None, person: User, source: str, keep_answers: bool) -> int:
    """Take back what a source asks of a person and has not got yet; return how many.

    Args:
        by: The person, a researcher, or None for the system.
        person: Who was asked.
        source: As in `administer`.
        keep_answers: Whether answers that were given stay; else all of this source are deleted.
    """
    if by is not None and by != person and not roles.may(by, "research"):
        raise PermissionDenied
    mine = Administration.objects.select_for_update().filter(person=person, source=source)
    waiting = list(mine.filter(finished_at=None, called_off_at=None))
    for one in waiting:
        one.called_off_at = timezone.now()
        one.save(update_fields=["called_off_at"])
        record("measure.called_off", by=by, target=str(one), kept=keep_answers)
    _hush(waiting)
    if not keep_answers:
        Answer.objects.filter(administration__in=mine).delete()
        mine.update(called_off_at=timezone.now(), shown_at=None, finished_at=None, via="")
    return len(waiting)


def _hush(administrations: list[Administration]) -> None:
    """Mark notices as read that lead to nothing any more."""
    targets = [str(one) for one in administrations]
    Notice.objects.filter(target__in=targets, read_at=None).update(read_at=timezone.now())


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer.

    Attributes:
        kept: Whether it counts.
        state: Of the administration when the answer came.
        risk: Whether the person is to see help first.
        next_item: What to ask next; None for nothing.
    """

    kept: bool
    state: State
    risk: bool = False
    next_item: int | None = None


@transaction.atomic
def show(*, by: User, administration: Administration, item: int) -> Answer:
    """Write down when a question is first on the screen."""
    now = timezone.now()
    locked = _locked(by, administration)
    if locked.shown_at is None:
        locked.shown_at, locked.via = now, Administration.Via.WEB
        locked.save(update_fields=["shown_at", "via"])
    found, _new = Answer.objects.get_or_create(
        administration=locked, item=item, defaults={"shown_at": now}
    )
    return found


@transaction.atomic
def answer(
    *, by: User, administration: Administration, item: int, value: int | None, language: str = ""
) -> Taken:
    """Keep one answer, None for a skipped question.

    Before the end another answer takes the place of the first. An answer that comes too late or
    after the finish does not count, but one that tells of danger reaches a person all the same.

    Raises:
        ValidationError: The question does not have this answer.
    """
    locked = _locked(by, administration)
    instrument = _instrument(locked)
    if item not in range(1, instrument.n_items + 1):
        raise ValidationError(_("There is no such question."), code="item")
    if value is not None and value not in instrument.values:
        raise ValidationError(_("Choose one of the answers that are offered."), code="value")
    now = timezone.now()
    state = locked.state_at(now)
    old = Answer.objects.filter(administration=locked, item=item).first()
    danger = instrument.risk_of(item, value)
    if danger is not None and value is not None and state != State.EARLY:
        changed = old is None or old.answered_at is None or old.value != value
        # What does not count is not kept, so it cannot tell whether it came twice.
        risk.raise_case(locked, danger, value, changed=changed and state == State.OPEN)
    if state != State.OPEN:
        return Taken(False, state, danger is not None)
    _keep(locked, old, item, value, now, language)
    following = next_item(locked, instrument, item)
    if following is None:
        locked.finished_at = now
        locked.save(update_fields=["finished_at"])
        _hush([locked])
        record("measure.finished", by=by, target=str(locked))
    return Taken(True, state, danger is not None, following)


def _keep(
    administration: Administration, old: Answer | None, item: int, value: int | None, now: datetime,
    language: str,
) -> None:  # fmt: skip
    if old is None:
        old = Answer(administration=administration, item=item, shown_at=now)
    elif old.answered_at is not None and old.value == value:
        return  # The same form came twice.
    elif old.answered_at is not None:
        old.n_changes += 1
    old.value = value
    # A clock that was set back must not make an answer older than its question.
    old.answered_at = max(now, old.shown_at)
    old.language = language[:5]
    old.save()
    if administration.shown_at is None:
        administration.shown_at, administration.via = now, Administration.Via.WEB
        administration.save(update_fields=["shown_at", "via"])


def next_item(administration: Administration, instrument: Instrument, after: int = 0) -> int | None:
    """Return the next question without an answer, first behind `after`; None for none."""
    answered = Answer.objects.filter(administration=administration, answered_at__isnull=False)
    done = set(answered.values_list("item", flat=True))
    left = [n for n in range(1, instrument.n_items + 1) if n not in done]
    return next((n for n in left if n > after), left[0] if left else None)


def _locked(by: User, administration: Administration) -> Administration:
    if administration.person_id != by.pk:
        raise PermissionDenied
    return Administration.objects.select_for_update().get(pk=administration.pk)


def _instrument(administration: Administration) -> Instrument:
    found = catalogue.find(administration.instrument)
    if found is None:
        raise ValidationError(_("This questionnaire is not available here."), code="instrument")
    return found
