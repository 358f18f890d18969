"""Whether the coach speaks: off for the whole place, a group, a person, or an arm of a trial."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group
from oarlock.community.support.models import Post

#: Further reasons to be silent: each is called with a person and a group and returns True for off.
#: A trial that randomises the coach adds its arm here.
silencers: list[Callable[[User, Group], bool]] = []


def coach_is_on(by: User, group: Group) -> bool:
    return (
        settings.COACH
        and group.coach_on
        and by.coach_on
        and not any(silent(by, group) for silent in silencers)
    )


def is_coached(by: User, post: Post) -> bool:
    """Return whether the coach helps with a reply to this post; it says nothing to the poster."""
    return post.text.author_id != by.pk and coach_is_on(by, post.group)
