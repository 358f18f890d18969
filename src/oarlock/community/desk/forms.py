"""Forms of the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from oarlock.community.accounts.models import User
from oarlock.community.desk import actions, closing, rota
from oarlock.community.desk.models import Case, Contact
from oarlock.community.desk.reasons import GRADES, REPORT, WHY
from oarlock.community.ids import public_id
from oarlock.community.texts.models import Text

CHOOSE = ("", _("Choose …"))
TERMS = ((1, _("1 day")), (3, _("3 days")), (7, _("7 days")), (30, _("30 days")))


def _with_role(person: User) -> str:
    return f"{person.handle} ({person.get_role_display()})"


def _area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class CaseForm(forms.Form):
    """A form on the page of a case."""

    def __init__(self, *args: Any, case: Case, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case, self.by = case, by

    def values(self) -> dict[str, Any]:
        """Return the arguments of the action."""
        return dict(self.cleaned_data)


class ToForm(CaseForm):
    to = forms.ModelChoiceField(
        User.objects.none(),
        label=_("To whom"),
        to_field_name="public_id",
        empty_label=_("Choose …"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = actions.colleagues(self.by, self.case)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[person.pk for person in people])
        field.label_from_instance = _with_role  # type: ignore[method-assign,assignment]


class HandOverForm(ToForm):
    note = forms.CharField(
        label=_("What the next person has to know"), widget=_area(), max_length=4000
    )


class NoteForm(CaseForm):
    body = forms.CharField(
        label=pgettext_lazy("on a case", "Note"), widget=_area(), max_length=4000
    )
    kind = forms.ChoiceField(
        label=_("About"),
        choices=[
            ("note", _("A thought or a fact")),
            ("contact", _("A contact outside this place")),
        ],
        initial="note",
    )


class ReasonNoteForm(CaseForm):
    note = forms.CharField(label=_("Why"), widget=_area(3), max_length=4000)


class GradeForm(ReasonNoteForm):
    grade = forms.TypedChoiceField(label=_("Grade"), choices=[*GRADES.items()], coerce=int)
    field_order = ("grade", "note")


class WriteForm(CaseForm):
    body = forms.CharField(label=_("Your message"), widget=_area(6), strip=False)
    key = forms.CharField(widget=forms.HiddenInput, initial=public_id, max_length=36)


class WhyForm(CaseForm):
    reason = forms.ChoiceField(
        label=_("Why (the author reads this)"), choices=[CHOOSE, *WHY.items()]
    )


class TermForm(WhyForm):
    days = forms.TypedChoiceField(
        label=_("For how long"),
        choices=[("", _("Until somebody changes it")), *TERMS],
        coerce=int,
        required=False,
        empty_value=None,
    )


class SuspendForm(WhyForm):
    days = forms.TypedChoiceField(label=_("For how long"), choices=TERMS, coerce=int)


class VersionForm(CaseForm):
    """A form, or a button, about the text as it stands on the page."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.case.text is not None:
            self.fields["version"].initial = self.case.text.version

    def show_newest(self, case: Case) -> None:
        """Let the form that was refused be about the text that its page shows now."""
        if case.text is not None:
            self.data = {**self.data.dict(), "version": str(case.text.version)}  # type: ignore[attr-defined]


class CloseForm(VersionForm):
    outcome = forms.ChoiceField(label=_("Outcome"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outcome = self.fields["outcome"]
        assert isinstance(outcome, forms.ChoiceField)
        outcome.choices = [CHOOSE, *closing.outcomes(self.case)]
        if closing.may_choose_text(self.case):
            needed = closing.asks_about_text(self.case)
            self.fields["text_after"] = forms.ChoiceField(
                label=_("Will others see the text?"),
                widget=forms.RadioSelect,
                required=needed,
                choices=[
                    *([] if needed else [("", _("Leave it as it is"))]),
                    (Text.State.SHOWN, _("Yes, show it")),
                    (Text.State.HIDDEN, _("No, hide it")),
                ],
            )


class NothingForm(CaseForm):
    """For buttons."""


class QueueForm(forms.Form):
    """What of the queue to show."""

    mine = forms.BooleanField(label=_("Mine"), required=False)
    unassigned = forms.BooleanField(label=_("Nobody's"), required=False)
    grade = forms.TypedChoiceField(
        label=_("Grade"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("All grades")), *GRADES.items()],
    )
    origin = forms.ChoiceField(
        label=_("From"), required=False, choices=[("", _("Everywhere")), *Case.Origin.choices]
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Open")), ("closed", _("Closed"))]
    )


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        widget=forms.RadioSelect,
        choices=lambda: [(key, reason.label) for key, reason in REPORT.items()],
    )
    words = forms.CharField(
        label=_("Anything we should know"), required=False, widget=_area(), strip=False
    )
    key = forms.CharField(widget=forms.HiddenInput, initial=public_id, max_length=36)


class AppealForm(forms.Form):
    words = forms.CharField(
        label=_("What should we see differently?"), widget=_area(6), strip=False
    )
    key = forms.CharField(widget=forms.HiddenInput, initial=public_id, max_length=36)


class AnswerForm(forms.Form):
    safety = forms.ChoiceField(
        label=_("How safe are you right now?"),
        widget=forms.RadioSelect,
        required=False,
        choices=Contact.Safety.choices,
    )
    body = forms.CharField(label=_("Your words"), required=False, widget=_area(6), strip=False)
    key = forms.CharField(widget=forms.HiddenInput, initial=public_id, max_length=36)


class ShiftForm(forms.Form):
    queue = forms.ChoiceField(
        label=_("Queue"), choices=[(queue.value, queue.label) for queue in rota.QUEUES]
    )
    person = forms.ModelChoiceField(
        User.objects.none(), label=_("Who"), to_field_name="public_id", empty_label=_("Choose …")
    )
    starts_at = forms.DateTimeField(
        label=_("From"), widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )
    ends_at = forms.DateTimeField(
        label=_("To"), widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.people().filter(role__in=rota.ROLES).order_by("handle")
        field.label_from_instance = _with_role  # type: ignore[method-assign,assignment]


class AuditForm(forms.Form):
    action = forms.CharField(
        label=_("What happened starts with"), required=False, max_length=40,
        help_text=_("For example: case, post.hidden"),
    )  # fmt: skip
    target = forms.CharField(
        label=_("To what"), required=False, max_length=40, help_text=_("For example: case:…")
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    before = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
