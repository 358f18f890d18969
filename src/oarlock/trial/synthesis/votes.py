"""An evidence table: studies with their designs and verdicts, where no effects can be pooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from oarlock.trial.synthesis.columns import STUDY
from oarlock.trial.synthesis.table import Table

VERDICT = ("verdict", "finding", "conclusion", "found_effect", "effect_found")
WARNING = (
    'Counting verdicts is no meta-analysis: it weighs a small study like a large one, takes "no '
    'significant effect" for "no effect", and says nothing of how large an effect is '
    "(Cochrane Handbook 6.4, section 12.2.2.1)."
)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "effect": ("effect", "yes", "benefit", "positive", "true", "1", "found an effect", "effective"),
    "no effect": (
        "no effect", "no", "none", "null", "false", "0", "not effective", "no difference",
        "no benefit", "found no effect",
    ),
    "harm": ("harm", "harmful", "negative", "worse"),
    "unclear": ("unclear", "mixed", "inconclusive"),
}  # fmt: skip
_SHOWN = (
    ("study", (*STUDY, "author", "authors", "label", "name", "id")),
    ("topic", ("topic", "condition", "problem", "about", "population")),
    ("design", ("design", "study_design", "type")),
    ("control", ("control", "comparison", "comparator")),
)


@dataclass(frozen=True, slots=True)
class Vote:
    """One study of an evidence table; an empty word where a column is not there."""

    study: str
    topic: str
    design: str
    control: str
    verdict: str


@dataclass(frozen=True, slots=True)
class VoteTable:
    """Studies by design and verdict, counted and not pooled."""

    file: str
    votes: tuple[Vote, ...]

    @property
    def verdicts(self) -> dict[str, int]:
        """Studies per verdict, the most frequent first."""
        return dict(Counter(vote.verdict for vote in self.votes).most_common())

    @property
    def by_design(self) -> dict[str, dict[str, int]]:
        """Studies per design and verdict."""
        found: dict[str, Counter[str]] = {}
        for vote in self.votes:
            found.setdefault(vote.design or "not told", Counter())[vote.verdict] += 1
        return {design: dict(counts) for design, counts in found.items()}


def read_votes(table: Table) -> VoteTable | None:
    """Return the evidence table of a file, or None where it has no column of verdicts."""
    verdict = table.find(VERDICT)
    if verdict is None:
        return None
    columns = {role: table.find(names) for role, names in _SHOWN}
    votes = []
    for row in range(len(table.rows)):
        cells = {role: table.text(row, column) or "" for role, column in columns.items()}
        cells["study"] = cells["study"] or f"Row {row + 1}"
        votes.append(Vote(**cells, verdict=_verdict(table.text(row, verdict))))
    return VoteTable(table.name, tuple(votes))


def _verdict(text: str | None) -> str:
    if text is None:
        return "not told"
    folded = " ".join(text.casefold().split())
    return next((verdict for verdict, words in _WORDS.items() if folded in words), text)
