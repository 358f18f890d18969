"""The files that `oarlock evaluate`, `agree` and `report` are given, as people have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import oarlock.coder
from fake_coder import FakeCoder
from oarlock.cli import app as cli

Result = tuple[int, str, str]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    monkeypatch.setattr(oarlock.coder, "Coder", FakeCoder, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*args: str | Path) -> Result:
        with pytest.raises(SystemExit) as stop:
            cli.main([str(arg) for arg in args])
        captured = capsys.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


def test_agree_finds_columns_whatever_their_case_and_separator(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "double.csv"
    rows = "s1;Ana;Affirm;t1\ns1;Ben;Support;t1\ns2;Ana;Affirm;t2\ns2;Ben;Affirm;t2\n"
    path.write_text("Unit; Rater;LABEL ;Thread\n" + rows)
    code, out, _ = run("agree", path, "--json", "-")
    assert code == 0
    found = json.loads(out)
    assert (found["n_units"], found["raters"]) == (2, ["Ana", "Ben"])
    assert found["intervals"]["resampled_by"] == "Thread"
    path.write_text("unit,Label,LABEL,rater\ns1,Affirm,Affirm,Ana\n")
    code, _, error = run("agree", path)
    assert code == 2
    assert "2 that differ from it in case or spaces alone: 'Label', 'LABEL'" in error


def test_evaluate_finds_columns_whatever_their_case_and_json_line(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(
        '{"Text": "mm"}\n{"Text": "what helps you?", "Label": "open", "G": 1}\n'
        '{"Text": "did you sleep?", "Label": "closed", "G": 2}\n'
    )
    code, out, error = run("evaluate", path, "--json", "-", "--resamples", "10")
    assert code == 0, error
    assert json.loads(out)["n"] == 2
    code, _, error = run("evaluate", path, "--label-column", "code")
    assert code == 2
    assert "has no column 'code'. It has: Text, Label, G." in error


def test_report_finds_the_threads_whatever_their_case(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "replies.csv"
    path.write_text(
        "ID,Text,Thread_ID,TOPIC,Topic\n" + "".join(f"{n},hi,t{n},a,b\n" for n in range(5))
    )
    code, _, error = run("report", path)
    assert code == 2
    assert "'TOPIC', 'Topic'" in error
    no_threads = "The file names no threads"
    for column, options, has_threads in (
        ("Thread_ID", [], True),
        ("Where", ["--thread-column", "where"], True),
        ("Where", [], False),
    ):
        rows = "".join(f"{n},hi there.,t{n}\n" for n in range(5))
        path.write_text(f"ID,Text,{column}\n{rows}")
        code, _, error = run("report", path, "--out", "page.html", "--overwrite", *options)
        assert code == 0, error
        assert (no_threads not in (tmp_path / "page.html").read_text()) == has_threads


@pytest.mark.parametrize("command", ["report", "evaluate", "agree"])
def test_a_file_without_rows_is_refused(
    run: Callable[..., Result], tmp_path: Path, command: str
) -> None:
    path = tmp_path / "none.csv"
    path.write_text("text,label,unit,rater\n")
    code, _, error = run(command, path)
    assert code == 2
    assert "none.csv has no r" in error  # rows or replies
    assert "Give a file with" in error
    assert [one.name for one in tmp_path.iterdir()] == ["none.csv"]


@pytest.mark.parametrize("command", ["report", "evaluate", "agree"])
def test_a_folder_is_refused_by_every_command(
    run: Callable[..., Result], tmp_path: Path, command: str
) -> None:
    code, _, error = run(command, ".")
    assert code == 2
    assert ". is a folder." in error
