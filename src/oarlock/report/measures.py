"""What a profile measures: which codes are counted, over which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from oarlock.codebook import CODES, QUESTIONS, REFLECTIONS, display_groups, families

N_CODES = len(CODES)
_ALL = tuple(code.name for code in CODES)
_PLACE = {name: position for position, name in enumerate(_ALL)}


class Kind(Enum):
    """How a count on top relates to the count below it."""

    PERCENT = "part of what is below"
    RATIO = "apart from what is below"
    PER_REPLY = "per reply"


@dataclass(frozen=True, slots=True)
class Quantity:
    """Sentences of the codes on top, over those of the codes below (or over replies).

    Attributes:
        top: Full names of codes.
        below: Full names of codes; not used per reply.
    """

    top: tuple[str, ...]
    below: tuple[str, ...] = _ALL
    kind: Kind = Kind.PERCENT

    @property
    def others(self) -> tuple[str, ...]:
        """The codes that it hangs on besides those on top: none for a share of all sentences."""
        if self.below == _ALL or self.kind is Kind.PER_REPLY:
            return ()
        return tuple(name for name in self.below if name not in self.top)

    def counts(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return top and below, shape (n, 2), of rows with 15 counts of codes and one of replies.

        Args:
            counts: Shape (n, 16).
        """
        top = counts[:, [_PLACE[name] for name in self.top]].sum(axis=1)
        if self.kind is Kind.PER_REPLY:
            return np.column_stack([top, counts[:, N_CODES]])
        return np.column_stack([top, counts[:, [_PLACE[name] for name in self.below]].sum(axis=1)])


_FAMILIES = {family.name: family.codes for family in families()}

SHARES: dict[str, Quantity] = {
    **{name: Quantity((name,)) for name in _ALL},
    **{group.name: Quantity(group.codes) for group in (*families(), *display_groups())},
    "Reflections": Quantity(REFLECTIONS),
    "Questions": Quantity(QUESTIONS),
    "OARS": Quantity(("Open Question", "Affirm", *REFLECTIONS)),
}
"""Shares of all sentences, in percent."""

MITI: dict[str, Quantity] = {
    "reflection_to_question_ratio": Quantity(REFLECTIONS, QUESTIONS, Kind.RATIO),
    "percent_complex_reflections": Quantity(("Complex Reflection",), REFLECTIONS),
    "percent_open_questions": Quantity(("Open Question",), QUESTIONS),
    "mi_adherent_per_reply": Quantity(_FAMILIES["MI-adherent"], kind=Kind.PER_REPLY),
    "mi_non_adherent_per_reply": Quantity(_FAMILIES["MI-non-adherent"], kind=Kind.PER_REPLY),
}
"""The summary measures of MITI 4.2.1; counts of the families are per reply."""
