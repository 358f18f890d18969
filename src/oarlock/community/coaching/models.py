"""What the coach suggested, what people did with it, and how hard threads are looked after."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from oarlock.community.support.models import Post
from oarlock.community.texts.models import Text


class Suggestion(models.Model):
    """One suggestion that was shown, and whether it was dismissed. Holds no words of the draft.

    Attributes:
        place: Place of the draft, as in `support.Draft`.
        rule: Id of the suggestion in the coach's rules.
        text: The reply that the draft became, if it was sent.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    place = models.CharField(max_length=60)
    rule = models.CharField(max_length=40)
    model_version = models.CharField(max_length=40)
    shown_at = models.DateTimeField(default=timezone.now)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    text = models.ForeignKey(
        Text, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("by", "place", "rule", "model_version"), name="suggested_once"
            ),
        )


class Care(models.Model):
    """A supporter looks after a thread: counts towards the caseload until it ends."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="cares")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cares")
    asked_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    debrief_at = models.DateTimeField(null=True, blank=True)
    debriefed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("post", "by"), name="cared_once"),)
