"""Rated responses: one distressed post, three replies (a person's, two of a program), each rated.

Source: the study of ChatGPT's replies on EmpatheticDialogues (rated-responses in `oarlock data
list`), rated_responses_dev.csv.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from oarlock.corpus.importers.rows import Importer, Row, Source

_COLUMNS = (
    "dialog_id", "arm", "rater", "emotion", "speaker_uttr", "response", "rating_1bad_2okay_3good",
)  # fmt: skip


def _read(path: Path) -> Iterator[Row]:
    posts: dict[str, int] = {}
    raters: set[str] = set()
    for cells in Source(path, _COLUMNS):
        post_id, rater = cells.needed("dialog_id"), cells.needed("rater")
        if post_id not in posts:
            posts[post_id] = 0
            yield (
                "posts",
                {
                    "post_id": post_id,
                    "topic": cells.text("emotion"),
                    "text": cells.needed("speaker_uttr"),
                },
            )
        if rater not in raters:
            raters.add(rater)
            yield "users", {"user_id": rater}
            quotient = cells.number("rater_empathy_quotient")
            if quotient is not None:
                yield "measures", {
                    "user_id": rater, "instrument": "empathy-quotient", "score": quotient,
                    "phase": "before",
                }  # fmt: skip
        posts[post_id] += 1
        yield (
            "replies",
            {
                "reply_id": f"{post_id}-{cells.needed('arm')}",
                "post_id": post_id,
                "text": cells.needed("response"),
                "arm": cells.text("arm"),
                "rating": cells.whole("rating_1bad_2okay_3good"),
                "rater_id": rater,
                "position": posts[post_id],
            },
        )


IMPORTER = Importer(
    "rated-responses",
    "Rated responses: replies of a person and of a program, rated 1 to 3 by readers",
    "the CSV file",
    _read,
    (
        "The source names no author of a post or reply, and gives no times. Users are the raters; "
        "a rating is 1 bad, 2 okay, 3 good, by the reader in rater_id, not by the poster.",
    ),
)
