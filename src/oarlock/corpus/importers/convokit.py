"""Corpora of ConvoKit: utterances.jsonl, speakers.json and conversations.json in a folder.

The root of a conversation is the post, the others are replies. Votes come from the field `score` of
an utterance. A timestamp that is not a whole number of seconds is left out.

Source: Chang et al. (2020), 10.18653/v1/2020.sigdial-1.8; the data format of ConvoKit 3 and 4.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from oarlock.corpus.importers.rows import Cells, Importer, Row, Source
from oarlock.errors import UserError

_BOTS = frozenset({"automoderator"})
_GONE = frozenset({"[deleted]", "[removed]"})


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path}: there is no such file.",
            remedy="Name the unpacked folder of the corpus, with utterances.jsonl in it.",
        ) from None
    except (ValueError, OSError):
        raise UserError(f"{path}: is no JSON.", remedy="Download the corpus again.") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected an object by id.", remedy="Download the corpus again.")
    return content


def _read(path: Path) -> Iterator[Row]:
    speakers, conversations = (_json(path / f"{n}.json") for n in ("speakers", "conversations"))
    for speaker in speakers:
        if speaker not in _GONE:
            yield "users", {"user_id": speaker, "is_bot": speaker.lower() in _BOTS or None}
    known = set(speakers) - _GONE
    for cells in Source(path / "utterances.jsonl", ("id", "text")):
        yield from _utterance(cells, known, conversations)


def _utterance(cells: Cells, known: set[str], conversations: Mapping[str, Any]) -> Iterator[Row]:
    values = cells.record.values
    meta = values.get("meta") if isinstance(values.get("meta"), dict) else {}
    assert isinstance(meta, dict)
    # Older corpora say user and root.
    author = values.get("speaker", values.get("user"))
    thread = values.get("conversation_id", values.get("root"))
    parent = values.get("reply-to", values.get("reply_to"))
    if isinstance(author, dict):
        author = author.get("id")
    if thread is None:
        raise cells.fault("conversation_id", "expected an id, found nothing")
    text_id = cells.needed("id")
    row = {
        "user_id": author if author in known else None,
        "written_at": _time(values.get("timestamp")),
        "text": values.get("text") if isinstance(values.get("text"), str) else "",
        "score": _whole(meta.get("score")),
    }
    if text_id == thread or parent is None:
        of = conversations.get(thread, {})
        facts = of.get("meta", of) if isinstance(of, dict) else {}
        topic = facts.get("subreddit") or meta.get("subreddit")
        title = facts.get("title") or meta.get("title")
        yield (
            "posts",
            {
                **row,
                "post_id": text_id,
                "topic": topic if isinstance(topic, str) else None,
                "title": title if isinstance(title, str) and title.strip() else None,
            },
        )
    else:
        yield (
            "replies",
            {
                **row,
                "reply_id": text_id,
                "post_id": thread,
                "parent_id": parent if parent != thread else None,
            },
        )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(value: object) -> dt.datetime | None:
    """Return the time of an utterance; small numbers are an order, not a time."""
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC) if 6e8 < seconds < 4e9 else None


IMPORTER = Importer(
    "convokit",
    "A corpus of ConvoKit: utterances.jsonl, speakers.json, conversations.json",
    "the unpacked folder",
    _read,
    (
        "Speakers become pseudonyms, and their names are masked in texts; nobody is known by "
        "deleted accounts. Fields of meta other than score, subreddit and title are left out.",
    ),
    hashes_people=True,
)
