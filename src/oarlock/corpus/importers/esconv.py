"""ESConv: support conversations of paid volunteers, with a strategy for each supporter turn.

A conversation becomes a thread: the post is the situation that the seeker told and what they wrote
before the first answer; every later turn is a reply, those of the seeker too.

Source: Liu et al. (2021), 10.18653/v1/2021.acl-long.269.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oarlock.corpus.importers.rows import Cells, Importer, Row, Source

_SURVEY = (
    ("initial_emotion_intensity", "distress", "before"),
    ("final_emotion_intensity", "distress", "after"),
    ("empathy", "esconv-empathy", "after"),
    ("relevance", "esconv-relevance", "after"),
)
"""Field of the seeker's survey, instrument (1 to 5 each), phase."""


def _read(path: Path) -> Iterator[Row]:
    for cells in Source(path, ("situation", "dialog", "survey_score")):
        values = cells.record.values
        turns, survey = values.get("dialog"), values.get("survey_score")
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            raise cells.fault("dialog", "expected a list of turns")
        if not isinstance(survey, dict):
            raise cells.fault("survey_score", "expected the two surveys")
        yield from _thread(cells, turns, survey)


def _thread(
    cells: Cells, turns: Sequence[Mapping[str, Any]], survey: Mapping[str, Any]
) -> Iterator[Row]:
    thread = f"c{cells.record.row}"
    seeker, supporter = f"{thread}-seeker", f"{thread}-supporter"
    people = {"usr": seeker, "sys": supporter}
    if any(turn.get("speaker") not in people or "text" not in turn for turn in turns):
        raise cells.fault("dialog", "expected turns with a text, of the speaker usr or sys")
    first = next((i for i, turn in enumerate(turns) if turn["speaker"] == "sys"), len(turns))
    opening = [str(turn["text"]).strip() for turn in turns[:first]]
    yield "users", {"user_id": seeker, "offers_support": False}
    yield "users", {"user_id": supporter, "offers_support": True}
    yield (
        "posts",
        {
            "post_id": thread,
            "user_id": seeker,
            "topic": cells.text("problem_type"),
            "text": "\n".join([cells.needed("situation").strip(), *opening]),
        },
    )
    for position, turn in enumerate(turns[first:], start=1):
        text = str(turn["text"]).strip()
        reply_id = f"{thread}-{position}"
        yield (
            "replies",
            {
                "reply_id": reply_id,
                "post_id": thread,
                "parent_id": f"{thread}-{position - 1}" if position > 1 else None,
                "user_id": people[turn["speaker"]],
                "text": text,
                "position": position,
            },
        )
        if turn.get("strategy") and text:
            yield "labels", {
                "text_id": reply_id, "start": 0, "end": len(text), "code": turn["strategy"],
                "rater": supporter, "scheme": "esconv",
            }  # fmt: skip
    answers = survey.get("seeker") or {}
    for field, instrument, phase in _SURVEY:
        if answers.get(field) not in (None, ""):
            yield "measures", {
                "user_id": seeker, "post_id": thread, "instrument": instrument,
                "score": _score(cells, answers[field]), "phase": phase,
            }  # fmt: skip


def _score(cells: Cells, value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise cells.fault("survey_score", "expected numbers") from None


IMPORTER = Importer(
    "esconv",
    "ESConv: conversations with the strategy of each supporter turn, distress before and after",
    "the JSON lines, one conversation a line",
    _read,
    (
        "Seekers and supporters are told apart within a conversation only: the same person in two "
        "conversations is two people here.",
        "There are no times; the order of turns is in position. Labels are those of the supporters "
        "themselves.",
    ),
)
