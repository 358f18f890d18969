"""Posts and replies, and what people do with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oarlock.community.groups.models import Group
from oarlock.community.ids import public_id
from oarlock.community.texts.models import Text


class Mood(models.TextChoices):
    """Words of the circumplex of affect (Russell 1980, doi:10.1037/h0077714), two per quadrant."""

    HAPPY = "happy", _("Happy")
    EXCITED = "excited", _("Excited")
    CALM = "calm", _("Calm")
    RELAXED = "relaxed", _("Relaxed")
    SAD = "sad", _("Sad")
    TIRED = "tired", _("Tired")
    ANXIOUS = "anxious", _("Anxious")
    ANGRY = "angry", _("Angry")

    @property
    def valence(self) -> int:
        """1 for pleasant, -1 for unpleasant: the side of the circumplex."""
        return 1 if self in {Mood.HAPPY, Mood.EXCITED, Mood.CALM, Mood.RELAXED} else -1


class Wanted(models.TextChoices):
    """The three kinds of peer support."""

    HEARD = "heard", _("To be heard")
    KNOWLEDGE = "knowledge", _("To know more")
    PRACTICAL = "practical", _("Practical help")


class ContentWarning(models.TextChoices):
    SUICIDE = "suicide", _("Suicide")
    SELF_HARM = "self-harm", _("Self-harm")
    EATING = "eating", _("Eating disorder")
    ABUSE = "abuse", _("Abuse or violence")
    SEXUAL = "sexual", _("Sexual violence")
    SUBSTANCES = "substances", _("Alcohol and drugs")
    DEATH = "death", _("Death and grief")


class Post(models.Model):
    """A seeker's post.

    Attributes:
        anonymous: Peers see no handle; safety staff do.
        answered_at: First reply of somebody else that peers see.
        active_at: Last sign of life, by which a group is sorted.
    """

    text = models.OneToOneField(
        Text, on_delete=models.CASCADE, primary_key=True, related_name="post"
    )
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="posts")
    anonymous = models.BooleanField(default=False)
    mood_before = models.CharField(max_length=8, choices=Mood, blank=True)
    mood_after = models.CharField(max_length=8, choices=Mood, blank=True)
    wanted = models.CharField(max_length=10, choices=Wanted, default=Wanted.HEARD)
    warnings = models.JSONField(default=list, blank=True)
    n_replies = models.PositiveIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    active_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=("group", "-active_at"), name="post_group_active"),
            models.Index(fields=("-active_at",), name="post_active"),
            models.Index(
                fields=("active_at",), name="post_unanswered", condition=Q(answered_at=None)
            ),
        )


class Reply(models.Model):
    """A reply to a post, or to a reply of it (one level).

    Attributes:
        warnings: Content warnings of the policy; its author gives none.
    """

    text = models.OneToOneField(
        Text, on_delete=models.CASCADE, primary_key=True, related_name="reply"
    )
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="replies")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="answers"
    )
    anonymous = models.BooleanField(default=False)
    coached = models.BooleanField(default=False)
    warnings = models.JSONField(default=list, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=("post", "at"), name="reply_post_at"),)

    @property
    def draft_place(self) -> str:
        """Place of the draft that the reply was."""
        return draft_place(self.post, self.parent)


def draft_place(post: Post, parent: Reply | None) -> str:
    """Return the place of a draft of a reply to a post, or to a reply of it; see `Draft`."""
    return f"reply:{parent.text.public_id}" if parent else f"post:{post.text.public_id}"


class Reaction(models.Model):
    class Kind(models.TextChoices):
        HEARD = "heard", _("Felt heard")
        HELPFUL = "helpful", _("Helpful")
        THANKS = "thanks", _("Thank you")
        ME_TOO = "me-too", _("Me too")

    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="reactions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("text", "by", "kind"), name="reacted_once"),)


class Helped(models.Model):
    """The poster's word on a reply: it helped, with an optional rating of one to five."""

    reply = models.OneToOneField(Reply, on_delete=models.CASCADE, related_name="helped")
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__range=(1, 5)), name="rating_one_to_five"
            ),
        )


class Follow(models.Model):
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="follows")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("post", "by"), name="followed_once"),)


class Bookmark(models.Model):
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="bookmarks")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bookmarks"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("post", "by"), name="bookmarked_once"),)


class Draft(models.Model):
    """What somebody is writing, kept against a lost connection; seen by its author alone.

    Attributes:
        place: "group:<slug>" for a post, "post:<id>" or "reply:<id>" for a reply.
        key: Becomes the key of the text, so that a draft is sent once.
    """

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    place = models.CharField(max_length=60)
    fields = models.JSONField(default=dict)
    key = models.CharField(max_length=36, default=public_id)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("by", "place"), name="draft_per_place"),)
