"""The coder: which MI behaviour each sentence of a reply is, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oarlock.coder.miti import Measure, MitiSummary
from oarlock.coder.results import (
    EmpathyLevel,
    ReplyCodes,
    SeekerTalk,
    SentenceCode,
    TalkSentence,
)

if TYPE_CHECKING:
    from oarlock.coder.coder import Coder

__all__ = [
    "Coder",
    "EmpathyLevel",
    "Measure",
    "MitiSummary",
    "ReplyCodes",
    "SeekerTalk",
    "SentenceCode",
    "TalkSentence",
]


def __getattr__(name: str) -> Any:
    """Load the coder, and with it ONNX Runtime, when it is first asked for."""
    if name == "Coder":
        from oarlock.coder.coder import Coder

        return Coder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
