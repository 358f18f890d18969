"""Everything that is kept about a person, for the person: one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

from oarlock.community.accounts.models import User
from oarlock.community.desk.models import Contact
from oarlock.community.measures import queries as measures
from oarlock.community.texts.models import Text

FORMAT = "oarlock-personal-export/1"

#: Columns of the account that are secrets rather than data about the person.
SECRET = {"password", "id"}


def personal_export(person: User) -> dict[str, Any]:
    """Return all rows about the person as plain values, texts whole, times in ISO 8601.

    Screening results and case notes about the person are named with time and grade; the notes of
    staff themselves are given on request by a person, since they may speak of others.
    """
    own = Text.objects.filter(author=person).select_related("post", "reply", "contact")
    return {
        "format": FORMAT,
        "site": settings.ORIGIN,
        "made_at": timezone.now(),
        "account": {
            field.name: getattr(person, field.attname)
            for field in person._meta.concrete_fields
            if field.name not in SECRET
        },
        "agreements": _rows(person.acceptances, "agreement__version", "accepted_at"),
        "consents": _rows(person.consents, "purpose", "version", "given", "at"),
        "groups": _rows(person.memberships, "group__slug", "state", "moderates", "at"),
        "texts": [_text(t) for t in own.order_by("created_at")],
        "drafts": _rows(person.drafts, "place", "fields", "saved_at"),
        "bookmarks": _rows(person.bookmarks, "post__text__public_id", "at"),
        "follows": _rows(person.follows, "post__text__public_id", "at"),
        "blocks": _rows(person.blocks, "other__handle", "at"),
        "mutes": _rows(person.mutes, "other__handle", "at"),
        "sessions": _rows(
            UserSession.objects.filter(user=person),
            "ip",
            "user_agent",
            "created_at",
            "last_seen_at",
        ),
        "tokens": _rows(person.tokens, "name", "scopes", "made_at", "expires_at", "used_at"),
        "notices": _rows(person.notices, "kind", "target", "at", "read_at"),
        "letters": _rows(person.letters, "counts", "made_at", "sent_at"),
        "reports": _rows(person.reports, "public_id", "reason", "outcome", "at"),
        "appeals": _rows(person.appeals, "public_id", "outcome", "at"),
        # A report about a member of staff goes past that person, here too.
        "cases": _rows(
            person.cases.exclude(not_for=person),
            "public_id",
            "kind",
            "grade",
            "opened_at",
            "outcome",
        ),
        "decisions": _rows(
            person.decisions, "what", "reason", "text__public_id", "until", "ended_at", "at"
        ),
        "messages_of_the_team": _rows(
            Contact.objects.filter(case__about=person, from_staff=True), "text__body", "at"
        ),
        "threads_looked_after": _rows(
            person.cares, "post__text__public_id", "asked_at", "accepted_at", "ended_at"
        ),
        "suggestions_of_the_coach": _rows(
            person.suggestion_set, "place", "rule", "model_version", "shown_at", "dismissed_at"
        ),
        "measures": measures.personal(person),
        "reactions": _rows(person.reaction_set, "text__public_id", "kind", "at"),
    }


def _rows(related: Any, *fields: str) -> list[dict[str, Any]]:
    return [
        {name.replace("__", "_"): value for name, value in row.items()}
        for row in related.order_by("pk").values(*fields)
    ]


#: What is kept of a text besides its words, by its kind.
OF_KIND: Mapping[str, tuple[str, ...]] = {
    Text.Kind.POST: ("wanted", "mood_before", "mood_after", "warnings", "anonymous", "closed_at"),
    Text.Kind.REPLY: ("warnings", "anonymous", "coached"),
    Text.Kind.MESSAGE: ("safety",),
}
_ROWS: Mapping[str, str] = {
    Text.Kind.POST: "post",
    Text.Kind.REPLY: "reply",
    Text.Kind.MESSAGE: "contact",
}


def _of_kind(text: Text) -> dict[str, Any]:
    row = getattr(text, _ROWS[text.kind], None) if text.kind in _ROWS else None
    return {name: getattr(row, name) for name in OF_KIND[text.kind]} if row is not None else {}


def _text(text: Text) -> dict[str, Any]:
    return {
        "id": text.public_id,
        "kind": text.kind,
        "title": text.title,
        "body": text.body,
        "state": text.state,
        "written_at": text.created_at,
        "edited_at": text.edited_at,
        **_of_kind(text),
        "earlier_versions": _rows(text.versions, "number", "title", "body", "written_at"),
        "screenings": _rows(text.screenings, "version", "risk", "kinds", "at", "screener_version"),
        "mi_codes": _rows(
            text.sentences, "version", "start", "end", "code", "probability", "model_version"
        ),
    }
