"""Replies that are coded on the way give what a coded file gives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from fake_coder import FakeCoder
from oarlock.errors import UserError
from oarlock.report.sources import (
    Reply,
    code_replies,
    find_roles,
    is_coded,
    raw_replies,
    read_coded,
)

ROLES = {"thread": "post_id", "supporter": None, "group": None, "time": None}
REPLIES = [
    Reply("a", "that sounds hard. what helps you?", "post", {"thread_id": "t1"}),
    Reply("b", "go to sleep earlier!", None, {"thread_id": "t1"}),
]


def test_coding_on_the_way_and_reading_the_written_rows_agree() -> None:
    rows: list[Mapping[str, object]] = []
    direct = code_replies(FakeCoder(), REPLIES, "x", roles=ROLES, write=rows.append)
    assert all("text" not in row for row in rows)
    assert is_coded(rows[0])
    read = read_coded(list(rows[0]), enumerate(rows, start=2), "x")
    assert np.array_equal(direct.probabilities, read.probabilities)
    assert direct.reply_ids == read.reply_ids == ["a", "b"]
    assert direct.roles == read.roles == {"thread": ["t1", "t1"]}
    assert direct.spans == read.spans


def test_text_is_kept_on_request_by_span() -> None:
    coded = code_replies(FakeCoder(), REPLIES, "x", roles=ROLES, with_text=True)
    assert coded.texts is not None
    for text, (start, end), reply in zip(coded.texts, coded.spans, coded.reply, strict=True):
        assert text == REPLIES[reply].text[start:end]


def raw(*rows: dict[str, object], **options: str | None) -> list[Reply]:
    settings: dict[str, str | None] = {
        "text_column": "text", "id_column": None, "context_column": None
    }  # fmt: skip
    return list(raw_replies(enumerate(rows, start=2), "x.csv", roles=ROLES, **settings | options))  # type: ignore[arg-type]


def test_raw_rows_become_replies_numbered_where_they_have_no_identifier() -> None:
    replies = raw(
        {"text": "hi", "post_id": "t"}, {"text": " "}, {"text": "you too", "post_id": None}
    )
    assert [(reply.id, reply.roles) for reply in replies] == [
        ("2", {"thread_id": "t"}),
        ("4", {"thread_id": ""}),
    ]


@pytest.mark.parametrize(("second", "fault"), [("a", "occurs twice"), ("", "is empty")])
def test_identifiers_must_be_there_and_differ(second: str, fault: str) -> None:
    with pytest.raises(UserError, match=f"row 3, column 'id': the identifier {fault}"):
        raw({"text": "hi", "id": "a"}, {"text": "ho", "id": second}, id_column="id")


def test_roles_are_found_by_usual_names_or_as_given() -> None:
    assert find_roles(["post_id", "author"], {"supporter": "author"}) == {
        "thread": "post_id",
        "supporter": "author",
        "group": None,
        "time": None,
    }
