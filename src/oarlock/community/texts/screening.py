"""Screening on the way in. Whatever breaks here becomes a finding, never an exception."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

log = logging.getLogger("oarlock.safety")


@dataclass(frozen=True, slots=True)
class Finding:
    """What screening says of a text.

    Attributes:
        failed: Screening broke: a person has to read the text.
        risk: C-SSRS-like grade.
        kinds: Score by further risk, harm or privacy matter.
        reasons: Plain words for staff; no words of the text.
    """

    failed: bool = False
    risk: str = "none"
    kinds: Mapping[str, float] = field(default_factory=dict)
    reasons: Sequence[str] = ()
    screener_version: str = "failed"


@cache
def screener() -> Any:
    """Return the screener, loaded once per process."""
    from oarlock.safety import Screener

    return Screener.load()


def screen(title: str, body: str) -> Finding:
    """Return the finding for title and body together."""
    try:
        found = screener().screen(f"{title}\n\n{body}" if title else body)
    except Exception as error:  # noqa: BLE001 - whatever it is, the text must reach a person
        # The message of the error might repeat the text: only its type is told.
        log.error("screening.failed", extra={"error": type(error).__name__})
        return Finding(failed=True)
    return Finding(
        risk=str(found.risk),
        kinds=dict(found.kinds),
        reasons=list(found.reasons),
        screener_version=found.screener_version,
    )
