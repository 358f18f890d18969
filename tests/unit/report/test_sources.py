"""Replies that are coded on the way give what a coded file gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fake_coder import FakeCoder
from oarlock.coder.files.batch import code_file
from oarlock.coder.files.replies import Item, Options
from oarlock.corpus.reading import read_records
from oarlock.errors import UserError
from oarlock.report.coded import find_roles
from oarlock.report.sources import code_replies, is_coded, read_coded

REPLIES = [
    Item(1, "a", "that sounds hard. what helps you?", "post", {"thread_id": "t1"}),
    Item(2, "b", "go to sleep earlier!", None, {"thread_id": "t1"}),
]


def test_coding_on_the_way_gives_what_a_coded_file_gives(tmp_path: Path) -> None:
    source, out = tmp_path / "replies.csv", tmp_path / "coded.csv"
    lines = [f"{one.id},{one.text},{one.kept['thread_id']}" for one in REPLIES]
    source.write_text("\n".join(["id,text,thread_id", *lines]), encoding="utf-8")
    code_file(str(source), str(out), Options(), FakeCoder())
    with read_records(out) as records:
        assert is_coded(records.columns)
        rows = ((record.row, record.values) for record in records)
        read = read_coded(records.columns, rows, records.name)

    written: list[Mapping[str, Any]] = []
    direct = code_replies(FakeCoder(), REPLIES, "x", write=written.extend)
    assert all("text" not in row for row in written)
    assert np.array_equal(direct.probabilities, read.probabilities)
    assert np.array_equal(direct.codes, read.codes)
    assert direct.reply_ids == read.reply_ids == ["a", "b"]
    assert direct.roles == read.roles == {"thread": ["t1", "t1"]}
    assert direct.spans == read.spans


def test_text_is_kept_on_request_by_span() -> None:
    coded = code_replies(FakeCoder(), REPLIES, "x", with_text=True)
    assert coded.texts is not None
    for text, (start, end), reply in zip(coded.texts, coded.spans, coded.reply, strict=True):
        assert text == REPLIES[reply].text[start:end]


def test_no_replies_is_refused() -> None:
    with pytest.raises(UserError, match="x has no replies"):
        code_replies(FakeCoder(), [], "x")


def test_roles_are_found_by_usual_names_or_as_given() -> None:
    assert find_roles(["post_id", "author"], {"supporter": "author"}, "a.csv") == {
        "thread": "post_id",
        "supporter": "author",
    }
