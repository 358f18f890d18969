"""Coding a file: the same rows in every format, whole or not at all, and exact refusals."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from fake_coder import FakeCoder
from oarlock.coder.files import batch
from oarlock.coder.files.batch import code_file
from oarlock.coder.files.replies import Item, Options, SeenIds, chunked
from oarlock.coder.files.rows import COLUMN_TYPES
from oarlock.corpus import writing
from oarlock.corpus.reading import read_records
from oarlock.corpus.writing import ResumableWriter
from oarlock.errors import UserError

REPLIES = [f"hey {n} :) how are you? that sounds hard." for n in range(23)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reply_id", "group", "text"])
        writer.writerows([f"r{n}", n % 3, text] for n, text in enumerate(REPLIES))
    return path


class Stops(FakeCoder):
    """A coder that fails after some chunks, as a killed process would."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks

    def code_many(self, *args: Any, **kwargs: Any) -> Any:
        if self.chunks == 0:
            raise KeyboardInterrupt
        self.chunks -= 1
        return super().code_many(*args, **kwargs)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_one_row_per_sentence_in_the_order_of_the_input(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    outcome = code_file(str(source), str(out), Options(batch_size=5), FakeCoder())
    found = rows(out)
    assert list(found[0]) == [*COLUMN_TYPES, "group"]
    assert list(dict.fromkeys(row["id"] for row in found)) == [f"r{n}" for n in range(23)]
    assert outcome.n_sentences == len(found) == 69
    assert [row["sentence"] for row in found[:3]] == ["0", "1", "2"]
    assert found[0]["group"] == "0"
    assert not any("hard" in value for row in found for value in row.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_every_output_format_holds_the_same(source: Path, tmp_path: Path) -> None:
    options = Options(with_text=True)
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        code_file(str(source), str(tmp_path / name), options, FakeCoder())
    stdout = io.BytesIO()
    code_file(str(source), "-", options, FakeCoder(), stdout=stdout)
    assert stdout.getvalue() == (tmp_path / "out.csv").read_bytes()
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == lines
    assert [row["text"] for row in lines[:3]] == ["hey 0 :) ", "how are you? ", "that sounds hard."]
    assert isinstance(lines[0]["reliable"], bool)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_an_interrupted_run_carries_on(source: Path, tmp_path: Path, suffix: str) -> None:
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    options = Options(batch_size=4)
    code_file(str(source), str(whole), options, FakeCoder())
    with pytest.raises(KeyboardInterrupt):
        code_file(str(source), str(out), options, Stops(3))
    assert not out.exists()
    partial = tmp_path / f"out.{suffix}.partial"
    with partial.open("ab") as stream:
        stream.write(b"half a row that no journal line covers")
    with (tmp_path / f"out.{suffix}.partial.journal").open("ab") as stream:
        stream.write(b'{"n_rec')
    outcome = code_file(str(source), str(out), options, FakeCoder(), resume=True)
    assert outcome.n_resumed == 12
    assert out.read_bytes() == whole.read_bytes()
    assert not partial.exists()


def test_a_changed_input_or_option_is_not_carried_on(source: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out.csv")
    with pytest.raises(KeyboardInterrupt):
        code_file(str(source), out, Options(batch_size=4), Stops(2))
    with pytest.raises(UserError, match="begun with another --with-text"):
        code_file(str(source), out, Options(batch_size=4, with_text=True), FakeCoder())
    source.write_text(source.read_text().replace("hey 22", "hey 99"))
    with pytest.raises(UserError, match="begun with another input") as caught:
        code_file(str(source), out, Options(batch_size=4), FakeCoder())
    assert "--restart" in (caught.value.remedy or "")
    outcome = code_file(str(source), out, Options(batch_size=4), FakeCoder(), resume=False)
    assert outcome.n_resumed == 0
    assert len(rows(tmp_path / "out.csv")) == 69


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("out_format", "another output format"),
        ("format", "another input format"),
        ("version", "another version of Oarlock"),
    ],
)
def test_a_run_of_another_format_or_version_is_not_carried_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, message: str
) -> None:
    source, out = tmp_path / "in.csv", str(tmp_path / "out.csv")
    source.write_text("text\n" + "hi there\n" * 20)
    with pytest.raises(KeyboardInterrupt):
        code_file(str(source), out, Options(batch_size=4), Stops(2))
    before = (tmp_path / "out.csv.partial").read_bytes()
    options = Options(batch_size=4)
    if change == "version":
        monkeypatch.setattr(batch, "__version__", "99")
    else:
        options = replace(options, **{change: "tsv"})
    with pytest.raises(UserError, match=message):
        code_file(str(source), out, options, FakeCoder())
    assert (tmp_path / "out.csv.partial").read_bytes() == before


