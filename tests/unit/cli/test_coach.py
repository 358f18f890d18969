"""`oarlock coach`: the feedback of one draft on the command line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from oarlock.cli import app as cli


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main(["coach", *args])
    return int(end.value.code or 0)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "draft.txt"
    path.write_text("Don't worry, it will be fine.", encoding="utf-8")
    return path


def test_prints_codes_suggestion_and_note(draft: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(draft)) == 0
    out = capsys.readouterr().out
    assert "Hope instead of a promise (promise-" in out
    assert "This comes from a machine." in out
    assert draft.read_text("utf-8") == "Don't worry, it will be fine."


def test_json_leaves_out_what_was_dismissed(
    draft: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(draft), "--json", "-") == 0
    (found,) = json.loads(capsys.readouterr().out)["suggestions"]
    assert run(str(draft), "--dismissed", found["id"], "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["suggestions"] == []


def test_reads_standard_input_and_the_post(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    post = tmp_path / "post.txt"
    post.write_text("I don't want to be here any more.", encoding="utf-8")
    stdin = io.TextIOWrapper(io.BytesIO(b"hey what's up with you"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run("-", "--post", str(post), "--risk", "--language", "de") == 0
    assert "Zeig einen Weg zu Hilfe" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-", "--post", "-"], "cannot both come from standard input"),
        (["{empty}"], "holds no text: expected the draft of a reply"),
        (["{draft}", "--topic", "astronomy"], "Choose one of: "),
        (["{latin}"], "is no UTF-8 text: byte 3"),
        (["{none}"], "No such file or directory"),
        (["{draft}", "--language", "fr"], "does not speak 'fr'"),
        (["{draft}", "--tier", "huge"], "There is no tier 'huge'"),
        (["{draft}", "--json", "{draft}.json/x"], "does not exist"),
    ],
)
def test_faults_name_the_remedy_and_show_no_text(
    args: list[str], message: str, draft: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    latin = draft.with_name("latin.txt")
    latin.write_bytes("caf\u00e9".encode("latin-1"))
    empty = draft.with_name("empty.txt")
    empty.write_text(" \n", encoding="utf-8")
    places = {
        "empty": str(empty),
        "latin": str(latin),
        "none": str(draft.with_name("none")),
        "draft": str(draft),
    }
    assert run(*(arg.format(**places) for arg in args)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "fine" not in error


def test_draft_that_would_hurt_gets_that_answer_alone(
    draft: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft.write_text("kill yourself nobody cares", encoding="utf-8")
    assert run(str(draft)) == 0
    out = capsys.readouterr().out
    assert "Leave this out" in out
    assert "Reflection" not in out
