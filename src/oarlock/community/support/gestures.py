"""What people do with a thread besides writing: reactions, what helped, mood, follow, bookmark."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.notices.actions import tell
from oarlock.community.support.models import Bookmark, Follow, Helped, Mood, Post, Reaction, Reply
from oarlock.community.texts.models import IN_THREADS, Text


def react(*, by: User, text: Text, kind: str, on: bool = True) -> None:
    """Give a reaction to somebody's post or reply, or take it back.

    Raises:
        PermissionDenied: The text is one's own, not shown, or of somebody one is blocked with.
        ValidationError: No such reaction.
    """
    if kind not in Reaction.Kind:
        raise ValidationError(_("Choose one of the answers that are offered."))
    if text.kind not in IN_THREADS or text.author_id == by.pk:
        raise PermissionDenied
    thing = text.post if text.kind == Text.Kind.POST else text.reply
    if text.state != Text.State.SHOWN or not access.meets(by, thing):
        raise PermissionDenied
    with transaction.atomic():
        if on:
            _row, changed = Reaction.objects.get_or_create(text=text, by=by, kind=kind)
        else:
            changed = bool(Reaction.objects.filter(text=text, by=by, kind=kind).delete()[0])
        if changed:
            if on:
                tell(
                    to=text.author,
                    kind="reaction",
                    target=str(text),
                    key=f"reaction {text.public_id}",
                    actor=by,
                )
            record("reaction.given" if on else "reaction.taken", by=by, target=str(text))


def mark_helped(*, by: User, reply: Reply, on: bool = True, rating: int | None = None) -> None:
    """Say as the poster that a reply helped, with a rating of one to five if one likes.

    Raises:
        PermissionDenied: Not the poster, the poster's own reply, or a reply that is not shown.
        ValidationError: The rating is not one to five.
    """
    if by.pk != reply.post.text.author_id or by.pk == reply.text.author_id:
        raise PermissionDenied
    if reply.text.state != Text.State.SHOWN or reply.post.text.state == Text.State.DELETED:
        raise PermissionDenied
    if rating is not None and rating not in range(1, 6):
        raise ValidationError(_("Choose a number from 1 to 5."))
    with transaction.atomic():
        if on:
            Helped.objects.update_or_create(reply=reply, defaults={"rating": rating})
            tell(
                to=reply.text.author,
                kind="helped",
                target=str(reply.text),
                key=f"helped {reply.text.public_id}",
                actor=by,
            )
        else:
            Helped.objects.filter(reply=reply).delete()
        record("helped.given" if on else "helped.taken", by=by, target=str(reply.text))


def feel_after(*, by: User, post: Post, mood: str) -> None:
    """Keep how the poster feels after the thread was answered.

    Raises:
        PermissionDenied: Not the poster, or nobody has answered yet.
        ValidationError: No such mood.
    """
    if post.text.author_id != by.pk or post.answered_at is None:
        raise PermissionDenied
    if mood not in Mood:
        raise ValidationError(_("Choose one of the answers that are offered."))
    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(mood_after=mood)
        record("mood.told", by=by, target=str(post.text))


def follow(*, by: User, post: Post, on: bool = True) -> None:
    with transaction.atomic():
        if on:
            _row, changed = Follow.objects.get_or_create(post=post, by=by)
        else:
            changed = bool(Follow.objects.filter(post=post, by=by).delete()[0])
        if changed:
            record("post.followed" if on else "post.unfollowed", by=by, target=str(post.text))


def bookmark(*, by: User, post: Post, on: bool = True) -> None:
    with transaction.atomic():
        if on:
            _row, changed = Bookmark.objects.get_or_create(post=post, by=by)
        else:
            changed = bool(Bookmark.objects.filter(post=post, by=by).delete()[0])
        if changed:
            record("post.bookmarked" if on else "post.unmarked", by=by, target=str(post.text))
