"""Forms of posts, replies and search."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oarlock.community.support.models import ContentWarning, Mood, Wanted
from oarlock.community.texts.door import TITLE_LENGTH


class Words(forms.CharField):
    """A field for words. A NUL, which no person types and no database keeps, is left out."""

    def __init__(self, **more: Any) -> None:
        super().__init__(strip=False, **more)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("\x00", "") if isinstance(value, str) else value)


def _key() -> forms.CharField:
    return forms.CharField(widget=forms.HiddenInput, required=False, max_length=36)


def _body(label: Any, rows: int) -> Words:
    return Words(
        label=label,
        error_messages={"required": _("There is nothing to read yet. Write a few words.")},
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _anonymous() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("Without my handle"),
        help_text=_("Other members read “Anonymous”. The safety team can see your handle."),
        required=False,
    )


def _warnings() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("Content warnings"),
        help_text=_("People who asked for it see this folded."),
        choices=ContentWarning,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class PostForm(forms.Form):
    title = Words(
        label=_("Title"),
        required=False,
        max_length=TITLE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    body = _body(_("What is on your mind?"), 10)
    mood = forms.ChoiceField(
        label=_("How do you feel right now? (if you like)"),
        choices=Mood,
        required=False,
        widget=forms.RadioSelect,
    )
    wanted = forms.ChoiceField(
        label=_("What would help most?"),
        choices=Wanted,
        required=False,
        initial=Wanted.HEARD,
        widget=forms.RadioSelect,
    )
    warnings = _warnings()
    anonymous = _anonymous()
    key = _key()


class ReplyForm(forms.Form):
    body = _body(_("Your reply"), 6)
    anonymous = _anonymous()
    key = _key()


class EditPostForm(forms.Form):
    title = Words(label=_("Title"), required=False, max_length=TITLE_LENGTH)
    body = _body(_("Your words"), 10)
    warnings = _warnings()
    anonymous = _anonymous()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=1_000_000)


class EditReplyForm(forms.Form):
    body = _body(_("Your words"), 8)
    anonymous = _anonymous()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=1_000_000)


class SearchForm(forms.Form):
    q = Words(
        label=_("Words to look for"),
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
