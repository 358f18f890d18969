"""What the pages of questionnaires show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import get_language

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.desk.models import Case
from oarlock.community.measures import catalogue
from oarlock.community.measures.models import Administration, RiskAnswer
from oarlock.trial.instruments import Instrument, Item

State = Administration.State
#: As many as anybody looks back on; all are in the personal export.
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One questionnaire in the list."""

    administration: Administration
    state: State
    n_items: int
    n_answered: int


def own(by: User) -> tuple[list[Row], list[Row]]:
    """Return what waits for `by`, the most urgent first, and what is over, the newest first."""
    now, known = timezone.now(), catalogue.known()
    answered = Count("answers", filter=Q(answers__answered_at__isnull=False))
    found = access.administrations(by).filter(opens_at__lte=now).annotate(n=answered)
    rows = [
        Row(one, one.state_at(now), known[one.instrument].n_items, one.n)
        for one in found.order_by("-closes_at", "-pk")[: 2 * SHOWN]
        if one.instrument in known
    ]
    waiting = [row for row in rows if row.state == State.OPEN][::-1]
    over = [row for row in rows if row.state in {State.FINISHED, State.CLOSED}]
    return waiting, over[:SHOWN]


def language() -> str:
    return (get_language() or "en")[:2]


def item_of(instrument: Instrument, number: int) -> tuple[Item, str]:
    """Return a question in the language of the page, or the one there is, and that language."""
    wording = instrument.wording(language())
    return wording.items[number - 1], wording.language


@dataclass(frozen=True, slots=True)
class Said:
    """A risk answer, for those who may work on its case."""

    item: Item
    label: str
    language: str
    answer: RiskAnswer


def risk_answers(case: Case) -> list[Said]:
    """Return the answers that a case is about, in words; nothing else of the questionnaire."""
    if case.origin != Case.Origin.MEASURE:
        return []
    said = []
    for one in RiskAnswer.objects.filter(case=case).select_related("administration"):
        instrument = catalogue.find(one.administration.instrument)
        if instrument is None:
            continue
        item, spoken = item_of(instrument, one.item)
        label = next((c.label for c in item.choices if c.value == one.value), "")
        said.append(Said(item, label, spoken, one))
    return said


def personal(person: User) -> list[dict[str, Any]]:
    """Return all questionnaires of a person with every answer, for the personal export."""
    found = Administration.objects.filter(person=person).order_by("pk")
    facts = (
        "instrument", "version", "wave", "source", "intended_at", "opens_at", "closes_at",
        "shown_at", "finished_at", "expired_at", "called_off_at",
    )  # fmt: skip
    answers = ("item", "value", "shown_at", "answered_at", "n_changes", "language")
    return [
        {
            **{name: getattr(one, name) for name in facts},
            "answers": list(one.answers.values(*answers)),
            "answers_that_the_team_read": list(
                one.risk_answers.values("item", "value", "at", "case__public_id")
            ),
        }
        for one in found
    ]
