"""Screening of texts for risk, harm and privacy; the response policy; helplines by country."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oarlock.safety.results import (
    FAMILIES,
    GRADES,
    HARMS,
    KINDS,
    OTHER_RISKS,
    PRIVACY,
    Finding,
    Screening,
    ScreeningError,
)

if TYPE_CHECKING:
    from oarlock.safety.screener import Screener

__all__ = [
    "FAMILIES",
    "GRADES",
    "HARMS",
    "KINDS",
    "OTHER_RISKS",
    "PRIVACY",
    "Finding",
    "Screener",
    "Screening",
    "ScreeningError",
]


def __getattr__(name: str) -> Any:
    """Load the screener, and with it NumPy, when it is first asked for."""
    if name == "Screener":
        from oarlock.safety.screener import Screener

        return Screener
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
