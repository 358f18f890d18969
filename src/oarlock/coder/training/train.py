"""`oarlock train`: from the public data to the weights, step by step, resumable after any step."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from oarlock.coder.encoder import Encoder
from oarlock.coder.tasks import HEADS
from oarlock.coder.training import fit as fitting
from oarlock.coder.training.export import export_int8
from oarlock.coder.training.model import MultiTaskEncoder, base_model_path
from oarlock.coder.training.recipe import N_FOLDS, Recipe, TrainingData, load, second_stage

Report = Callable[[str, int, int, float], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One training run: where it reads and writes, and what it is made of."""

    data: Path
    out: Path
    recipe: Recipe
    seed: int

    @property
    def work(self) -> Path:
        """Folder of what one step leaves for the next; named after recipe, seed and labels."""
        digest = hashlib.sha256(json.dumps([asdict(self.recipe), self.seed]).encode())
        folder = Path(__file__).parent
        for name in sorted(p.name for p in folder.glob("*.csv")):
            digest.update((folder / name).read_bytes())
        return self.out / "work" / digest.hexdigest()[:12]


def tokenizer() -> Tokenizer:
    """Return the base model's word pieces, without padding and truncation."""
    result = Tokenizer.from_file(str(Path(base_model_path()) / "tokenizer.json"))
    result.no_padding()
    result.no_truncation()
    return result


def _save(model: MultiTaskEncoder, path: Path) -> None:
    """Write a checkpoint whole or not at all."""
    partial = path.with_suffix(".partial")
    torch.save(model.state_dict(), partial)
    os.replace(partial, path)


def _load(path: Path) -> MultiTaskEncoder:
    model = MultiTaskEncoder.from_base()
    model.load_state_dict(torch.load(path, weights_only=True))
    model.eval()
    return model


