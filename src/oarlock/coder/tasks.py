"""The tasks of the instrument, their labels and their input limits."""

from __future__ import annotations

from typing import Final

from oarlock.codebook import CODES, FAMILY_NAMES
from oarlock.codebook.labels import TASK_LABELS

CODE_LABELS: Final = TASK_LABELS["codes"]
FAMILY_LABELS: Final = TASK_LABELS["families"]

#: Positions of a family's codes among `CODE_LABELS`.
FAMILY_INDEX: Final[dict[str, list[int]]] = {
    family: [i for i, code in enumerate(CODES) if code.family == family] for family in FAMILY_NAMES
}

#: Heads of the standard encoder, in the order of its outputs.
HEADS: Final[dict[str, tuple[str, ...]]] = {
    **{task: labels for task, labels in TASK_LABELS.items() if task != "families"},
    "summary": ("no summary", "summary"),
}

#: Every task that `Coder.predict` answers; families are sums of code probabilities.
TASKS: Final[dict[str, tuple[str, ...]]] = {**HEADS, "families": FAMILY_LABELS}

#: Heads that read a whole reply rather than a sentence or a turn.
REPLY_HEADS: Final = ("empathy-er", "empathy-ip", "empathy-ex", "summary")

#: Empathy mechanisms by head (Sharma et al., EMNLP 2020).
MECHANISMS: Final = {
    "empathy-er": "emotional reactions",
    "empathy-ip": "interpretations",
    "empathy-ex": "explorations",
}

#: Longest input in word pieces: a sentence or turn, a whole reply, and the end of the context.
MAX_SENTENCE_PIECES: Final = 96
MAX_REPLY_PIECES: Final = 160
MAX_CONTEXT_PIECES: Final = 32
