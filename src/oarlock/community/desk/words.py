"""What a writer reads right after sending, and the words of the help page."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from oarlock.community.accounts.models import User
from oarlock.community.texts.models import Text

log = logging.getLogger("oarlock.safety")

#: A number that works in every country of the European Union, and in many others.
EMERGENCY = {"GB": "999", "US": "911", "CA": "911", "AU": "000", "NZ": "111"}


@dataclass(frozen=True, slots=True)
class Helpline:
    """One place to turn to. Empty where it does not offer the way.

    Attributes:
        hours: In words.
        verified_on: When somebody last checked the row.
    """

    name: str
    number: str = ""
    text: str = ""
    url: str = ""
    hours: str = ""
    verified_on: date | None = None

    @property
    def dial(self) -> str:
        """The number as a telephone takes it."""
        return "".join(c for c in self.number if c.isdigit() or c == "+")


@dataclass(frozen=True, slots=True)
class Said:
    """What is said to a writer: paragraphs, and places to turn to."""

    words: list[str] = field(default_factory=list)
    helplines: list[Helpline] = field(default_factory=list)


def emergency(country: str) -> str:
    return EMERGENCY.get(country.upper(), "112")


def countries() -> list[str]:
    """Return the codes of the countries with helplines."""
    return []


def helplines(country: str) -> list[Helpline]:
    """Return the helplines of a country."""
    return []


def country_of(person: Any) -> str:
    """Return the country whose helplines come first."""
    own = person.country if isinstance(person, User) else ""
    return (own or settings.COUNTRY).upper()


def for_writer(text: Text) -> Said:
    """Return what the writer of a text reads at once: warm words, and helplines where they matter.

    A text that could not be screened gets the helplines too: nobody has read it yet.
    """
    latest = text.screenings.order_by("-version", "-at", "-pk").first()
    kinds = set(latest.kinds) if latest else set()
    at_risk = latest is None or latest.risk != "none" or bool(kinds & {"self-injury", "abuse"})
    unread = not text.screened
    said = Said()
    if at_risk and not unread:
        said.words.append(
            _("That took courage to write. You matter, and you do not have to carry this alone.")
        )
        said.words.append(
            _("A person of our team reads it and may write to you here. That can take a while.")
        )
        said.words.append(
            _(
                "If it cannot wait, these people listen now. Many who call say: I was afraid, and "
                "it got lighter once I did."
            )
        )
    elif text.state == Text.State.HELD:
        said.words.append(
            _("A person of our team reads this before others can see it. Nothing is lost.")
        )
    if at_risk or unread:
        said.helplines.extend(helplines(country_of(text.author)))
    return said


def barriers() -> list[tuple[str, str]]:
    """Return why people hesitate to get help, and why it is worth it all the same.

    Source: naming the barriers is what raised the use of crisis resources in Koko's trial,
    doi:10.1016/j.jbct.2022.12.001.
    """
    return [
        (
            _('"Others have it worse."'),
            _("They are for everybody who has a hard time. You take nothing away from anyone."),
        ),
        (
            _('"I do not know what to say."'),
            _('"I am not okay" is enough to begin with. They are used to silence, and they ask.'),
        ),
        (
            _('"They will send the police."'),
            _(
                "Most talks end as talks. If they think that your life is in danger, they may get "
                "help to you. You can ask at the start how they do it."
            ),
        ),
        (
            _('"I cannot speak right now, or somebody could hear me."'),
            _("Many places answer text messages or chat. You can type from anywhere."),
        ),
        (
            _('"I tried, and it did not help."'),
            _("It can depend on who picks up. You may hang up and try again, or another place."),
        ),
        (
            _('"I feel ashamed."'),
            _("They have heard it before. They do not judge you, and you need not say your name."),
        ),
    ]
