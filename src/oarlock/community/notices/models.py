"""Notifications."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Notice(models.Model):
    """Something that a person may want to know. Holds no text of anybody.

    Attributes:
        kind: Name of the event, such as "reply" or "held-released".
        target: Kind and public id of what it points to.
        key: Names the event, so that it is told once.
    """

    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=24)
    target = models.CharField(max_length=40, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    key = models.CharField(max_length=80)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=("to", "key"), name="told_once"),)
        indexes = (
            models.Index(fields=("to", "-at"), name="notice_to"),
            models.Index(fields=("to",), name="notice_unread", condition=Q(read_at=None)),
        )


class Letter(models.Model):
    """One e-mail digest. Sent at most once: a crash while it is sent never sends it again.

    Attributes:
        key: Person and period, so that one period has one letter.
        tried_at: When a worker took it; None before, and after a try that surely failed.
    """

    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="letters"
    )
    key = models.CharField(max_length=60, unique=True)
    counts = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
