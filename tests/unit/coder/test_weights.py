"""Damaged, missing or foreign weights: one clear sentence, exit code 2, never a wrong code."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from oarlock.cli.app import main
from oarlock.coder import Coder
from oarlock.coder import weights as weights_module
from oarlock.coder.tasks import CODE_LABELS, HEADS
from oarlock.coder.weights import (
    CHECKSUMS,
    MANIFEST,
    METRICS,
    Calibration,
    load_weights,
    read_metrics,
    weights_folder,
    write_checksums,
    write_description,
)
from oarlock.errors import UserError
from oarlock.report.reliability import load_reliability

TIER_OF = {"standard.onnx": "standard", "tokenizer.json": "fast", "fast.npz": "fast"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped weights, to damage."""
    return Path(shutil.copytree(weights_folder(), tmp_path / "weights"))


def write_manifest(folder: Path, content: str) -> None:
    """Write a manifest that is not damaged, whatever it says."""
    (folder / MANIFEST).write_text(content, encoding="utf-8")
    write_checksums(folder)


def flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# --- whole ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["standard", "fast"])
def test_shipped_weights_are_whole_and_calibrated_for_every_task(tier: str) -> None:
    weights = load_weights(tier)
    assert weights.version == f"{tier}-{weights.release}"
    assert set(weights.calibration) == set(HEADS)
    for head, calibration in weights.calibration.items():
        assert calibration.scale > 0
        assert calibration.bias.shape == calibration.decision.shape == (len(HEADS[head]),)
        assert calibration.decision.min() > 0
    assert weights.unreliable_codes <= set(CODE_LABELS)
    assert 0 <= weights.uncertain_below < 1


def test_shipped_weights_hold_no_file_that_no_tier_names() -> None:
    manifest = json.loads((weights_folder() / MANIFEST).read_text("utf-8"))
    named = {name for tier in manifest["tiers"].values() for name in tier["files"]}
    there = {path.name for path in weights_folder().iterdir()}
    assert there - named <= {CHECKSUMS, MANIFEST, METRICS, "README.md", "LICENSE"}


def test_description_that_was_written_is_read_again(tmp_path: Path) -> None:
    write_description(tmp_path, manifest={"release": "x"}, metrics={"f1": 0.5})
    assert weights_module.read_manifest(tmp_path) == {"release": "x"}
    assert read_metrics(tmp_path) == {"f1": 0.5}
    listed = dict(
        line.split("  ")[::-1] for line in (tmp_path / CHECKSUMS).read_text().split("\n")[:-1]
    )
    for name in (MANIFEST, METRICS):
        assert listed[name] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


@pytest.mark.parametrize("tier", ["standard", "fast"])
def test_a_tier_loads_in_about_a_second(tier: str) -> None:
    Coder.load(tier=tier)  # ONNX Runtime itself is loaded once
    best = min(_seconds(lambda: Coder.load(tier=tier)) for _ in range(3))
    assert best < 3  # the figure is in the benchmark; this only catches a load gone wrong


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# --- not whole --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TIER_OF)
def test_one_flipped_bit_is_found_and_named(copy: Path, name: str) -> None:
    flip_one_bit(copy / name)
    with pytest.raises(UserError, match=f"{name} in .* is damaged") as caught:
        Coder.load(tier=TIER_OF[name], folder=copy)
    assert caught.value.remedy is not None
    assert "Install Oarlock again" in caught.value.remedy


@pytest.mark.parametrize("tier", ["standard", "fast"])
def test_changed_manifest_is_found_and_named(copy: Path, tier: str) -> None:
    path = copy / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    manifest["tiers"][tier]["uncertain_below"] = 0.01  # still a manifest: only the checksum tells
    path.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(UserError, match=r"manifest\.json in .* is damaged: its SHA-256") as caught:
        Coder.load(tier=tier, folder=copy)
    assert "Install Oarlock again" in str(caught.value.remedy)


