"""CounselChat: questions of anonymous people, answers of therapists, votes of readers.

Source: https://github.com/nbertagnolli/counsel-chat, 20200325_counsel_chat.csv.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from oarlock.corpus.importers.rows import Cells, Importer, Row, Source

_COLUMNS = ("questionID", "questionTitle", "questionText", "topic", "answerText", "upvotes")


def _question(cells: Cells) -> str:
    """Return the id of a question: the file gives some of its numbers to two questions."""
    text = cells.text("questionText") or cells.needed("questionTitle")
    return f"q{cells.needed('questionID')}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _read(path: Path) -> Iterator[Row]:
    posts: dict[str, int] = {}
    people: set[str] = set()
    for cells in Source(path, _COLUMNS):
        answer = cells.text("answerText")
        post_id = _question(cells)
        if post_id not in posts:
            posts[post_id] = 0
            yield (
                "posts",
                {
                    "post_id": post_id,
                    "topic": cells.text("topic"),
                    "title": cells.text("questionTitle"),
                    "text": cells.text("questionText") or cells.needed("questionTitle"),
                },
            )
        if answer is None:
            continue
        author = cells.text("responder_id")
        if author is not None and author not in people:
            people.add(author)
            yield "users", {"user_id": author, "offers_support": True}
        posts[post_id] += 1
        yield (
            "replies",
            {
                "reply_id": f"a{cells.record.row}",
                "post_id": post_id,
                "user_id": author,
                "text": answer,
                "position": posts[post_id],
                "score": cells.whole("upvotes"),
                "n_views": cells.whole("views"),
            },
        )


IMPORTER = Importer(
    "counselchat",
    "CounselChat: questions, and answers of therapists with the votes of readers",
    "the CSV file",
    _read,
    (
        "The source names nobody who asks and gives no times; the position of an answer is its "
        "place in the file.",
    ),
)
