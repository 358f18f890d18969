"""Questionnaires in the research export: scores, and every answer with its times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from oarlock.community.accounts.models import User
from oarlock.community.measures import catalogue
from oarlock.community.measures.models import Administration, Answer

Rows = dict[str, list[dict[str, Any]]]


def rows(people: Iterable[User], pseudonym: Callable[[str], str]) -> Rows:
    """Return the rows of the tables `measures` and `answers` of people who consented.

    `answers` has a row for every item of every questionnaire that has opened, also where nothing
    was answered: what is missing is part of the data. `measures` has a score where the rule for
    missing items allows one and the window is over.
    """
    ids = {person.pk: pseudonym(person.public_id) for person in people}
    now, known = timezone.now(), catalogue.known()
    scores: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    asked = Administration.objects.filter(person__in=ids, opens_at__lte=now)
    # Taken back before anything was answered: never asked.
    asked = asked.exclude(Q(called_off_at__isnull=False) & Q(shown_at=None))
    for one in asked.order_by("pk").prefetch_related("answers"):
        instrument = known.get(one.instrument)
        if instrument is None:
            continue
        given = {answer.item: answer for answer in one.answers.all()}
        who = {"user_id": ids[one.person_id], "instrument": one.instrument}
        for item in range(1, instrument.n_items + 1):
            answers.append({**who, **_of_item(one, item, given.get(item))})
        at = _last(given)
        if at is None or one.state_at(now) == Administration.State.OPEN:
            continue
        value = instrument.score({n: a.value for n, a in given.items()}).value
        if value is not None:
            scores.append(
                {**who, "post_id": None, "at": _minute(at), "score": value, "phase": one.wave}
            )
    return {"measures": scores, "answers": answers}


def _last(given: Mapping[int, Answer]) -> datetime | None:
    return max((a.answered_at for a in given.values() if a.answered_at is not None), default=None)


def _minute(at: datetime | None) -> datetime | None:
    return at.replace(second=0, microsecond=0) if at is not None else None


def _of_item(one: Administration, item: int, answer: Answer | None) -> dict[str, Any]:
    shown = answer.shown_at if answer is not None else None
    answered = answer.answered_at if answer is not None else None
    return {
        "version": one.version,
        "wave": one.wave,
        "source": one.source,
        "item": item,
        "value": answer.value if answer is not None else None,
        "skipped": answer is not None and answer.skipped,
        "n_changes": answer.n_changes if answer is not None else 0,
        "language": (answer.language or None) if answer is not None else None,
        "intended_at": _minute(one.intended_at),
        "opens_at": _minute(one.opens_at),
        "closes_at": _minute(one.closes_at),
        "shown_at": _minute(shown),
        "answered_at": _minute(answered),
        "seconds": (answered - shown).total_seconds() if shown and answered else None,
    }
