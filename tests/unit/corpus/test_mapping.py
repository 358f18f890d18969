"""A mapped source becomes a corpus, or the fault is named with its place and nothing is left."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oarlock.corpus.mapping import draft, import_mapped
from oarlock.errors import UserError

POSTS = "id,member_id,created_at,body,topic\n1,7,2026-05-04 12:00,I cannot sleep,sleep\n"
REPLIES = (
    "id,question_id,member_id,created_at,body,stars\n"
    "1,1,8,2026-05-04 13:00,mail me: jo@example.org,4\n"
    "2,1,7,2026-05-04 14:00,thanks quietfox,\n"
)
MEMBERS = "id,nickname,joined,role\n7,bluebird,2026-01-01 09:00,member\n8,quietfox,,admin\n"
HEARTS = "comment_id,member_id,created_at\n1,7,2026-05-04 15:00\n"
MAP = """source = "exports"
time_zone = "Europe/Berlin"

[users]
table = "members"
user_id = "id"
handle = "nickname"
joined_at = "joined"
is_staff = { column = "role", is = ["admin"] }

[posts]
table = "questions"
post_id = "id"
user_id = "member_id"
written_at = "created_at"
text = "body"
topic = "topic"

[replies]
table = "answers"
reply_id = "id"
post_id = "question_id"
user_id = "member_id"
written_at = "created_at"
text = "body"
rating = "stars"

[reactions]
table = "hearts"
text_id = { column = "comment_id", of = "replies" }
user_id = "member_id"
kind = { always = "like" }
at = "created_at"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, content in (
        ("questions", POSTS), ("answers", REPLIES), ("members", MEMBERS), ("hearts", HEARTS),
    ):  # fmt: skip
        (folder / f"{name}.csv").write_text(content, "utf-8")
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    return tmp_path


def imported(folder: Path, text: str | None = None, **options: Any) -> Path:
    if text is not None:
        (folder / "map.toml").write_text(text, "utf-8")
    out = folder / "corpus"
    import_mapped(folder / "map.toml", out, **options)
    return out


