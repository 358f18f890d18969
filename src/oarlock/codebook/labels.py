"""Labels of Oarlock's own tasks: which there are, and the ways in which people write them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from oarlock.codebook import CODES, FAMILY_NAMES, TALK, fold
from oarlock.errors import UserError

TASK_LABELS: Mapping[str, tuple[str, ...]] = {
    "codes": tuple(code.name for code in CODES),
    "families": FAMILY_NAMES,
    "behaviour": ("question", "reflection", "therapist_input", "other"),
    "question": ("open", "closed"),
    "reflection": ("simple", "complex"),
    "talk": tuple(code.name for code in TALK),
    "empathy-er": ("0", "1", "2"),
    "empathy-ip": ("0", "1", "2"),
    "empathy-ex": ("0", "1", "2"),
}
"""Every task of the coder with its labels, in the order of its probability vector."""

_LEVEL_ALIASES = {"0.0": "0", "1.0": "1", "2.0": "2"}  # as a spreadsheet writes them

# Other spellings by task, compared after `fold`.
_ALIASES: dict[str, dict[str, str]] = {
    "codes": {
        "open": "Open Question",
        "closed": "Closed Question",
        "affirmation": "Affirm",
        "emphasise autonomy": "Emphasize Autonomy",
        "giving information": "Give Information",
        "self-disclosure": "Self-Disclose",
        "others": "Other",
    },
    "families": {
        "MICO": "MI-adherent",
        "MI consistent": "MI-adherent",
        "MIIN": "MI-non-adherent",
        "MI inconsistent": "MI-non-adherent",
        "MI-nonadherent": "MI-non-adherent",
    },
    "behaviour": {"therapist input": "therapist_input", "input": "therapist_input"},
    "question": {
        "open question": "open",
        "closed question": "closed",
        "QUO": "open",
        "QUC": "closed",
    },
    "reflection": {
        "simple reflection": "simple",
        "complex reflection": "complex",
        "RES": "simple",
        "REC": "complex",
    },
    "talk": {"change talk": "change", "sustain talk": "sustain", "neutral talk": "neutral"},
}


@cache
def _lookup(task: str) -> dict[str, str]:
    table = {fold(label): label for label in TASK_LABELS[task]}
    if task == "codes":
        table |= {fold(code.abbreviation): code.name for code in CODES}
    if task == "talk":
        table |= {fold(code.abbreviation): code.name for code in TALK}
    table |= {fold(written): label for written, label in _ALIASES.get(task, {}).items()}
    return table


def resolve_label(task: str, label: str) -> str:
    """Return the label of `task` that `label` means: full names and abbreviations, any case.

    Args:
        task: A key of `TASK_LABELS`.
        label: As it was written, for example "quo", "mi adherent" or "1".

    Raises:
        UserError: There is no such task, or no label of it is written like that.
    """
    if task not in TASK_LABELS:
        raise UserError(f"No task is called {task!r}.", remedy=f"Use: {', '.join(TASK_LABELS)}.")
    written = label.strip()
    if task.startswith("empathy"):
        written = _LEVEL_ALIASES.get(written, written)
        found = written if written in TASK_LABELS[task] else None
    else:
        found = _lookup(task).get(fold(written))
    if found is None:
        raise UserError(
            f"{label!r} is no label of the task {task!r}.",
            remedy=f"Use: {', '.join(TASK_LABELS[task])}.",
        )
    return found
