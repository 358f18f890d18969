"""The cases of screening: the share right with the misses listed, and none missed that is grave."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from oarlock.safety import GRADES, Screener, Screening

PATH = Path(__file__).with_name("safety_cases.toml")
FLOOR = 0.97
"""The cases were mended for, so less than this means that something broke."""
MIN_CASES = 500
GRAVE = ("plan or intent", "recent behaviour", "imminent")


@dataclass(frozen=True, slots=True)
class Case:
    group: str
    text: str
    grades: tuple[str, ...]
    must: frozenset[str]
    may: frozenset[str]
    about: str | None

    def miss(self, screening: Screening) -> str | None:
        """What is wrong with a screening; None where it is right."""
        found = {f.kind for f in screening.findings} - {"suicide"}
        if screening.risk_grade not in self.grades:
            return f"grade {screening.risk_grade}, not {' or '.join(self.grades)}"
        if self.must - found:
            return f"not found: {', '.join(sorted(self.must - found))}"
        if found - self.may:
            return f"found as well: {', '.join(sorted(found - self.may))}"
        if self.about and screening.risk_grade != "none":
            about = {f.about for f in screening.findings if f.grade == screening.risk_grade}
            if about != {self.about}:
                return "about the wrong person"
        return None


def cases() -> Iterator[Case]:
    for group in tomllib.loads(PATH.read_text("utf-8"))["group"]:
        for text, grades, kinds in group["cases"]:
            names = [kind for kind in kinds.split(",") if kind]
            must = frozenset(kind for kind in names if not kind.endswith("?"))
            may = frozenset(kind.removesuffix("?") for kind in names)
            yield Case(group["name"], text, tuple(grades.split("|")), must, may, group.get("about"))


@pytest.fixture(scope="module")
def screened() -> list[tuple[Case, Screening]]:
    screener = Screener.load()
    return [(case, screener.screen(case.text)) for case in cases()]


def test_cases_are_many_and_well_formed() -> None:
    everything = list(cases())
    assert len(everything) >= MIN_CASES
    assert len({(c.group, c.text) for c in everything}) == len(everything)
    assert all(set(c.grades) <= set(GRADES) for c in everything)


def test_share_of_cases_right(screened: list[tuple[Case, Screening]]) -> None:
    misses = [f"{c.group}: {c.text!r}: {why}" for c, s in screened if (why := c.miss(s))]
    share = 1 - len(misses) / len(screened)
    print(f"{share:.1%} of {len(screened)} cases right", *misses, sep="\n")
    assert share >= FLOOR, "\n".join(misses)


def test_no_stated_plan_or_act_is_missed(screened: list[tuple[Case, Screening]]) -> None:
    grave = [(c, s) for c, s in screened if set(c.grades) <= {*GRAVE}]
    assert len(grave) >= 60
    assert not [c.text for c, s in grave if s.risk_grade not in GRAVE]


def test_no_imminent_case_is_graded_lower(screened: list[tuple[Case, Screening]]) -> None:
    imminent = [(c, s) for c, s in screened if c.grades == ("imminent",)]
    assert len(imminent) >= 25
    assert not [c.text for c, s in imminent if s.risk_grade != "imminent"]


def test_grave_texts_are_reviewed_before_ordinary_ones(
    screened: list[tuple[Case, Screening]],
) -> None:
    grave = [s.review_score for c, s in screened if set(c.grades) <= {*GRAVE}]
    ordinary = [s.review_score for c, s in screened if c.group == "ordinary"]
    assert min(grave) > max(ordinary)
