"""What the team of the demo has done: cases closed and open, reports, an appeal, a rota."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F

from oarlock.community.accounts.models import User
from oarlock.community.desk import actions, closing, reports, rota
from oarlock.community.desk.models import Appeal, Case, CaseNote, Decision, Report
from oarlock.community.texts.models import Text

#: Cases older than this are closed in the demo.
OLD = timedelta(days=3)

READERS = {
    Case.Queue.MODERATION: ("mod_ines", "mod_tariq"),
    Case.Queue.CLINICAL: ("dr_amara", "dr_lund"),
    Case.Queue.SUPERVISION: ("sup_noor", "sup_elias"),
}
#: What the screening calls it in a thread, and what a member chooses who reports it.
REASONS = {
    "pro-eating-disorder": "methods",
    "insult": "insult",
    "hate": "hate",
    "off-platform request": "contact",
}
NOTES = {
    Case.Queue.CLINICAL: "Read with the thread around it. Wrote to the person; they answered and "
    "have somebody with them. Will look again tomorrow.",
    Case.Queue.MODERATION: "Read with the thread around it.",
    Case.Queue.SUPERVISION: "Talked it over with both sides.",
}


def report(by: User, text: Text, kind: str, at: datetime) -> None:
    """Let a member report a text, as if at that time."""
    sent = reports.report(by=by, reason=REASONS[kind], text=text)
    Report.objects.filter(pk=sent.pk).update(at=at)
    Case.objects.filter(pk=sent.case_id).update(opened_at=at, acknowledge_by=at + (
        sent.case.acknowledge_by - sent.case.opened_at))  # fmt: skip


def work(people: Mapping[str, User], now: datetime) -> None:
    """Close what is old, leave what is new, appeal once, and fill the rota but for a gap."""
    for case in Case.objects.order_by("opened_at"):
        if case.opened_at < now - OLD:
            _close(case, people)
    _appeal(now)
    _freshen(now)
    _rota(people, now)


def _close(case: Case, people: Mapping[str, User]) -> None:
    first, second = (people[handle] for handle in READERS[Case.Queue(case.queue)])
    opened = case.opened_at
    actions.acknowledge(by=first, case=case)
    actions.add_note(by=first, case=case, body=NOTES[Case.Queue(case.queue)])
    reported = case.origin == Case.Origin.REPORT
    outcome = (
        Case.Outcome.HIDDEN
        if reported
        else Case.Outcome.SUPPORTED
        if case.queue == Case.Queue.CLINICAL
        else Case.Outcome.NO_CONCERN
    )
    case.refresh_from_db()
    after = ""
    if reported:
        after = Text.State.HIDDEN
    elif closing.asks_about_text(case):
        after = Text.State.SHOWN
    if not closing.close(by=first, case=case, outcome=outcome, text_after=after):
        case.refresh_from_db()
        closing.agree(by=second, case=case)
    # Everything happened within the clock of the case, long ago.
    within = case.acknowledge_by - opened
    Case.objects.filter(pk=case.pk).update(
        acknowledged_at=opened + within / 3, closed_at=opened + within / 3 + timedelta(hours=5)
    )
    CaseNote.objects.filter(case=case).update(at=opened + within / 3 + timedelta(hours=1))
    Decision.objects.filter(case=case).update(at=opened + within / 3 + timedelta(hours=5))
    Report.objects.filter(case=case).update(told_at=opened + within / 3 + timedelta(hours=5))


def _appeal(now: datetime) -> None:
    """Let the author of a hidden reply ask that somebody else looks again."""
    hides = Decision.objects.filter(what=Decision.What.HIDE, case__kind="insult")
    hidden = hides.order_by("-at").first()
    if hidden is None or hidden.person is None:
        return
    reports.appeal(
        by=hidden.person,
        against=hidden.case,
        words="I was short with them because I had been up all night, and I see how it reads. I "
        "did not mean it as an insult. Could somebody else look at it?",
    )
    Appeal.objects.update(at=now - timedelta(hours=7))


def _freshen(now: datetime) -> None:
    """Put the clocks of open cases round the present: most have time, one is nearly over."""
    waiting = Case.objects.exclude(state=Case.State.CLOSED).order_by("grade", "pk")
    for number, case in enumerate(waiting):
        allowed = case.acknowledge_by - case.opened_at
        opened = now - allowed * (0.85 if number == 1 else 0.2)
        Case.objects.filter(pk=case.pk).update(
            opened_at=opened, acknowledge_by=F("acknowledge_by") + (opened - case.opened_at)
        )


def _rota(people: Mapping[str, User], now: datetime) -> None:
    start = now.replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=1)
    by = people["sup_noor"]
    for queue, handles in READERS.items():
        if queue == Case.Queue.SUPERVISION:
            continue
        for day in range(8):
            if (queue, day) == (Case.Queue.CLINICAL, 5):
                continue  # the gap that the page of the rota shows
            at = start + timedelta(days=day)
            if at + timedelta(hours=24) <= now:
                continue
            rota.add(
                by=by,
                queue=queue,
                person=people[handles[day % 2]],
                starts_at=at,
                ends_at=at + timedelta(hours=24),
            )
