"""Coded sentences as rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fake_coder import FakeCoder
from oarlock.coder.files.rows import COLUMN_TYPES, MECHANISM_COLUMNS, sentence_rows

REPLY = "that sounds hard. what helps you?"


def test_rows_have_the_columns_that_are_written() -> None:
    codes = FakeCoder().code_many([REPLY])[0]
    rows = list(sentence_rows("a", codes, {"thread_id": "t"}, REPLY))
    assert len(rows) == 2
    for row in rows:
        assert list(row) == [*COLUMN_TYPES, "thread_id", "text"]
    assert "".join(row["text"] for row in rows).split() == REPLY.split()


@pytest.mark.parametrize(("foreign", "is_read"), [((0, 1), False), ((1,), True)])
def test_a_reply_without_an_english_sentence_has_no_summary_and_no_empathy(
    foreign: tuple[int, ...], is_read: bool
) -> None:
    codes = FakeCoder().code_many([REPLY])[0]
    sentences = tuple(
        replace(one, reliable=False, reason="language") if number in foreign else one
        for number, one in enumerate(codes.sentences)
    )
    empathy = codes.empathy if is_read else {}
    for row in sentence_rows("a", replace(codes, sentences=sentences, empathy=empathy), {}):
        assert (row["summary_probability"] is not None) is is_read
        assert all((row[column] is not None) is is_read for column in MECHANISM_COLUMNS)
