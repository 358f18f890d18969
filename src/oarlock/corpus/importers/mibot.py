"""MIBot: conversations about smoking with a program, readiness rulers before and after.

Utterances of one speaker in one volley become one text. The first volley, which is the program's,
is the first reply to a post that holds the first volley of the person.

Source: https://huggingface.co/datasets/univofToronto/MIBOT (Mahmood et al. 2025), the files of
participants and utterances.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from oarlock.corpus.importers.rows import Cells, Importer, Row, Source
from oarlock.corpus.importers.together import two_files

BOT = "mibot"
_RULERS = ("Importance", "Confidence", "Readiness")
_PHASES = (("Pre", "before"), ("Post", "after"), ("WeekLater", "week"))
_CARE = [f"CAREQ{i}" for i in range(1, 11)]


def _read(path: Path) -> Iterator[Row]:
    participants, utterances = two_files(path, "*participants*.csv", "*utterances*.csv")
    yield "users", {"user_id": BOT, "offers_support": True, "is_bot": True}
    people = {}
    for cells in Source(participants, ("ParticipantID", "PreRulerConfidence")):
        people[cells.needed("ParticipantID")] = cells
        yield "users", {"user_id": cells.needed("ParticipantID"), "offers_support": False}
    columns = ("participant_id", "idx", "speaker", "volley", "text", "auto_misc_label")
    rows = iter(Source(utterances, columns))
    for person, of in groupby(rows, lambda cells: cells.needed("participant_id")):
        yield from _thread(person, of)
        if person in people:
            yield from _measures(person, people[person])


def _thread(person: str, rows: Iterator[Cells]) -> Iterator[Row]:
    volleys = []
    for (_, speaker), of in groupby(
        rows, lambda cells: (cells.needed("volley"), cells.needed("speaker"))
    ):
        said = [(text, row.text("auto_misc_label")) for row in of if (text := row.text("text"))]
        if said:
            volleys.append((speaker, said))
    first = next((i for i, (speaker, _) in enumerate(volleys) if speaker == "client"), None)
    if first is None:
        return
    yield "posts", {
        "post_id": person, "user_id": person, "topic": "smoking",
        "text": " ".join(text for text, _ in volleys[first][1]),
    }  # fmt: skip
    yield from _labels(person, volleys[first][1])
    for position, (speaker, said) in enumerate(volleys[:first] + volleys[first + 1 :], start=1):
        reply_id = f"{person}-{position}"
        yield (
            "replies",
            {
                "reply_id": reply_id,
                "post_id": person,
                "user_id": person if speaker == "client" else BOT,
                "text": " ".join(text for text, _ in said),
                "position": position,
            },
        )
        yield from _labels(reply_id, said)


def _labels(text_id: str, said: list[tuple[str, str | None]]) -> Iterator[Row]:
    start = 0
    for text, code in said:
        if code:
            yield "labels", {
                "text_id": text_id, "start": start, "end": start + len(text), "code": code,
                "rater": "automisc", "scheme": "mibot",
            }  # fmt: skip
        start += len(text) + 1


def _measures(person: str, cells: Cells) -> Iterator[Row]:
    for prefix, phase in _PHASES:
        for ruler in _RULERS:
            score = cells.number(f"{prefix}Ruler{ruler}")
            if score is not None:
                yield "measures", {
                    "user_id": person, "post_id": person, "instrument": f"ruler-{ruler.lower()}",
                    "score": score, "phase": phase,
                }  # fmt: skip
    care = [cells.number(column) for column in _CARE]
    if all(score is not None for score in care):
        yield "measures", {
            "user_id": person, "post_id": person, "instrument": "care",
            "score": float(sum(score or 0 for score in care)), "phase": "after",
        }  # fmt: skip


IMPORTER = Importer(
    "mibot",
    "MIBot: conversations about smoking with a program, readiness rulers before, after and later",
    "the folder with the files of participants and utterances",
    _read,
    (
        "All replies are a program's (is_bot), or of the person who is helped: a study that leaves "
        "out programs has none left, so its protocol must keep them.",
        "The program spoke first; its greeting is the first reply. There are no times. Labels are "
        "automatic (rater automisc).",
    ),
)
