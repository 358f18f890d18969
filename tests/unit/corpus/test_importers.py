"""Public corpora become tables; a file that is another one is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from oarlock.corpus.importers import IMPORTERS, import_rows
from oarlock.errors import UserError

#: By importer: the place below the real data, and rows of each table.
REAL = {
    "counselchat": ("support/counselchat.csv", {"users": 307, "posts": 833, "replies": 2_129}),
    "esconv": (
        "support/esconv_train_valid.jsonl",
        {"users": 2_210, "posts": 1_105, "replies": 31_681, "measures": 4_027, "labels": 15_481},
    ),
    "mibot": ("mi", {"users": 71, "posts": 70, "replies": 2_016, "measures": 700, "labels": 5_650}),
    "rated-responses": (
        "mi/rated_responses_dev.csv",
        {"users": 300, "posts": 1_000, "replies": 3_000, "measures": 300},
    ),
    "reddit": (
        "support/reddit_dam_posts_dev.csv", {"users": 0, "posts": 469, "replies": 5_699}
    ),
}  # fmt: skip


def table(corpus: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(corpus / f"{name}.parquet").to_pylist()
    return found


@pytest.mark.parametrize("name", REAL)
def test_real_corpus_is_imported_whole_and_without_an_error(
    oarlock_data: Path, tmp_path: Path, name: str
) -> None:
    path, n_rows = REAL[name]
    report = import_rows(IMPORTERS[name], oarlock_data / path, tmp_path / "corpus")
    assert dict(report.n_rows) == n_rows
    assert not report.at("error")


def convokit(folder: Path, utterances: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    lines = "".join(json.dumps(one) + "\n" for one in utterances)
    (folder / "utterances.jsonl").write_text(lines, "utf-8")
    (folder / "speakers.json").write_text('{"quietfox": {}, "AutoModerator": {}, "[deleted]": {}}')
    (folder / "conversations.json").write_text('{"t": {"meta": {"title": "Sleep"}}}')
    return folder


UTTERANCES = [
    {"id": "t", "speaker": "quietfox", "conversation_id": "t", "reply-to": None,
     "timestamp": 1_700_000_000, "text": "I cannot sleep", "meta": {"score": 3}},
    {"id": "u", "speaker": "AutoModerator", "conversation_id": "t", "reply-to": "t",
     "timestamp": 1_700_000_060, "text": "welcome quietfox", "meta": {}},
    {"id": "v", "speaker": "[deleted]", "conversation_id": "t", "reply-to": "u",
     "timestamp": 1_700_000_120, "text": "same here", "meta": {"score": -1}},
]  # fmt: skip


def test_convokit_corpus_keeps_the_tree_and_hides_its_speakers(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    import_rows(IMPORTERS["convokit"], convokit(tmp_path / "in", UTTERANCES), corpus)
    (post,) = table(corpus, "posts")
    first, second = table(corpus, "replies")
    assert (post["title"], post["score"], post["written_at"].year) == ("Sleep", 3, 2023)
    assert post["user_id"] not in (None, "quietfox")
    assert first["text"] == "welcome ××××××××"
    assert (first["parent_id"], second["parent_id"]) == (None, "u")
    assert second["user_id"] is None
    assert sorted(str(row["is_bot"]) for row in table(corpus, "users")) == ["None", "True"]


def test_convokit_reply_to_nothing_is_refused(tmp_path: Path) -> None:
    folder = convokit(tmp_path / "in", UTTERANCES[1:])
    with pytest.raises(UserError, match=r"replies\.post_id"):
        import_rows(IMPORTERS["convokit"], folder, tmp_path / "corpus")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_corpus_that_was_written_is_read_as_it_is(tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    import_rows(IMPORTERS["convokit"], convokit(tmp_path / "in", UTTERANCES), first)
    import_rows(IMPORTERS["oarlock"], first, again)
    for name in ("users", "posts", "replies"):
        assert table(again, name) == table(first, name)


@pytest.mark.parametrize("name", sorted(set(IMPORTERS) - {"oarlock", "convokit"}))
def test_another_file_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    for file in ("some_posts.csv", "some_comments.csv", "participants.csv", "utterances.csv"):
        (tmp_path / file).write_text("nothing,known\n1,2\n", "utf-8")
    path = tmp_path if name in ("reddit", "mibot") else tmp_path / "some_posts.csv"
    with pytest.raises(UserError) as caught:
        import_rows(IMPORTERS[name], path, tmp_path / "corpus")
    assert ".csv" in str(caught.value)
    assert "column" in str(caught.value)
    assert not [one for one in tmp_path.iterdir() if "corpus" in one.name]


def test_bad_cell_is_named_by_file_row_and_column_without_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "counselchat.csv"
    path.write_text(
        "questionID,questionTitle,questionText,topic,answerText,upvotes\n"
        "1,How,I cannot sleep,sleep,Rest,2\n1,How,I cannot sleep,sleep,Rest,secret\n"
    )
    with pytest.raises(UserError) as caught:
        import_rows(IMPORTERS["counselchat"], path, tmp_path / "corpus")
    for word in ("counselchat.csv", "row 2", "'upvotes'", "a number"):
        assert word in str(caught.value)
    assert "secret" not in str(caught.value)


def test_source_that_is_not_there_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file") as caught:
        import_rows(IMPORTERS["esconv"], tmp_path / "gone", tmp_path / "corpus")
    assert "JSON lines" in str(caught.value.remedy)
