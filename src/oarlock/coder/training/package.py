"""The last steps of training: figures, calibration, the fast tier, the folder that ships."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.coder import Coder
from oarlock.coder.fast import StaticEmbeddings
from oarlock.coder.quality import evaluation
from oarlock.coder.quality.fairness import fairness_figures
from oarlock.coder.tasks import CODE_LABELS, FAMILY_INDEX, FAMILY_LABELS, HEADS
from oarlock.coder.training import distill
from oarlock.coder.training.agreement import agreement_figures
from oarlock.coder.training.calibrate import fit_calibration
from oarlock.coder.training.export import export_int8
from oarlock.coder.training.model import base_model_path
from oarlock.coder.training.recipe import TrainingData, second_stage
from oarlock.coder.training.train import (
    Report,
    Run,
    _load,
    int8_encoder,
    probabilities_of,
    read_held_out,
    tokenizer,
)
from oarlock.coder.weights import MANIFEST, Calibration

#: Below this held-out F1 a code is flagged as unreliable.
RELIABLE_F1 = 0.4
#: Below this probability a sentence is flagged as uncertain: on held-out gold sentences, codes
#: given with less were wrong more often than right.
UNCERTAIN_BELOW = 0.45
MIN_WORDS = 4
LICENCE = "CC BY-NC-SA 4.0"

MEASURED_ON = {
    "codes": "human labels of peer-forum sentences, five folds by question",
    "families": "human labels of peer-forum sentences, five folds by question",
    "behaviour": "AnnoMI therapist turns, fold 0 of five by video",
    "question": "AnnoMI questions, fold 0 of five by video",
    "reflection": "AnnoMI reflections, fold 0 of five by video",
    "talk": "AnnoMI client turns, fold 0 of five by video",
    "empathy-er": "EPITOME replies, fold 0 of five by seeker post",
    "empathy-ip": "EPITOME replies, fold 0 of five by seeker post",
    "empathy-ex": "EPITOME replies, fold 0 of five by seeker post",
    "summary": "replies written for Oarlock, fold 0 of five by seeker post",
}


def calibrations(run: Run) -> dict[str, Calibration]:
    """Return the calibration of every head, fitted on held-out logits with and without context."""
    result = {}
    for head, labels in HEADS.items():
        parts = [read_held_out(run, head, context=context) for context in (True, False)]
        if not len(parts[0]["labels"]):
            result[head] = Calibration.identity(len(labels))
            continue
        result[head] = fit_calibration(
            np.concatenate([part["logits"] for part in parts]),
            np.concatenate([part["labels"] for part in parts]),
        )
    return result


def _measured(
    probabilities: NDArray[np.floating],
    predicted: NDArray[np.int64] | None,
    held: dict[str, Any],
    labels: tuple[str, ...],
    on: str,
) -> dict[str, Any]:
    scored = evaluation.score(
        held["labels"],
        probabilities.astype(np.float64),
        labels=labels,
        predicted=predicted,
        groups=held["groups"],
        n_resamples=1000,
    )
    return {
        "measured_on": on,
        "n": len(held["labels"]),
        "n_groups": scored.n_groups,
        "scores": scored.scores,
        "calibration": scored.calibration,
        "intervals": scored.intervals,
        "per_class": {
            name: {
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
                "support": one.support,
            }
            for name, one in scored.per_class.items()
        },
        "confusion": scored.confusion,
    }


def cross_fitted(head: str, held: dict[str, Any]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return probabilities and labels of held-out rows, calibrated on the other half of the groups.

    So that calibration is never measured on the rows that it was fitted on.
    """
    groups = sorted(set(held["groups"]))
    half = {group: k % 2 for k, group in enumerate(groups)}
    side = np.array([half[group] for group in held["groups"]])
    result = np.zeros((len(side), len(HEADS[head])), dtype=np.float32)
    predicted = np.zeros(len(side), dtype=np.int64)
    for value in (0, 1):
        rows = side == value
        calibration = fit_calibration(held["logits"][~rows], held["labels"][~rows])
        result[rows] = calibration.probabilities(held["logits"][rows])
        predicted[rows] = calibration.decide(result[rows])
    return result, predicted


