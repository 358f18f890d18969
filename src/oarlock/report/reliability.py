"""How well the coder finds each code, as measured when the weights were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oarlock.coder.weights import METRICS, MIN_SUPPORT, RELIABLE_F1, read_metrics, weights_folder
from oarlock.errors import UserError
from oarlock.report.coded import MECHANISMS

_GOOD_F1 = 0.7

UNRELIABLE = "† unreliable"
PARTLY = "‡ partly unreliable"
UNMEASURED = "† not measured"


@dataclass(frozen=True, slots=True)
class CodeReliability:
    """Scores of one code; None where it was never predicted or never labelled."""

    code: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int

    @property
    def is_weak(self) -> bool:
        """Whether the code cannot be relied on: the rule by which the coder flags it."""
        return self.f1 is None or self.f1 < RELIABLE_F1 or self.support < MIN_SUPPORT

    @property
    def words(self) -> str:
        """What the scores mean."""
        if self.f1 is None or self.is_weak:
            return UNRELIABLE
        return "fair" if self.f1 < _GOOD_F1 else "good"


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was measured of the model that coded a file.

    Attributes:
        codes: Scores of the fifteen codes; empty where the model was not measured.
        n: Labelled sentences that they were measured on; None where it is not recorded.
        caption: What they were measured on.
        confusion: Rows are human labels, columns predictions, in the order of `codes`; empty
            where it is not recorded.
        others: Scores of Summary and of the empathy levels ("er 0" to "ex 2").
        is_of_other_weights: Whether another release than the shipped one coded the file.
    """

    codes: tuple[CodeReliability, ...] = ()
    n: int | None = None
    caption: str = ""
    confusion: tuple[tuple[int, ...], ...] = ()
    others: Mapping[str, CodeReliability] = field(default_factory=dict)
    is_of_other_weights: bool = False

    @property
    def unreliable(self) -> tuple[str, ...]:
        """Names of the codes that the model is not reliable for."""
        return tuple(row.code for row in self.codes if row.is_weak)

    def flag(self, codes: Iterable[str]) -> str:
        """Return the mark and word for a measure of these codes; "" where all are reliable.

        A sum of unreliable codes alone is unreliable, whatever its own score: in part it is right
        only because the errors of its codes fall on each other.
        """
        names = set(codes)
        if not self.codes:
            return UNMEASURED if names else ""
        weak = names & set(self.unreliable)
        if not weak:
            return ""
        return UNRELIABLE if weak == names else PARTLY

    def flag_other(self, name: str) -> str:
        """Return the mark and word for Summary or an empathy level."""
        one = self.others.get(name)
        return UNMEASURED if one is None else UNRELIABLE if one.is_weak else ""

    def together(self, codes: Sequence[str]) -> CodeReliability | None:
        """Return the scores of codes taken as one, so that one for another is no error.

        None where the confusion was not recorded.
        """
        place = {row.code: position for position, row in enumerate(self.codes)}
        if not self.confusion or not set(codes) <= set(place):
            return None
        inside = [place[code] for code in codes]
        hits = sum(self.confusion[i][j] for i in inside for j in inside)
        labelled = sum(sum(self.confusion[i]) for i in inside)
        predicted = sum(row[j] for row in self.confusion for j in inside)
        return CodeReliability(
            " or ".join(codes),
            hits / predicted if predicted else None,
            hits / labelled if labelled else None,
            2 * hits / (labelled + predicted) if labelled + predicted else None,
            labelled,
        )


def load_reliability(model_version: str) -> Reliability:
    """Return the scores that ship with the weights; empty where they hold none of that tier.

    Args:
        model_version: Tier and release that coded the file, such as "standard-2026.11"; "" where
            it is not recorded, which is taken for the standard tier.

    Raises:
        UserError: They are missing or damaged.
    """
    folder = weights_folder()
    try:
        return read_reliability(read_metrics(folder), model_version)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{METRICS} in {folder} does not describe weights of this version of Oarlock.",
            remedy="Install Oarlock again.",
        ) from error


def read_reliability(content: dict[str, Any], model_version: str) -> Reliability:
    """Return what the metrics of the weights say of the model that coded a file."""
    tier, _, release = model_version.partition("-")
    measured = content.get(tier or "standard", {})
    codes = measured.get("codes", {})
    rows = _rows(codes.get("per_class", {}))
    if not rows:
        return Reliability()
    measured_on = codes.get("measured_on", "labelled sentences that the model was not trained on")
    n = codes.get("n")
    caption = f"Measured on {'' if n is None else f'{n:,} '}{measured_on}."
    shipped = content.get("release")
    is_other = bool(release) and shipped is not None and release != str(shipped)
    if is_other:
        caption += (
            f" These figures are of other weights: release {shipped}, while {model_version} coded "
            "this file."
        )
    return Reliability(
        codes=rows,
        n=n,
        caption=caption,
        confusion=tuple(tuple(row) for row in codes.get("confusion", ())),
        others=_others(measured),
        is_of_other_weights=is_other,
    )


def _rows(per_class: Mapping[str, Mapping[str, Any]]) -> tuple[CodeReliability, ...]:
    return tuple(
        CodeReliability(
            name, one.get("precision"), one.get("recall"), one.get("f1"), int(one["support"])
        )
        for name, one in per_class.items()
    )


def _others(measured: Mapping[str, Any]) -> dict[str, CodeReliability]:
    result = {
        f"{mechanism} {row.code}": row
        for mechanism in MECHANISMS
        for row in _rows(measured.get(f"empathy-{mechanism}", {}).get("per_class", {}))
    }
    for row in _rows(measured.get("summary", {}).get("per_class", {})):
        if row.code == "summary":
            result["Summary"] = row
    return result
