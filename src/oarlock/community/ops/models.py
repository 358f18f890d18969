"""When periodic work was last done."""

from __future__ import annotations

from django.db import models


class Tick(models.Model):
    """One kind of periodic work; claimed by moving `last_at`, so that it is done once."""

    name = models.CharField(max_length=40, unique=True)
    last_at = models.DateTimeField()
    failed_at = models.DateTimeField(null=True, blank=True)