def table(corpus: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(corpus / f"{name}.parquet").to_pylist()
    return found


def refused(folder: Path, text: str | None = None, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        imported(folder, text, **options)
    assert not (folder / "corpus").exists()
    return f"{caught.value} {caught.value.remedy}"


def test_mapped_files_become_tables_with_pseudonyms_masks_and_utc(source: Path) -> None:
    corpus = imported(source)
    (post,) = table(corpus, "posts")
    first, second = table(corpus, "replies")
    assert (post["post_id"], post["written_at"]) == (
        "p1", dt.datetime(2026, 5, 4, 10, tzinfo=dt.UTC)
    )  # fmt: skip
    assert (first["reply_id"], first["post_id"], first["rating"]) == ("r1", "p1", 4)
    assert first["text"] == "mail me: " + "×" * len("jo@example.org")
    assert second["text"] == "thanks " + "×" * len("quietfox")
    assert second["user_id"] == post["user_id"] != "7"
    assert [row["is_staff"] for row in table(corpus, "users")] == [False, True]
    assert "nickname" not in pq.read_schema(corpus / "users.parquet").names
    (like,) = table(corpus, "reactions")
    assert (like["text_id"], like["kind"], like["user_id"]) == ("r1", "like", post["user_id"])
    facts = json.loads((corpus / "codebook.json").read_text("utf-8"))
    assert facts["masked"] == {"email": 1, "handle": 1}
    assert not (source / "corpus.partial").exists()


def test_ids_and_texts_stay_where_that_is_asked_for(source: Path) -> None:
    corpus = imported(source, keep_ids=True, mask=False)
    assert [row["user_id"] for row in table(corpus, "replies")] == ["8", "7"]
    assert table(corpus, "replies")[0]["text"].endswith("jo@example.org")


def _as_sqlite(source: Path) -> str:
    with sqlite3.connect(source / "forum.db") as database:
        for path in (source / "exports").glob("*.csv"):
            header, *lines = path.read_text("utf-8").splitlines()
            database.execute(f"CREATE TABLE {path.stem} ({header})")
            for line in lines:
                cells = [cell or None for cell in line.split(",")]
                marks = ", ".join("?" * len(cells))
                database.execute(f"INSERT INTO {path.stem} VALUES ({marks})", cells)
    database.close()
    return MAP.replace('"exports"', '"forum.db"')


def _as_parquet(source: Path) -> str:
    import pyarrow.csv as pc

    for path in list((source / "exports").glob("*.csv")):
        pq.write_table(pc.read_csv(path), path.with_suffix(".parquet"))
        path.unlink()
    return MAP


def _as_duckdb(source: Path) -> str:
    import duckdb

    with duckdb.connect(source / "forum.duckdb") as database:
        for path in (source / "exports").glob("*.csv"):
            database.execute(f"CREATE TABLE {path.stem} AS FROM '{path}'")
    return MAP.replace('"exports"', '"forum.duckdb"')


def _by_address(source: Path) -> str:
    _as_duckdb(source)
    return MAP.replace('"exports"', f'"duckdb://{source}/forum.duckdb"')


@pytest.mark.parametrize("make", [_as_sqlite, _as_parquet, _as_duckdb, _by_address])
def test_every_place_gives_the_same_corpus(source: Path, make: Any) -> None:
    wanted = imported(source, keep_ids=True)
    wanted = wanted.rename(source / "wanted")
    found = imported(source, make(source), keep_ids=True)
    for name in ("users", "posts", "replies", "reactions"):
        assert table(found, name) == table(wanted, name), name


FAULTS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "missing table of the corpus": (MAP[: MAP.index("[replies]")], "", ("map.toml", "[replies]")),
    "missing table of the source": (
        MAP.replace('"hearts"', '"heart"'), "", ("no table 'heart'", "'hearts'")
    ),
    "missing column": (MAP.replace('"stars"', '"star"'), "", ("'answers'", "'star'", "'stars'")),
    "required column": (MAP.replace('text = "body"\n', ""), "", ("[posts]", "text is missing")),
    "unknown key": (MAP.replace("rating =", "ratings ="), "", ("[replies]", "'rating'")),
    "no zone told": (
        MAP.replace('time_zone = "Europe/Berlin"', ""), "",
        ("'members'", "row 1", "'joined'", "without a time zone", "time_zone ="),
    ),
    "unknown zone": (MAP.replace("Europe/Berlin", "Berlin"), "", ("time_zone", "'Berlin'")),
    "mixed zones": (
        MAP, REPLIES.replace("14:00", "14:00:00+02:00"),
        ("answers", "row 1", "'created_at'", "row 2", "mixed_zones"),
    ),
    "bad time": (MAP, REPLIES.replace("2026-05-04 14:00", "yesterday"), ("row 2", "'created_at'")),
    "bad number": (MAP, REPLIES.replace(",4\n", ",four\n"), ("row 1", "'stars'", "whole number")),
    "orphan": (MAP, REPLIES.replace("2,1,7", "2,99,7"), ("replies.post_id", "r2", "--repair")),
    "duplicate id": (MAP, REPLIES.replace("2,1,7", "1,1,7"), ("replies.reply_id", "r1")),
    "text of which": (
        MAP.replace('{ column = "comment_id", of = "replies" }', '"comment_id"'), "",
        ("[reactions] text_id", 'of = "replies"'),
    ),
    "broken toml": (MAP + "[posts\n", "", ("map.toml", "line")),
    "ragged csv": (MAP, REPLIES + '9,1,7,2026-05-04 14:00,"a,b\n', ("answers",)),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_fault_names_its_place_and_leaves_no_corpus(source: Path, name: str) -> None:
    mapping, replies, words = FAULTS[name]
    if replies:
        (source / "exports/answers.csv").write_text(replies, "utf-8")
    said = refused(source, mapping)
    assert [word for word in words if word not in said] == []
    assert "quietfox" not in said
    assert "yesterday" not in said
    assert "four" not in said


def test_mixed_zones_are_read_where_the_mapping_allows_it(source: Path) -> None:
    (source / "exports/answers.csv").write_text(REPLIES.replace("14:00", "14:00:00Z"), "utf-8")
    corpus = imported(source, "mixed_zones = true\n" + MAP)
    assert [row["written_at"].hour for row in table(corpus, "replies")] == [11, 14]


def test_platform_without_likes_is_imported_and_says_what_falls_away(source: Path) -> None:
    (source / "map.toml").write_text(MAP[: MAP.index("[reactions]")], "utf-8")
    report = import_mapped(source / "map.toml", source / "corpus")
    assert "no likes: the outcome y_liked" in [one.about for one in report.at("note")]
    assert not (source / "corpus/reactions.parquet").exists()


def test_people_in_two_files_are_refused_and_repair_keeps_the_first(source: Path) -> None:
    again = MEMBERS.replace("7,bluebird", "9,redkite").replace("admin", "member")
    (source / "exports/members2.csv").write_text(again, "utf-8")
    both = MAP.replace('table = "members"', 'table = ["members", "members2"]')
    said = refused(source, both)
    assert "1 people are in several of: members, members2" in said
    corpus = imported(source, both, mend=True)
    assert sorted(row["is_staff"] for row in table(corpus, "users")) == [False, False, True]


def test_repair_leaves_out_what_points_to_nothing_and_counts_it(source: Path) -> None:
    (source / "exports/answers.csv").write_text(REPLIES.replace("2,1,7", "2,99,55"), "utf-8")
    (source / "exports/hearts.csv").write_text(HEARTS + "2,7,2026-05-04 15:00\n", "utf-8")
    corpus = imported(source, mend=True)
    assert [row["reply_id"] for row in table(corpus, "replies")] == ["r1"]
    facts = json.loads((corpus / "codebook.json").read_text("utf-8"))
    assert facts["left_out"] == {"replies": 1, "reactions": 1}


def test_second_run_carries_on_after_the_last_whole_table(source: Path) -> None:
    (source / "exports/hearts.csv").write_text(HEARTS.replace("15:00", "noon"), "utf-8")
    refused(source)
    kept = source / "corpus.partial"
    before = (kept / "replies.parquet").stat().st_mtime_ns
    loaded: list[str] = []
    (source / "exports/hearts.csv").write_text(HEARTS, "utf-8")
    corpus = imported(source, progress=lambda name, _: loaded.append(name))
    assert loaded == ["reactions"]
    assert (corpus / "replies.parquet").stat().st_mtime_ns == before
    assert table(corpus, "reactions")[0]["user_id"] == table(corpus, "posts")[0]["user_id"]


def test_another_mapping_begins_anew(source: Path) -> None:
    (source / "exports/hearts.csv").write_text(HEARTS.replace("15:00", "noon"), "utf-8")
    refused(source)
    (source / "exports/hearts.csv").write_text(HEARTS, "utf-8")
    loaded: list[str] = []
    imported(source, MAP + "\n# mended\n", progress=lambda name, _: loaded.append(name))
    assert loaded == ["users", "posts", "replies", "reactions"]


def test_corpus_that_is_there_is_kept_unless_it_may_be_replaced(source: Path) -> None:
    corpus = imported(source)
    with pytest.raises(UserError, match="is there already"):
        import_mapped(source / "map.toml", corpus)
    import_mapped(source / "map.toml", corpus, overwrite=True)
    (source / "photos").mkdir()
    with pytest.raises(UserError, match="holds no corpus"):
        import_mapped(source / "map.toml", source / "photos", overwrite=True)


def test_secret_is_taken_from_the_environment_and_never_shown(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = MAP.replace('"exports"', '"postgresql://me:$FORUM_PASSWORD@127.0.0.1:9/forum"')
    monkeypatch.delenv("FORUM_PASSWORD", raising=False)
    assert "FORUM_PASSWORD" in refused(source, asked)
    monkeypatch.setenv("FORUM_PASSWORD", "swordfish")
    said = refused(source, asked)
    assert "postgresql://…" in said
    assert "swordfish" not in said


def test_draft_finds_what_names_tell_and_says_what_is_missing(source: Path) -> None:
    made = draft(str(source / "exports"), beside=source)
    assert [one for one in made.missing if "time_zone" not in one] == []
    assert "time_zone" in made.missing[0]
    assert "no likes: the outcome y_liked" not in made.falls_away
    assert "no follows of people: the outcome y_followed" in made.falls_away
    corpus = imported(source, 'time_zone = "Europe/Berlin"\n' + made.text)
    assert len(table(corpus, "reactions")) == 1


def test_draft_of_a_source_without_replies_says_so(source: Path) -> None:
    (source / "exports/answers.csv").unlink()
    (source / "exports/questions.csv").write_text("id,member_id\n1,7\n", "utf-8")
    made = draft(str(source / "exports"))
    assert "[replies]: no table looks like it" in made.missing
    assert "[posts] text: no column of 'questions' looks like it" in made.missing


def test_draft_quotes_names_that_are_no_bare_words(tmp_path: Path) -> None:
    names = ["post id", "created at", 'the "text"', "author"]
    posts = pa.table({name: ["1"] for name in names})
    pq.write_table(posts, tmp_path / "Forum Posts.parquet")
    import tomllib

    parts = tomllib.loads(draft(str(tmp_path)).text)
    assert parts["posts"]["table"] == "Forum Posts"
    assert parts["posts"]["post_id"] == "post id"
