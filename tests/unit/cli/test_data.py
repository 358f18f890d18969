"""`oarlock data`: what was checked is told, and what was not checked too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from oarlock.cli.app import main
from oarlock.corpus import fetch as fetching
from oarlock.corpus.datasets import datasets

PIN = "ab" * 32


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["data", *args])
    captured = capsys.readouterr()
    return int(caught.value.code or 0), captured.out, " ".join(captured.err.split())


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Downloads nothing; says what a file was checked against and notes what was pinned."""
    said: dict[str, Any] = {"by": "nothing"}

    def fetch(
        dataset: fetching.Dataset, folder: Path, *, sha256: Mapping[str, str], **_: Any
    ) -> list[fetching.Fetched]:
        said["pins"] = sha256
        return [fetching.Fetched(folder / dataset.name / "a.csv", PIN, False, said["by"])]

    monkeypatch.setattr(fetching, "fetch", fetch)
    return said


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("shipped", "checked: the same that ships with Oarlock"),
        ("given", "checked: the same that --sha256 gives"),
        ("record", "checked: the same as at the first download"),
        ("nothing", "NOT checked: there was nothing to check it against"),
    ],
)
def test_fetch_tells_what_a_file_was_checked_against(
    capsys: pytest.CaptureFixture[str], check: dict[str, Any], by: str, told: str
) -> None:
    check["by"] = by
    status, _, err = run(capsys, "fetch", "esconv")
    assert status == 0
    assert f"SHA-256 {PIN} {told}" in err
    assert ("NOT checked" in err) == (by == "nothing")


def test_fetch_passes_a_pin_on_and_takes_it_for_one_set_alone(
    capsys: pytest.CaptureFixture[str], check: dict[str, Any]
) -> None:
    assert run(capsys, "fetch", "esconv", "--sha256", PIN)[0] == 0
    assert check["pins"] == {"ESConv.json": PIN}
    status, _, err = run(capsys, "fetch", "esconv", "bolt", "--sha256", PIN)
    assert status == 2
    assert "for several data sets. Fetch them one at a time." in err


def test_list_says_how_each_set_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "list")
    assert status == 0
    assert out.count("checked by: ") == len(datasets())
    assert out.count("checked by: a SHA-256 that ships with Oarlock") == 1
    assert out.count("checked by: nothing at the first download") == 2
