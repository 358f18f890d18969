"""The standard tier at run time: an int8 ONNX encoder on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from oarlock.coder.pieces import encode_pairs
from oarlock.coder.tasks import HEADS, REPLY_HEADS

#: Word pieces in one run: short sentences share a run, long replies go nearly alone.
_PIECES_PER_RUN = 1024


class Encoder:
    """Logits of any head for texts, in batches of like length."""

    def __init__(self, model: Path, tokenizer: Path, *, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3
        if threads is not None:
            options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def logits(
        self,
        heads: Sequence[str],
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """Return (n, n_labels) logits by head, in the order of the texts."""
        results = {
            head: np.zeros((len(texts), len(HEADS[head])), dtype=np.float32) for head in heads
        }
        if not texts:
            return results
        long = any(head in REPLY_HEADS for head in heads)
        ids, mask, segments = encode_pairs(self._tokenizer, texts, contexts, long=long)
        lengths = mask.sum(1)
        order = np.argsort(lengths, kind="stable")
        start = 0
        while start < len(order):
            # Grow the run while its padded size stays within bounds.
            stop = start + 1
            while (
                stop < len(order)
                and (stop + 1 - start) * int(lengths[order[stop]]) <= _PIECES_PER_RUN
            ):
                stop += 1
            rows = order[start:stop]
            width = int(lengths[rows[-1]])
            outputs = self._session.run(
                list(heads),
                {
                    "input_ids": ids[rows, :width],
                    "attention_mask": mask[rows, :width],
                    "token_type_ids": segments[rows, :width],
                },
            )
            for head, output in zip(heads, outputs, strict=True):
                results[head][rows] = output
            start = stop
        return results
