"""Texts: whatever a person wrote, with its history, its screening and its codes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oarlock.community.ids import public_id


class Text(models.Model):
    """One text of one person. Posts, replies and all else that people write point here.

    Attributes:
        kind: What it is; decides who may read it.
        author: None once the author has erased the account.
        state: Whether peers see it.
        screened: False where screening failed: the text then waits in front of a moderator.
        expected_by: When a held text will have been read by a person; shown to its author.
        key: Given by the form, so that the same text sent twice is kept once.
    """

    class Kind(models.TextChoices):
        POST = "post", _("Post")
        REPLY = "reply", _("Reply")
        MESSAGE = "message", _("Message")
        REPORT = "report", _("Report")
        APPEAL = "appeal", _("Appeal")
        REQUEST = "request", _("Request to join")

    class State(models.TextChoices):
        SHOWN = "shown", _("Shown")
        HELD = "held", _("Held for a moderator")
        HIDDEN = "hidden", _("Hidden")
        DELETED = "deleted", _("Deleted")

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="texts"
    )
    title = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    language = models.CharField(max_length=5, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.SHOWN)
    screened = models.BooleanField(default=False)
    expected_by = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=36, default=public_id)
    version = models.PositiveIntegerField(default=1)
    locked = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("author", "key"), name="sent_once"),)
        indexes = (
            models.Index(fields=("author", "-created_at"), name="text_author"),
            models.Index(
                fields=("created_at",), name="text_unscreened", condition=Q(screened=False)
            ),
        )

    @property
    def hidden_by_program(self) -> bool:
        """Whether no person has decided yet that it stays hidden."""
        return (
            self.state == self.State.HIDDEN
            and self.cases.exclude(state="closed").exists()
            and not self.decisions.filter(what="hide").exists()
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.public_id}"


#: What peers read in threads.
IN_THREADS = (Text.Kind.POST, Text.Kind.REPLY)
#: What nobody but the safety staff reads: what it quotes is no harm of its own, and a suspended
#: person can still send it.
TO_STAFF = frozenset({Text.Kind.REPORT, Text.Kind.APPEAL, Text.Kind.MESSAGE})


class Version(models.Model):
    """What a text said before an edit; seen by staff."""

    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("text", "number"), name="version_once"),)


class Screening(models.Model):
    """What the safety screening found in one version of a text.

    Attributes:
        risk: C-SSRS-like grade, "none" to "imminent".
        kinds: Other risks, harms and privacy matters by name, each with its score.
        screener_version: Version of patterns and models; "failed" where screening broke.
    """

    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="screenings")
    version = models.PositiveIntegerField()
    risk = models.CharField(max_length=20, default="none")
    kinds = models.JSONField(default=dict)
    reasons = models.JSONField(default=list)
    screener_version = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)


class CodedSentence(models.Model):
    """One sentence of a text as the coder reads it; half-open span into the version's body.

    Attributes:
        probabilities: Calibrated probability of each code, in the order of `codebook.CODES`.
        read: False where the coder did not read it, since it is not English.
    """

    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="sentences")
    version = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    probability = models.FloatField()
    probabilities = models.JSONField(default=list)
    read = models.BooleanField(default=True)
    reliable = models.BooleanField()
    model_version = models.CharField(max_length=40)

    class Meta:
        ordering = ("start",)
        constraints = (
            models.UniqueConstraint(
                fields=("text", "version", "model_version", "start"), name="coded_once"
            ),
        )
