"""What people do with posts and replies. Every text goes through the door."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.groups.models import Group
from oarlock.community.support.models import ContentWarning, Draft, Mood, Post, Reply, Wanted
from oarlock.community.texts import door
from oarlock.community.texts.models import Text


def write_post(
    *,
    by: User,
    group: Group,
    body: str,
    title: str = "",
    wanted: str = Wanted.HEARD,
    mood: str = "",
    warnings: Sequence[str] = (),
    anonymous: bool = False,
    key: str = "",
) -> Post:
    """Write a post in a group; the same key sent twice makes one post.

    Raises:
        PermissionDenied: Not a member of the group.
        ValidationError: In words for the writer.
    """
    if group.archived_at is not None or not access.is_member(by, group):
        raise PermissionDenied(_("Join this group first. Then you can post in it."))
    if wanted not in Wanted or (mood and mood not in Mood):
        raise ValidationError(_("Choose one of the answers that are offered."))
    if unknown := set(warnings) - set(ContentWarning):
        raise ValidationError(_("Choose warnings from the list (%s).") % len(unknown))

    def attach(text: Text) -> None:
        Post.objects.create(
            text=text,
            group=group,
            anonymous=anonymous,
            wanted=wanted,
            mood_before=mood,
            warnings=sorted(set(warnings)),
            active_at=text.created_at,
        )
        Draft.objects.filter(by=by, place=f"group:{group.slug}").delete()

    text = door.receive(by=by, kind=Text.Kind.POST, title=title, body=body, key=key, attach=attach)
    return text.post


def write_reply(
    *,
    by: User,
    post: Post,
    body: str,
    parent: Reply | None = None,
    anonymous: bool = False,
    coached: bool = False,
    key: str = "",
) -> Reply:
    """Reply to a post, or to a reply of it; an answer to an answer joins the same branch.

    Raises:
        PermissionDenied: Not a member, blocked, closed or deleted meanwhile.
        ValidationError: In words for the writer.
    """
    if not access.is_member(by, post.group):
        raise PermissionDenied(_("Join this group first. Then you can reply in it."))
    if post.text.author_id in access.strangers_to(by):
        raise PermissionDenied
    if post.text.state == Text.State.DELETED:
        raise PermissionDenied(_("This post was deleted while you were writing."))
    if post.text.state != Text.State.SHOWN or post.text.locked or post.closed_at is not None:
        raise PermissionDenied(_("This thread takes no replies at the moment."))
    if parent is not None:
        if parent.post_id != post.pk:
            raise PermissionDenied
        if parent.text.state == Text.State.DELETED:
            raise PermissionDenied(_("That reply was deleted while you were writing."))
        parent = parent.parent or parent

    def attach(text: Text) -> None:
        Reply.objects.create(
            text=text,
            post=post,
            parent=parent,
            anonymous=anonymous,
            coached=coached,
            at=text.created_at,
        )
        place = f"reply:{parent.text.public_id}" if parent else f"post:{post.text.public_id}"
        Draft.objects.filter(by=by, place=place).delete()

    text = door.receive(by=by, kind=Text.Kind.REPLY, body=body, key=key, attach=attach)
    count_replies(post)
    return text.reply


def count_replies(post: Post) -> None:
    """Bring the counts of a thread in line with what peers see of it."""
    shown = Reply.objects.filter(post=post, text__state=Text.State.SHOWN)
    first = shown.exclude(text__author=post.text.author_id).order_by("at").first()
    last = shown.order_by("-at").first()
    Post.objects.filter(pk=post.pk).update(
        n_replies=shown.count(),
        answered_at=first.at if first else None,
        active_at=last.at if last else F("active_at"),
    )


def delete(*, by: User, text: Text) -> None:
    """Delete an own post or reply: peers see a gap; staff sees it while a case is open."""
    with transaction.atomic():
        text = Text.objects.select_for_update().get(pk=text.pk)
        if text.author_id != by.pk:
            raise PermissionDenied
        if text.locked:
            raise PermissionDenied(_("A moderator has locked this. It cannot be changed now."))
        if text.state == Text.State.DELETED:
            return
        text.state = Text.State.DELETED
        text.edited_at = timezone.now()
        text.save(update_fields=["state", "edited_at"])
        if text.kind == Text.Kind.REPLY:
            count_replies(text.reply.post)
        record(f"{text.kind}.deleted", by=by, target=str(text))