def families(codes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (n, 3) family probabilities out of (n, 15) code probabilities."""
    return np.stack([codes[:, i].sum(1) for i in FAMILY_INDEX.values()], axis=1).astype(np.float64)


def family_labels(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the index of each code's family."""
    of = {code: k for k, codes in enumerate(FAMILY_INDEX.values()) for code in codes}
    return np.array([of[int(label)] for label in labels], dtype=np.int64)


def metrics(run: Run) -> dict[str, Any]:
    """Return the held-out figures of every task, with intervals that resample groups whole."""
    result: dict[str, Any] = {}
    for head, labels in HEADS.items():
        for context in (True, False):
            held = read_held_out(run, head, context=context)
            if len(set(held["groups"])) < 4 or (context and head == "codes"):
                continue
            p, predicted = cross_fitted(head, held)
            suffix = " without context" if not context and head != "codes" else ""
            result[head + suffix] = _measured(p, predicted, held, labels, MEASURED_ON[head])
            if head == "codes":
                held_families = {**held, "labels": family_labels(held["labels"])}
                result["families"] = _measured(
                    families(p), None, held_families, FAMILY_LABELS, MEASURED_ON["families"]
                )
            if head == "behaviour":
                rows = held["n_words"] >= MIN_WORDS
                longer = {
                    "labels": held["labels"][rows],
                    "groups": [g for g, keep in zip(held["groups"], rows, strict=True) if keep],
                }
                result[head + suffix + ", turns of four words and more"] = _measured(
                    p[rows], predicted[rows], longer, labels, MEASURED_ON[head]
                )
    return result


def student(run: Run, fold: int | None, report: Report) -> Path:
    """Fit the fast tier of a fold or of the final model, unless it is there; return its file."""
    name = "final" if fold is None else f"fold-{fold}"
    path = run.work / f"fast-{name}.npz"
    if not path.exists():
        teacher = int8_encoder(run.work / f"{name}.pt")
        sentences, replies = distill.unlabelled(run.data, run.recipe.n_unlabelled, seed=run.seed)
        texts, targets = distill.teach(
            lambda heads, t: probabilities_of(teacher, heads, t, report), sentences, replies
        )
        fitted = distill.distill(
            texts,
            targets,
            tokenizer(),
            epochs=run.recipe.student_epochs,
            seed=run.seed,
            progress=lambda s, n, loss: report(f"fast tier, {name}", s, n, loss),
        )
        partial = path.with_suffix(".partial")
        distill.save(fitted, partial)
        os.replace(partial, path)
    return path


def student_figures(
    data: TrainingData, fold: int, path: Path
) -> tuple[dict[str, Any], dict[str, Calibration]]:
    """Return figures and calibrations of the fast tier on one fold that its teacher never saw."""
    model = StaticEmbeddings(path, Path(base_model_path()) / "tokenizer.json")
    _, held = second_stage(data, fold)
    figures: dict[str, Any] = {}
    fitted: dict[str, Calibration] = {}
    for head, labels in HEADS.items():
        examples = [example for example in held if example.head == head]
        rows: dict[str, Any] = {
            "logits": model.logits([head], [e.text for e in examples])[head].astype(np.float64),
            "labels": np.array([e.label for e in examples], dtype=np.int64),
            "groups": [e.group for e in examples],
        }
        if len(set(rows["groups"])) < 4:
            fitted[head] = Calibration.identity(len(labels))
            continue
        fitted[head] = fit_calibration(rows["logits"], rows["labels"])
        on = MEASURED_ON[head].split(",")[0] + f", fold {fold} of five"
        p, predicted = cross_fitted(head, rows)
        figures[head] = _measured(p, predicted, rows, labels, on)
        if head == "codes":
            rows["labels"] = family_labels(rows["labels"])
            figures["families"] = _measured(families(p), None, rows, FAMILY_LABELS, on)
    return figures, fitted


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tier(
    folder: Path, names: tuple[str, ...], fitted: dict[str, Calibration], figures: dict[str, Any]
) -> dict[str, Any]:
    weak = [
        name
        for name, one in figures["codes"]["per_class"].items()
        if one["f1"] is None or one["f1"] < RELIABLE_F1
    ]
    return {
        "files": {name: _digest(folder / name) for name in names},
        "calibration": {
            head: {
                "scale": round(c.scale, 6),
                "bias": [round(float(b), 6) for b in c.bias],
                "decision": [round(float(d), 6) for d in c.decision],
            }
            for head, c in fitted.items()
        },
        "unreliable_codes": [name for name in CODE_LABELS if name in weak],
        "uncertain_below": UNCERTAIN_BELOW,
    }


def assemble(run: Run, data: TrainingData, release: str, report: Report) -> Path:
    """Write the weights folder out of everything that the run has fitted; return it."""
    folder = run.out / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    export_int8(_load(run.work / "final.pt"), folder / "standard.onnx")
    shutil.copyfile(Path(base_model_path()) / "tokenizer.json", folder / "tokenizer.json")
    shutil.copyfile(student(run, None, report), folder / "fast.npz")
    figures = {"standard": metrics(run)}
    figures["fast"], fast_fitted = student_figures(data, 0, student(run, 0, report))
    manifest = {
        "release": release,
        "licence": LICENCE,
        "seed": run.seed,
        "tiers": {
            "standard": _tier(
                folder,
                ("standard.onnx", "tokenizer.json"),
                calibrations(run),
                figures["standard"],
            ),
            "fast": _tier(folder, ("fast.npz", "tokenizer.json"), fast_fitted, figures["fast"]),
        },
    }
    _write(folder / "metrics.json", figures)
    _write(folder / MANIFEST, manifest)
    # What needs the folder that was just written, or no weights at all, comes last.
    for tier in ("standard", "fast"):
        figures[tier]["fairness"] = fairness_figures(Coder.load(tier, folder=folder, threads=1))
    figures["own_labels"] = agreement_figures(run.data)
    _write(folder / "metrics.json", figures)
    return folder


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
