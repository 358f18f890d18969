"""The response policy of `oarlock.safety`, in the words of the desk."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oarlock.community.desk.models import Case
from oarlock.community.desk.reasons import MINUTES
from oarlock.community.texts.models import Text

if TYPE_CHECKING:
    from oarlock.safety.policy import Row

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
        family: "risk" to a person, "conduct" (harm and privacy), or "unknown".
        warning: Content warning that the text gets; empty for none.
    """

    kind: str
    queue: str
    grade: int
    acknowledge_minutes: int
    visibility: str
    second_reader: bool
    family: str = "unknown"
    warning: str = ""


#: How `oarlock.safety` calls what the desk calls otherwise.
_QUEUES = {"clinician": Case.Queue.CLINICAL, "moderator": Case.Queue.MODERATION}
_SHOWS = {"shows": Text.State.SHOWN, "folded": Text.State.SHOWN, "held": Text.State.HELD,
          "hidden": Text.State.HIDDEN}  # fmt: skip
#: Warning of a text that does not simply show, by kind.
_WARNINGS = {"suicide": "suicide", "self-injury": "self-harm", "abuse": "abuse",
             "pro-eating-disorder": "eating"}  # fmt: skip
_SOMEONE_ELSE = ", someone else"


def name(kind: str, grade: str | None = None, about: str = "writer") -> str:
    """Return the name under which a finding is kept: the grade alone for the writer's own risk."""
    if kind == "suicide" and about == "writer":
        return grade or "none"
    return kind + (f": {grade}" if grade else "") + (_SOMEONE_ELSE if about != "writer" else "")


def row_of(found: str) -> Row | None:
    """Return the row of the policy table for a name; None where it has none."""
    from oarlock.safety.policy import policy
    from oarlock.safety.results import GRADES

    about = "someone else" if found.endswith(_SOMEONE_ELSE) else "writer"
    kind, _colon, grade = found.removesuffix(_SOMEONE_ELSE).partition(": ")
    if kind in GRADES:
        kind, grade = "suicide", kind
    return policy().row(kind, grade or None, about)


def names(*, risk: str, kinds: Mapping[str, float]) -> list[str]:
    """Return the names of all that was found."""
    return [*kinds] if risk == "none" else [risk, *kinds]


def table(*, risk: str, kinds: Mapping[str, float]) -> list[Response]:
    """Return the rows of the policy table for a finding; none for a kind that it does not know."""
    rows = [(found, row_of(found)) for found in names(risk=risk, kinds=kinds)]
    return [_in_our_words(found, row) for found, row in rows if row is not None]


def _in_our_words(found: str, row: Row) -> Response:
    from oarlock.safety.results import HARMS, PRIVACY

    return Response(
        kind=found,
        queue=_QUEUES.get(row.queue, row.queue),
        grade=row.priority,
        acknowledge_minutes=row.acknowledge_minutes,
        visibility=_SHOWS.get(row.show, row.show),
        second_reader=row.second_reader,
        family="conduct" if row.kind in (*HARMS, *PRIVACY) else "risk",
        # Also on what is held or hidden: once a person shows it, it is behind the warning.
        warning=_WARNINGS.get(row.kind, "") if row.show != "shows" else "",
    )


def is_kept(row: Row) -> bool:
    """Return whether somebody is there to keep the time of a row."""
    from oarlock.community.desk import rota

    return rota.keeps_time(_QUEUES.get(row.queue, row.queue), row.priority)


def responses(*, risk: str, kinds: Mapping[str, float]) -> list[Response]:
    """Return what happens with a text, the most urgent first.

    What the table does not know, or answers in a way that the desk does not understand, is held
    and put in front of a person: an update of one side alone must not let anything through.
    """
    found = names(risk=risk, kinds=kinds)
    wanted = [_understood(row) for row in table(risk=risk, kinds=kinds)]
    known = {row.kind for row in wanted}
    wanted += [unknown(kind) for kind in found if kind not in known]
    return sorted(wanted, key=lambda row: (row.grade, row.acknowledge_minutes))


def unknown(kind: str) -> Response:
    """Return the answer to something that nobody planned for: hold it, let a person look."""
    log.error("policy.unknown_kind")
    return Response(
        kind=kind,
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
    return row if sane else unknown(row.kind)
