"""`oarlock code` as it is typed: options, messages, exit codes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import oarlock.coder.coder
from fake_coder import FakeCoder
from oarlock.cli.app import main


@pytest.fixture(autouse=True)
def _fake_coder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oarlock.coder.coder, "Coder", FakeCoder)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def run(*args: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main([str(arg) for arg in args])
    code = caught.value.code
    return code if isinstance(code, int) else 1


def test_code_writes_sentences_and_says_which_columns_it_took(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("reply_id,body,group,age\n7,hi there. how are you?,a,19\n")
    assert run("code", source, out, "--keep", "age") == 0
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["id"] for row in rows] == ["7", "7"]
    assert (rows[0]["group"], rows[0]["age"]) == ("a", "19")
    assert "text" not in rows[0]
    error = capfd.readouterr().err
    assert "column of the text is 'body'" in error
    assert "Coded 2 sentences of 1 reply." in error


def test_quiet_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.parquet"
    source.write_text('{"text": "hi"}\n')
    assert run("code", source, out, "--quiet") == 0
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert out.exists()


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("text\nhi\n", ["--text-column", "words"], "has no column 'words'"),
        ("text\nhi\n", ["--engine", "abacus"], "There is no engine 'abacus'"),
        ("text\n\n", ["--format", "xml"], "There is no format 'xml'"),
        ("", [], "is empty"),
        ("id,text\n1,zebra-secret\n1,zebra-secret\n", [], "row 2, column 'id'"),
    ],
)
def test_faults_exit_with_2_without_a_traceback_or_text(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    content: str,
    options: list[str],
    message: str,
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(content)
    assert run("code", source, out, *options) == 2
    error = capfd.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert "zebra-secret" not in error
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_file_with_a_header_alone_gives_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,text\n")
    assert run("code", source, out) == 0
    assert len(out.read_text().splitlines()) == 1
    assert "Coded 0 sentences of 0 replies. The input has no rows" in capfd.readouterr().err


def test_keys_that_begin_on_a_later_json_line_are_used(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.csv"
    source.write_text(
        '{"id": "a"}\n{"ID": "x", "id": "b", "Text": "hi there.", "thread_id": "t1"}\n'
    )
    assert run("code", source, out, "--skip-empty") == 0
    with out.open(newline="") as stream:
        assert [(row["id"], row["thread_id"]) for row in csv.DictReader(stream)] == [("b", "t1")]
    error = capfd.readouterr().err
    assert "column of the text is 'Text'" in error
    assert "Coded 1 sentence of 1 reply. 1 row had no text." in error


def test_a_folder_as_input_or_output_is_called_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\nhi\n")
    for arguments in ((tmp_path, tmp_path / "out.csv"), (source, tmp_path)):
        assert run("code", *arguments) == 2
        assert f"{tmp_path} is a folder." in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_what_stands_for_nothing_is_no_text_and_signs_are_text(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    missing = ["NA", "n/a", "None", "#N/A", "nan", "NULL", " "]
    source.write_text("id,text\n" + "".join(f"m{i},{m}\n" for i, m in enumerate(missing)))
    with source.open("a") as stream:
        stream.write("a,none\nb,?!\nc,hi there\n")
    assert run("code", source, out) == 2
    assert not out.exists()
    assert run("code", source, out, "--skip-empty") == 0
    with out.open(newline="") as stream:
        assert {row["id"] for row in csv.DictReader(stream)} == {"a", "b", "c"}


def test_an_output_is_replaced_only_when_asked_and_not_made_twice(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\nhi there\n")
    out.write_text("notes of mine\n")
    assert run("code", source, out) == 2
    assert "--overwrite" in capfd.readouterr().err
    assert run("code", source, out, "--restart") == 2
    assert out.read_text() == "notes of mine\n"
    assert run("code", source, out, "--overwrite") == 0
    coded = out.read_bytes()
    assert run("code", source, out) == 0
    assert "is done already" in capfd.readouterr().err
    assert run("code", source, out, "--with-text") == 2
    source.write_text("text\nsomething else\n")
    assert run("code", source, out) == 2
    source.write_text("text\nhi there\n")
    assert run("code", source, out) == 0
    out.write_bytes(coded + b"one more line\n")
    assert run("code", source, out) == 2
