"""Groups by topic."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oarlock.community.ids import public_id
from oarlock.community.texts.models import Text


class Topic(models.TextChoices):
    ANXIETY = "anxiety", _("Anxiety")
    LOW_MOOD = "low-mood", _("Low mood")
    STUDY = "study", _("Exams and study")
    MONEY = "money", _("Money and housing")
    RELATIONSHIPS = "relationships", _("Relationships")
    FAMILY = "family", _("Family")
    IDENTITY = "identity", _("Identity")
    GRIEF = "grief", _("Grief")
    EATING = "eating", _("Eating")
    SELF_HARM = "self-harm", _("Self-harm recovery")
    SUBSTANCES = "substances", _("Alcohol and drugs")
    LONELINESS = "loneliness", _("Loneliness")
    SLEEP = "sleep", _("Sleep")
    OTHER = "other", _("Something else")


class Group(models.Model):
    """A place for one topic.

    Attributes:
        open: Whether anybody may join; otherwise a moderator of the group says yes or no.
        coach_on: Whether replies written here are coached.
    """

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    about = models.CharField(max_length=300)
    guidelines = models.TextField(max_length=4000, blank=True)
    topic = models.CharField(max_length=20, choices=Topic)
    open = models.BooleanField(default=True)
    coach_on = models.BooleanField(default=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A person in a group, or asking to be.

    Attributes:
        request: What the person wrote when asking to join.
    """

    class State(models.TextChoices):
        MEMBER = "member", _("Member")
        ASKED = "asked", _("Asked to join")
        REFUSED = "refused", _("Refused")

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    state = models.CharField(max_length=8, choices=State, default=State.MEMBER)
    moderates = models.BooleanField(default=False)
    request = models.ForeignKey(
        Text, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("group", "person"), name="member_once"),)
