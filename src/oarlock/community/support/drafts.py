"""Drafts: what somebody is writing, seen by nobody else, until it goes through the door."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.ids import public_id
from oarlock.community.support.models import Draft
from oarlock.community.texts.models import Text

#: What a draft keeps of the form.
WORDS = ("title", "body")
CHOICES = ("mood", "wanted", "anonymous")
LISTS = ("warnings",)


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft and the page on which it can be finished; `url` is empty where that is gone."""

    draft: Draft
    label: str
    url: str


def find(by: User, place: str) -> Draft | None:
    return Draft.objects.filter(by=by, place=place).first()


def key_of(draft: Draft | None) -> str:
    return draft.key if draft else public_id()


def where(by: User, place: str) -> tuple[str, str]:
    """Return what a draft of this place would become, in words, and the address of its page.

    Raises:
        Http404: No such place for this person.
    """
    found = _places(by, [place]).get(place)
    if found is None:
        raise Http404
    return found


def _places(by: User, places: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return words and address by place, of those that are there for this person."""
    names: dict[str, list[str]] = {"group": [], "post": [], "reply": []}
    for place in places:
        if re.fullmatch(r"(group|post|reply):[\w-]{1,40}", place):
            kind, _sep, name = place.partition(":")
            names[kind].append(name)
    found = {}
    for group in access.groups(by).filter(slug__in=names["group"]) if names["group"] else ():
        label = _("A post in %(group)s") % {"group": group.name}
        found[f"group:{group.slug}"] = (label, reverse("post-new", args=[group.slug]))
    posts = access.open_threads(by, names["post"]) if names["post"] else {}
    for name, post in posts.items():
        label = _("A reply in %(group)s") % {"group": post.group.name}
        found[f"post:{name}"] = (label, reverse("thread", args=[name]) + "#write")
    replies = access.open_replies(by, names["reply"]) if names["reply"] else {}
    for name, reply in replies.items():
        label = _("An answer to a reply in %(group)s") % {"group": reply.post.group.name}
        address = reverse("thread", args=[reply.post.text.public_id])
        found[f"reply:{name}"] = (label, f"{address}?to={name}#write")
    return found


def save(*, by: User, place: str, fields: Mapping[str, Any], key: str) -> Draft | None:
    """Keep what is in the form; a draft without words is dropped, one that was sent stays away.

    Args:
        place: Where it is written, see `where`.
        fields: The form as lists of values by name, as from `QueryDict.lists`.
        key: Of the form.

    Raises:
        Http404: No such place for this person.
        ValidationError: Far too long to be kept.
    """
    where(by, place)
    key = key[:36]
    kept: dict[str, Any] = {}
    for name, values in fields.items():
        clean = [str(value).replace("\x00", "") for value in values][:20]
        if name in LISTS:
            kept[name] = [value[:40] for value in clean]
        elif clean and name in WORDS:
            kept[name] = clean[-1]
        elif clean and name in CHOICES:
            kept[name] = clean[-1][:40]
    if any(len(kept.get(name, "")) > 2 * settings.MAX_TEXT_LENGTH for name in WORDS):
        raise ValidationError(_("This is too long to be saved. Copy it to a safe place."))
    with transaction.atomic():
        if not any(kept.get(name, "").strip() for name in WORDS):
            Draft.objects.filter(by=by, place=place).delete()
            return None
        if key and Text.objects.filter(author=by, key=key).exists():
            return None
        draft, _created = Draft.objects.update_or_create(
            by=by, place=place, defaults={"fields": kept, "key": key or public_id()}
        )
    return draft


def was_sent(by: User, key: str) -> bool:
    return bool(key) and Text.objects.filter(author=by, key=key[:36]).exists()


def discard(*, by: User, place: str) -> None:
    Draft.objects.filter(by=by, place=place).delete()


def initial(draft: Draft | None) -> dict[str, Any]:
    """Return the fields of a draft for the form that it fills."""
    if draft is None:
        return {}
    fields = dict(draft.fields)
    fields["anonymous"] = fields.get("anonymous") == "on"
    return fields


def own(by: User) -> list[Kept]:
    """Return the drafts of a person, the newest first."""
    drafts = list(Draft.objects.filter(by=by).order_by("-saved_at")[:50])
    places = _places(by, [draft.place for draft in drafts])
    gone = (_("The place of this draft is gone. Copy your words if you like."), "")
    return [Kept(draft, *places.get(draft.place, gone)) for draft in drafts]
