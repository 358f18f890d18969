"""Accounts. A person is a handle; the e-mail address is for signing in and is never shown."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from oarlock.community.ids import public_id


class Role(models.TextChoices):
    """Staff roles; everybody else is a member, who seeks and gives support."""

    MEMBER = "member", _("Member")
    MODERATOR = "moderator", _("Moderator")
    CLINICIAN = "clinician", _("Clinician")
    SUPERVISOR = "supervisor", _("Supervisor")
    OPERATOR = "operator", _("Operator")
    RESEARCHER = "researcher", _("Researcher")


#: Roles that may read what the safety desk reads.
SAFETY_ROLES = frozenset({Role.MODERATOR, Role.CLINICIAN, Role.SUPERVISOR})
STAFF_ROLES = frozenset(set(Role) - {Role.MEMBER})


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def people(self) -> models.QuerySet[User]:
        """Return the accounts that are in use."""
        return self.filter(is_active=True, erased_at=None)


class User(AbstractBaseUser):
    """One person.

    Attributes:
        birth_year, birth_month: Enough to check an age; the day is not asked.
        country: ISO 3166 code, chooses the helplines.
        caseload_limit: Open threads that a supporter takes at a time.
        break_until: No requests reach a supporter before this time.
        erased_at: When the person erased the account; nothing personal is left in the row.
    """

    public_id = models.CharField(max_length=14, unique=True, default=public_id, editable=False)
    handle = models.CharField(
        _("handle"),
        max_length=24,
        unique=True,
        validators=[
            RegexValidator(
                r"^[\w](?:[\w.-]{1,22})[\w]$",
                _("3 to 24 letters, digits, dots, hyphens or underscores."),
            )
        ],
        error_messages={"unique": _("Somebody has this handle already. Try another.")},
    )
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.CharField(max_length=12, choices=Role, default=Role.MEMBER)
    birth_year = models.PositiveSmallIntegerField(null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField(null=True, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)

    offers_support = models.BooleanField(_("I would like to answer others"), default=False)
    topics = models.JSONField(default=list, blank=True)
    caseload_limit = models.PositiveSmallIntegerField(default=5)
    break_until = models.DateTimeField(null=True, blank=True)
    coach_on = models.BooleanField(_("Show the coach while I write"), default=True)

    folded_warnings = models.JSONField(default=list, blank=True)
    theme = models.CharField(max_length=5, default="auto")
    digest = models.CharField(max_length=8, default="daily")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=40, blank=True)
    muted_kinds = models.JSONField(default=list, blank=True)

    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)
    suspended_until = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("handle"), name="handle_any_case"),
            models.UniqueConstraint(Lower("email"), name="email_any_case", condition=~Q(email="")),
        )

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def is_safety_staff(self) -> bool:
        return self.role in SAFETY_ROLES

    def has_agreed(self) -> bool:
        """Return whether the person has accepted the agreement in force, if there is one."""
        current = Agreement.current()
        return current is None or self.acceptances.filter(agreement=current).exists()

    def age_at_least(self, years: int) -> bool:
        """Return whether the person has that age for certain (the birth month counts as open)."""
        if self.birth_year is None or self.birth_month is None:
            return False
        today = timezone.localdate()
        full = today.year - self.birth_year - (today.month <= self.birth_month)
        return full >= years


class Agreement(models.Model):
    """One version of the community agreement; the newest published one is in force."""

    version = models.CharField(max_length=20, unique=True)
    body = models.JSONField(default=dict, help_text="Text by language.")
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-published_at",)

    @classmethod
    def current(cls) -> Agreement | None:
        return cls.objects.filter(published_at__lte=timezone.now()).first()


class Acceptance(models.Model):
    """A person's yes to one version of the agreement."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="acceptances")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT)
    accepted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("by", "agreement"), name="accepted_once"),)


class Consent(models.Model):
    """A yes or no to research use, apart from the service; the newest row of a purpose counts."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=24, default="research")
    version = models.CharField(max_length=20)
    given = models.BooleanField()
    at = models.DateTimeField(default=timezone.now)


class Block(models.Model):
    """`by` and `other` do not meet: no sight, reply, mention, match or message, both ways."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks")
    other = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocked_by")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("by", "other"), name="blocked_once"),
            models.CheckConstraint(condition=~Q(by=models.F("other")), name="not_oneself_block"),
        )


class Mute(models.Model):
    """`by` does not see what `other` writes; `other` does not notice."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mutes")
    other = models.ForeignKey(User, on_delete=models.CASCADE, related_name="muted_by")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("by", "other"), name="muted_once"),
            models.CheckConstraint(condition=~Q(by=models.F("other")), name="not_oneself_mute"),
        )
