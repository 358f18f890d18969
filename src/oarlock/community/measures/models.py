"""Which questionnaire a person is asked to answer when, and what was answered.

All times are points in time, kept in UTC: a change of the clocks neither shortens nor lengthens a
window.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from oarlock.community.desk.models import Case
from oarlock.community.ids import public_id

#: Who has begun in time may finish so long after the end. Decision of this place: nobody is to
#: lose answers because the bus was late.
GRACE = timedelta(minutes=60)


class Administration(models.Model):
    """One questionnaire for one person in one wave.

    Attributes:
        version: Of the instrument, when it was scheduled.
        source: Who asked for it, "trial:abc".
        intended_at: When the protocol wanted it answered.
        opens_at, closes_at: The window; the end is not part of it.
        shown_at: When the first question was on the screen.
        finished_at: When every question had an answer or was skipped.
        via: How it was answered.
        n_reminders: Notices that went out.
        expired_at: When somebody's window was found to be over without a finish.
        called_off_at: When it was taken back, for example on withdrawal.
    """

    class Via(models.TextChoices):
        WEB = "web"

    class State(models.TextChoices):
        EARLY = "early"
        OPEN = "open"
        CLOSED = "closed"
        FINISHED = "finished"
        OFF = "off"

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="measures"
    )
    instrument = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    wave = models.CharField(max_length=40)
    source = models.CharField(max_length=60)
    intended_at = models.DateTimeField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    via = models.CharField(max_length=8, choices=Via, blank=True)
    n_reminders = models.PositiveSmallIntegerField(default=0)
    expired_at = models.DateTimeField(null=True, blank=True)
    called_off_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("closes_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("person", "instrument", "wave", "source"), name="asked_once"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="measure_closes_after_opening"
            ),
        )
        indexes = (
            models.Index(
                fields=("opens_at", "closes_at"),
                name="measure_waiting",
                condition=Q(finished_at=None, called_off_at=None, expired_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"measure:{self.public_id}"

    def state_at(self, now: datetime) -> Administration.State:
        """Return what the person can do with it."""
        if self.called_off_at is not None:
            return self.State.OFF
        if self.finished_at is not None:
            return self.State.FINISHED
        if now < self.opens_at:
            return self.State.EARLY
        return self.State.OPEN if now < self.ends_at else self.State.CLOSED

    @property
    def ends_at(self) -> datetime:
        """When no answer counts any more: later for who has begun in time."""
        begun = self.shown_at is not None and self.shown_at < self.closes_at
        return self.closes_at + GRACE if begun else self.closes_at


class Answer(models.Model):
    """One question: when it was first on the screen, and what was answered.

    Attributes:
        value: None for skipped, and while it is only shown.
        answered_at: When the value as it stands was given; None while it is only shown.
        n_changes: How often another answer was chosen later.
        language: Of the words that the person read.
    """

    administration = models.ForeignKey(
        Administration, on_delete=models.CASCADE, related_name="answers"
    )
    item = models.PositiveSmallIntegerField()
    value = models.SmallIntegerField(null=True, blank=True)
    shown_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    n_changes = models.PositiveSmallIntegerField(default=0)
    language = models.CharField(max_length=5, blank=True)

    class Meta:
        ordering = ("item",)
        constraints = (
            models.UniqueConstraint(fields=("administration", "item"), name="answered_once"),
        )

    @property
    def skipped(self) -> bool:
        return self.answered_at is not None and self.value is None


class RiskAnswer(models.Model):
    """An answer that somebody of the safety team looks at, and the case that it opened.

    Kept beside the answer itself, which the person may change or give too late to count.
    """

    administration = models.ForeignKey(
        Administration, on_delete=models.CASCADE, related_name="risk_answers"
    )
    item = models.PositiveSmallIntegerField()
    value = models.SmallIntegerField()
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="risk_answers")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("at", "pk")
