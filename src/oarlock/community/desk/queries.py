"""What the desk reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.audit.models import AuditEvent
from oarlock.community.desk.models import WAITING, Alarm, Appeal, Case, Contact, Report
from oarlock.community.ops.models import Tick
from oarlock.community.ops.schedule import HEARTBEAT
from oarlock.community.support.models import Post, Reply
from oarlock.community.support.queries import excerpt
from oarlock.community.texts.models import IN_THREADS, Screening, Text

PAGE = 30
AUDIT_PAGE = 50
#: The worker beats every few seconds; silence this long means that no alarm goes out.
SILENCE = timedelta(minutes=2)


class Page(NamedTuple):
    """Rows, and the public id after which the next page starts; empty on the last."""

    rows: list[Any]
    after: str


def queue(
    *, by: User, mine: bool = False, unassigned: bool = False, grade: int | None = None,
    origin: str = "", state: str = "open", after: str = "",
) -> Page:  # fmt: skip
    """Return one page of the cases that `by` may work on, the most urgent first."""
    answered = Contact.objects.filter(case=OuterRef("pk"), from_staff=False)
    rows = access.cases(by).annotate(answered=Exists(answered))
    closed = Q(state=Case.State.CLOSED)
    rows = rows.filter(closed) if state == "closed" else rows.exclude(closed)
    if mine:
        rows = rows.filter(assigned_to=by)
    if unassigned:
        rows = rows.filter(assigned_to=None)
    if grade:
        rows = rows.filter(grade=grade)
    if origin:
        rows = rows.filter(origin=origin)
    if after and (last := access.cases(by).filter(public_id=after).first()) is not None:
        same = Q(grade=last.grade)
        rows = rows.filter(
            Q(grade__gt=last.grade)
            | same & Q(acknowledge_by__gt=last.acknowledge_by)
            | same & Q(acknowledge_by=last.acknowledge_by, pk__gt=last.pk)
        )
    found = list(rows.order_by("grade", "acknowledge_by", "pk")[: PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].public_id if len(found) > PAGE else "")


@dataclass(frozen=True, slots=True)
class Glimpse:
    """By what a card of the queue can be told from others: group, and first words if it is mild."""

    group: str = ""
    words: str = ""
    folded: bool = False


def glimpses(cases: list[Case]) -> list[Glimpse]:
    """Return what the cards of a queue show of the texts.

    What is urgent, about risk or under a content warning stays folded until the case is opened, and
    so does all that is not between peers. Operators, who find an outside reader, see nothing.
    """
    texts = [case.text_id for case in cases if case.text_id and case.queue != Case.Queue.OUTSIDE]
    posts = Post.objects.filter(text__in=texts).select_related("text", "group")
    replies = Reply.objects.filter(text__in=texts).select_related("text", "post__group")
    found: dict[int, tuple[Text, Post]] = {one.text_id: (one.text, one) for one in posts}
    found |= {one.text_id: (one.text, one.post) for one in replies}
    warned = {one.text_id for one in posts if one.warnings}
    warned |= {one.text_id for one in replies if one.warnings}
    risky = set(
        Screening.objects.filter(text__in=texts).exclude(risk="none").values_list("text", flat=True)
    )
    shown = []
    for case in cases:
        if case.text_id not in found:
            shown.append(Glimpse())
            continue
        text, post = found[case.text_id]
        grave = case.grade <= 2 or case.queue == Case.Queue.CLINICAL or text.pk in risky
        folded = bool(grave or post.warnings or text.pk in warned or not text.screened)
        words = "" if folded else excerpt(text.title or text.body, 60)
        shown.append(Glimpse(post.group.name, words, folded))
    return shown


def clock(case: Case) -> str:
    """Return the time that is left, in words."""
    if case.state == Case.State.CLOSED:
        return _("Closed")
    if case.awaits_second:
        return _("Waits for a second reader")
    if case.state == Case.State.ACKNOWLEDGED:
        return _("Somebody has it")
    left = case.acknowledge_by - timezone.now()
    if left < timedelta(0):
        return _("Overdue by %(time)s") % {"time": _span(-left)}
    return _("%(time)s left") % {"time": _span(left)}


def _span(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 90:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


@dataclass
class Thread:
    """Where a text stands: its post, and the replies around it, oldest first."""

    post: Post | None
    replies: list[Reply]
    more: int


def thread(text: Text | None) -> Thread:
    """Return the thread of a text, at most six replies before it and four after it."""
    if text is None or text.kind not in IN_THREADS:
        return Thread(None, [], 0)
    if text.kind == Text.Kind.POST:
        post = Post.objects.select_related("text__author", "group").get(text=text)
        of = Reply.objects.filter(post=post).select_related("text__author")
        found = list(of.order_by("at", "pk")[:10])
        return Thread(post, found, max(0, of.count() - len(found)))
    own = Reply.objects.select_related("post__text__author", "post__group").get(text=text)
    of = Reply.objects.filter(post=own.post).select_related("text__author")
    before = list(of.filter(at__lte=own.at).order_by("-at", "-pk")[:7])[::-1]
    found = before + list(of.filter(at__gt=own.at).order_by("at", "pk")[:4])
    return Thread(own.post, found, max(0, of.count() - len(found)))


def may_read_text(case: Case) -> bool:
    """Return whether the page of a case shows its text: a deleted one only until it is closed."""
    return case.text is not None and (case.is_open or case.text.state != Text.State.DELETED)


def screening(text: Text | None) -> Screening | None:
    if text is None:
        return None
    return text.screenings.order_by("-version", "-at", "-pk").first()


def recent_texts(case: Case) -> list[Text]:
    """Return what the person wrote lately where peers could read it."""
    if case.about_id is None:
        return []
    public = Text.objects.filter(author=case.about_id, kind__in=IN_THREADS)
    public = public.exclude(state=Text.State.DELETED).exclude(cases=case)
    return list(public.order_by("-created_at")[:8])


def other_cases(by: User, case: Case) -> list[Case]:
    """Return other cases about the same person that `by` may see."""
    if case.about_id is None:
        return []
    others = access.cases(by).filter(about=case.about_id).exclude(pk=case.pk)
    return list(others.order_by("-opened_at")[:8])


def talk(case: Case) -> list[Contact]:
    return list(case.contacts.select_related("text", "text__author"))


def reports_of(case: Case) -> list[Report]:
    return list(case.reports.select_related("by", "words"))


def appeal_of(case: Case) -> Appeal | None:
    return Appeal.objects.select_related("by", "words", "against").filter(case=case).first()


def trouble() -> dict[str, Any]:
    """Return what is broken about the alarms, for the queue page and the health page.

    Returns:
        `worker_silent`: whether the worker has not been heard of; `channels`: names of channels
        whose last alarm did not get through; `overdue`: cases that nobody acknowledged in time;
        `unscreened`: texts that wait for screening.
    """
    now = timezone.now()
    heard = Tick.objects.filter(name=HEARTBEAT, last_at__gt=now - SILENCE).exists()
    failing = []
    for channel in Alarm.Channel:
        tried = Alarm.objects.filter(channel=channel, tried_at__isnull=False)
        last = tried.order_by("-tried_at").first()
        if last is not None and last.failed:
            failing.append(channel)
    return {
        "worker_silent": not heard,
        "channels": failing,
        "overdue": Case.objects.filter(WAITING, acknowledge_by__lt=now).count(),
        "unscreened": Text.objects.filter(screened=False).exclude(state=Text.State.DELETED).count(),
    }


#: Kinds of audit targets behind which stands what a member wrote.
OF_TEXTS = frozenset({*Text.Kind, "text", "case", "measure"})


def _kept_from(by: User) -> Iterator[str]:
    """Return the audit targets of cases that `by` must not know of."""
    found = Case.objects.filter(Q(not_for=by) | Q(about=by)).prefetch_related("reports__words")
    for case in found:
        yield str(case)
        for report in case.reports.all():
            yield f"report:{report.public_id}"
            if report.words is not None:
                yield str(report.words)


def audit(
    *, by: User, action: str = "", target: str = "", since: Any = None, before: Any = None,
    after: str = "",
) -> Page:  # fmt: skip
    """Return one page of the audit log, the newest first; nothing of cases about oneself.

    Who reads no texts does not read here either whose a text is: rows about a text, its report or
    an appeal come without a member's name.
    """
    rows: QuerySet[AuditEvent] = AuditEvent.objects.select_related("by")
    rows = rows.exclude(target__in=list(_kept_from(by)))
    if action:
        rows = rows.filter(action__startswith=action)
    if target:
        rows = rows.filter(target=target)
    if since:
        rows = rows.filter(at__date__gte=since)
    if before:
        rows = rows.filter(at__date__lte=before)
    if after.isascii() and after.isdigit() and len(after) < 16:
        last = AuditEvent.objects.filter(pk=int(after)).first()
        if last is not None:
            rows = rows.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    found = list(rows.order_by("-at", "-pk")[: AUDIT_PAGE + 1])
    if not by.is_safety_staff:
        for row in found:
            # A warning and the text that it was for would meet in their case.
            row.details = {name: v for name, v in row.details.items() if name != "case"}
            hide = row.target.partition(":")[0] in OF_TEXTS
            if hide and row.by is not None and not row.by.is_staff:
                row.by_withheld = True  # type: ignore[attr-defined]
                row.by = None
    more = len(found) > AUDIT_PAGE
    return Page(found[:AUDIT_PAGE], str(found[AUDIT_PAGE - 1].pk) if more else "")
