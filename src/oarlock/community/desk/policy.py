"""The response policy of `oarlock.safety`, in the words of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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


def responses(*, risk: str, kinds: Mapping[str, float]) -> list[Response]:
    """Return what the policy says for a finding, the most urgent first."""
    return []
