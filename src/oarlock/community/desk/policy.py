"""The response policy of `oarlock.safety`, in the words of the desk."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from oarlock.community.desk.models import Case
from oarlock.community.desk.reasons import MINUTES
from oarlock.community.texts.models import Text

log = logging.getLogger("oarlock.safety")

VISIBILITIES = (Text.State.SHOWN, Text.State.HELD, Text.State.HIDDEN)


@dataclass(frozen=True, slots=True)
class Response:
    """What happens with a text because of one thing that screening found.

    Attributes:
        kind: Risk grade, harm or privacy matter.
        queue: Queue of the case; empty for none.
        grade: 1 (imminent) to 5.
        acknowledge_minutes: Time within which somebody has to say "I have it".
        visibility: "shown", "held" or "hidden".
        second_reader: Whether two people have to agree before the case is closed.
    """

    kind: str
    queue: str
    grade: int
    acknowledge_minutes: int
    visibility: str
    second_reader: bool


def table(*, risk: str, kinds: Mapping[str, float]) -> list[Response]:
    """Return the rows of the policy table for a finding; none for a kind that it does not know."""
    return []


def responses(*, risk: str, kinds: Mapping[str, float]) -> list[Response]:
    """Return what happens with a text, the most urgent first.

    What the table does not know, or answers in a way that the desk does not understand, is held
    and put in front of a person: an update of one side alone must not let anything through.
    """
    found = [*kinds] if risk == "none" else [risk, *kinds]
    wanted = [_understood(row) for row in table(risk=risk, kinds=kinds)]
    known = {row.kind for row in wanted}
    wanted += [unknown(kind) for kind in found if kind not in known]
    return sorted(wanted, key=lambda row: (row.grade, row.acknowledge_minutes))


def unknown(kind: str) -> Response:
    """Return the answer to something that nobody planned for: hold it, let a person look."""
    log.error("policy.unknown_kind")
    return Response(
        kind=kind[:32],
        queue=Case.Queue.MODERATION,
        grade=2,
        acknowledge_minutes=MINUTES[2],
        visibility=Text.State.HELD,
        second_reader=False,
    )


def _understood(row: Response) -> Response:
    """Return the row, or the answer to the unknown where it makes no sense here."""
    sane = (
        row.queue in ("", Case.Queue.MODERATION, Case.Queue.CLINICAL)
        and row.grade in MINUTES
        and row.acknowledge_minutes > 0
        and row.visibility in VISIBILITIES
        # Nothing is taken out of sight without a person who looks at it.
        and (row.queue != "" or row.visibility == Text.State.SHOWN)
    )
    return replace(row, kind=row.kind[:32]) if sane else unknown(row.kind)
