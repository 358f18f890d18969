"""The coach: from the codes of a draft to feedback that a writer can act on.

It never writes a reply, never sends one and never gives a score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oarlock.coach.results import (
    Feedback,
    OarsItem,
    Praise,
    SentenceFeedback,
    ShownExample,
    Suggestion,
)
from oarlock.coach.skill import CodedReply, MonthOfSkill, SkillMeasure, skill_by_month

if TYPE_CHECKING:
    from oarlock.coach.coach import Coach

__all__ = [
    "Coach",
    "CodedReply",
    "Feedback",
    "MonthOfSkill",
    "OarsItem",
    "Praise",
    "SentenceFeedback",
    "ShownExample",
    "SkillMeasure",
    "Suggestion",
    "skill_by_month",
]


def __getattr__(name: str) -> Any:
    """Load the coach, and with it ONNX Runtime, when it is first asked for."""
    if name == "Coach":
        from oarlock.coach.coach import Coach

        return Coach
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
