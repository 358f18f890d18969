"""Writing, changing and deleting posts and replies. Every text goes through the door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.audit.models import AuditEvent
from oarlock.community.groups.models import Group
from oarlock.community.support import events
from oarlock.community.support.models import (
    ContentWarning,
    Draft,
    Mood,
    Post,
    Reply,
    Wanted,
    draft_place,
)
from oarlock.community.texts import door
from oarlock.community.texts.models import IN_THREADS, Text


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
    _check_may_post(by, group)
    if wanted not in Wanted or (mood and mood not in Mood):
        raise ValidationError(_("Choose one of the answers that are offered."))
    _check_warnings(warnings)

    def attach(text: Text) -> None:
        # Screening takes its time: the group may be another by now.
        _check_may_post(by, Group.objects.get(pk=group.pk))
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

    text = door.receive(
        by=by,
        kind=Text.Kind.POST,
        title=title,
        body=body,
        key=key,
        attach=attach,
        settled=events.tell,
    )
    if text.kind != Text.Kind.POST:
        raise ValidationError(_USED)
    return text.post


_USED = gettext_lazy("This form was used before. Copy your words, reload the page, and try again.")


def _check_warnings(warnings: Sequence[str]) -> None:
    if unknown := set(warnings) - set(ContentWarning):
        raise ValidationError(_("Choose warnings from the list (%s).") % len(unknown))


def _check_may_post(by: User, group: Group) -> None:
    if group.archived_at is not None or not access.is_member(by, group):
        raise PermissionDenied(_("Join this group first. Then you can post in it."))


def _check_again(by: User, post: Post, parent: Reply | None) -> None:
    """Check the right to reply as it is now, and hold it until the reply is kept.

    Texts are locked before their post, in the order of their keys, like everywhere else.
    """
    pks = [post.pk] if parent is None else [post.pk, parent.pk]
    list(Text.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
    post = Post.objects.select_for_update().get(pk=post.pk)
    _check_may_reply(by, post, parent and Reply.objects.get(pk=parent.pk))


def _check_may_reply(by: User, post: Post, parent: Reply | None) -> None:
    if post.group.archived_at is not None or not access.is_member(by, post.group):
        raise PermissionDenied(_("Join this group first. Then you can reply in it."))
    if not access.meets(by, post):
        raise PermissionDenied
    if post.text.state == Text.State.DELETED:
        raise PermissionDenied(_("This post was deleted while you were writing."))
    if post.text.state != Text.State.SHOWN or post.text.locked or post.closed_at is not None:
        raise PermissionDenied(_("This thread takes no replies at the moment."))
    if parent is None:
        return
    if parent.post_id != post.pk or not access.meets(by, parent):
        raise PermissionDenied
    if parent.text.state == Text.State.DELETED:
        raise PermissionDenied(_("That reply was deleted while you were writing."))
    if parent.text.state != Text.State.SHOWN:
        raise PermissionDenied(_("That reply takes no answers at the moment."))


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
    _check_may_reply(by, post, parent)
    place = draft_place(post, parent)
    branch = (parent.parent or parent) if parent else None

    def attach(text: Text) -> None:
        # Screening takes its time: the post may be gone, or its author may have blocked `by`.
        _check_again(by, post, parent)
        Reply.objects.create(
            text=text,
            post=post,
            parent=branch,
            anonymous=anonymous,
            coached=coached,
            at=text.created_at,
        )
        Draft.objects.filter(by=by, place=place).delete()

    def settled(text: Text) -> None:
        count_replies(post)
        events.tell(text)

    text = door.receive(
        by=by, kind=Text.Kind.REPLY, body=body, key=key, attach=attach, settled=settled
    )
    if text.kind != Text.Kind.REPLY:
        raise ValidationError(_USED)
    return text.reply


@transaction.atomic
def count_replies(post: Post) -> None:
    """Bring the counts of a thread in line with what peers see of it; one counts at a time."""
    post = Post.objects.select_for_update().get(pk=post.pk)
    shown = Reply.objects.filter(post=post, text__state=Text.State.SHOWN)
    first = shown.exclude(text__author=post.text.author_id).order_by("at").first()
    last = shown.order_by("-at").first()
    Post.objects.filter(pk=post.pk).update(
        n_replies=shown.count(),
        answered_at=first.at if first else None,
        active_at=last.at if last else F("active_at"),
    )


def edit(
    *,
    by: User,
    text: Text,
    body: str,
    version: int,
    title: str | None = None,
    warnings: Sequence[str] | None = None,
    anonymous: bool | None = None,
) -> Text:
    """Change an own post or reply, its warnings and whether the handle shows.

    Args:
        title, warnings, anonymous: None leaves each as it is.

    Raises:
        PermissionDenied: Somebody else's, deleted, or locked.
        ValidationError: Nothing to read, too long, or changed elsewhere meanwhile.
    """
    _check_warnings(warnings or ())
    was_shown = text.state == Text.State.SHOWN

    def prepared(text: Text) -> None:
        thing = text.post if text.kind == Text.Kind.POST else text.reply
        if anonymous is not None:
            thing.anonymous = anonymous
        if isinstance(thing, Post) and warnings is not None:
            thing.warnings = sorted(set(warnings))
        thing.save(update_fields=["anonymous", *(["warnings"] if isinstance(thing, Post) else [])])

    def settled(text: Text) -> None:
        if text.kind == Text.Kind.REPLY:
            count_replies(text.reply.post)
        if not was_shown:
            events.tell(text)

    return door.revise(
        by=by,
        text=text,
        title=title,
        body=body,
        version=version,
        prepared=prepared,
        settled=settled,
    )


def released(*, text: Text) -> None:
    """Bring a thread in line with the new state of one of its texts, and tell that peers see it.

    The safety desk calls this inside the transaction that shows, holds or hides a text.
    """
    if text.kind == Text.Kind.REPLY:
        count_replies(text.reply.post)
    events.tell(text)


def delete(*, by: User, text: Text) -> None:
    """Delete an own post or reply: peers see a gap; staff sees it while a case is open."""
    with transaction.atomic():
        text = Text.objects.select_for_update().get(pk=text.pk)
        if text.author_id != by.pk or text.kind not in IN_THREADS:
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


def note_reading(*, by: User, text: Text, group: Group, hidden: bool) -> None:
    """Write down that safety staff read what peers could not; once an hour for each text.

    Args:
        by: The reader.
        text: What was read.
        group: Where it stands.
        hidden: Whether peers see less of it: its author's name, a former version, or all of it.
    """
    if not by.is_safety_staff or text.author_id == by.pk:
        return
    if not hidden and (group.open or access.is_member(by, group)):
        return
    lately = timezone.now() - timedelta(hours=1)
    seen = AuditEvent.objects.filter(
        action="text.read_by_staff", by=by, target=str(text), at__gt=lately
    )
    if not seen.exists():
        record("text.read_by_staff", by=by, target=str(text))


def close(*, by: User, post: Post, closed: bool = True) -> None:
    """Close an own thread to replies, or open it again."""
    if post.text.author_id != by.pk:
        raise PermissionDenied
    with transaction.atomic():
        changed = Post.objects.filter(pk=post.pk, closed_at__isnull=closed).update(
            closed_at=timezone.now() if closed else None
        )
        if changed:
            record("post.closed" if closed else "post.reopened", by=by, target=str(post.text))
