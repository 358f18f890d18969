from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from oarlock.cli import app as cli

STUDIES = "".join(
    f"Study {n} & co,{0.1 * n:.1f},{0.01 * n:.2f},{'high' if n > 9 else 'low'},{'ab'[n % 2]}\n"
    for n in range(1, 13)
)
HEADER = "study,yi,vi,rob,group\n"


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    path = tmp_path / "studies.csv"
    path.write_text(HEADER + STUDIES, "utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(["trial", "synthesise", *map(str, args)])
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


def test_json_is_one_object_with_every_documented_key(
    studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, studies, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    page = Path(__file__).parents[3] / "docs" / "reference" / "synthesis-json.md"
    documented = set(re.findall(r"^\| `(\w+)` ", page.read_text("utf-8"), re.MULTILINE))
    assert set(found) == documented
    assert found["k"] == 12


def test_words_follow_the_direction_and_numbers_do_not(
    studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [run(capsys, studies, *flag)[1] for flag in ([], ["--lower-is-better"])]
    assert "Which direction is the better one was not told" in said[0]
    assert "worse for the first arm" in said[1]
    numbers = [
        json.loads(run(capsys, studies, "--json", *flag)[1])["estimate"]
        for flag in ([], ["--lower-is-better"], ["--higher-is-better"])
    ]
    assert len(set(numbers)) == 1


def test_page_holds_everything_and_loads_nothing(
    studies: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    code, said, _ = run(capsys, studies, "--out", out, "--subgroup", "group", "--moderator", "vi")
    page = out.read_text("utf-8")
    assert code == 0
    assert f"Wrote {out}" in said
    assert page.count("Study 3 &amp; co") >= 2
    for part in ("Forest plot", "Funnel plot", "Subgroups", "Meta-regression", "Risk of bias",
                 "doi:10.1002/sim.1009", "Prediction interval"):  # fmt: skip
        assert part in page
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)", page)


def test_outcomes_apart_come_as_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "studies.csv", tmp_path / "page.html"
    path.write_text(
        "trial,what,yi,vi\nA,mood,0.3,0.04\nB,mood,0.5,0.02\nC,sleep,0.4,0.03\n", "utf-8"
    )
    _, said, _ = run(capsys, path, "--outcome", "what", "--json", "--out", out)
    assert [one["outcome"] for one in json.loads(said)["outcomes"]] == ["mood", "sleep"]
    assert 'href="#outcome-2"' in out.read_text("utf-8")


def test_evidence_table_is_counted_and_never_pooled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "evidence.csv", tmp_path / "page.html"
    path.write_text("study,design,verdict\nA,RCT,effect\nB,pre-post,no effect\n", "utf-8")
    code, said, _ = run(capsys, path, "--out", out)
    assert code == 0
    assert "Counting verdicts is no meta-analysis" in said
    assert "Nothing is pooled here" in out.read_text("utf-8")
    found = json.loads(run(capsys, path, "--json")[1])
    assert (found["kind"], found["estimate"]) == ("evidence table", None)
    assert found["verdicts"] == {"effect": 1, "no effect": 1}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--measure", "RATIO"], "--measure RATIO"),
        (["--method", "EB"], "--method EB"),
        (["--moderator", "dose"], "no column 'dose'"),
        (["--out", "nowhere/page.html"], "does not exist"),
    ],
)
def test_bad_options_are_refused_and_nothing_is_written(
    studies: Path, args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, studies, *args)
    assert (code, out) == (2, "")
    assert words in err
    assert [path.name for path in studies.parent.iterdir()] == ["studies.csv"]


def test_bad_cell_leaves_no_page_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "studies.csv", tmp_path / "page.html"
    path.write_text("study,yi,vi\nA,0.3,0.1\nB,0.2,minus\n", "utf-8")
    code, said, err = run(capsys, path, "--out", out)
    assert (code, said) == (2, "")
    assert "row 2 (line 3), column 'vi'" in err
    assert not out.exists()
