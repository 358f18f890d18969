"""Threads of Reddit in two CSV files, as collections without authors have them.

Posts: post_id, subreddit, title, text or selftext, score; created (seconds since 1970) if there.
Comments: post_id, comment_text or comment, and comment_id, comment_score, rank if there.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from oarlock.corpus.importers.rows import Cells, Importer, Row, Source
from oarlock.corpus.importers.together import two_files


def _first(cells: Cells, *columns: str) -> str | None:
    return next((text for column in columns if (text := cells.text(column)) is not None), None)


def _time(cells: Cells) -> dt.datetime | None:
    seconds = cells.number("created")
    if seconds is None:
        return None
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, OSError, ValueError):
        raise cells.fault("created", "expected seconds since 1970") from None


def _read(path: Path) -> Iterator[Row]:
    posts, comments = two_files(path, "*posts*.csv", "*comments*.csv")
    for cells in Source(posts, ("post_id", "title", "subreddit")):
        yield (
            "posts",
            {
                "post_id": cells.needed("post_id"),
                "topic": cells.text("subreddit"),
                "written_at": _time(cells),
                "title": cells.text("title"),
                # A post may be a title alone.
                "text": _first(cells, "text", "selftext") or cells.needed("title"),
                "score": cells.whole("score"),
            },
        )
    places: Counter[str] = Counter()
    for cells in Source(comments, ("post_id",)):
        post_id = cells.needed("post_id")
        text = _first(cells, "comment_text", "comment", "body")
        if text is None:
            raise cells.fault("comment_text", "expected a comment, found nothing")
        places[post_id] += 1
        yield (
            "replies",
            {
                "reply_id": cells.text("comment_id") or f"{post_id}-{places[post_id]}",
                "post_id": post_id,
                "text": text,
                "position": places[post_id],
                "score": cells.whole("comment_score"),
            },
        )


IMPORTER = Importer(
    "reddit",
    "Threads of Reddit: a file of posts and a file of comments",
    "the folder with the two files, or the file of posts with the other beside it",
    _read,
    (
        "The source names no authors, so self-replies stay in and nothing is known of the people.",
        "Comments have no times and no parents; position is the rank in the file, often by score.",
    ),
)
