"""Forms of groups."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from oarlock.community.groups.actions import ABOUT_LENGTH, GUIDELINES_LENGTH, REQUEST_LENGTH
from oarlock.community.groups.models import Topic
from oarlock.community.ids import public_id
from oarlock.community.support.forms import Words


class RequestForm(forms.Form):
    """What somebody writes to the moderators of a group when asking to join."""

    body = Words(
        label=_("A few words to the moderators"),
        help_text=_(
            "For example what brings you here. Only the people who look after the group read this."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": REQUEST_LENGTH}),
    )
    key = forms.CharField(
        widget=forms.HiddenInput, required=False, max_length=36, initial=public_id
    )


class GroupForm(forms.Form):
    """What a group says about itself."""

    about = Words(
        label=_("What it is for"),
        help_text=_("One or two sentences. Everybody reads this."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": ABOUT_LENGTH}),
    )
    guidelines = Words(
        label=_("Guidelines"),
        help_text=_("How people treat each other here."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": GUIDELINES_LENGTH}),
    )


class NewGroupForm(GroupForm):
    name = Words(label=_("Name"), widget=forms.TextInput(attrs={"maxlength": 60}))
    topic = forms.ChoiceField(label=_("Topic"), choices=Topic)
    by_request = forms.BooleanField(
        label=_("People ask to join, and a moderator answers"), required=False
    )
    field_order = ("name", "topic", "about", "guidelines", "by_request")


class ModeratorForm(forms.Form):
    handle = Words(label=_("Handle"), widget=forms.TextInput(attrs={"maxlength": 24}))
