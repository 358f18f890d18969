"""An answer that tells of danger: a case for the safety team, in the same transaction."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from oarlock.community.audit.actions import record
from oarlock.community.desk import policy
from oarlock.community.desk.intake import open_case, restart_clock
from oarlock.community.desk.models import Case
from oarlock.community.desk.reasons import MINUTES
from oarlock.community.measures.models import Administration, RiskAnswer
from oarlock.trial.instruments import Risk

log = logging.getLogger("oarlock.safety")


def raise_case(administration: Administration, risk: Risk, value: int, *, changed: bool) -> None:
    """Open a case about a risk answer, or make the open one more urgent.

    The same answer sent twice opens one case. Runs inside the transaction of the answer.

    Args:
        administration: Locked by the caller.
        risk: What the instrument says of this answer.
        value: The answer.
        changed: Whether it is another answer than the one that was kept before.
    """
    last = (
        RiskAnswer.objects.filter(administration=administration, item=risk.item)
        .select_related("case")
        .last()
    )
    if last is not None and not changed and last.value == value:
        return
    queue, grade, minutes = _response(risk)
    if last is None or not last.case.is_open:
        case = open_case(
            queue=queue,
            origin=Case.Origin.MEASURE,
            kind=risk.grade,
            grade=grade,
            minutes=minutes,
            about=administration.person,
        )
    else:
        case = Case.objects.select_for_update().get(pk=last.case_id)
        if value > last.value:
            # Worse than what somebody may have read already: it is looked at again.
            case.grade = min(case.grade, grade)
            restart_clock(case, timezone.now() + timedelta(minutes=minutes))
    RiskAnswer.objects.create(administration=administration, item=risk.item, value=value, case=case)
    record("measure.risk", by=None, target=str(administration), case=case.public_id)


def _response(risk: Risk) -> tuple[Case.Queue, int, int]:
    """Return queue, grade and minutes of the response policy; the cautious ones if it is broken."""
    try:
        row = policy.responses(risk=risk.grade, kinds={})[0]
        return Case.Queue(row.queue), row.grade, row.acknowledge_minutes
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer must reach a person
        log.error("policy.failed", extra={"error": type(error).__name__})
        return Case.Queue.CLINICAL, 2, MINUTES[2]
