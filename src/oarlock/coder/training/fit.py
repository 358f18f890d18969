"""Fitting the multi-task encoder: batches by length, soft and partial targets, one optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from oarlock.coder.pieces import encode_pairs
from oarlock.coder.tasks import HEADS, REPLY_HEADS
from oarlock.coder.training.data import Example
from oarlock.coder.training.model import MultiTaskEncoder


@dataclass(slots=True)
class Item:
    """One input with the targets of all heads that its source labels."""

    text: str
    context: str
    targets: list[Example] = field(default_factory=list)

    @property
    def long(self) -> bool:
        """Whether the input is a whole reply (empathy, summary) rather than a sentence or turn."""
        return any(t.head in REPLY_HEADS for t in self.targets)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to fit.

    Attributes:
        epochs: Passes over the items.
        encoder_rate, head_rate: Peak learning rates, warmed up over a tenth of the steps and
            decayed linearly to zero.
        context_dropout: Share of inputs whose context is hidden, so that the coder works
            without it.
        ema: Decay of the running average of the weights that is kept at the end; 0 for none.
    """

    epochs: int
    encoder_rate: float
    head_rate: float
    batch_size: int = 32
    context_dropout: float = 0.4
    weight_decay: float = 0.01
    ema: float = 0.0
    head_weights: tuple[tuple[str, float], ...] = ()


def merge(examples: Sequence[Example]) -> list[Item]:
    """Return one item per distinct (text, context), so that shared inputs are encoded once."""
    items: dict[tuple[str, str], Item] = {}
    for example in examples:
        key = (example.text, example.context)
        items.setdefault(key, Item(*key)).targets.append(example)
    return list(items.values())


def _batches(items: Sequence[Item], batch_size: int, rng: np.random.Generator) -> list[list[Item]]:
    """Return shuffled batches of items of like length."""
    length = np.array([len(i.text) + (min(len(i.context), 160) if i.context else 0) for i in items])
    noisy = length * rng.uniform(0.85, 1.15, len(items))
    order = np.argsort(noisy, kind="stable")
    result = [
        [items[i] for i in order[k : k + batch_size]] for k in range(0, len(items), batch_size)
    ]
    return [result[k] for k in rng.permutation(len(result))]


def _tensors(batch: list[Item], contexts: list[str], tokenizer: Tokenizer) -> list[Tensor]:
    arrays = encode_pairs(
        tokenizer,
        [item.text for item in batch],
        contexts,
        long=any(item.long for item in batch),
        multiple=8,
    )
    return [torch.from_numpy(array) for array in arrays]


def _loss(logits: tuple[Tensor, ...], batch: list[Item], head_weights: dict[str, float]) -> Tensor:
    total = torch.zeros(())
    for name, output in zip(HEADS, logits, strict=True):
        rows, targets, weights, partial = [], [], [], []
        for row, item in enumerate(batch):
            for target in item.targets:
                if target.head == name:
                    rows.append(row)
                    targets.append(target.target)
                    weights.append(target.weight)
                    partial.append(target.partial)
        if not rows:
            continue
        log_p = torch.log_softmax(output[rows], dim=-1)
        target = torch.tensor(targets)
        soft = -(target * log_p).sum(-1)
        masked = -torch.logsumexp(log_p.masked_fill(target == 0, -1e4), dim=-1)
        loss = torch.where(torch.tensor(partial), masked, soft) * torch.tensor(weights)
        total = total + head_weights.get(name, 1.0) * loss.sum() / len(batch)
    return total


def fit(
    model: MultiTaskEncoder,
    examples: Sequence[Example],
    schedule: Schedule,
    tokenizer: Tokenizer,
    *,
    seed: int,
    progress: Callable[[int, int, float], None] | None = None,
) -> None:
    """Fit the model in place.

    Args:
        model: The encoder with its heads.
        examples: Training examples of any mix of heads.
        schedule: Epochs and rates.
        tokenizer: Word pieces of the base model, without padding or truncation.
        seed: Seed of batches, dropout and hidden contexts.
        progress: Called with (step, steps, mean loss so far) now and then.
    """
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    items = merge(examples)
    encoder = [p for p in model.encoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [
            {"params": encoder, "lr": schedule.encoder_rate},
            {"params": model.heads.parameters(), "lr": schedule.head_rate},
        ],
        weight_decay=schedule.weight_decay,
        fused=True,
    )
    steps = schedule.epochs * math.ceil(len(items) / schedule.batch_size)
    warm_up = max(1, steps // 10)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min((s + 1) / warm_up, max(0.0, (steps - s) / (steps - warm_up + 1)))
    )
    average = {k: v.clone() for k, v in model.state_dict().items()} if schedule.ema else {}
    head_weights = dict(schedule.head_weights)
    model.train()
    step, running = 0, 0.0
    for _ in range(schedule.epochs):
        for batch in _batches(items, schedule.batch_size, rng):
            hidden = rng.random(len(batch)) < schedule.context_dropout
            contexts = ["" if h else i.context for h, i in zip(hidden, batch, strict=True)]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(*_tensors(batch, contexts, tokenizer))
            loss = _loss(logits, batch, head_weights)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(encoder, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            scheduler.step()
            step += 1
            running += (float(loss.detach()) - running) / min(step, 200)
            if schedule.ema:
                decay = min(schedule.ema, step / (step + 10))
                with torch.no_grad():
                    for key, value in model.state_dict().items():
                        if value.is_floating_point():
                            average[key].lerp_(value, 1.0 - decay)
            if progress is not None and (step % 50 == 0 or step == steps):
                progress(step, steps, running)
    if schedule.ema:
        model.load_state_dict(average)
    model.eval()


@torch.no_grad()
def predict(
    model: MultiTaskEncoder,
    head: str,
    texts: Sequence[str],
    contexts: Sequence[str],
    tokenizer: Tokenizer,
    *,
    batch_size: int = 64,
) -> NDArray[np.float64]:
    """Return the (n, n_labels) log-probabilities of one head."""
    model.eval()
    index = list(HEADS).index(head)
    order = np.argsort([len(t) + min(len(c), 160) for t, c in zip(texts, contexts, strict=True)])
    result = np.zeros((len(texts), len(HEADS[head])))
    for k in range(0, len(texts), batch_size):
        rows = order[k : k + batch_size]
        arrays = encode_pairs(
            tokenizer,
            [texts[i] for i in rows],
            [contexts[i] for i in rows],
            long=head in REPLY_HEADS,
            multiple=8,
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(*[torch.from_numpy(a) for a in arrays])[index]
        result[rows] = torch.log_softmax(logits.float(), dim=-1).double().numpy()
    return result
