"""The age gate: who may join, and what to do with a text that tells another age."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.utils import timezone


def possible_ages(year: int, month: int, *, today: date | None = None) -> tuple[int, int]:
    """Return the youngest and oldest full age of somebody born in that month."""
    today = today or timezone.localdate()
    oldest = today.year - year - (today.month < month)
    youngest = oldest - (today.month == month)
    return youngest, oldest


def may_join(year: int, month: int, *, today: date | None = None) -> bool:
    """Return whether the age gate lets the person in: old enough for certain, and not too old."""
    youngest, _ = possible_ages(year, month, today=today)
    return settings.AGE_MIN <= youngest <= settings.AGE_MAX
