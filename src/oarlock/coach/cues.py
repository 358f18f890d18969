"""Wordings in a draft and in a post that no code tells, read from `cues.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

#: A sentence is read up to here; bounds the cost of any pattern.
MAX_SENTENCE_CHARACTERS = 1_000
_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "”": "“"})


def plain(text: str) -> str:
    """Return the text in lower case with straight apostrophes and single spaces."""
    return _SPACE.sub(" ", text.translate(_QUOTES).lower()).strip()


@dataclass(frozen=True, slots=True)
class Cue:
    """Patterns over one plain sentence; a hit is taken back by `unless` before it."""

    any: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None

    def finds(self, text: str) -> list[str]:
        """Return what each pattern hits first, leaving out what is taken back."""
        hits = (pattern.search(text) for pattern in self.any)
        return [
            hit[0]
            for hit in hits
            if hit is not None
            and not (self.unless is not None and self.unless.search(text[: hit.start()]))
        ]


@dataclass(frozen=True, slots=True)
class Cues:
    """All cues: of a draft's sentences and of a post, the names of illnesses, and the topics."""

    draft: Mapping[str, Cue]
    post: Mapping[str, Cue]
    illness: re.Pattern[str]
    topics: Mapping[str, re.Pattern[str]]


def _cue(raw: Mapping[str, Any]) -> Cue:
    names = raw.get("names", "")
    return Cue(
        tuple(re.compile(one.replace("<name>", names)) for one in raw["any"]),
        re.compile(raw["unless"]) if "unless" in raw else None,
    )


@cache
def cues() -> Cues:
    """Return the cues that ship with the package."""
    path = files("oarlock.coach") / "cues.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return Cues(
        draft={name: _cue(one) for name, one in raw["draft"].items()},
        post={name: _cue(one) for name, one in raw["post"].items()},
        illness=re.compile(raw["draft"]["diagnose"]["names"]),
        topics={topic: re.compile(one) for topic, one in raw["topics"].items()},
    )
