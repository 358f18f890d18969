"""Forms of accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import SignupForm
from allauth.core import context
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from oarlock.community.accounts import ages
from oarlock.community.accounts.models import Acceptance, Agreement, Role, User
from oarlock.community.groups.models import Topic
from oarlock.community.support.models import ContentWarning


@cache
def _time_zones() -> list[str]:
    """Return the names of all time zones; finding them reads hundreds of files."""
    return sorted(available_timezones())


class JoinForm(SignupForm):
    """What joining asks: a handle, an address, a password, age, country, the agreement."""

    birth_month = forms.TypedChoiceField(
        label=gettext_lazy("Month of birth"), coerce=int, choices=[("", "…"), *MONTHS.items()]
    )
    birth_year = forms.IntegerField(
        label=gettext_lazy("Year of birth"),
        min_value=1900,
        max_value=2100,
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        choices=lambda: [("", "…"), *countries],
        help_text=gettext_lazy("So that we can show you helplines near you."),
    )
    agree = forms.BooleanField(
        label=gettext_lazy("I have read the community agreement and will keep to it."),
        error_messages={"required": gettext_lazy("Read the agreement, then tick this box.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        handle = self.fields["username"]
        handle.label = _("Handle")
        handle.help_text = _("The name that others see. Do not use your real one.")
        self.fields["email"].help_text = _("For signing in. Nobody here sees it.")
        self.fields["password1"].help_text = _(
            "At least ten characters. A few words in a row are easy to keep in mind."
        )
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    @property
    def refused(self) -> bool:
        """Whether the age gate has refused this browser within the last day."""
        return context.request is not None and ages.was_refused(context.request.session)

    def clean_birth_year(self) -> int:
        year = int(self.cleaned_data["birth_year"])
        if ages.is_slip(year):
            raise ValidationError(_("Look at the year again: four digits, as 2004."))
        return year

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        year, month = data.get("birth_year"), data.get("birth_month")
        fits = not year or not month or ages.may_join(year, month)
        if not fits and context.request is not None:
            ages.remember_refusal(context.request.session)
        if not fits or self.refused:
            # What the page says then stands in its template.
            raise ValidationError(_("You cannot join at the moment."), code="age")
        return data

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account; for an address that has one, take as long and make none."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Write down the rest, once allauth has made the account."""
        user.birth_year = self.cleaned_data["birth_year"]
        user.birth_month = self.cleaned_data["birth_month"]
        user.country = self.cleaned_data["country"]
        user.save()
        if (agreement := Agreement.current()) is not None:
            Acceptance.objects.create(by=user, agreement=agreement)


class PreferencesForm(forms.ModelForm[User]):
    """What a person chooses about how the place looks and what reaches them."""

    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        choices=[
            ("auto", gettext_lazy("As my device")),
            ("light", gettext_lazy("Light")),
            ("dark", gettext_lazy("Dark")),
        ],
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("As my browser")), *settings.LANGUAGES],
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country"), required=False, choices=lambda: [("", "…"), *countries]
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        choices=lambda: [
            ("", settings.TIME_ZONE),
            *((z, z) for z in _time_zones()),
        ],
    )
    folded_warnings = forms.MultipleChoiceField(
        label=gettext_lazy("Fold texts about"),
        required=False,
        choices=ContentWarning.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("You can still open each of them."),
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Topics I know from my own life"),
        required=False,
        choices=Topic.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    digest = forms.ChoiceField(
        label=gettext_lazy("E-mail about what is new"),
        choices=[
            ("never", gettext_lazy("Never")),
            ("daily", gettext_lazy("Once a day")),
            ("weekly", gettext_lazy("Once a week")),
        ],
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "The e-mail never says what anybody wrote, nor what this place is about."
        ),
    )
    muted_kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Do not tell me about"),
        required=False,
        choices=[
            ("reply", gettext_lazy("Replies to my posts")),
            ("answer", gettext_lazy("Answers to my replies")),
            ("reaction", gettext_lazy("Reactions")),
            ("helped", gettext_lazy("What helped")),
            ("follow", gettext_lazy("Threads that I follow")),
            ("asked", gettext_lazy("Posts that wait for somebody")),
            ("measure", gettext_lazy("Questions that wait for me")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = User
        fields = (
            "theme", "language", "country", "time_zone", "folded_warnings", "digest", "quiet_from",
            "quiet_to", "muted_kinds", "coach_on", "offers_support", "topics", "caseload_limit",
        )  # fmt: skip
        labels = {  # noqa: RUF012 - Django reads it
            "quiet_from": gettext_lazy("Quiet from"),
            "quiet_to": gettext_lazy("Quiet until"),
            "caseload_limit": gettext_lazy("Threads I look after at a time"),
        }
        widgets = {  # noqa: RUF012
            "quiet_from": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "quiet_to": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "caseload_limit": forms.NumberInput(attrs={"min": 0, "max": 20}),
        }

    def clean_caseload_limit(self) -> int:
        limit = int(self.cleaned_data["caseload_limit"])
        if limit > 20:
            raise ValidationError(_("Twenty is the most. Fewer is kinder to yourself."))
        return limit

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("quiet_from")) != bool(data.get("quiet_to")):
            self.add_error("quiet_to", _("Fill in both times, or neither."))
        return data


class EraseForm(forms.Form):
    """The last question before an account is erased."""

    handle = forms.CharField(
        label=gettext_lazy("Type your handle to erase your account"), max_length=24
    )
    keep_texts = forms.ChoiceField(
        label=gettext_lazy("What you wrote"),
        choices=[
            ("blank", gettext_lazy("Take my words out, leave a gap in the threads")),
            ("keep", gettext_lazy("Leave my words for others, without any name")),
        ],
        initial="blank",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_handle(self) -> str:
        handle = str(self.cleaned_data["handle"]).strip()
        if handle.casefold() != self.user.handle.casefold():
            raise ValidationError(_("That is not your handle. Nothing was erased."))
        return handle


class BreakForm(forms.Form):
    """How long a supporter takes a break."""

    days = forms.TypedChoiceField(
        label=gettext_lazy("No requests for"),
        coerce=int,
        choices=[
            (1, gettext_lazy("one day")),
            (7, gettext_lazy("one week")),
            (30, gettext_lazy("one month")),
            (0, gettext_lazy("no break: I am back")),
        ],
    )

    def until(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class RoleForm(forms.Form):
    """The role of a person."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)
