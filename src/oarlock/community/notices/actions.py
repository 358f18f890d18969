"""Telling people what they may want to know: once, and never what somebody wrote."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from oarlock.community import access
from oarlock.community.accounts.models import Mute, User
from oarlock.community.notices.models import Notice
from oarlock.community.support.models import Follow, Reply


def tell(
    *, to: User | None, kind: str, target: str, key: str, actor: User | None = None
) -> Notice | None:
    """Leave a notice, unless the person is gone, does not want this kind, or is blocked.

    The actor is named on no page, so blocks and mutes of `to` change nothing: a notice that stays
    away would tell who has reacted.

    Args:
        to: Who is told.
        kind: One of `kinds.KINDS`.
        target: Kind and public id of what it points to.
        key: Names the event; telling it again changes nothing.
        actor: Who caused it; None for staff and system.
    """
    if to is None or not to.is_active or to == actor or kind in to.muted_kinds:
        return None
    if actor is not None and actor.pk in access.shut_out(to):
        return None
    notice, _new = Notice.objects.get_or_create(
        to=to, key=key[:80], defaults={"kind": kind, "target": target, "actor": actor}
    )
    return notice


def tell_reply(*, reply: Reply) -> None:
    """Tell the poster, who was answered, and who follows: each once, for one reason."""
    author = reply.text.author
    target = f"reply:{reply.text.public_id}"
    key = f"reply {reply.text.public_id}"
    told: set[int] = set()
    wanted: list[tuple[User | None, str]] = [(reply.post.text.author, "reply")]
    if reply.parent is not None:
        wanted.append((reply.parent.text.author, "answer"))
    follows = Follow.objects.filter(post=reply.post).select_related("by")
    wanted += [(follow.by, "follow") for follow in follows]
    hidden_from = _hidden_from(reply)
    for person, kind in wanted:
        if person is None or person == author or person.pk in told or person.pk in hidden_from:
            continue
        told.add(person.pk)
        if person.is_active and kind not in person.muted_kinds:
            Notice.objects.get_or_create(
                to=person, key=key, defaults={"kind": kind, "target": target, "actor": author}
            )


def _hidden_from(reply: Reply) -> set[int]:
    """Return who does not see a reply: of an anonymous one, those alone whom its author blocked."""
    author = reply.text.author
    if author is None:
        return set()
    if reply.anonymous:
        return set(author.blocks.values_list("other_id", flat=True))
    muting = Mute.objects.filter(other=author).values_list("by_id", flat=True)
    return set(muting) | access.strangers_to(author)


@transaction.atomic
def read(*, by: User, notice: Notice | None = None) -> None:
    """Mark one notice as read, or all."""
    mine = Notice.objects.filter(to=by, read_at=None)
    if notice is not None:
        mine = mine.filter(pk=notice.pk)
    mine.update(read_at=timezone.now())


def read_about(*, by: User, targets: list[str]) -> None:
    """Mark what points to something that the person is looking at."""
    Notice.objects.filter(to=by, target__in=targets, read_at=None).update(read_at=timezone.now())