def test_standard_input_does_not_discard_the_interrupted_run_of_a_file(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        code_file(str(source), str(out), Options(batch_size=4), Stops(2))
    content = b"text\nhi\n"
    with pytest.raises(UserError, match="begun with another"):
        code_file("-", str(out), Options(), FakeCoder(), stdin=io.BytesIO(content))
    with pytest.raises(UserError, match="cannot be resumed"):
        code_file("-", str(out), Options(), FakeCoder(), resume=True, stdin=io.BytesIO(content))
    code_file("-", str(out), Options(), FakeCoder(), resume=False, stdin=io.BytesIO(content))
    assert len(rows(out)) == 1


def test_an_interrupted_run_of_standard_input_begins_again(tmp_path: Path) -> None:
    out, content = tmp_path / "out.csv", b"text\nhi\nho\nhey\n"
    options = Options(batch_size=1)
    with pytest.raises(KeyboardInterrupt):
        code_file("-", str(out), options, Stops(2), stdin=io.BytesIO(content))
    code_file("-", str(out), options, FakeCoder(), stdin=io.BytesIO(content))
    assert [row["id"] for row in rows(out)] == ["1", "2", "3"]


def test_resume_without_an_interrupted_run_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing to resume"):
        code_file(str(source), str(tmp_path / "o.csv"), Options(), FakeCoder(), resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_second_run_on_the_same_output_is_refused(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with (
        ResumableWriter(out, "csv", COLUMN_TYPES, {}),
        pytest.raises(UserError, match="Another run is writing"),
    ):
        code_file(str(source), str(out), Options(), FakeCoder())


def test_the_lock_of_a_journal_that_was_removed_holds_nobody_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    journal = tmp_path / "out.csv.partial.journal"
    lock = writing._lock
    opened = []

    def ends_between(stream: Any, path: Path) -> None:
        lock(stream, path)
        if not opened:  # another run ends, and removes the journal that was opened here
            journal.unlink()
        opened.append(stream)

    monkeypatch.setattr(writing, "_lock", ends_between)
    with ResumableWriter(out, "csv", COLUMN_TYPES, {}):
        assert len(opened) == 2
        assert journal.exists()
        monkeypatch.setattr(writing, "_lock", lock)
        with pytest.raises(UserError, match="Another run is writing"):
            ResumableWriter(out, "csv", COLUMN_TYPES, {}).__enter__()


@pytest.mark.parametrize("removes_open_files", [True, False])
def test_the_journal_is_removed_under_the_lock_or_else_closed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removes_open_files: bool
) -> None:
    monkeypatch.setattr(writing, "_REMOVES_OPEN_FILES", removes_open_files)
    closed = []
    unlink = Path.unlink

    def observed(path: Path, missing_ok: bool = False) -> None:
        if path.name.endswith(".journal"):
            assert writer._journal is not None
            closed.append(writer._journal.closed)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", observed)
    with ResumableWriter(tmp_path / "out.csv", "csv", {"id": str}, {}) as writer:
        writer.finish()
    assert closed == [not removes_open_files]
    assert writer._journal is not None
    assert writer._journal.closed
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_kept_cells_with_any_line_end_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    cells = ["a\rb", "a\nb", "a\r\nb", "\r", "a\r\n", '"a"\r,', "a\tb"]
    source, out = tmp_path / "in.jsonl", tmp_path / f"out.{suffix}"
    source.write_text("".join(json.dumps({"text": "hi", "age": f"x{c}x"}) + "\n" for c in cells))
    code_file(str(source), str(out), Options(keep=("age",)), FakeCoder())
    with read_records(out) as records:
        assert [record.values["age"] for record in records] == [f"x{c}x" for c in cells]
    assert b"\r\n" not in out.read_bytes().replace(b"xa\r\nbx", b"").replace(b"xa\r\nx", b"")


def test_a_column_called_context_is_taken_by_itself(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text,context\nhi,i am sad\n")
    seen: list[Any] = []

    class Sees(FakeCoder):
        def code_many(self, replies: Any, contexts: Any = None, batch_size: Any = None) -> Any:
            seen.append(contexts)
            return super().code_many(replies, contexts)

    code_file(str(source), str(out), Options(), Sees())
    code_file(str(source), str(out), Options(text_column="context"), Sees())
    assert seen == [["i am sad"], None]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("id,text\n1,hi\n1,ho\n", Options(), "row 2, column 'id': an earlier row has the same"),
        ("id,text\n1,hi\n,ho\n", Options(), "row 2, column 'id': no identifier"),
        ("id,text\n1,hi\n2,\n", Options(), "row 2, column 'text': no text"),
        ("id,words\n1,hi\n", Options(), "has no column 'text'. It has: id, words"),
        ("id,text\n1,hi\n", Options(context_column="post"), "has no column 'post'"),
        ("id,text\n1,hi\n", Options(keep=("age",)), "has no column 'age'"),
        ("id,text\n1,hi\n", Options(keep=("id", "sex")), "has no column 'sex'"),
        ("id,text,code\n1,hi,x\n", Options(keep=("code",)), "'code' cannot be kept"),
    ],
)
def test_a_faulty_input_is_refused_before_anything_is_written(
    tmp_path: Path, content: str, options: Options, message: str
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(content)
    with pytest.raises(UserError, match=message):
        code_file(str(source), str(tmp_path / "out.csv"), options, FakeCoder())
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_rows_without_text_can_be_passed_over(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "hi"}\n{"text": NaN}\n{"text": null}\n{"text": "ho"}\n')
    out = tmp_path / "out.csv"
    outcome = code_file(str(source), str(out), Options(skip_empty=True), FakeCoder())
    assert (outcome.n_replies, outcome.n_empty) == (2, 2)
    assert [row["id"] for row in rows(out)] == ["1", "4"]


def test_standard_input_leaves_nothing_behind_when_it_is_faulty(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    content = io.BytesIO(b'text\nhi\n"broken\n')
    with pytest.raises(UserError, match="standard input, line 3"):
        code_file("-", str(out), Options(batch_size=1), FakeCoder(), stdin=content)
    assert list(tmp_path.iterdir()) == []
    code_file("-", str(out), Options(), FakeCoder(), stdin=io.BytesIO(b"text\nhi\n"))
    assert len(rows(out)) == 1


def test_a_full_disk_leaves_a_run_that_carries_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.csv"
    options = Options(batch_size=4)
    calls = 0
    sync = writing._sync

    def full(stream: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(stream)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "_sync", full)
        with pytest.raises(UserError, match="disk is full") as caught:
            code_file(str(source), str(out), options, FakeCoder())
    assert "carries on" in (caught.value.remedy or "")
    assert not out.exists()
    outcome = code_file(str(source), str(out), options, FakeCoder())
    assert outcome.n_resumed > 0
    assert len(rows(out)) == 69


def test_outputs_that_cannot_be_are_refused(source: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for out, message in (
        (str(source), "is the input"),
        (str(tmp_path / "no" / "out.csv"), "does not exist"),
        (str(tmp_path / "out.doc"), "format is not known"),
        (str(pipe), "is not a regular file"),
    ):
        with pytest.raises(UserError, match=message):
            code_file(str(source), out, Options(), FakeCoder())
    assert pipe.is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "pipe.csv"]
    with pytest.raises(UserError, match="Parquet cannot be written to standard output"):
        code_file(str(source), "-", Options(out_format="parquet"), FakeCoder())


def test_chunks_close_early_on_long_texts() -> None:
    items = [Item(n, str(n), "a" * 60, None, {}) for n in range(5)]
    sizes = [len(chunk) for chunk in chunked(items, 4, characters=100)]
    assert sizes == [2, 2, 1]


def test_seen_ids_remember_all_in_few_levels() -> None:
    seen = SeenIds()
    assert all(seen.add(f"a{n}") for n in range(140_000))
    assert not any(seen.add(f"a{n}") for n in (0, 70_000, 139_999))
    assert len(seen._sorted) <= 2
