"""What a writer reads right after sending, and the words of the help page."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from oarlock.community.accounts.models import User
from oarlock.community.desk import policy
from oarlock.community.texts.models import Text
from oarlock.errors import UserError
from oarlock.safety.helplines import Helplines
from oarlock.safety.helplines import helplines as safety
from oarlock.safety.policy import Response as SafetyResponse
from oarlock.safety.policy import Row, span
from oarlock.safety.results import ScreeningError

log = logging.getLogger("oarlock.safety")

#: Works in every country of the European Union and on most mobile phones.
EMERGENCY = "112"


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


def book() -> Helplines:
    """Return the helplines of this place: the operator's own, or those that ship.

    A file of the operator's that cannot be read must leave nobody without a number.
    """
    if settings.HELPLINES is not None:
        try:
            return safety(settings.HELPLINES)
        except UserError:
            log.error("helplines.own_failed")
    return safety()


def emergency(country: str) -> str:
    """Return the emergency number of a country; one that most telephones know where none is."""
    try:
        return book().of(country).emergency or EMERGENCY
    except UserError:
        return EMERGENCY


def countries() -> list[str]:
    """Return the codes of the countries with helplines."""
    try:
        return sorted(book().countries)
    except UserError:
        return []


def helplines(country: str, *, abuse: bool = True) -> list[Helpline]:
    """Return the helplines of a country, then those for everywhere.

    Args:
        abuse: Whether those about abuse are among them.
    """
    try:
        lines = book().of(country).lines
    except UserError:
        log.error("helplines.failed")
        return []
    return [
        Helpline(
            name=line.name,
            number=line.phone,
            text=line.text,
            url=line.chat or line.url,
            hours=line.hours,
            verified_on=line.verified_on,
        )
        for line in lines
        if abuse or line.topic != "abuse"
    ]


def country_of(person: Any) -> str:
    """Return the country whose helplines come first."""
    own = person.country if isinstance(person, User) else ""
    return (own or settings.COUNTRY).upper()


def for_writer(text: Text) -> Said:
    """Return what the writer of a text reads at once: the words of the policy, and helplines.

    Where the policy cannot be read, the text waits for a person, and its writer gets plain words
    and the helplines: nobody has read it yet.
    """
    latest = text.screenings.order_by("-version", "-at", "-pk").first()
    unread = latest is None or not text.screened
    if latest is None or unread:
        found = ["unscreened"]
    else:
        found = policy.names(risk=latest.risk, kinds=latest.kinds)
    try:
        rows = [row for name in found if (row := policy.row_of(name)) is not None]
    except ScreeningError:
        return Said([_waits()], helplines(country_of(text.author)))
    said = Said()
    if not rows:
        if text.state == Text.State.HELD:
            said.words.append(_waits())
        return said
    rows.sort(key=lambda row: (row.priority, row.acknowledge_minutes))
    language = (get_language() or "en")[:2]
    kept = all(policy.is_kept(row) for row in rows)
    for message in _response(rows).words(language, kept=kept):
        said.words.extend(
            part for part in (message.title, message.body, message.next, message.hesitate) if part
        )
    if unread or not kept or any(row.helplines for row in rows):
        abuse = any(row.kind == "abuse" for row in rows)
        said.helplines.extend(helplines(country_of(text.author), abuse=abuse))
    return said


def for_answer(grade: str, person: User) -> Said:
    """Return what somebody reads at once who answered a question about danger to themselves.

    Args:
        grade: Grade of `oarlock.safety` that the answer stands for.
        person: Who answered.
    """
    said = Said(helplines=helplines(country_of(person), abuse=False))
    try:
        row = policy.row_of(policy.name("suicide", grade))
    except ScreeningError:
        row = None
    kept = row is not None and policy.is_kept(row)
    language = (get_language() or "en")[:2]
    said.words.append(_("Thank you for being honest. You are not alone with this."))
    if row is not None and kept:
        said.words.append(
            _("A person of the safety team reads this answer within %(time)s and may write to you.")
            % {"time": span(row.acknowledge_minutes, language)}
        )
    else:
        said.words.append(
            _("We pass this answer to our team, but we cannot say when somebody reads it.")
        )
    said.words.append(
        _(
            "If it gets worse, or you do not want to be alone with it, these people listen now. "
            "You need not be in an emergency to call."
        )
    )
    return said


def _response(rows: list[Row]) -> SafetyResponse:
    """Return the rows as one answer: it promises the time of the whole text."""
    return SafetyResponse(
        rows=tuple(rows),
        show="",
        queue=None,
        priority=rows[0].priority,
        acknowledge_minutes=min(row.acknowledge_minutes for row in rows),
        second_reader=False,
        helplines=False,
    )


def _waits() -> str:
    return _("A person of our team reads this before others can see it. Nothing is lost.")


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
