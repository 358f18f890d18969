"""`oarlock trial analyse`: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from oarlock.cli.app import main

HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to"
PAGE = (HOW_TO / "analyse-a-trial.md").read_text("utf-8")
SMALL = "id,arm,pre,post\n" + "".join(
    f"{i},{'wait' if i % 2 else 'coach'},{10 + i % 5},{9 + i % 7 - 3 * (i % 2 == 0)}\n"
    for i in range(40)
)


@pytest.fixture
def oarlock(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*args: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(["trial", "analyse", *map(str, args)])
        printed = capsys.readouterr()
        code = stopped.value.code
        assert isinstance(code, int)
        return code, printed.out, printed.err

    return run


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    path = tmp_path / "trial.csv"
    path.write_text(SMALL)
    return path


def test_json_alone_stands_on_standard_output(
    oarlock: Callable[..., tuple[int, str, str]], trial: Path
) -> None:
    code, out, _ = oarlock(trial, "--outcome", "post", "--baseline", "pre", "--json")
    assert code == 0
    content = json.loads(out)
    assert content["source"] == "trial.csv"
    assert content["primary"]["model"] == "ancova"
    assert content["primary"]["estimate"] == pytest.approx(
        content["models"]["ancova"][0]["estimate"]
    )
    for key in ("design", "n", "arms", "flow", "models", "variance_components", "cross_check",
                "missing", "sensitivity", "change", "harms", "nnt", "effects", "multiplicity",
                "warnings"):  # fmt: skip
        assert key in content


def test_results_are_written_whole_into_a_folder(
    oarlock: Callable[..., tuple[int, str, str]], trial: Path, tmp_path: Path
) -> None:
    code, out, _ = oarlock(trial, "--outcome", "post", "--out", tmp_path / "results")
    assert code == 0
    assert "randomised with control, 40 people" in out
    content = json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))
    assert content["outcome"] == "post"
    assert list((tmp_path / "results").iterdir()) == [tmp_path / "results" / "results.json"]


def test_refusals_name_the_place_and_write_nothing(
    oarlock: Callable[..., tuple[int, str, str]], trial: Path, tmp_path: Path
) -> None:
    trial.write_text(SMALL.replace("3,wait,13", "3,wait,a lot"))
    options = ("--outcome", "post", "--baseline", "pre", "--out", tmp_path / "results")
    code, out, err = oarlock(trial, *options)
    assert (code, out) == (2, "")
    assert "row 4, column 'pre': expected a number" in err
    assert "a lot" not in err
    assert not (tmp_path / "results").exists()
    code, _, err = oarlock(trial, "--outcome", "post", "--binary", "--count")
    assert code == 2
    assert "exclude each other" in err
    code, _, err = oarlock(trial, "--binary")
    assert code == 2
    assert "not named" in err
    code, _, err = oarlock(trial, "--out", trial)
    assert code == 2
    assert "is a file" in err


def test_zero_is_a_time(oarlock: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    rows = "".join(
        f"{i},{'wait' if i % 2 else 'coach'},{t},{10 + i % 5 - t * (1 + i % 2) + i * t % 3}\n"
        for i in range(30)
        for t in (0, 1, 2)
    )
    path = tmp_path / "long.csv"
    path.write_text("id,arm,week,mood\n" + rows)
    code, out, err = oarlock(path, "--outcome", "mood", "--baseline-time", "0", "--json")
    assert code == 0, err
    assert json.loads(out)["times"] == [1, 2]


def commands() -> list[list[str]]:
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)).replace("\\\n", " ")
    found = [shlex.split(line) for line in lines.splitlines()]
    return [words[3:] for words in found if words[:3] == ["oarlock", "trial", "analyse"]]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_of_the_guide_run(
    oarlock: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path, words: list[str],
) -> None:  # fmt: skip
    for name in ("peer-trial.csv", "peer-trial.toml"):
        (tmp_path / name).write_bytes((HOW_TO / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    code, out, err = oarlock(*words)
    assert code == 0, err
    assert out
