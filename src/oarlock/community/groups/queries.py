"""What the pages of groups show."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group, Membership, Topic

State = Membership.State


@dataclass(frozen=True, slots=True)
class TopicGroups:
    """The groups of one topic."""

    label: str
    groups: list[Group]


def by_topic(by: User) -> list[TopicGroups]:
    """Return the groups that exist for `by` in the order of the topics, each with `n_members`."""
    found: dict[str, list[Group]] = {}
    groups = (
        access.groups(by)
        .annotate(n_members=Count("memberships", filter=Q(memberships__state=State.MEMBER)))
        .order_by("archived_at", "name")
    )
    for group in groups:
        found.setdefault(group.topic, []).append(group)
    return [TopicGroups(str(t.label), found[t]) for t in Topic if t in found]


def own(by: User) -> QuerySet[Group]:
    """Return the groups that `by` is a member of."""
    return access.groups(by).filter(memberships__person=by, memberships__state=State.MEMBER)


def in_common(by: User, other: User) -> QuerySet[Group]:
    return own(by).filter(
        pk__in=Membership.objects.filter(person=other, state=State.MEMBER).values("group")
    )


def membership(by: User, group: Group) -> Membership | None:
    own = Membership.objects.select_related("request", "request__author")
    return own.filter(group=group, person=by).first()


def moderators(of: Group) -> QuerySet[User]:
    return User.objects.people().filter(memberships__group=of, memberships__moderates=True)


def n_requests(by: User) -> list[tuple[Group, int]]:
    """Return the groups that `by` moderates and in which somebody waits for an answer."""
    mine = Membership.objects.filter(person=by, moderates=True).values("group")
    waiting = Count(
        "memberships",
        filter=Q(memberships__state=State.ASKED, memberships__person__erased_at=None),
    )
    groups = access.groups(by).filter(pk__in=mine).annotate(n=waiting).filter(n__gt=0)
    return [(group, group.n) for group in groups]
