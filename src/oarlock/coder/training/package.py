"""The last steps of training: figures, calibration, the fast tier, the folder that ships."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.coder import CONTEXT_HEADS, Coder
from oarlock.coder.fast import StaticEmbeddings
from oarlock.coder.quality import evaluation
from oarlock.coder.quality.fairness import fairness_figures
from oarlock.coder.tasks import CODE_LABELS, FAMILY_INDEX, FAMILY_LABELS, HEADS
from oarlock.coder.training import distill
from oarlock.coder.training.agreement import agreement_figures
from oarlock.coder.training.calibrate import fit_calibration
from oarlock.coder.training.data import already_labelled, normalise
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
from oarlock.coder.weights import (
    MIN_SUPPORT,
    RELIABLE_F1,
    Calibration,
    sha256,
    write_description,
)

MIN_WORDS = 4
LICENCE = "CC BY-NC-SA 4.0"

MEASURED_ON = {
    "codes": "human labels of peer-forum sentences, five folds, by question where it is known",
    "families": "human labels of peer-forum sentences, five folds, by question where it is known",
    "behaviour": "AnnoMI therapist turns, fold 0 of five by video",
    "question": "AnnoMI questions, fold 0 of five by video",
    "reflection": "AnnoMI reflections, fold 0 of five by video",
    "talk": "AnnoMI client turns, fold 0 of five by video",
    "empathy-er": "EPITOME replies, fold 0 of five by seeker post",
    "empathy-ip": "EPITOME replies, fold 0 of five by seeker post",
    "empathy-ex": "EPITOME replies, fold 0 of five by seeker post",
    "summary": "replies written for Oarlock, fold 0 of five by seeker post",
}


def _conditions(head: str) -> tuple[bool, ...]:
    """Return whether a head is read with context, without it, or both ways."""
    return (True, False) if head in CONTEXT_HEADS else (False,)


def _fit(parts: list[dict[str, Any]], rows: list[NDArray[np.bool_]]) -> Calibration:
    """Return the calibration fitted on some rows of every condition together."""
    pairs = list(zip(parts, rows, strict=True))
    return fit_calibration(
        np.concatenate([part["logits"][keep] for part, keep in pairs]),
        np.concatenate([part["labels"][keep] for part, keep in pairs]),
    )


def calibrations(run: Run) -> dict[str, Calibration]:
    """Return the calibration of every head, fitted on held-out logits with and without context."""
    result = {}
    for head, labels in HEADS.items():
        parts = [read_held_out(run, head, context=context) for context in _conditions(head)]
        if not len(parts[0]["labels"]):
            result[head] = Calibration.identity(len(labels))
            continue
        result[head] = _fit(parts, [np.ones(len(part["labels"]), dtype=bool) for part in parts])
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


def cross_fitted(
    head: str, parts: list[dict[str, Any]]
) -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Return probabilities and labels of held-out rows, calibrated on the other half of the groups.

    So that calibration is never measured on the rows that it was fitted on.

    Args:
        head: The head.
        parts: Held-out rows under each condition (with and without context).
    """
    groups = sorted({group for part in parts for group in part["groups"]})
    half = {group: k % 2 for k, group in enumerate(groups)}
    sides = [np.array([half[group] for group in part["groups"]]) for part in parts]
    fitted = [_fit(parts, [side != value for side in sides]) for value in (0, 1)]
    result = []
    for part, side in zip(parts, sides, strict=True):
        p = np.zeros((len(side), len(HEADS[head])), dtype=np.float32)
        predicted = np.zeros(len(side), dtype=np.int64)
        for value in (0, 1):
            rows = side == value
            p[rows] = fitted[value].probabilities(part["logits"][rows])
            predicted[rows] = fitted[value].decide(p[rows])
        result.append((p, predicted))
    return result


