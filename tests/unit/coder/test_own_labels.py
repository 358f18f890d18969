"""The agreement of own labels that the model card gives can be computed again."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

from oarlock.cli import app as cli
from oarlock.coder.training import agreement
from oarlock.errors import UserError


@pytest.mark.data
def test_agreement_of_own_labels_is_what_was_published(oarlock_data: Path) -> None:
    figures = agreement.agreement_figures(oarlock_data)
    assert {task: one["n"] for task, one in figures.items()} == {
        "codes": 761, "talk": 420, "empathy-er": 160, "empathy-ip": 160, "empathy-ex": 160,
    }  # fmt: skip
    shown = {task: [round(v, 3) for v in one["scores"].values()] for task, one in figures.items()}
    assert shown["codes"] == [0.664, 0.534, 0.593]
    assert shown["talk"] == [0.8, 0.734, 0.6]
    for one in figures.values():
        low, high = one["intervals"]["accuracy"]
        assert low < one["scores"]["accuracy"] < high
        assert one["first_or_second_choice"] >= one["scores"]["accuracy"]


@pytest.mark.data
def test_agreement_refuses_other_data_without_repeating_it(
    oarlock_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "mi").mkdir()
    for path in (oarlock_data / "mi").glob("*.csv"):
        shutil.copyfile(path, tmp_path / "mi" / path.name)
    gold = tmp_path / "mi/peer_miti_gold_dev.csv"
    with gold.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with gold.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], *rows[2:]])
    with pytest.raises(UserError, match="differs from the release") as caught:
        agreement.agreement_figures(tmp_path)
    assert rows[1][0] not in str(caught.value)


def test_agreement_names_the_missing_file_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"peer_miti_gold_dev\.csv: not found"):
        agreement.agreement_figures(tmp_path)


@pytest.mark.data
def test_train_prints_the_agreement_and_trains_nothing(
    oarlock_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--check-labels", "--data", str(oarlock_data)])
    assert not stop.value.code
    assert re.search(r"^ *codes +761 +0\.664", capsys.readouterr().out, re.MULTILINE)


def test_train_asks_for_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", "--data", str(tmp_path)])
    assert stop.value.code == 2
    assert "No folder to write is named." in capsys.readouterr().err
