"""The demo corpus: whole, varied, and safe to read."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from oarlock.corpus import demo

Rows = list[dict[str, str]]

GROUPS_THAT_WARN = {
    "eating": "eating",
    "grief": "grief",
    "self-harm recovery": "self-harm",
    "substance use": "substance use",
}


def rows_of(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture(scope="module")
def posts() -> Rows:
    return rows_of(demo.posts_path())


@pytest.fixture(scope="module")
def replies() -> Rows:
    return rows_of(demo.replies_path())


def test_columns_are_those_documented(posts: Rows, replies: Rows) -> None:
    assert list(posts[0]) == ["post_id", "seeker_id", "group", "created_at", "warning", "text"]
    assert list(replies[0]) == ["reply_id", "post_id", "supporter_id", "created_at", "text"]


def test_corpus_is_large_and_varied_enough(posts: Rows, replies: Rows) -> None:
    assert len(posts) >= 60
    assert len(replies) >= 190
    assert len({post["seeker_id"] for post in posts}) >= 35
    assert len({post["group"] for post in posts}) == 9
    n_replies = Counter(reply["supporter_id"] for reply in replies)
    assert len(n_replies) >= 20
    assert sum(n >= 8 for n in n_replies.values()) >= 8
    assert min(n_replies.values()) == 1
    assert all(
        Counter(reply["post_id"] for reply in replies)[post["post_id"]] >= 2 for post in posts
    )


def test_ids_and_texts_are_unique_and_no_text_is_empty(posts: Rows, replies: Rows) -> None:
    for rows, key in ((posts, "post_id"), (replies, "reply_id")):
        assert len({row[key] for row in rows}) == len(rows)
        assert len({row["text"] for row in rows}) == len(rows)
        assert all(row["text"] and row["text"] == row["text"].strip() for row in rows)


def test_replies_come_after_their_post_within_two_days(posts: Rows, replies: Rows) -> None:
    posted = {post["post_id"]: datetime.fromisoformat(post["created_at"]) for post in posts}
    assert all(row["created_at"].endswith("Z") for row in [*posts, *replies])
    for reply in replies:
        wait = datetime.fromisoformat(reply["created_at"]) - posted[reply["post_id"]]
        assert timedelta(0) < wait < timedelta(days=2), reply["reply_id"]
    for rows in (posts, replies):
        times = [row["created_at"] for row in rows]
        assert times == sorted(times)
    assert timedelta(weeks=9) < max(posted.values()) - min(posted.values()) < timedelta(weeks=11)


def test_groups_that_need_a_warning_have_one(posts: Rows) -> None:
    for post in posts:
        if post["group"] in GROUPS_THAT_WARN:
            assert post["warning"] == GROUPS_THAT_WARN[post["group"]], post["post_id"]


def test_hard_subjects_outside_their_group_are_warned_of(posts: Rows) -> None:
    hard = re.compile(r"(?i)suicid|self.?harm|not be here|relapse|vodka|purg|shouting|location on")
    assert not [post["post_id"] for post in posts if hard.search(post["text"] + post["group"])
                and not post["warning"]]  # fmt: skip


def test_no_text_names_a_person_an_address_a_method_or_an_amount(
    posts: Rows, replies: Rows
) -> None:
    contact = re.compile(r"(?i)@|https?:|www\.|\.com\b|\d[\d ()-]{5,}\d")
    amount = re.compile(r"(?i)\bcalor|\bkcal|\b\d+\s?(kg|lbs?|stone|mg|ml|pints?|units|pills)\b")
    method = re.compile(r"(?i)\bblades?\b|razor|overdos|paracetamol|laxativ|vomit")
    for row in [*posts, *replies]:
        for pattern in (contact, amount, method):
            assert not pattern.search(row["text"]), row.get("reply_id", row["post_id"])


def test_joined_pairs_each_reply_with_its_post(posts: Rows, replies: Rows) -> None:
    by_id = {post["post_id"]: post for post in posts}
    rows = demo.joined()
    assert [row["id"] for row in rows] == [reply["reply_id"] for reply in replies]
    keys = {"id", "text", "context", "thread_id", "supporter_id", "group", "time"}
    assert all(set(row) == keys for row in rows)
    assert all(row["context"] == by_id[row["thread_id"]]["text"] for row in rows)
    assert all(row["group"] == by_id[row["thread_id"]]["group"] for row in rows)
