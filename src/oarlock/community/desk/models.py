"""The safety desk."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from oarlock.community.ids import public_id
from oarlock.community.texts.models import Text

PERSON = settings.AUTH_USER_MODEL


class Case(models.Model):
    """Something that a named human has to look at, with a clock.

    Attributes:
        queue: Who it is for: moderators or clinicians.
        grade: 1 (imminent) to 5 (when there is time); orders the queue.
        about: The person whose safety or conduct it concerns.
        acknowledge_by: When the alarm goes off if nobody has said "I have it".
        not_for: The member of staff whom the case concerns, who never sees it.
        needs_second: Whether a second reader must agree before it is closed.
        text_after: What becomes of the text on closing, chosen together with the outcome.
        text_version: The version of the text that whoever chose the outcome had read.
        alarm_round: Alarms since the clock was last set.
        closed_by: Who chose the outcome, also while a second reader has not agreed yet.
    """

    class Queue(models.TextChoices):
        MODERATION = "moderation", _("Moderation")
        CLINICAL = "clinical", _("Clinical")
        SUPERVISION = "supervision", _("Supervisors only")
        OUTSIDE = "outside", _("Needs an outside person")

    class Origin(models.TextChoices):
        SCREENING = "screening", _("Screening")
        UNSCREENED = "unscreened", _("Screening failed")
        REPORT = "report", _("Report of a member")
        APPEAL = "appeal", _("Appeal")
        WATCH = "watch", _("Unanswered post")
        AGE = "age", _("Age")
        MEASURE = "measure", _("Questionnaire")

    class State(models.TextChoices):
        NEW = "new", _("New")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        CLOSED = "closed", _("Closed")

    class Outcome(models.TextChoices):
        NO_CONCERN = "no-concern", _("No concern")
        SUPPORTED = "supported", _("Reached and supported")
        REFERRED = "referred", _("Referred to a service")
        EMERGENCY = "emergency", _("Emergency service involved")
        HIDDEN = "hidden", _("Text hidden")
        SHOWN = "shown", _("Text shown again")
        WARNED = "warned", _("Person warned")
        SUSPENDED = "suspended", _("Person suspended")
        NOT_REACHED = "not-reached", _("Could not be reached")
        UPHELD = "upheld", _("Earlier decision stays")
        OVERTURNED = "overturned", _("Earlier decision changed")

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    queue = models.CharField(max_length=12, choices=Queue)
    origin = models.CharField(max_length=12, choices=Origin)
    kind = models.CharField(max_length=48)
    grade = models.PositiveSmallIntegerField()
    text = models.ForeignKey(Text, null=True, on_delete=models.SET_NULL, related_name="cases")
    about = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="cases")
    not_for = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    assigned_to = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_cases"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    acknowledge_by = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    alarmed_at = models.DateTimeField(null=True, blank=True)
    needs_second = models.BooleanField(default=False)
    second_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    text_after = models.CharField(max_length=8, blank=True)
    text_version = models.PositiveIntegerField(null=True, blank=True)
    alarm_round = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("grade", "acknowledge_by")
        constraints = (
            models.CheckConstraint(condition=Q(grade__range=(1, 5)), name="grade_one_to_five"),
        )
        indexes = (
            models.Index(
                fields=("queue", "grade", "acknowledge_by"),
                name="case_open",
                condition=~Q(state="closed"),
            ),
        )

    def __str__(self) -> str:
        return f"case:{self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED

    @property
    def two_readers(self) -> bool:
        """Whether closing takes two people: asked for by the policy, and always in grades 1, 2."""
        return self.needs_second or self.grade <= 2

    @property
    def awaits_second(self) -> bool:
        return self.is_open and bool(self.outcome)


#: Cases that need somebody to act: to say "I have it", or to read as second.
WAITING = Q(state=Case.State.NEW) | Q(state=Case.State.ACKNOWLEDGED) & ~Q(outcome="")


class CaseNote(models.Model):
    """What staff did or thought about a case: notes, handovers, contacts with the person."""

    class Kind(models.TextChoices):
        NOTE = "note", pgettext_lazy("on a case", "Note")
        HANDOVER = "handover", _("Handover")
        CONTACT = "contact", _("Contact with the person")
        SECOND = "second", _("Second reader")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.NOTE)
    body = models.TextField(max_length=4000)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("at",)


class Contact(models.Model):
    """One message between the safety staff and the person that a case is about.

    Attributes:
        safety: How safe the person says they are, if they answered that.
    """

    class Safety(models.TextChoices):
        SAFE = "safe", _("I am safe right now")
        UNSURE = "unsure", _("I am not sure")
        UNSAFE = "unsafe", _("I am not safe")

    text = models.OneToOneField(
        Text, on_delete=models.CASCADE, primary_key=True, related_name="contact"
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="contacts")
    from_staff = models.BooleanField()
    safety = models.CharField(max_length=6, choices=Safety, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("at", "pk")


class Decision(models.Model):
    """Something that staff did to a text or a person, which that person is told and may appeal.

    Attributes:
        reason: Key of `desk.reasons.WHY`.
        until: When it ends by itself; None for no end.
        ended_at: When it was taken back or ran out.
    """

    class What(models.TextChoices):
        SHOW = "show", _("Shown")
        HIDE = "hide", _("Hidden")
        LOCK = "lock", _("Locked")
        UNLOCK = "unlock", _("Unlocked")
        SUSPEND = "suspend", _("Suspended")
        READMIT = "readmit", _("Suspension ended")
        WARN = "warn", _("Warned")

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    text = models.ForeignKey(Text, null=True, on_delete=models.SET_NULL, related_name="decisions")
    person = models.ForeignKey(
        PERSON, null=True, on_delete=models.SET_NULL, related_name="decisions"
    )
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    what = models.CharField(max_length=8, choices=What)
    reason = models.CharField(max_length=24)
    until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-pk")


class Report(models.Model):
    """A member's report of a text or of a person.

    Attributes:
        words: What the member wrote, kept as a text that passed the door.
        outcome: What the member is told; empty while open.
    """

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="reports")
    text = models.ForeignKey(Text, null=True, on_delete=models.SET_NULL, related_name="reports")
    person = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=32)
    words = models.ForeignKey(Text, null=True, on_delete=models.SET_NULL, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    outcome = models.CharField(max_length=24, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-pk")


class Appeal(models.Model):
    """An author's or a reporter's request that somebody else looks again."""

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="appeals")
    against = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="appeals")
    words = models.ForeignKey(Text, null=True, on_delete=models.SET_NULL, related_name="+")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appeal")
    outcome = models.CharField(max_length=24, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-pk")
        constraints = (models.UniqueConstraint(fields=("by", "against"), name="appealed_once"),)


class Shift(models.Model):
    """Who is on duty for a queue, from when to when."""

    queue = models.CharField(max_length=12, choices=Case.Queue)
    person = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("starts_at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="shift_ends_after_start"
            ),
        )


class Alarm(models.Model):
    """One alarm that went out, or could not, because nobody acknowledged a case in time.

    Attributes:
        channel: "email" or "webhook".
        round: 1 for the first alarm since the clock was set; supervisors join from 2.
        reached: Digests of the addresses that have it, so that another try calls nobody twice.
        tried_at: Last try; a try in the last minute is not repeated by another worker.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="alarms")
    channel = models.CharField(max_length=10, choices=Channel)
    round = models.PositiveSmallIntegerField(default=1)
    reached = models.JSONField(default=list, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    failed = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-pk")