def families(codes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (n, 3) family probabilities out of (n, 15) code probabilities."""
    return np.stack([codes[:, i].sum(1) for i in FAMILY_INDEX.values()], axis=1).astype(np.float64)


def family_labels(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the index of each code's family."""
    of = {code: k for k, codes in enumerate(FAMILY_INDEX.values()) for code in codes}
    return np.array([of[int(label)] for label in labels], dtype=np.int64)


def metrics(run: Run, data: TrainingData) -> dict[str, Any]:
    """Return the held-out figures of every task, with intervals that resample groups whole.

    Client turns that the first stage had seen, since another data set transcribes some of the same
    videos, are left out.
    """
    result: dict[str, Any] = {}
    seen = already_labelled(data.tested["annomi"][0], data.between)
    for head, labels in HEADS.items():
        conditions = _conditions(head)
        parts = [read_held_out(run, head, context=context) for context in conditions]
        if head == "talk":
            parts = [without(part, seen) for part in parts]
        if len(set(parts[0]["groups"])) < 4:
            continue
        fitted = cross_fitted(head, parts)
        for context, held, (p, predicted) in zip(conditions, parts, fitted, strict=True):
            suffix = " without context" if head in CONTEXT_HEADS and not context else ""
            result[head + suffix] = _measured(p, predicted, held, labels, MEASURED_ON[head])
            if head == "codes":
                held_families = {**held, "labels": family_labels(held["labels"])}
                result["families"] = _measured(
                    families(p), None, held_families, FAMILY_LABELS, MEASURED_ON["families"]
                )
                result[head]["uncertain_below"] = uncertain_below(p, predicted, held["labels"])
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


def without(part: dict[str, Any], seen: set[int]) -> dict[str, Any]:
    """Return held-out rows without those whose index in their source is among `seen`."""
    keep = np.array([int(index) not in seen for index in part["index"]], dtype=bool)
    return {
        name: [value for value, kept in zip(values, keep, strict=True) if kept]
        if isinstance(values, list)
        else values[keep]
        for name, values in part.items()
    }


def uncertain_below(
    p: NDArray[np.floating], predicted: NDArray[np.integer], labels: NDArray[np.integer]
) -> float:
    """Return the probability below which codes were wrong more often than right.

    The upper end of the highest window of a tenth, with 20 sentences or more in it, whose
    sentences were mostly wrong.
    """
    given = p[np.arange(len(p)), predicted]
    right = predicted == labels
    ends = np.arange(0.3, 0.71, 0.05)
    windows = [(end, (given >= end - 0.1) & (given < end)) for end in ends]
    doubtful = [end for end, rows in windows if rows.sum() >= 20 and right[rows].mean() < 0.5]
    return round(float(max(doubtful, default=0.2)), 2)


def student(run: Run, data: TrainingData, fold: int | None, report: Report) -> Path:
    """Fit the fast tier of a fold or of the final model, unless it is there; return its file.

    The student of a fold is never shown a text that the fold holds out.
    """
    name = "final" if fold is None else f"fold-{fold}"
    path = run.work / f"fast-{name}.npz"
    if not path.exists():
        teacher = int8_encoder(run.work / f"{name}.pt")
        held = second_stage(data, fold)[1] if fold is not None else []
        sentences, replies = distill.unlabelled(
            run.data,
            run.recipe.n_unlabelled,
            hidden={normalise(example.text) for example in held},
            seed=run.seed,
        )
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
    _, every = second_stage(data, fold)
    seen = already_labelled(every, data.between)
    held = [example for index, example in enumerate(every) if index not in seen]
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
        ((p, predicted),) = cross_fitted(head, [rows])
        figures[head] = _measured(p, predicted, rows, labels, on)
        if head == "codes":
            rows["labels"] = family_labels(rows["labels"])
            figures["families"] = _measured(families(p), None, rows, FAMILY_LABELS, on)
    return figures, fitted


def weak_codes(figures: dict[str, Any]) -> set[str]:
    """Return the codes that held-out figures show to be unreliable, or too rare to know."""
    return {
        name
        for name, one in figures["codes"]["per_class"].items()
        if one["f1"] is None or one["f1"] < RELIABLE_F1 or one["support"] < MIN_SUPPORT
    }


def _tier(
    folder: Path,
    names: tuple[str, ...],
    fitted: dict[str, Calibration],
    weak: set[str],
    uncertain: float,
) -> dict[str, Any]:
    return {
        "files": {name: sha256(folder / name) for name in names},
        "calibration": {
            head: {
                "scale": round(c.scale, 6),
                "bias": [round(float(b), 6) for b in c.bias],
                "decision": [round(float(d), 6) for d in c.decision],
            }
            for head, c in fitted.items()
        },
        "unreliable_codes": [name for name in CODE_LABELS if name in weak],
        "uncertain_below": uncertain,
    }


def assemble(run: Run, data: TrainingData, release: str, report: Report) -> Path:
    """Write the weights folder out of everything that the run has fitted; return it."""
    folder = run.out / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    export_int8(_load(run.work / "final.pt"), folder / "standard.onnx")
    shutil.copyfile(Path(base_model_path()) / "tokenizer.json", folder / "tokenizer.json")
    shutil.copyfile(student(run, data, None, report), folder / "fast.npz")
    figures: dict[str, Any] = {"release": release, "standard": metrics(run, data)}
    figures["fast"], fast_fitted = student_figures(data, 0, student(run, data, 0, report))
    weak = weak_codes(figures["standard"])
    uncertain = figures["standard"]["codes"]["uncertain_below"]
    manifest = {
        "release": release,
        "licence": LICENCE,
        "seed": run.seed,
        "tiers": {
            "standard": _tier(
                folder,
                ("standard.onnx", "tokenizer.json"),
                calibrations(run),
                weak,
                uncertain,
            ),
            # One fold says too little of rare codes: what the teacher cannot do, the student
            # cannot either.
            "fast": _tier(
                folder,
                ("fast.npz", "tokenizer.json"),
                fast_fitted,
                weak | weak_codes(figures["fast"]),
                uncertain,
            ),
        },
    }
    write_description(folder, manifest=manifest, metrics=figures)
    # What needs the folder that was just written, or no weights at all, comes last.
    for tier in ("standard", "fast"):
        figures[tier]["fairness"] = fairness_figures(Coder.load(tier, folder=folder, threads=1))
    figures["own_labels"] = agreement_figures(run.data)
    write_description(folder, manifest=manifest, metrics=figures)
    return folder
