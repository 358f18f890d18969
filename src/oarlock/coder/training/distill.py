"""The fast tier: static embeddings that learn from the standard tier's probabilities."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from oarlock.coder.fast import ngrams, pieces
from oarlock.coder.sentences import split
from oarlock.coder.tasks import HEADS, REPLY_HEADS
from oarlock.coder.training import data as sources

N_BUCKETS = 32_768
WIDTH = 64
HIDDEN = 192


def unlabelled(
    data: Path, limit: int, *, hidden: set[str], seed: int
) -> tuple[list[str], list[str]]:
    """Return sentences and whole replies that the student learns from, human labels aside.

    Args:
        data: Folder of the public data.
        limit: Most sentences; a sixth as many replies.
        hidden: Normalised texts that the student is tested on; gold sentences are always left out.
        seed: Seed of the draw.
    """
    rng = np.random.default_rng(seed)
    hidden = hidden | {sources.normalise(example.text) for example in sources.gold(data)}
    replies = [text for text in sources.reply_texts(data).values() if text.strip()]
    with (data / "mi/rated_responses_dev.csv").open(encoding="utf-8", newline="") as file:
        replies += [row["response"] for row in csv.DictReader(file)]
    seekers = []
    for name, column in (
        ("support/reddit_dam_posts_dev.csv", None),
        ("mi/HLQC_volleys_dev.csv", "vol_text"),
        ("mi/MIBOT_utterances_dev.csv", "text"),
    ):
        with (data / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                text = row[column] if column else (row.get("post_text") or row.get("text") or "")
                if text:
                    seekers.append(text)
    sentences = set()
    for text in [*replies, *seekers]:
        for span in split(text):
            start, end = span.strip(text)
            if end > start and sources.normalise(text[start:end]) not in hidden:
                sentences.add(text[start:end])
    ordered = sorted(sentences)
    kept = [ordered[i] for i in rng.permutation(len(ordered))[:limit]]
    whole = sorted({text for text in replies if sources.normalise(text) not in hidden})
    return kept, [whole[i] for i in rng.permutation(len(whole))[: limit // 6]]


class Student(nn.Module):
    """Two embedding tables, their means side by side, one hidden layer, the heads."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.unigrams = nn.EmbeddingBag(vocabulary, WIDTH, mode="mean")
        self.ngrams = nn.EmbeddingBag(N_BUCKETS, WIDTH, mode="mean")
        nn.init.normal_(self.unigrams.weight, std=0.1)
        nn.init.normal_(self.ngrams.weight, std=0.1)
        self.dropout = nn.Dropout(0.1)
        self.hidden = nn.Linear(2 * WIDTH, HIDDEN)
        self.heads = nn.ModuleDict(
            {h: nn.Linear(HIDDEN, len(labels)) for h, labels in HEADS.items()}
        )

    def forward(
        self, texts: list[NDArray[np.int64]], grams: list[NDArray[np.int64]]
    ) -> torch.Tensor:
        """Return the hidden layer of each text."""
        parts = []
        for table, rows in ((self.unigrams, texts), (self.ngrams, grams)):
            offsets = np.cumsum([0, *map(len, rows)])[:-1]
            parts.append(table(torch.from_numpy(np.concatenate(rows)), torch.from_numpy(offsets)))
        return torch.relu(self.hidden(self.dropout(torch.cat(parts, dim=1))))


def _rows(
    tokenizer: Tokenizer, texts: Sequence[str]
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
    flat, lengths = pieces(tokenizer, texts)
    grams, gram_lengths = ngrams(flat, lengths, N_BUCKETS)
    return (
        np.split(flat, np.cumsum(lengths)[:-1]),
        np.split(grams, np.cumsum(gram_lengths)[:-1]),
    )


def distill(
    texts: Sequence[str],
    targets: dict[str, NDArray[np.float32]],
    tokenizer: Tokenizer,
    *,
    epochs: int,
    seed: int,
    progress: Callable[[int, int, float], None] | None = None,
) -> Student:
    """Return a student fitted to the teacher's probabilities.

    Args:
        texts: Sentences, then whole replies.
        targets: Teacher's probabilities by head, (n, n_labels); rows of NaN are not learnt from.
        tokenizer: Word pieces without padding and truncation.
        epochs: Passes over the texts.
        seed: Seed of weights and batches.
        progress: Called with (step, steps, mean loss so far) now and then.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    student = Student(tokenizer.get_vocab_size())
    unigrams, grams = _rows(tokenizer, texts)
    wanted = {head: torch.from_numpy(p) for head, p in targets.items()}
    optimiser = torch.optim.Adam(student.parameters(), lr=2e-3)
    size = 256
    steps = epochs * -(-len(texts) // size)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: 1.0 - s / steps)
    step, running = 0, 0.0
    student.train()
    for _ in range(epochs):
        order = rng.permutation(len(texts))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            hidden = student([unigrams[i] for i in rows], [grams[i] for i in rows])
            loss = torch.zeros(())
            for head, p in wanted.items():
                target = p[rows]
                known = ~torch.isnan(target[:, 0])
                if known.any():
                    log_q = torch.log_softmax(student.heads[head](hidden[known]), dim=1)
                    share = known.float().mean()
                    loss = loss - share * (target[known] * log_q).sum(1).mean()
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            scheduler.step()
            step += 1
            running += (float(loss.detach()) - running) / min(step, 200)
            if progress is not None and (step % 50 == 0 or step == steps):
                progress(step, steps, running)
    student.eval()
    return student


def teach(
    teacher: Callable[[Sequence[str], Sequence[str]], dict[str, NDArray[np.float32]]],
    sentences: Sequence[str],
    replies: Sequence[str],
) -> tuple[list[str], dict[str, NDArray[np.float32]]]:
    """Return all texts and the teacher's probabilities: sentence heads, then reply heads.

    Args:
        teacher: Probabilities by head, for heads and texts.
        sentences: Texts for the heads that read a sentence.
        replies: Texts for the heads that read a whole reply.
    """
    n = len(sentences) + len(replies)
    targets = {
        h: np.full((n, len(labels)), np.nan, dtype=np.float32) for h, labels in HEADS.items()
    }
    short = [head for head in HEADS if head not in REPLY_HEADS]
    for head, p in teacher(short, sentences).items():
        targets[head][: len(sentences)] = p
    for head, p in teacher(REPLY_HEADS, replies).items():
        targets[head][len(sentences) :] = p
    return [*sentences, *replies], targets


def save(student: Student, path: Path) -> None:
    """Write the student's tables as int8 with one scale a row, its layers as float32."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, table, scale_name in (
        ("unigrams", student.unigrams.weight, "unigram_scale"),
        ("ngrams", student.ngrams.weight, "ngram_scale"),
    ):
        values = table.detach().numpy()
        scale = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-8) / 127.0
        arrays[name] = np.round(values / scale).astype(np.int8)
        arrays[scale_name] = scale.astype(np.float16).astype(np.float32)
    arrays["hidden"] = student.hidden.weight.detach().numpy().T.astype(np.float32)
    arrays["hidden_bias"] = student.hidden.bias.detach().numpy()
    for head, layer in student.heads.items():
        arrays[f"head {head}"] = layer.weight.detach().numpy().T.astype(np.float32)  # type: ignore[union-attr,operator]
        arrays[f"bias {head}"] = layer.bias.detach().numpy()  # type: ignore[union-attr,operator]
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
