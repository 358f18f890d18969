"""The demo corpus: a small made-up forum, for `make demo`, tutorials and tests.

It is fiction. Every post and every reply was written for Oarlock; no person, community or event
behind them is real, and nothing was taken from real data. The replies differ in skill on purpose:
some supporters listen well, some advise at once, confront or warn, and some learn over the weeks.
They are there to be measured, not to be imitated, and their facts are nobody's advice.

A post that may be hard to read names its subject in the column `warning` (for example "grief");
its replies share that warning. No post names a method, a dose or a number of calories or weight.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path


def posts_path() -> Path:
    """Path of the posts.

    Returns:
        A UTF-8 CSV file with the columns `post_id`, `seeker_id`, `group`, `created_at` (ISO 8601,
        UTC), `warning` (empty where none is needed) and `text`, ordered by time.
    """
    return Path(str(files(__name__) / "posts.csv"))


def replies_path() -> Path:
    """Path of the replies.

    Returns:
        A UTF-8 CSV file with the columns `reply_id`, `post_id`, `supporter_id`, `created_at`
        (ISO 8601, UTC) and `text`, ordered by time.
    """
    return Path(str(files(__name__) / "replies.csv"))


def joined() -> list[dict[str, str]]:
    """Replies, each with the post that it answers as its context.

    Returns:
        One dictionary per reply, ordered by time: `id`, `text`, `context` (the text of the post),
        `thread_id` (the id of the post), `supporter_id`, `group` and `time` (of the reply,
        ISO 8601, UTC).
    """
    posts = {row["post_id"]: row for row in _rows(posts_path())}
    return [
        {
            "id": reply["reply_id"],
            "text": reply["text"],
            "context": posts[reply["post_id"]]["text"],
            "thread_id": reply["post_id"],
            "supporter_id": reply["supporter_id"],
            "group": posts[reply["post_id"]]["group"],
            "time": reply["created_at"],
        }
        for reply in _rows(replies_path())
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
