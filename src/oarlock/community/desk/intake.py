"""From a finding to what happens: the state of the text, and the cases that people look at."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk import policy
from oarlock.community.desk.models import Case, Decision
from oarlock.community.desk.policy import Response
from oarlock.community.roles import MATRIX
from oarlock.community.texts.models import TO_STAFF, Text
from oarlock.community.texts.screening import Finding

log = logging.getLogger("oarlock.safety")

#: A text that could not be screened is read by a person within this time.
UNSCREENED_MINUTES = 60


def take_in(text: Text, finding: Finding) -> list[Case]:
    """Set the state of a new or changed text and open the cases that the policy asks for.

    The strictest response decides whether peers see the text. An edit never makes a text more
    visible while somebody still has to look at it. Runs inside the door's transaction.
    """
    wanted = None if finding.failed else _wanted(finding)
    if wanted is None:
        return [_unscreened(text)]
    if text.kind == Text.Kind.MESSAGE and _is_staff(text.author):
        return _from_staff(text, wanted)
    if text.kind in TO_STAFF:
        wanted = [response for response in wanted if response.family != "conduct"]
    else:
        _set_state(text, wanted)
        _warn_readers(text, wanted)
    return [
        open_case(
            queue=Case.Queue(response.queue),
            origin=Case.Origin.AGE if response.kind == "under-age" else Case.Origin.SCREENING,
            kind=response.kind,
            grade=response.grade,
            minutes=response.acknowledge_minutes,
            text=text,
            needs_second=response.second_reader,
        )
        for response in wanted
        if response.queue
    ]


def _wanted(finding: Finding) -> list[Response] | None:
    """Return what the policy says; None where the policy itself is broken."""
    try:
        return policy.responses(risk=finding.risk, kinds=finding.kinds)
    except Exception as error:  # noqa: BLE001 - whatever it is, the text must reach a person
        log.error("policy.failed", extra={"error": type(error).__name__})
        return None


def _unscreened(text: Text) -> Case:
    # What goes between staff and a person arrives all the same.
    if text.kind not in TO_STAFF and text.state != Text.State.HIDDEN:
        text.state = Text.State.HELD
        text.expected_by = _promised(Case.Queue.MODERATION, 2, UNSCREENED_MINUTES)
    return open_case(
        queue=Case.Queue.MODERATION,
        origin=Case.Origin.UNSCREENED,
        kind="unscreened",
        grade=2,
        minutes=UNSCREENED_MINUTES,
        text=text,
    )


def _is_staff(person: User | None) -> bool:
    return person is not None and person.is_safety_staff


def _from_staff(text: Text, wanted: list[Response]) -> list[Case]:
    """Let a message of staff arrive; what is not about risk in it goes to supervisors."""
    harm = [response for response in wanted if response.queue and response.family != "risk"]
    return [
        open_case(
            queue=Case.Queue.SUPERVISION,
            origin=Case.Origin.SCREENING,
            kind=response.kind,
            grade=response.grade,
            minutes=response.acknowledge_minutes,
            text=text,
        )
        for response in harm
    ]


def _set_state(text: Text, wanted: list[Response]) -> None:
    if text.state in {Text.State.HIDDEN, Text.State.DELETED}:
        return
    if _person_decided(text):
        return
    state, expected_by = _state(wanted)
    waits = text.state == Text.State.HELD and open_cases(text).exists()
    if waits and state == Text.State.SHOWN:
        return
    text.state, text.expected_by = state, expected_by


def _warn_readers(text: Text, wanted: list[Response]) -> None:
    """Put the content warnings of the policy on a post or reply, on a post beside its author's."""
    warnings = {response.warning for response in wanted} - {""}
    if text.kind == Text.Kind.REPLY and set(text.reply.warnings) != warnings:
        text.reply.warnings = sorted(warnings)
        text.reply.save(update_fields=["warnings"])
    if text.kind == Text.Kind.POST and not warnings <= set(text.post.warnings):
        text.post.warnings = sorted(warnings | set(text.post.warnings))
        text.post.save(update_fields=["warnings"])


def warn_again(text: Text, finding: Finding) -> None:
    """Put the policy's warnings back on a text whose author changed those alone."""
    if not finding.failed and text.kind not in TO_STAFF:
        _warn_readers(text, _wanted(finding) or [])


def _person_decided(text: Text) -> bool:
    """Return whether staff has shown this very version: no machine undoes what a person decided."""
    since = text.edited_at or text.created_at
    return Decision.objects.filter(text=text, what=Decision.What.SHOW, at__gt=since).exists()


