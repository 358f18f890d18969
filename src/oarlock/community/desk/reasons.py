"""Words and numbers of the desk: grades, reasons of reports, reasons that authors are told."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: Minutes within which somebody has to say "I have it", by grade, where the policy names none.
MINUTES = {1: 15, 2: 60, 3: 240, 4: 1440, 5: 4320}

GRADES = {
    1: _("1, now"),
    2: _("2, within the hour"),
    3: _("3, today"),
    4: _("4, within a day"),
    5: _("5, when there is time"),
}


class Reason(NamedTuple):
    """Why somebody reports something, and where the report goes."""

    label: object
    queue: str
    grade: int


REPORT = {
    "worried": Reason(_("I am worried about this person's safety"), "clinical", 2),
    "urges-harm": Reason(_("It tells somebody to hurt themselves"), "moderation", 2),
    "sexual": Reason(_("Sexual pressure, or it feels like grooming"), "moderation", 2),
    "young": Reason(_("This person seems too young to be here"), "moderation", 3),
    "threat": Reason(_("It threatens somebody"), "moderation", 2),
    "insult": Reason(_("It insults or bullies somebody"), "moderation", 3),
    "hate": Reason(_("It is hateful against a group of people"), "moderation", 3),
    "contact": Reason(_("It shares contact details or asks to meet elsewhere"), "moderation", 3),
    "methods": Reason(_("It describes ways to hurt oneself, or to starve"), "moderation", 2),
    "advert": Reason(_("It is an advert or a scam"), "moderation", 4),
    "team": Reason(_("Somebody of the team treated me or others badly"), "moderation", 3),
    "other": Reason(pgettext_lazy("reason", "Something else"), "moderation", 3),
}

#: What screening finds, by the names of `oarlock.safety.results`.
FOUND = {
    "suicide": pgettext_lazy("finding", "suicide"),
    "passive": pgettext_lazy("finding", "passive"),
    "active": pgettext_lazy("finding", "active"),
    "plan or intent": pgettext_lazy("finding", "plan or intent"),
    "recent behaviour": pgettext_lazy("finding", "recent behaviour"),
    "imminent": pgettext_lazy("finding", "imminent"),
    "self-injury": pgettext_lazy("finding", "self-injury"),
    "abuse": pgettext_lazy("finding", "abuse"),
    "danger to others": pgettext_lazy("finding", "danger to others"),
    "under-age": pgettext_lazy("finding", "under-age"),
    "insult": pgettext_lazy("finding", "insult"),
    "hate": pgettext_lazy("finding", "hate"),
    "sexual pressure": pgettext_lazy("finding", "sexual pressure"),
    "grooming": pgettext_lazy("finding", "grooming"),
    "attention seeker": pgettext_lazy("finding", "attention seeker"),
    "encouragement of self-harm": pgettext_lazy("finding", "encouragement of self-harm"),
    "pro-eating-disorder": pgettext_lazy("finding", "pro-eating-disorder"),
    "contact details": pgettext_lazy("finding", "contact details"),
    "off-platform request": pgettext_lazy("finding", "off-platform request"),
    "full name with place": pgettext_lazy("finding", "full name with place"),
    "someone else": pgettext_lazy("finding", "someone else"),
}

#: Why a text was hidden or a person suspended, as its author reads it.
WHY = {
    "safety": _("It could put somebody's safety at risk."),
    "methods": _("It describes ways of getting hurt. Some readers are at risk from reading that."),
    "unkind": _("It could hurt or insult somebody."),
    "hate": _("It attacks people for who they are."),
    "sexual": _("It puts sexual pressure on somebody."),
    "private": _("It holds contact details or things that could show who somebody is."),
    "meeting": _("It asks somebody to move to another place, where we cannot look after them."),
    "age": _("It seems that the writer is not of the age that this place is for."),
    "advert": _("It advertises something."),
    "heated": _("The thread needs a pause."),
    "other": _("It does not fit the community agreement."),
    "looked-again": _("We looked at it again."),
}

#: What a reporter or an appellant is told. Nothing about measures against other people.
TOLD = {
    "acted": _("We looked at it and did something. We do not tell what, to protect everybody."),
    "cared": _("We looked at it, and somebody of the team is looking after the person."),
    "kept": _("We looked at it and decided to leave it as it is."),
    "changed": _("Somebody else looked at it again and changed the decision."),
    "upheld": _("Somebody else looked at it again and came to the same decision."),
}