def test_changed_metrics_are_found_where_they_are_read_and_leave_the_coder_usable(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oarlock.report.reliability.weights_folder", lambda: copy)
    assert load_reliability("standard").codes
    path = copy / METRICS
    path.write_text(path.read_text("utf-8").replace('"support": ', '"support": 1', 1), "utf-8")
    with pytest.raises(UserError, match=r"metrics\.json in .* is damaged: its SHA-256") as caught:
        load_reliability("standard")
    assert "Install Oarlock again" in str(caught.value.remedy)
    assert Coder.load(tier="fast", folder=copy).code("hello there").sentences
    path.unlink()
    with pytest.raises(UserError, match=r"no readable metrics\.json"):
        load_reliability("standard")


@pytest.mark.parametrize("content", [None, "", "nonsense\n", f"{'0' * 64}  {MANIFEST}\n", "\xff"])
def test_checksums_that_are_missing_or_cut_are_named(copy: Path, content: str | None) -> None:
    (copy / CHECKSUMS).unlink()
    if content is not None:
        (copy / CHECKSUMS).write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match="no readable SHA256SUMS") as caught:
        Coder.load(tier="fast", folder=copy)
    assert "oarlock train" in str(caught.value.remedy)


def test_damage_to_one_tier_leaves_the_other_usable(copy: Path) -> None:
    flip_one_bit(copy / "standard.onnx")
    assert Coder.load(tier="fast", folder=copy).code("hello there").sentences


@pytest.mark.parametrize("name", TIER_OF)
def test_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(UserError, match=f"{name} cannot be read"):
        Coder.load(tier=TIER_OF[name], folder=copy)


def test_cut_file_is_found(copy: Path) -> None:
    path = copy / "fast.npz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UserError, match=r"fast\.npz in .* is damaged"):
        Coder.load(tier="fast", folder=copy)


def test_missing_folder_or_manifest_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / MANIFEST).unlink()
    for folder in (copy, tmp_path / "nowhere"):
        with pytest.raises(UserError, match=r"no readable manifest\.json"):
            Coder.load(folder=folder)


@pytest.mark.parametrize("content", ["", "{", "\x00\x01", '{"tiers": '])
def test_manifest_that_is_no_json_is_named(copy: Path, content: str) -> None:
    write_manifest(copy, content)
    with pytest.raises(UserError, match=r"no readable manifest\.json"):
        Coder.load(folder=copy)


@pytest.mark.parametrize(
    "manifest",
    [
        [],
        {},
        {"tiers": {}},
        {"tiers": []},
        {"release": "x", "tiers": {"standard": {}}},
        {"tiers": {"standard": {"files": {}, "calibration": {}}}},
        {"release": "x", "tiers": {"standard": {"files": {}, "calibration": {"codes": {}}}}},
    ],
)
def test_manifest_of_another_shape_is_named(copy: Path, manifest: object) -> None:
    write_manifest(copy, json.dumps(manifest))
    with pytest.raises(UserError, match="does not describe weights of this version"):
        Coder.load(folder=copy)


def test_manifest_from_before_decisions_is_named(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_text("utf-8"))
    for tier in manifest["tiers"].values():
        for calibration in tier["calibration"].values():
            del calibration["decision"]
    write_manifest(copy, json.dumps(manifest))
    with pytest.raises(UserError, match="does not describe weights of this version"):
        Coder.load(folder=copy)


@pytest.mark.parametrize("tier", ["standard", "fast"])
def test_command_with_damaged_weights_ends_with_2_and_writes_nothing(
    copy: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tier: str,
) -> None:
    flip_one_bit(copy / "tokenizer.json")
    monkeypatch.setattr(weights_module, "weights_folder", lambda: copy)
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,text\n1,a secret of mine\n", encoding="utf-8")
    with pytest.raises(SystemExit) as caught:
        main(["code", str(source), str(out), "--tier", tier])
    assert caught.value.code == 2
    error = capfd.readouterr().err
    assert "error: The weights file tokenizer.json" in error
    assert "Install Oarlock again" in " ".join(error.split())
    assert "Traceback" not in error
    assert "secret" not in error
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "weights"]


# --- calibration ------------------------------------------------------------------------------


def test_calibration_by_hand() -> None:
    calibration = Calibration(
        2.0, np.array([0.0, np.log(3.0)], np.float32), np.array([1.0, 0.2], np.float32)
    )
    logits = np.array([[np.log(2.0), np.log(2.0)], [np.log(3.0), 0.0]])
    p = calibration.probabilities(logits)
    # exp(2 z + b): 4 against 12, and 9 against 3.
    np.testing.assert_allclose(p, [[0.25, 0.75], [0.75, 0.25]], atol=1e-6)
    assert p.argmax(axis=1).tolist() == [1, 0]
    assert calibration.decide(p).tolist() == [0, 0]


def test_identity_calibration_is_softmax_and_survives_large_logits() -> None:
    p = Calibration.identity(3).probabilities(np.array([[1e4, 0.0, -1e4], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3] * 3], atol=1e-6)