def _state(wanted: list[Response]) -> tuple[Text.State, datetime | None]:
    """Return whether peers see the text, and by when its author is told it will be read."""
    for state in (Text.State.HIDDEN, Text.State.HELD):
        strict = [response for response in wanted if response.visibility == state.value]
        if strict:
            first = min(strict, key=lambda response: response.acknowledge_minutes)
            return state, _promised(first.queue, first.grade, first.acknowledge_minutes)
    return Text.State.SHOWN, None


def _promised(queue: str, grade: int, minutes: int) -> datetime | None:
    """Return by when the author may expect a reader; None where nobody is there to be one."""
    from oarlock.community.desk import rota  # which needs READERS of this module

    if not rota.keeps_time(queue, grade):
        return None
    return timezone.now() + timedelta(minutes=minutes)


def open_cases(text: Text) -> Any:
    """Return the cases on a text that somebody still has to look at, but for unanswered posts."""
    return text.cases.exclude(state=Case.State.CLOSED).exclude(origin=Case.Origin.WATCH)


#: Origins of a case that may be about what somebody did.
CONDUCT = frozenset({Case.Origin.SCREENING, Case.Origin.REPORT})
#: Origins that come again with every version of a text.
FOUND = frozenset({Case.Origin.SCREENING, Case.Origin.UNSCREENED, Case.Origin.AGE})
#: Roles that work on a queue.
READERS = {
    Case.Queue.MODERATION: MATRIX["moderation"],
    Case.Queue.CLINICAL: MATRIX["clinical"],
    Case.Queue.SUPERVISION: MATRIX["rota"],
    Case.Queue.OUTSIDE: MATRIX["operations"],
}


def route(queue: Case.Queue, *, past: set[int]) -> Case.Queue:
    """Return the queue in which somebody other than `past` can read a case.

    Where nobody is left, operators are told that an outside person is needed; they see no text.
    """
    for step in (queue, Case.Queue.SUPERVISION):
        readers = User.objects.people().filter(role__in=READERS[step])
        if readers.exclude(pk__in=past).exists():
            return step
    return Case.Queue.OUTSIDE


def open_case(
    *,
    queue: Case.Queue,
    origin: Case.Origin,
    kind: str,
    grade: int,
    minutes: int,
    text: Text | None = None,
    about: User | None = None,
    needs_second: bool = False,
    past: Iterable[int] = (),
    **more: Any,
) -> Case:
    """Open a case, or return the open one of the same kind on the same text, made more urgent.

    A new version of the text takes back an outcome that waits for a second reader.

    Args:
        queue: Where it belongs. One about the conduct of a member of staff goes to supervisors.
        past: People who must not work on it, besides the one whom it is about.
    """
    by_when = timezone.now() + timedelta(minutes=minutes)
    about = about or (text.author if text else None)
    past = set(past)
    if about is not None and about.is_staff:
        past.add(about.pk)
        more.setdefault("not_for", about)
        if queue == Case.Queue.MODERATION and origin in CONDUCT:
            queue = Case.Queue.SUPERVISION
    if past:
        queue = route(queue, past=past)
    if text is not None and origin in FOUND and (same := _same(text, kind, origin)) is not None:
        if grade < same.grade:
            same.grade = grade
            same.needs_second = same.needs_second or needs_second
            same.assigned_to = None
            restart_clock(same, by_when)
        elif same.awaits_second and same.text_version != text.version:
            # What was chosen was about other words: it is read again from the start.
            restart_clock(same, by_when)
        return same
    case = Case.objects.create(
        queue=queue,
        origin=origin,
        kind=kind[:48],
        grade=grade,
        text=text,
        about=about,
        acknowledge_by=by_when,
        needs_second=needs_second,
        **more,
    )
    record("case.opened", by=None, target=str(case), kind=kind, grade=grade, origin=str(origin))
    return case


def lock_text(pk: int | None) -> None:
    """Lock a text before the cases on it: everybody who needs both takes them in this order."""
    if pk is not None:
        Text.objects.select_for_update().filter(pk=pk).first()


def _same(text: Text, kind: str, origin: Case.Origin) -> Case | None:
    """Return the open case that a new finding belongs to."""
    return (
        Case.objects.select_for_update()
        .filter(text=text, kind=kind[:48], origin=origin)
        .exclude(state=Case.State.CLOSED)
        .first()
    )


def restart_clock(case: Case, by_when: datetime) -> None:
    """Let a case wait for "I have it" (again).

    While it waits already, its clock only gets shorter and its alarms go on: whoever writes again
    and again must not put off the alarm about themselves.
    """
    if case.state == Case.State.NEW:
        case.acknowledge_by = min(case.acknowledge_by, by_when)
    else:
        case.acknowledge_by = by_when
        case.alarmed_at, case.alarm_round = None, 0
    case.state = Case.State.NEW
    case.outcome, case.text_after, case.text_version = "", "", None
    case.closed_at, case.closed_by, case.second_by = None, None, None
    case.save()
