"""The watch on unanswered posts: supporters who fit and have room are asked, then moderators.

No post waits longer than `settings.ANSWER_HOURS` without a person who has it on the desk.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from oarlock.community import access
from oarlock.community.accounts.models import SAFETY_ROLES, STAFF_ROLES, User
from oarlock.community.audit.actions import record
from oarlock.community.coaching.models import Care
from oarlock.community.desk.closing import forget_erased
from oarlock.community.desk.intake import open_case
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Membership
from oarlock.community.notices.actions import tell
from oarlock.community.support.models import Post
from oarlock.community.texts.models import Text

#: Share of the set time after which supporters are asked, and after which moderators are.
ASK_AT, MODERATORS_AT = 0.25, 0.75
#: Asked at once; the next ones after `ASK_AGAIN` if none of them has answered.
N_ASKED = 3
ASK_AGAIN = timedelta(minutes=45)
#: Least time on the clock of the case that moderators get.
LEAST_MINUTES = 60
#: A supporter who said yes and has not been heard of since loses the thread to somebody else.
SILENT = timedelta(hours=24)


def waiting() -> QuerySet[Post]:
    """Return the posts that peers see and nobody else has answered, the oldest first."""
    return (
        Post.objects.filter(answered_at=None, closed_at=None, text__state=Text.State.SHOWN)
        .exclude(text__author=None)
        .select_related("text", "text__author", "group")
        .order_by("text__created_at")
    )


def fitting(post: Post) -> QuerySet[User]:
    """Return the supporters who could be asked, the least burdened with the right topic first.

    Members of the group who offer support, are not on a break, have room in their caseload, were
    not asked about this post, and have not shut the poster out (nor the other way round).
    """
    author = post.text.author
    assert author is not None
    now = timezone.now()
    return (
        User.objects.people()
        .filter(
            offers_support=True,
            memberships__group=post.group,
            memberships__state=Membership.State.MEMBER,
        )
        .filter(Q(break_until=None) | Q(break_until__lte=now))
        .filter(Q(suspended_until=None) | Q(suspended_until__lte=now))
        .exclude(pk__in={author.pk} | access.strangers_to(author))
        .exclude(mutes__other=author)
        .exclude(role__in=STAFF_ROLES - SAFETY_ROLES)
        .exclude(cares__post=post)
        .annotate(
            load=Count(
                "cares",
                filter=Q(cares__accepted_at__isnull=False, cares__ended_at=None),
                distinct=True,
            )
        )
        .filter(load__lt=F("caseload_limit"))
        .order_by("load", "pk")
    )


def look(now: datetime | None = None) -> dict[str, int]:
    """Ask supporters and moderators about the posts that have waited too long; return how many."""
    now = now or timezone.now()
    limit = timedelta(hours=settings.ANSWER_HOURS)
    asked = opened = 0
    for post in waiting().filter(text__created_at__lte=now - ASK_AT * limit).iterator():
        asked += _ask(post, now)
        if post.text.created_at <= now - MODERATORS_AT * limit:
            opened += _open_case(post, now, post.text.created_at + limit)
    return {"asked": asked, "opened": opened, "ended": end_silent(now), "closed": close_answered()}


@transaction.atomic
def _ask(post: Post, now: datetime) -> int:
    post = Post.objects.select_for_update().get(pk=post.pk)
    cares = Care.objects.filter(post=post)
    if cares.filter(ended_at=None, accepted_at__isnull=False).exists():
        return 0
    if cares.filter(asked_at__gt=now - ASK_AGAIN).exists():
        return 0
    people = list(fitting(post)[:60])
    people.sort(key=lambda p: (post.group.topic not in p.topics, p.load))  # type: ignore[attr-defined]
    for person in people[:N_ASKED]:
        Care.objects.create(post=post, by=person, asked_at=now)
        target = f"post:{post.text.public_id}"
        tell(to=person, kind="asked", target=target, key=f"asked {post.text.public_id}")
    return len(people[:N_ASKED])


@transaction.atomic
def _open_case(post: Post, now: datetime, by_when: datetime) -> int:
    cases = Case.objects.filter(text=post.text, origin=Case.Origin.WATCH)
    # One that a person closed is done. One that the watch closed opens again with the answer gone.
    if cases.exclude(state=Case.State.CLOSED, closed_by=None).exists():
        return 0
    # A person can do it: a post that is late already still gives who reads the queue an hour.
    minutes = max(LEAST_MINUTES, int((by_when - now).total_seconds() // 60))
    open_case(
        queue=Case.Queue.MODERATION,
        origin=Case.Origin.WATCH,
        kind="unanswered",
        grade=3,
        minutes=minutes,
        text=post.text,
    )
    return 1


def end_silent(now: datetime) -> int:
    """Free the threads of supporters who said yes and then fell silent or took a break."""
    lost = (
        Care.objects.filter(ended_at=None, accepted_at__isnull=False, post__answered_at=None)
        .filter(Q(accepted_at__lt=now - SILENT) | Q(by__break_until__gt=now))
        .select_related("post__text")
    )
    n = 0
    for care in lost:
        n += Care.objects.filter(pk=care.pk, ended_at=None).update(ended_at=now)
        record("care.ended", by=None, target=str(care.post.text), reason="silent")
    return n


@transaction.atomic
def close_answered() -> int:
    """Close the watch's own cases that nobody has taken and that need no answer any more."""
    gone = Q(text=None) | Q(text__state=Text.State.DELETED) | Q(text__author=None)
    done = (
        Case.objects.filter(origin=Case.Origin.WATCH, state=Case.State.NEW)
        .filter(Q(text__post__answered_at__isnull=False) | gone)
        .values_list("pk", flat=True)
    )
    n = 0
    for pk in list(done):
        case = Case.objects.select_for_update().get(pk=pk)
        if case.state != Case.State.NEW:
            continue
        case.state, case.closed_at = Case.State.CLOSED, timezone.now()
        case.outcome, case.closed_by = Case.Outcome.NO_CONCERN, None
        case.save(update_fields=["state", "closed_at", "outcome", "closed_by"])
        forget_erased(case)
        n += 1
    return n


@transaction.atomic
def take(*, by: User, post: Post) -> Care:
    """Say yes to a post that waits: it counts towards the caseload until it ends."""
    care, _new = Care.objects.get_or_create(post=post, by=by)
    if care.accepted_at is None or care.ended_at is not None:
        care.accepted_at, care.ended_at = timezone.now(), None
        care.save()
        record("care.taken", by=by, target=str(post.text))
    return care


@transaction.atomic
def give_back(*, by: User, post: Post) -> None:
    """Give a thread back; somebody else is asked at the next look."""
    if Care.objects.filter(post=post, by=by, ended_at=None).update(ended_at=timezone.now()):
        record("care.given_back", by=by, target=str(post.text))
