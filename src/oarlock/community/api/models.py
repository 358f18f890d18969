"""Tokens of the JSON API."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    READ = "read", _("Read what I can read")
    WRITE = "write", _("Write, react and follow as me")


class Token(models.Model):
    """A key that lets one app act for one person. Only its hash is kept.

    Attributes:
        name: What the person calls the app.
        scopes: What it may do.
        used_at: Day and hour of the last use.
    """

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at",)

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    @staticmethod
    def new_key() -> str:
        """Return a fresh key, about 256 bits; the prefix lets scanners find leaked ones."""
        return f"oarlock_{secrets.token_urlsafe(32)}"
