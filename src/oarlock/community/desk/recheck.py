"""Screening again what could not be screened, once screening works."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from oarlock.community.audit.actions import record
from oarlock.community.desk import intake
from oarlock.community.desk.models import Case, CaseNote
from oarlock.community.notices.actions import tell
from oarlock.community.support.actions import released
from oarlock.community.texts.models import Text
from oarlock.community.texts.screening import Finding, screen, write_down

log = logging.getLogger("oarlock.safety")

BATCH = 50
#: Failures in one run: each may take as long as the patience with screening.
FAILURES = 3


def run() -> int:
    """Screen unscreened texts and return how many got a finding.

    Stops after some failures: screening is still down, and people have the texts. The order is by
    chance, so that texts on which screening always breaks keep no other from its turn.
    """
    waiting = Text.objects.filter(screened=False).exclude(state=Text.State.DELETED)
    n = failures = 0
    for text in waiting.order_by("?")[:BATCH]:
        finding = screen(text.title, text.body)
        if not finding.failed:
            n += _settle(text, finding)
            continue
        failures += 1
        if failures == FAILURES:
            break
    if n:
        log.info("recheck.done", extra={"count": n})
    return n


@transaction.atomic
def _settle(seen: Text, finding: Finding) -> bool:
    """Write the finding down; False if the text has changed or was screened meanwhile."""
    text = Text.objects.select_for_update().get(pk=seen.pk)
    if text.screened or text.version != seen.version or text.state == Text.State.DELETED:
        return False
    write_down(text, finding)
    before = text.state
    _close_untaken(text)
    text.screened = True
    intake.take_in(text, finding)
    # A policy that breaks marks it again: it must not be screened in a circle.
    text.save(update_fields=["screened", "state", "expected_by"])
    if text.state != before:
        released(text=text)
        if text.state == Text.State.SHOWN:
            tell(
                to=text.author, kind="released", target=str(text), key=f"screened {text.public_id}"
            )
    record("text.screened_late", by=None, target=str(text), state=text.state)
    return True


def _close_untaken(text: Text) -> None:
    """Close the case that says "unscreened", unless a person has it or has written in it."""
    untaken = (
        Case.objects.select_for_update()
        .filter(text=text, origin=Case.Origin.UNSCREENED, state=Case.State.NEW)
        .filter(acknowledged_at=None, assigned_to=None, outcome="")
        .exclude(Exists(CaseNote.objects.filter(case=OuterRef("pk"))))
    )
    for case in untaken:
        case.state, case.closed_at = Case.State.CLOSED, timezone.now()
        case.outcome = Case.Outcome.NO_CONCERN
        case.save()
        record("case.closed", by=None, target=str(case), outcome="screened-late")
