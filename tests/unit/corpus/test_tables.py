"""The tables of a corpus: what a live export must have, and what another source may lack."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oarlock.corpus import tables
from oarlock.corpus.schema import LIVE, schema
from oarlock.errors import UserError

NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)


def table(name: str, *rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schema(name))


def imported() -> dict[str, pa.Table]:
    """A post and an answer as a source without authors, times and groups has them."""
    return {
        "users": table("users"),
        "posts": table("posts", {"post_id": "p", "text": "Exams."}),
        "replies": table("replies", {"reply_id": "r", "post_id": "p", "text": "That is a lot."}),
    }


def live() -> dict[str, pa.Table]:
    whole = {name: table(name) for name in LIVE}
    whole["users"] = table("users", {"user_id": "ana"})
    whole["posts"] = table("posts", {
        "post_id": "p", "user_id": "ana", "topic": "work", "written_at": NOON, "text": "Exams.",
        "wanted": "heard", "warnings": [], "anonymous": False,
    })  # fmt: skip
    return whole


def test_source_without_authors_and_times_passes_and_a_live_export_of_it_does_not() -> None:
    tables.check(imported())
    with pytest.raises(UserError, match="Tables missing: answers, codes, follows"):
        tables.check(imported(), live=True)
    whole = live()
    tables.check(whole, live=True)
    whole["posts"] = imported()["posts"]
    with pytest.raises(UserError, match=r"posts\.user_id: missing in 1 rows"):
        tables.check(whole, live=True)


def test_folder_of_an_older_export_is_read_with_the_new_columns_and_tables_empty(
    tmp_path: Path,
) -> None:
    tables.write(tmp_path / "now", live(), {})
    path = tmp_path / "now" / "users.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["joined_at", "age", "is_bot"]), path)
    found = tables.read(tmp_path / "now")
    assert found["users"].to_pylist()[0]["joined_at"] is None
    assert found["users"].schema.field("joined_at").type == pa.timestamp("us", tz="UTC")
    assert found["person_follows"].num_rows == 0
    assert not (tmp_path / "now" / "person_follows.parquet").exists()


@pytest.mark.parametrize(
    ("name", "row", "words"),
    [
        ("person_follows", {"follower_id": "ana", "followed_id": "ben", "at": NOON}, "no row of"),
        ("moods", {"user_id": "ben", "at": NOON, "mood": "calm"}, "no row of users"),
        ("reactions", {"text_id": "p", "user_id": "ana", "kind": "wow"}, "not in the codebook"),
        ("labels", {"text_id": "p", "start": 3, "end": 3, "code": "Question"}, "ends before"),
        ("measures", {"user_id": "ana", "instrument": "phq8", "score": None, "phase": "before"},
         r"measures\.score: missing"),
    ],
)  # fmt: skip
def test_new_table_is_held_to_its_keys_and_values(
    name: str, row: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        tables.check({**live(), name: table(name, row)})


def test_like_and_measure_of_an_imported_corpus_pass() -> None:
    tables.check({
        **live(),
        "reactions": table("reactions", {"text_id": "p", "user_id": "ana", "kind": "like"}),
        "measures": table("measures", {
            "user_id": "ana", "post_id": "p", "instrument": "distress", "score": 3.0,
            "phase": "before",
        }),
    })  # fmt: skip
