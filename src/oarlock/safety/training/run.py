"""The whole of `oarlock safety train`: from the data to checked files."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
import sklearn
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from oarlock.safety.matching import Hit
from oarlock.safety.model import MANIFEST, MODELS, WEIGHTS
from oarlock.safety.patterns import rulebook
from oarlock.safety.results import GRADES
from oarlock.safety.screener import review_score
from oarlock.safety.training import data, fit
from oarlock.safety.training.evaluate import SUPPORT_SETS, evaluate

METRICS: Final = "metrics.json"
#: Share of texts without rated risk that a model alone may grade passive, and active.
_ALONE: Final = {"passive": 0.03, "active": 0.005}
#: Share of support posts that a model alone may call an insult or hate.
_ALONE_HARM: Final = 0.002
_CHUNK: Final = 200

Progress = Callable[[str, int, int], None]


def _some(texts: list[data.Text]) -> fit.Matrix:
    return fit.matrix(texts, rulebook())


def read(
    folder: Path, *, seed: int, jobs: int, report: Progress
) -> tuple[list[data.Text], fit.Matrix]:
    """Return all texts and what the models see of them."""
    texts = data.load(folder, seed=seed)
    chunks = [texts[i : i + _CHUNK] for i in range(0, len(texts), _CHUNK)]
    parts: list[fit.Matrix] = []
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(_some, chunks):
            parts.append(part)
            report("reading the texts", len(parts), len(chunks))
    counts = sp.vstack([part.counts for part in parts]).tocsr()
    dense = np.concatenate([part.dense for part in parts])
    return texts, fit.Matrix(counts, dense, [found for part in parts for found in part.found])


def pattern_grade(found: Sequence[Hit]) -> str:
    """Return the grade that patterns alone give."""
    return GRADES[max((hit.rank for hit in found), default=0)]


def calibration(
    name: str, score: NDArray[np.float64], texts: Sequence[data.Text]
) -> tuple[float, float]:
    """Return slope and offset that make out-of-fold scores probabilities (Platt 1999).

    Risk is weighted to `fit.PREVALENCE` among the sets of the mix; harm is taken as the sets
    have it.
    """
    source = np.array([text.source for text in texts])
    label = np.array([text.label for text in texts])
    if name == "risk":
        positive = (source == "cssrs") & np.isin(label, (data.IDEATION, *data.BEHAVIOUR))
        negative = np.isin(source, data.MIX_SETS)
        weight = np.zeros(len(texts))
        weight[positive] = fit.PREVALENCE / positive.sum()
        for one in data.MIX_SETS:
            weight[source == one] = (
                (1 - fit.PREVALENCE) / len(data.MIX_SETS) / (source == one).sum()
            )
        rows, y = positive | negative, positive
    else:
        task = fit.tasks(texts)[name]
        rows, y, weight = task.weight > 0, task.y > 0, task.weight
    model = LogisticRegression(C=1e6).fit(
        score[rows, None], y[rows], sample_weight=weight[rows] / weight[rows].mean()
    )
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def assemble(
    texts: Sequence[data.Text],
    matrix: fit.Matrix,
    *,
    release: str,
    seed: int,
    report: Progress,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any], dict[str, Any]]:
    """Return the arrays, the manifest without checksum, and the figures."""
    of_fold = fit.folds(texts, seed)
    report("cross-validation", 0, 1)
    raw = fit.out_of_fold(matrix, texts, of_fold, list(fit.C))
    raw["risk"], parts_of_risk = fit.combined(raw)
    parts = {"risk": parts_of_risk, "insult": {"insult": 1.0}, "hate": {"hate": 1.0}}
    report("cross-validation", 1, 1)
    scale = {name: calibration(name, raw[name], texts) for name in MODELS}
    p = {n: 1 / (1 + np.exp(-(scale[n][0] * raw[n] + scale[n][1]))) for n in MODELS}
    grades = [pattern_grade(found) for found in matrix.found]
    review = [review_score(hit, risk) for hit, risk in zip(matrix.found, p["risk"], strict=True)]
    scores = {**p, "review": np.array(review)}
    thresholds = _thresholds(texts, p)
    figures = {
        **evaluate(texts, scores, seed),
        "patterns": _pattern_shares(texts, grades),
        "texts": {name: sum(t.source == name for t in texts)
                  for name in dict.fromkeys(t.source for t in texts)},
    }  # fmt: skip
    report("fitting on everything", 0, len(MODELS))
    everything = np.ones(len(texts), dtype=bool)
    scaling = fit.Scaling.of(matrix, everything)
    X, work = scaling.apply(matrix), fit.tasks(texts)
    arrays: dict[str, NDArray[Any]] = {
        "idf": scaling.idf.astype(np.float16), "scale": scaling.scale.astype(np.float32)
    }  # fmt: skip
    for n, name in enumerate(MODELS):
        fitted = {part: fit.fit_one(part, X, work[part], everything) for part in parts[name]}
        linear = fit.packed(fitted, parts[name], *scale[name])
        arrays[f"{name} hashed"] = linear.hashed
        arrays[f"{name} step"] = np.array(linear.step)
        arrays[f"{name} dense"] = linear.dense
        arrays[f"{name} scalars"] = np.array([linear.bias, linear.slope, linear.offset])
        report("fitting on everything", n + 1, len(MODELS))
    manifest = {
        "version": release,
        "seed": seed,
        "thresholds": thresholds,
        "made_with": {"numpy": np.__version__, "scikit-learn": sklearn.__version__,
                      "python": platform.python_version()},
    }  # fmt: skip
    return arrays, manifest, figures


def _thresholds(texts: Sequence[data.Text], p: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    source = np.array([text.source for text in texts])
    support = np.isin(source, SUPPORT_SETS)
    sets = [p["risk"][source == name] for name in data.MIX_SETS]

    def limit(share: float) -> float:
        # Equal parts of each set, as in the mix.
        values = np.sort(np.concatenate(sets))[::-1]
        weights = {name: 1 / len(data.MIX_SETS) / len(v)
                   for name, v in zip(data.MIX_SETS, sets, strict=True)}  # fmt: skip
        for value in values:
            above = sum(weights[n] * (v >= value).sum() for n, v in zip(weights, sets, strict=True))
            if above > share:
                return float(value)
        return float(values[-1])

    return {
        **{grade: round(limit(share), 4) for grade, share in _ALONE.items()},
        **{name: round(max(0.5, float(np.quantile(p[name][support], 1 - _ALONE_HARM))), 4)
           for name in ("insult", "hate")},
    }  # fmt: skip


def _pattern_shares(texts: Sequence[data.Text], grades: Sequence[str]) -> dict[str, Any]:
    """Return by set and label the share that patterns alone grade passive, active, higher."""
    result: dict[str, Any] = {}
    keys = [f"cssrs {t.label}" if t.source == "cssrs" else t.source for t in texts]
    ranks = np.array([GRADES.index(grade) for grade in grades])
    for key in dict.fromkeys(keys):
        rows = np.array([k == key for k in keys])
        result[key] = {
            "n": int(rows.sum()),
            **{f"{GRADES[r]} or higher": round(float((ranks[rows] >= r).mean()), 3)
               for r in (1, 2, 3)},
        }  # fmt: skip
    return result


def write(
    out: Path, arrays: dict[str, NDArray[Any]], manifest: dict[str, Any], figures: dict[str, Any]
) -> None:
    """Write models, figures and manifest; the manifest last, so that it vouches for the rest."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / WEIGHTS).open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    digest = hashlib.sha256((out / WEIGHTS).read_bytes()).hexdigest()
    whole = {**manifest, "version": f"{manifest['version']}-{digest[:8]}", "sha256": digest}
    for name, content in ((METRICS, figures), (MANIFEST, whole)):
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (out / name).write_text(text, encoding="utf-8")
