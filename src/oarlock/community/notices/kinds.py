"""The kinds of notices: what the page says, and where it leads. Never what anybody wrote."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: Mapping[str, str | Promise] = {
    "reply": _("Somebody replied to your post."),
    "answer": _("Somebody answered your reply."),
    "follow": _("There is a new reply in a thread that you follow."),
    "reaction": _("Somebody reacted to what you wrote."),
    "helped": _("Somebody says that your reply helped."),
    "asked": _("A post waits for an answer. Would you like to?"),
    "released": _("A person has read what you wrote. Others can see it now."),
    "hidden": _("Something that you wrote is hidden. You can read why, and appeal."),
    "message": _("The safety team has written to you."),
    "report": _("There is an answer to your report."),
    "appeal": _("There is an answer to your appeal."),
    "joined": _("You are now a member of a group that you asked to join."),
    "refused": _("A group could not take you in."),
    "debrief": _("That was a hard thread. How are you?"),
    "measure": _("Some questions wait for you."),
    "warned": _("A moderator has a word for you."),
}
"""Kinds that a person can switch off are listed in `accounts.forms.PreferencesForm`."""

_PAGES = {"post": "thread", "reply": "reply", "case": "case", "report": "report",
          "appeal": "appeal", "group": "group", "message": "conversation",
          "measure": "measure"}  # fmt: skip


def address(kind: str, target: str) -> str:
    """Return the page that a notice leads to; the home page where there is none any more."""
    if kind in {"hidden", "warned"}:
        return reverse("decisions")
    what, _colon, public_id = target.partition(":")
    try:
        return reverse(_PAGES[what], args=[public_id])
    except (KeyError, NoReverseMatch):
        return reverse("home")
