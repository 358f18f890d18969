"""Reads the hard cases: sentences with the codes that count as right, by kind."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from oarlock.codebook import ALL_CODES

PATH = Path(__file__).with_name("hard_cases.toml")


@dataclass(frozen=True, slots=True)
class HardCase:
    """One hard sentence.

    Attributes:
        kind: What makes it hard, for example "advice as question".
        text: The sentence.
        codes: Full names of the codes that count as right, the best reading first; empty where
            `language` is set.
        language: ISO 639-1 code where the text is not English: to be flagged, not coded.
        context: The seeker's text, where the sentence cannot be read without it.
    """

    kind: str
    text: str
    codes: tuple[str, ...]
    language: str | None = None
    context: str | None = None


@cache
def hard_cases() -> tuple[HardCase, ...]:
    """Return all hard cases in the order of the file."""
    raw = tomllib.loads(PATH.read_text(encoding="utf-8"))
    return tuple(
        HardCase(
            kind=case["kind"],
            text=case["text"],
            codes=tuple(case.get("codes", ())),
            language=case.get("language"),
            context=case.get("context"),
        )
        for case in raw["cases"]
    )


def kinds() -> tuple[str, ...]:
    """Return the kinds in the order of the file."""
    return tuple(dict.fromkeys(case.kind for case in hard_cases()))


def normalised(text: str) -> str:
    """Return the words of `text` in lower case without punctuation, to compare by."""
    return " ".join(re.findall(r"\w+", re.sub(r"['’]", "", text.casefold())))


def training_texts() -> list[str]:
    """Return the sentences written for training that ship with the package."""
    path = files("oarlock.coder") / "training" / "written.csv"
    with path.open("r", encoding="utf-8", newline="") as lines:
        return [row["text"] for row in csv.DictReader(lines)]


def codebook_texts() -> list[str]:
    """Return every example and near-miss of the codebook."""
    return [item.text for code in ALL_CODES for item in (*code.examples, *code.near_misses)]