def int8_encoder(checkpoint: Path) -> Encoder:
    """Return the encoder as it ships, from a checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard.onnx"
        export_int8(_load(checkpoint), path)
        return Encoder(path, Path(base_model_path()) / "tokenizer.json", threads=1)


def first_stage(run: Run, data: TrainingData, report: Report) -> Path:
    """Fit the first stage, unless it is there; return its checkpoint."""
    torch.set_num_threads(1)
    codes, path = run.work / "first-codes.pt", run.work / "first.pt"
    if not codes.exists():
        torch.manual_seed(run.seed)
        model = MultiTaskEncoder.from_base()
        fitting.fit(
            model,
            data.first,
            run.recipe.first,
            tokenizer(),
            seed=run.seed + 1,
            progress=lambda s, n, loss: report("first stage", s, n, loss),
        )
        _save(model, codes)
    if not path.exists():
        model = _load(codes)
        fitting.fit(
            model,
            data.between,
            run.recipe.between,
            tokenizer(),
            seed=run.seed + 3,
            progress=lambda s, n, loss: report("first stage, second part", s, n, loss),
        )
        _save(model, path)
    return path


def _second(run: Run, data: TrainingData, fold: int | None, report: Report) -> Path:
    """Fit the second stage, unless it is there; return its checkpoint."""
    name = "final" if fold is None else f"fold-{fold}"
    path = run.work / f"{name}.pt"
    if not path.exists():
        fitted, _ = second_stage(data, fold)
        torch.manual_seed(run.seed)
        model = _load(run.work / "first.pt")
        fitting.fit(
            model,
            fitted,
            run.recipe.second,
            tokenizer(),
            seed=run.seed + 2,
            progress=lambda s, n, loss: report(name, s, n, loss),
        )
        _save(model, path)
    return path


def held_out(run: Run, data: TrainingData, fold: int, report: Report) -> Path:
    """Fit one fold and predict what it holds out, unless that is there; return the predictions.

    Each row of the JSON lines: head, source, index in the source, group, label, number of words,
    and logits of the int8 model with and without context. No text.
    """
    path = run.work / f"held-out-{fold}.jsonl"
    if path.exists():
        return path
    encoder = int8_encoder(_second(run, data, fold, report))
    _, held = second_stage(data, fold)
    place = {id(e): (s, i) for s, (es, _) in data.tested.items() for i, e in enumerate(es)}
    lines = []
    for head in HEADS:
        examples = [example for example in held if example.head == head]
        if not examples:
            continue
        texts = [example.text for example in examples]
        contexts = [example.context for example in examples]
        without = encoder.logits([head], texts)[head]
        within = encoder.logits([head], texts, contexts)[head] if any(contexts) else without
        for row, example in enumerate(examples):
            source, index = place[id(example)]
            lines.append(
                {
                    "head": head,
                    "source": source,
                    "index": index,
                    "group": hashlib.sha256(example.group.encode()).hexdigest()[:12],
                    "label": example.label,
                    "n_words": len(example.text.split()),
                    "with_context": [round(float(z), 4) for z in within[row]],
                    "alone": [round(float(z), 4) for z in without[row]],
                }
            )
    partial = path.with_suffix(".partial")
    partial.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    os.replace(partial, path)
    return path


@cache
def _data(run: Run) -> TrainingData:
    """Return the examples of a run, read once for all the folds of a process."""
    return load(run.data, run.recipe, seed=run.seed)


def _job(run: Run, fold: int | None) -> None:
    """Fit one fold, or the final model, in another process on one thread."""
    torch.set_num_threads(1)
    data = _data(run)

    def report(name: str, step: int, steps: int, loss: float) -> None:
        state = run.work / f"progress-{name}.json"
        state.write_text(json.dumps([step, steps, loss]))

    if fold is None:
        _second(run, data, None, report)
    else:
        held_out(run, data, fold, report)


@contextmanager
def _ended_on_interrupt() -> Iterator[None]:
    """End the other processes on Ctrl-C: the pool would wait hours for the folds under way."""
    try:
        yield
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.terminate()
        raise


def second_stages(run: Run, jobs: Sequence[int | None], *, n_jobs: int, report: Report) -> None:
    """Fit folds and the final model, `n_jobs` at a time; what is there already is kept.

    Args:
        run: The run.
        jobs: Folds; None stands for the final model.
        n_jobs: Processes, one thread each, so that results do not depend on the machine's cores.
        report: Called with name, step, steps and loss.
    """
    with (
        ProcessPoolExecutor(
            n_jobs,
            mp_context=multiprocessing.get_context("spawn"),
            # Ctrl-C ends them at once and without a word; the parent says what is kept.
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_DFL),
        ) as pool,
        _ended_on_interrupt(),
    ):
        waiting = {pool.submit(_job, run, job) for job in jobs}
        while waiting:
            done, waiting = wait(waiting, timeout=2.0, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
            for state in run.work.glob("progress-*.json"):
                try:
                    step, steps, loss = json.loads(state.read_text())
                except ValueError:
                    continue  # being written
                report(state.stem.removeprefix("progress-"), step, steps, loss)


def read_held_out(run: Run, head: str, *, context: bool) -> dict[str, Any]:
    """Return logits, labels and groups of one head over all folds that are there."""
    rows: list[dict[str, Any]] = []
    for fold in range(N_FOLDS):
        path = run.work / f"held-out-{fold}.jsonl"
        if path.exists():
            with path.open(encoding="utf-8") as file:
                rows += [row for line in file if (row := json.loads(line))["head"] == head]
    key = "with_context" if context else "alone"
    return {
        "logits": np.array([row[key] for row in rows], dtype=np.float64),
        "labels": np.array([row["label"] for row in rows], dtype=np.int64),
        "groups": [row["group"] for row in rows],
        "n_words": np.array([row["n_words"] for row in rows], dtype=np.int64),
        "index": np.array([row["index"] for row in rows], dtype=np.int64),
    }


def probabilities_of(
    encoder: Encoder, heads: Sequence[str], texts: Sequence[str], report: Report
) -> dict[str, NDArray[np.float32]]:
    """Return a teacher's probabilities by head for texts without context."""
    result = {h: np.zeros((len(texts), len(HEADS[h])), dtype=np.float32) for h in heads}
    for start in range(0, len(texts), 1024):
        part = slice(start, start + 1024)
        for head, z in encoder.logits(heads, texts[part]).items():
            e = np.exp(z - z.max(1, keepdims=True))
            result[head][part] = e / e.sum(1, keepdims=True)
        report("teacher", min(start + 1024, len(texts)), len(texts), 0.0)
    return result
