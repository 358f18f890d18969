"""One draft through the coach: what was shown is written down, what was dismissed stays away."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import get_language

from oarlock.coach import Coach, Feedback
from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.coaching.models import Suggestion
from oarlock.community.coaching.switch import is_coached
from oarlock.community.ops.durability import need_not_survive_power_cut
from oarlock.community.ops.once import once
from oarlock.community.support.models import Post, Reply
from oarlock.community.texts.models import Screening, Text
from oarlock.community.texts.screening import screen
from oarlock.community.texts.wording import whole


@once
def coach() -> Coach:
    """Return the coach, loaded once per process."""
    return Coach.load()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a draft is being written: under a post, perhaps under a reply of it."""

    name: str
    post: Post

    @property
    def is_serious(self) -> bool:
        """Whether the newest screening of the post found suicidal thoughts."""
        found = Screening.objects.filter(text=self.post.text).order_by("-version", "-pk").first()
        return found is not None and found.risk != "none"


def place_of(by: User, name: str) -> Place:
    """Return the place of a draft.

    Args:
        name: "post:<id>" or "reply:<id>", as in `support.Draft`.

    Raises:
        Http404: There is no such place for this person.
    """
    kind, _colon, public_id = name.partition(":")
    if kind == "post":
        return Place(name, access.post(by, public_id))
    if kind == "reply":
        return Place(name, access.reply(by, public_id).post)
    raise Http404


def review(*, by: User, place: Place, draft: str) -> Feedback | None:
    """Return the feedback on a draft, or None where the coach is off.

    The words of the draft are not kept; the ids of new suggestions are.
    """
    if not is_coached(by, place.post):
        return None
    known = {
        row.rule: row.dismissed_at is not None
        for row in Suggestion.objects.filter(by=by, place=place.name)
    }
    text = place.post.text
    feedback = coach().review(
        draft,
        post=whole(text.title, text.body),
        topic=place.post.group.topic,
        risk=place.is_serious,
        harm=screen("", draft).hurts,
        dismissed={rule for rule, dismissed in known.items() if dismissed},
        language="de" if (get_language() or "").startswith("de") else "en",
    )
    new = [s.id for s in feedback.suggestions if s.id not in known]
    if new:
        # A whole room of writers would else queue for the disk at each pause in typing.
        with need_not_survive_power_cut():
            Suggestion.objects.bulk_create(
                (
                    Suggestion(by=by, place=place.name, rule=id_, model_version=_version(feedback))
                    for id_ in new
                ),
                ignore_conflicts=True,
            )
    return feedback


def _version(feedback: Feedback) -> str:
    return f"{feedback.model_version} {feedback.rules_version}"[:40]


@transaction.atomic
def dismiss(*, by: User, place: Place, suggestion: str) -> bool:
    """Put a suggestion away for this draft; return whether it had been shown."""
    shown = Suggestion.objects.filter(by=by, place=place.name, rule=suggestion, dismissed_at=None)
    return bool(shown.update(dismissed_at=timezone.now()))


def link_to_reply(*, reply: Reply) -> None:
    """Tie what was suggested while a reply was written to the reply."""
    text: Text = reply.text
    Suggestion.objects.filter(by=text.author, place=reply.draft_place, text=None).update(text=text)
