"""`oarlock train --tiny`, whole: weights that code, the same again, and nothing done twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from oarlock.coder import Coder
from oarlock.coder.tasks import HEADS
from oarlock.coder.weights import (
    Calibration,
    load_weights,
    read_manifest,
    read_metrics,
    weights_folder,
)
from oarlock.errors import UserError

pytestmark = pytest.mark.train

TEXTS = ["that sounds really hard.", "have you told anyone at home?", "me too, last winter", "ok"]


def train(out: Path, data: Path | None, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "OARLOCK_DATA"}
    if data is not None:
        environment["OARLOCK_DATA"] = str(data)
    return subprocess.run(
        [sys.executable, "-m", "oarlock", "train", str(out), "--tiny", *options],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def stamps(folder: Path) -> dict[str, int]:
    """Return when each file of the work was written; progress reports aside."""
    return {
        path.name: path.stat().st_mtime_ns
        for path in sorted(folder.glob("work/*/*"))
        if not path.name.startswith("progress-")
    }


@pytest.fixture(scope="module")
def trained(oarlock_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("train") / "out"
    done = train(out, oarlock_data, "--release", "test", "--jobs", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    return out


@pytest.mark.data
@pytest.mark.parametrize("tier", ["standard", "fast"])
def test_trained_weights_code_a_reply(trained: Path, tier: str) -> None:
    coder = Coder.load(tier=tier, folder=trained / "weights", threads=1)
    assert coder.model_version == f"{tier}-test"
    (sentence,) = coder.code("what would help you tonight?", "i feel so alone").sentences
    assert sum(sentence.probabilities.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.data
def test_weights_folder_holds_what_ships_and_nothing_else(trained: Path) -> None:
    names = {path.name for path in (trained / "weights").iterdir()}
    assert names == {
        "standard.onnx", "fast.npz", "tokenizer.json", "manifest.json", "metrics.json",
        "SHA256SUMS",
    }  # fmt: skip
    manifest = json.loads((trained / "weights" / "manifest.json").read_text("utf-8"))
    assert manifest["licence"] == "CC BY-NC-SA 4.0"
    for tier in manifest["tiers"].values():
        assert set(tier["calibration"]) == set(HEADS)
    figures = json.loads((trained / "weights" / "metrics.json").read_text("utf-8"))
    assert figures["release"] == "test"
    measured = {n: one for n, one in figures["standard"].items() if n != "fairness"}
    assert {"codes", "families", "behaviour", "talk", "empathy-er"} <= set(measured)
    for name, one in measured.items():
        assert one["n"] > 0, name
        assert 0 <= one["scores"]["accuracy"] <= 1


@pytest.mark.data
def test_what_training_leaves_holds_no_text(trained: Path) -> None:
    lines = [
        json.loads(line)
        for path in trained.glob("work/*/held-out-*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    assert lines
    strings = {key for line in lines for key, value in line.items() if isinstance(value, str)}
    assert strings == {"head", "source", "group"}
    assert all(len(line["group"]) == 12 for line in lines)


@pytest.mark.data
def test_second_run_goes_on_where_the_first_one_ended(trained: Path, oarlock_data: Path) -> None:
    before = stamps(trained)
    logits = Coder.load(folder=trained / "weights", threads=1).predict(TEXTS)
    # What a run that was killed leaves behind is written anew; all else is kept.
    lost = next(trained.glob("work/*/held-out-4.jsonl"))
    kept = lost.read_text("utf-8")
    lost.unlink()
    done = train(trained, oarlock_data, "--release", "test", "--jobs", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    after = stamps(trained)
    assert set(after) == set(before)
    assert {name for name in before if before[name] != after[name]} == {lost.name}
    assert lost.read_text("utf-8") == kept
    again = Coder.load(folder=trained / "weights", threads=1).predict(TEXTS)
    np.testing.assert_array_equal(again, logits)


def test_same_seed_gives_the_same_logits_and_another_seed_others() -> None:
    import torch

    from oarlock.coder.training import fit as fitting
    from oarlock.coder.training.data import written
    from oarlock.coder.training.model import MultiTaskEncoder
    from oarlock.coder.training.recipe import Recipe
    from oarlock.coder.training.train import tokenizer

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = []
    try:
        for seed in (0, 0, 1):
            torch.manual_seed(seed)
            model = MultiTaskEncoder.from_base()
            fitting.fit(model, written()[:24], Recipe.tiny().first, tokenizer(), seed=seed)
            found.append(fitting.predict(model, "codes", TEXTS, [""] * len(TEXTS), tokenizer()))
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.allclose(found[0], found[2])


def test_assembled_folder_loads_and_shows_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oarlock.coder.training import package
    from oarlock.coder.training.recipe import Recipe, TrainingData
    from oarlock.coder.training.train import Run

    shipped = weights_folder()
    figures = {"codes": {"per_class": {}, "uncertain_below": 0.3}}
    fitted = {head: Calibration.identity(len(labels)) for head, labels in HEADS.items()}
    # What was fitted is taken from the weights that ship; only the putting together is real.
    for name, stub in {
        "_load": lambda _path: None,
        "export_int8": lambda _model, path: shutil.copyfile(shipped / "standard.onnx", path),
        "student": lambda *_: shipped / "fast.npz",
        "metrics": lambda *_: dict(figures),
        "student_figures": lambda *_: (dict(figures), fitted),
        "calibrations": lambda _run: fitted,
        "fairness_figures": lambda coder: {"measured": coder.model_version},
        "agreement_figures": lambda _data: {"talk": {}},
    }.items():
        monkeypatch.setattr(package, name, stub)
    run = Run(tmp_path, tmp_path / "out", Recipe.tiny(), 0)
    folder = package.assemble(run, TrainingData([], [], {}, []), "test", lambda *_: None)
    assert Coder.load("fast", folder=folder).model_version == "fast-test"
    assert Coder.load("standard", folder=folder).code("how are you?").sentences
    metrics = read_metrics(folder)
    assert metrics["fast"]["fairness"] == {"measured": "fast-test"}
    assert metrics["own_labels"] == {"talk": {}}
    for name, read in (("manifest.json", read_manifest), ("metrics.json", read_metrics)):
        path = folder / name
        content = path.read_bytes()
        path.write_bytes(content.replace(b"test", b"best", 1))
        with pytest.raises(UserError, match=f"{name} in .* is damaged"):
            read(folder)
        path.write_bytes(content)
    assert load_weights("fast", folder).release == "test"


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, "nowhere"])
def test_missing_data_folder_ends_with_2(tmp_path: Path, data: str | None) -> None:
    out = tmp_path / "out"
    done = train(out, None if data is None else tmp_path / data)
    assert done.returncode == 2
    assert "error: The training data was not found." in done.stderr
    assert "OARLOCK_DATA" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_data_folder_without_the_files_ends_with_2_and_names_them_all(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    done = train(tmp_path / "out", tmp_path / "data")
    assert done.returncode == 2, done.stderr
    said = " ".join(done.stderr.split())
    assert "lacks 14 of the 14 files" in said
    assert "counselchat.csv" in said
    assert "Traceback" not in done.stderr
