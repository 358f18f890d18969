"""Validated questionnaires: their items, scoring, bands and sources, one TOML file each.

Needs the standard library alone: a web process loads it to ask the questions.
"""

from oarlock.trial.instruments.own_copy import read_own_copy
from oarlock.trial.instruments.registry import (
    Band,
    Choice,
    Instrument,
    Item,
    Reliability,
    Risk,
    Wording,
    instrument,
    instruments,
)
from oarlock.trial.instruments.scoring import (
    AnswerError,
    Change,
    Score,
    reliable_change,
    reliable_difference,
    score,
)

__all__ = [
    "AnswerError",
    "Band",
    "Change",
    "Choice",
    "Instrument",
    "Item",
    "Reliability",
    "Risk",
    "Score",
    "Wording",
    "instrument",
    "instruments",
    "read_own_copy",
    "reliable_change",
    "reliable_difference",
    "score",
]
