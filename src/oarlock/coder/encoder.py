"""The standard tier at run time: an int8 ONNX encoder on the CPU."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from oarlock.coder.pieces import encode_pairs
from oarlock.coder.tasks import HEADS, REPLY_HEADS

#: Texts that one thread takes at a time.
_SHARE = 16
#: Texts that are made into word pieces together, to bound memory.
_TEXTS_AT_A_TIME = 4096


class Encoder:
    """Logits of any head for texts, each text in a run of its own.

    The quantisation scales of a run depend on everything in it: were texts run together, a
    sentence's code would depend on its neighbours. Threads that take single texts are as fast as
    batches here, since nothing is padded.

    Args:
        model: ONNX file.
        tokenizer: Word pieces of the model.
        threads: Texts at a time; by default one per processor core.
    """

    def __init__(self, model: Path, tokenizer: Path, *, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._threads = threads or os.cpu_count() or 1

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
        for start in range(0, len(texts), _TEXTS_AT_A_TIME):
            part = slice(start, start + _TEXTS_AT_A_TIME)
            self._fill(
                {head: result[part] for head, result in results.items()},
                texts[part],
                contexts[part] if contexts is not None else None,
            )
        return results

    def _fill(
        self,
        results: dict[str, NDArray[np.float32]],
        texts: Sequence[str],
        contexts: Sequence[str | None] | None,
    ) -> None:
        """Write the logits of some texts into the rows that are theirs."""
        heads = list(results)
        long = any(head in REPLY_HEADS for head in heads)
        ids, mask, segments = encode_pairs(self._tokenizer, texts, contexts, long=long)
        lengths = mask.sum(1)

        def run(rows: Iterable[int]) -> None:
            for row in rows:
                part, width = slice(row, row + 1), int(lengths[row])
                outputs = self._session.run(
                    heads,
                    {
                        "input_ids": ids[part, :width],
                        "attention_mask": mask[part, :width],
                        "token_type_ids": segments[part, :width],
                    },
                )
                for head, output in zip(heads, outputs, strict=True):
                    results[head][row] = output[0]

        shares = [range(k, min(k + _SHARE, len(texts))) for k in range(0, len(texts), _SHARE)]
        if len(shares) == 1 or self._threads == 1:
            for share in shares:
                run(share)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, shares))
