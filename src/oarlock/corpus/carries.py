"""Which parts of a study fall away when a corpus lacks a table or a column."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

_NEEDED: Final = (
    ("replies", "user_id",
     "no authors of replies: nothing about the replier, no clustering by replier"),
    ("posts", "user_id",
     "no authors of posts: nothing about the poster, self-replies stay in"),
    ("replies", "written_at",
     "no times of replies: no delay, hour, history before the reply, or folds by time"),
    ("posts", "written_at", "no times of posts: no delay, no trend over time"),
    ("reactions", "text_id", "no likes: the outcome y_liked"),
    ("person_follows", "follower_id", "no follows of people: the outcome y_followed"),
    ("moods", "valence", "no moods with a number: the outcome y_mood_improved"),
    ("measures", "score", "no measures: the outcome y_distress_change"),
    ("replies", "rating", "no ratings: the outcome y_rating"),
    ("replies", "helped", "nobody was asked what helped: the outcome y_helped"),
    ("replies", "score", "no votes: the outcome y_score"),
    ("posts", "wanted", "kind of support not asked for: no results by it"),
    ("users", "joined_at", "no time of joining: no tenure"),
    ("users", "gender", "no gender: no results by it, and it is not adjusted for"),
    ("users", "age", "no age: no results by it, and it is not adjusted for"),
    ("users", "is_bot", "programs are not marked: they are not excluded"),
    ("users", "is_staff", "staff is not marked: it is not excluded"),
)  # fmt: skip


def what_falls_away(filled: Mapping[str, Collection[str]]) -> list[tuple[str, str, str]]:
    """Return table, column and consequence of everything that is missing.

    Args:
        filled: By table, the columns that hold anything at all.
    """
    missing = [
        (table, column, about)
        for table, column, about in _NEEDED
        if column not in filled.get(table, ())
    ]
    if "age_band" in filled.get("users", ()):
        missing = [one for one in missing if one[:2] != ("users", "age")]
    return missing
