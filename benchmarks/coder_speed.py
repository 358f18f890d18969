"""Sentences per second of both tiers against a RoBERTa-base-sized transformer in PyTorch.

Prints one table; the ratios come from rounds in which each contender runs in turn on the same
sentences in the same process. The peer has random weights of the right size (speed does not
depend on their values), reads the same word pieces in batches of like length, in fp32.
Needs the extra `train` for the peer.

    make bench  |  python benchmarks/coder_speed.py [--sentences 4096] [--rounds 5]
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files

PEER_BATCH = 32


def sentences(n: int) -> list[str]:
    """Return n sentences of the shipped training text and the demo corpus, in a fixed order."""
    from oarlock.coder.sentences import split
    from oarlock.corpus.demo import joined

    texts = []
    for row in joined():
        for span in split(row["text"]):
            start, end = span.strip(row["text"])
            if end > start:
                texts.append(row["text"][start:end])
    with files("oarlock.coder.training").joinpath("written.csv").open(encoding="utf-8") as file:
        texts += [row["text"] for row in csv.DictReader(file)]
    return [texts[(i * 7919) % len(texts)] for i in range(n)]


def peer(texts: list[str]) -> Callable[[int], None]:
    """Return a function that codes the first n texts with the transformer."""
    import torch
    from transformers import RobertaConfig, RobertaForSequenceClassification

    from oarlock.coder.pieces import encode_pairs
    from oarlock.coder.training.train import tokenizer

    config = RobertaConfig(num_labels=15)
    model = RobertaForSequenceClassification(config).eval()
    pieces = tokenizer()

    def run(n: int) -> None:
        ordered = sorted(texts[:n], key=len)
        with torch.inference_mode():
            for start in range(0, n, PEER_BATCH):
                ids, mask, _ = encode_pairs(pieces, ordered[start : start + PEER_BATCH])
                logits = model(
                    input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)
                ).logits
                torch.softmax(logits, dim=-1).numpy()

    return run


def load_figures(tier: str) -> tuple[float, float]:
    """Return seconds to load a tier and peak memory (MiB) after coding, in a fresh process."""
    script = (
        "import re, time; start = time.perf_counter();"
        "from oarlock.coder import Coder;"
        f"coder = Coder.load({tier!r}); loaded = time.perf_counter() - start;"
        "coder.predict(['what would help you tonight?'] * 512);"
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1];"
        "print(loaded, int(peak) / 1024)"
    )
    out = [
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(3)
    ]
    return min(float(a) for a, _ in out), min(float(b) for _, b in out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    import torch

    from oarlock.coder import Coder

    texts = sentences(20_000)
    words = statistics.mean(len(text.split()) for text in texts)
    n = {"peer": options.sentences // 16, "standard": options.sentences, "fast": len(texts)}
    standard, fast = Coder.load("standard"), Coder.load("fast")
    runs: dict[str, Callable[[int], object]] = {
        "peer": peer(texts),
        "standard": lambda k: standard.predict(texts[:k]),
        "fast": lambda k: fast.predict(texts[:k]),
    }
    for name, run in runs.items():
        run(n[name] // 4)
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run(n[name])
            rates[name].append(n[name] / (time.perf_counter() - start))
    print(
        f"{words:.1f} words a sentence, {torch.get_num_threads()} threads, "
        f"median of {options.rounds} rounds"
    )
    print(
        "contender                    sentences/s      ratio  (lowest, highest)  load s  peak MiB"
    )
    for name in runs:
        ratios = sorted(a / b for a, b in zip(rates[name], rates["peer"], strict=True))
        loaded = load_figures(name) if name != "peer" else None
        tail = f"{loaded[0]:8.2f} {loaded[1]:10.0f}" if loaded else ""
        label = "RoBERTa-base size, PyTorch" if name == "peer" else f"oarlock, {name} tier"
        print(
            f"{label:27s} {statistics.median(rates[name]):12.0f} "
            f"{statistics.median(ratios):10.1f}  ({ratios[0]:.1f}, {ratios[-1]:.1f}) {tail}"
        )


if __name__ == "__main__":
    main()
