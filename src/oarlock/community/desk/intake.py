"""From a finding to what happens: the state of the text, and the cases that people look at."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from oarlock.community.audit.actions import record
from oarlock.community.desk.models import Case
from oarlock.community.desk.policy import Response, responses
from oarlock.community.texts.models import Text
from oarlock.community.texts.screening import Finding

#: A text that could not be screened is read by a person within this time.
UNSCREENED_MINUTES = 60


def take_in(text: Text, finding: Finding) -> list[Case]:
    """Set the state of a new or changed text and open the cases that the policy asks for.

    The strictest response decides whether peers see the text. Runs inside the door's transaction.
    """
    if finding.failed:
        text.state = Text.State.HELD
        text.expected_by = timezone.now() + timedelta(minutes=UNSCREENED_MINUTES)
        return [
            open_case(
                queue=Case.Queue.MODERATION,
                origin=Case.Origin.UNSCREENED,
                kind="unscreened",
                grade=2,
                minutes=UNSCREENED_MINUTES,
                text=text,
            )
        ]
    wanted = responses(risk=finding.risk, kinds=finding.kinds)
    if text.state != Text.State.HIDDEN:
        text.state, text.expected_by = _state(wanted)
    return [
        open_case(
            queue=Case.Queue(response.queue),
            origin=Case.Origin.SCREENING,
            kind=response.kind,
            grade=response.grade,
            minutes=response.acknowledge_minutes,
            text=text,
            needs_second=response.second_reader,
        )
        for response in wanted
        if response.queue
    ]


def _state(wanted: list[Response]) -> tuple[Text.State, datetime | None]:
    """Return whether peers see the text, and by when a person will have read it."""
    for state in (Text.State.HIDDEN, Text.State.HELD):
        strict = [response for response in wanted if response.visibility == state.value]
        if strict:
            minutes = min(response.acknowledge_minutes for response in strict)
            return state, timezone.now() + timedelta(minutes=minutes)
    return Text.State.SHOWN, None


def open_case(
    *,
    queue: Case.Queue,
    origin: Case.Origin,
    kind: str,
    grade: int,
    minutes: int,
    text: Text | None = None,
    needs_second: bool = False,
    **more: object,
) -> Case:
    """Open a case, or return the open one of the same kind on the same text, made more urgent."""
    by_when = timezone.now() + timedelta(minutes=minutes)
    if text is not None and origin in {Case.Origin.SCREENING, Case.Origin.UNSCREENED}:
        same = (
            Case.objects.select_for_update()
            .filter(text=text, kind=kind, origin=origin)
            .exclude(state=Case.State.CLOSED)
            .first()
        )
        if same is not None:
            if grade < same.grade:
                same.grade = grade
                same.acknowledge_by = min(same.acknowledge_by, by_when)
                same.needs_second = same.needs_second or needs_second
                same.state, same.assigned_to = Case.State.NEW, None
                same.save()
            return same
    case = Case.objects.create(
        queue=queue,
        origin=origin,
        kind=kind,
        grade=grade,
        text=text,
        about=text.author if text else None,
        acknowledge_by=by_when,
        needs_second=needs_second,
        **more,
    )
    record("case.opened", by=None, target=str(case), kind=kind, grade=grade, origin=str(origin))
    return case
