"""The check of a folder: each fault is found, counted and shown by id; a clean corpus has none."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oarlock.corpus.checks import Report, check_folder
from oarlock.corpus.schema import schema
from oarlock.errors import UserError

NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=1)
SECRET = "Nobody may read this line in a report."

Rows = dict[str, list[dict[str, Any]]]


def clean() -> Rows:
    return {
        "users": [{"user_id": "ana", "age": 20, "joined_at": NOON}, {"user_id": "ben", "age": 30}],
        "posts": [{"post_id": "p", "user_id": "ana", "written_at": NOON, "text": SECRET}],
        "replies": [
            {"reply_id": "r", "post_id": "p", "user_id": "ben", "written_at": LATER, "text": "Yes."}
        ],
        "reactions": [{"text_id": "r", "user_id": "ana", "kind": "like", "at": LATER}],
        "person_follows": [{"follower_id": "ana", "followed_id": "ben", "at": LATER}],
        "labels": [{"text_id": "r", "start": 0, "end": 4, "code": "Support"}],
    }


def written(folder: Path, rows: Rows) -> Path:
    folder.mkdir(exist_ok=True)
    for name, of in rows.items():
        loose = pa.schema([field.with_nullable(True) for field in schema(name)])
        pq.write_table(pa.Table.from_pylist(of, schema=loose), folder / f"{name}.parquet")
    return folder


def found(report: Report) -> dict[tuple[str, str], tuple[str, int, tuple[str, ...]]]:
    return {
        (one.check, one.where): (one.level, one.n, one.examples)
        for one in report.findings
        if one.level != "note"
    }


def test_clean_corpus_has_no_finding_and_says_what_it_cannot_carry(tmp_path: Path) -> None:
    report = check_folder(written(tmp_path, clean()))
    assert not found(report)
    assert report.n_rows["replies"] == 1
    notes = [one.about for one in report.at("note")]
    assert "no ratings: the outcome y_rating" in notes
    assert "no likes: the outcome y_liked" not in notes


def extra(table: str, **cells: Any) -> Callable[[Rows], None]:
    """Add a row like the first of a table, with other cells."""
    return lambda rows: rows[table].append({**rows[table][0], **cells})


FAULTS: list[tuple[Callable[[Rows], None], tuple[str, str], tuple[str, int, tuple[str, ...]]]] = [
    (extra("replies", reply_id="x", post_id="gone"), ("orphan", "replies.post_id"),
     ("error", 1, ("x",))),
    (extra("replies", reply_id="x", parent_id="gone"), ("orphan", "replies.parent_id"),
     ("error", 1, ("x",))),
    (extra("reactions", text_id="gone"), ("orphan", "reactions.text_id"), ("error", 1, ("gone",))),
    (extra("posts", post_id="x", user_id="gone"), ("orphan", "posts.user_id"),
     ("error", 1, ("x",))),
    (extra("replies", reply_id="x", written_at=NOON - dt.timedelta(days=1)),
     ("reply-before-post", "replies.written_at"), ("warning", 1, ("x",))),
    (extra("reactions", user_id="ben"), ("self-like", "reactions.user_id"),
     ("warning", 1, ("r",))),
    (extra("person_follows", follower_id="ben"), ("self-follow", "person_follows"),
     ("warning", 1, ("ben",))),
    (extra("posts"), ("duplicate-id", "posts.post_id"), ("error", 1, ("p",))),
    (extra("replies", reply_id="p"), ("duplicate-id", "replies.reply_id"), ("error", 1, ("p",))),
    (extra("users", user_id="ANA "), ("same-person", "users.user_id"), ("warning", 1, ("ANA ",))),
    (extra("users", user_id="x", age=126), ("impossible-age", "users.age"),
     ("warning", 1, ("x",))),
    (extra("users", user_id="x", age=-1), ("impossible-age", "users.age"), ("warning", 1, ("x",))),
    (extra("replies", reply_id="x", written_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC)),
     ("future-time", "replies.written_at"), ("warning", 1, ("x",))),
    (extra("replies", reply_id="x", written_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC)),
     ("early-time", "replies.written_at"), ("warning", 1, ("x",))),
    (extra("replies", reply_id="x", text="Iâ€™m here, cafÃ© or not"), ("mojibake", "replies.text"),
     ("warning", 1, ("x",))),
    (extra("replies", reply_id="x", text="a \ufffd b"), ("lost-characters", "replies.text"),
     ("warning", 1, ("x",))),
    (extra("replies", reply_id="x", text=" \n"), ("empty-text", "replies.text"),
     ("warning", 1, ("x",))),
    (extra("replies", reply_id="x", text="[removed]"), ("removed-text", "replies.text"),
     ("warning", 1, ("x",))),
    (extra("replies", reply_id="x", text=None), ("missing", "replies.text"),
     ("error", 1, ("x",))),
    (lambda rows: [one.update(joined_at=NOON + dt.timedelta(days=9)) for one in rows["users"][:1]]
     and extra("posts", post_id="x")(rows),
     ("text-before-joining", "users.joined_at"), ("warning", 1, ("ana",))),
    (extra("reactions", kind="wow"), ("value", "reactions.kind"), ("error", 1, ("r",))),
    (extra("reactions"), ("repeated-reaction", "reactions"), ("warning", 1, ("r",))),
    (extra("labels", end=99), ("span-beyond-text", "labels.end"), ("error", 1, ("r",))),
    (extra("labels", end=0), ("span", "labels.end"), ("error", 1, ("r",))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "where", "what"), FAULTS, ids=[f"{where[0]}-{where[1]}" for _, where, _ in FAULTS]
)
def test_fault_is_found_counted_and_shown_by_id(
    tmp_path: Path,
    spoil: Callable[[Rows], None],
    where: tuple[str, str],
    what: tuple[str, int, tuple[str, ...]],
) -> None:
    rows = clean()
    spoil(rows)
    report = check_folder(written(tmp_path, rows))
    assert found(report)[where] == what
    assert SECRET not in json.dumps(report.as_json())
    if what[0] == "error":
        with pytest.raises(UserError):
            report.refuse_errors("corpus")
    else:
        report.refuse_errors("corpus")


def test_examples_are_five_at_most(tmp_path: Path) -> None:
    rows = clean()
    rows["replies"] += [{**rows["replies"][0], "reply_id": f"x{i}", "text": ""} for i in range(9)]
    level, n, examples = found(check_folder(written(tmp_path, rows)))["empty-text", "replies.text"]
    assert (level, n, len(examples)) == ("warning", 9, 5)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (pa.array([dt.datetime(2026, 5, 4, 12)]),  # noqa: DTZ001
         "without a time zone"),
        (pa.array(["2026-05-04 12:00"]), "none names a zone"),
        (pa.array(["2026-05-04 12:00Z"]), "string instead of time"),
    ],
)  # fmt: skip
def test_times_without_a_zone_are_an_error(tmp_path: Path, times: pa.Array, words: str) -> None:
    written(tmp_path, clean())
    path = tmp_path / "posts.parquet"
    table = pq.read_table(path)
    i = table.column_names.index("written_at")
    pq.write_table(table.set_column(i, "written_at", times), path)
    (fault,) = [one for one in check_folder(tmp_path).at("error") if one.check == "type"]
    assert words in fault.about
    assert fault.where == "posts.written_at"


def test_mixed_zones_are_named_as_such(tmp_path: Path) -> None:
    rows = clean()
    rows["posts"].append({**rows["posts"][0], "post_id": "q"})
    path = written(tmp_path, rows) / "posts.parquet"
    table = pq.read_table(path)
    i = table.column_names.index("written_at")
    texts = pa.array(["2026-05-04 12:00", "2026-05-04 12:00:00+02:00"])
    pq.write_table(table.set_column(i, "written_at", texts), path)
    (fault,) = [one for one in check_folder(tmp_path).at("error") if one.check == "type"]
    assert "of 2 times, 1 name a zone and the others none" in fault.about


def test_missing_table_and_column_are_errors_and_an_absent_optional_one_is_not(
    tmp_path: Path,
) -> None:
    written(tmp_path, clean())
    (tmp_path / "users.parquet").unlink()
    posts = pq.read_table(tmp_path / "posts.parquet").drop_columns(["text", "n_views"])
    pq.write_table(posts, tmp_path / "posts.parquet")
    errors = {(one.check, one.where) for one in check_folder(tmp_path).at("error")}
    assert {("no-table", "users"), ("no-column", "posts.text")} <= errors
    assert ("no-column", "posts.n_views") not in errors


def test_folder_that_is_no_corpus_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        check_folder(tmp_path / "gone")
    with pytest.raises(UserError, match="no table of a corpus"):
        check_folder(tmp_path)
    path = written(tmp_path, clean()) / "posts.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"posts\.parquet: damaged"):
        check_folder(tmp_path)
    with pytest.raises(UserError, match="no amount of memory"):
        check_folder(tmp_path, memory="lots")
