"""The instrument: from a reply to its MI behaviours, sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from oarlock.coder.language import UNKNOWN, language_of, may_be_english, words
from oarlock.coder.miti import expected_counts
from oarlock.coder.results import (
    EmpathyLevel,
    ReplyCodes,
    SeekerTalk,
    SentenceCode,
    Talk,
    TalkSentence,
)
from oarlock.coder.sentences import split
from oarlock.coder.tasks import CODE_LABELS, FAMILY_INDEX, MECHANISMS, REPLY_HEADS, TASKS
from oarlock.coder.weights import Weights, load_weights
from oarlock.errors import OarlockError, UserError

#: Heads that were trained with what precedes the text; the others read the text alone.
CONTEXT_HEADS = frozenset({"behaviour", "question", "reflection", "talk", *REPLY_HEADS})


class Predictor(Protocol):
    """What a tier provides."""

    def logits(
        self,
        heads: Sequence[str],
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """Return (n, n_labels) logits by head."""
        ...


class Coder:
    """Codes replies and seeker texts with one tier of the shipped weights.

    Args:
        predictor: Logits of the tier.
        weights: Calibration and version of the tier.
    """

    def __init__(self, predictor: Predictor, weights: Weights) -> None:
        self._predictor = predictor
        self._weights = weights

    @classmethod
    def load(
        cls, tier: str = "standard", *, folder: str | Path | None = None, threads: int | None = None
    ) -> Self:
        """Return a coder with the weights of a tier.

        Args:
            tier: "standard" (int8 encoder) or "fast" (static embeddings, for very large corpora).
            folder: Weights of your own training instead of the shipped ones.
            threads: Processor threads; by default as many as there are cores.

        Raises:
            UserError: There is no such tier, or its files are missing or damaged.
        """
        weights = load_weights(tier, Path(folder) if folder is not None else None)
        predictor: Predictor
        if tier == "standard":
            from oarlock.coder.encoder import Encoder

            predictor = Encoder(
                weights.files["standard.onnx"], weights.files["tokenizer.json"], threads=threads
            )
        else:
            from oarlock.coder.fast import StaticEmbeddings

            predictor = StaticEmbeddings(weights.files["fast.npz"], weights.files["tokenizer.json"])
        return cls(predictor, weights)

    @property
    def model_version(self) -> str:
        """Tier and release of the weights, to be stored beside every prediction."""
        return self._weights.version

    @property
    def tier(self) -> str:
        """Name of the tier."""
        return self._weights.tier

    @staticmethod
    def labels(task: str) -> tuple[str, ...]:
        """Return the labels of a task in the order of its probabilities.

        Raises:
            UserError: There is no such task.
        """
        if task not in TASKS:
            raise UserError(
                f"There is no task {task!r}.", remedy=f"Choose one of: {', '.join(TASKS)}."
            )
        return TASKS[task]

    def predict(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        task: str = "codes",
    ) -> NDArray[np.float32]:
        """Return calibrated probabilities of texts taken whole (no sentence splitting).

        Args:
            texts: n texts.
            contexts: What precedes each text; used by the tasks that were trained with it.
            task: A key of `oarlock.coder.tasks.TASKS`.

        Returns:
            (n, n_labels) float32, rows sum to 1, labels in the order of `labels(task)`.

        Raises:
            UserError: There is no such task.
            OarlockError: `contexts` has another length than `texts`.
        """
        self.labels(task)
        _check_texts(texts, contexts)
        if task == "families":
            codes = self._probabilities(["codes"], texts, None)["codes"]
            return np.stack([codes[:, i].sum(1) for i in FAMILY_INDEX.values()], axis=1)
        return self._probabilities([task], texts, contexts)[task]

    def decide(self, probabilities: NDArray[np.floating], task: str = "codes") -> NDArray[np.int64]:
        """Return the index of each row's label among `labels(task)`.

        Not always the most probable label: rare ones are favoured a little, as tuned on held-out
        human labels for accuracy and macro-F1 together.

        Args:
            probabilities: (n, n_labels) from `predict`.
            task: The task that they are of.
        """
        self.labels(task)
        if task == "families":
            return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)
        return self._weights.calibration[task].decide(probabilities)

    def _probabilities(
        self,
        heads: Sequence[str],
        texts: Sequence[str],
        contexts: Sequence[str | None] | None,
    ) -> dict[str, NDArray[np.float32]]:
        used = contexts if any(head in CONTEXT_HEADS for head in heads) else None
        logits = self._predictor.logits(heads, texts, used)
        return {head: self._weights.calibration[head].probabilities(logits[head]) for head in heads}

    def code(self, reply: str, context: str | None = None) -> ReplyCodes:
        """Return the codes of one reply.

        Args:
            reply: What a supporter wrote.
            context: What the seeker wrote; empathy and Summary are read against it.
        """
        return self.code_many([reply], [context])[0]

    def code_many(
        self,
        replies: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        batch_size: int | None = None,
    ) -> list[ReplyCodes]:
        """Return the codes of many replies, in their order.

        Args:
            replies: What supporters wrote.
            contexts: What the seekers wrote, None where unknown.
            batch_size: Replies at a time, to bound memory; by default all of them.
        """
        _check_texts(replies, contexts)
        step = batch_size or max(1, len(replies))
        results: list[ReplyCodes] = []
        for start in range(0, len(replies), step):
            results += self._code_batch(
                replies[start : start + step],
                contexts[start : start + step] if contexts is not None else None,
            )
        return results

    def _code_batch(
        self, replies: Sequence[str], contexts: Sequence[str | None] | None
    ) -> list[ReplyCodes]:
        bounds = [_sentences(reply) for reply in replies]
        texts = [reply[a:b] for reply, pairs in zip(replies, bounds, strict=True) for a, b in pairs]
        codes = self._probabilities(["codes"], texts, None)["codes"]
        decided = self.decide(codes)
        whole = self._probabilities(REPLY_HEADS, replies, contexts)
        levels = {head: self.decide(whole[head], head) for head in MECHANISMS}
        results: list[ReplyCodes] = []
        first = 0
        for index, (reply, pairs) in enumerate(zip(replies, bounds, strict=True)):
            language = language_of(reply)
            sentences = tuple(
                self._sentence(
                    a, b, reply[a:b], codes[first + k], int(decided[first + k]), language
                )
                for k, (a, b) in enumerate(pairs)
            )
            first += len(pairs)
            is_read = any(sentence.reason != "language" for sentence in sentences)
            results.append(
                ReplyCodes(
                    text_length=len(reply),
                    sentences=sentences,
                    summary_probability=float(whole["summary"][index, 1]) if is_read else 0.0,
                    empathy={
                        name: _level(int(levels[head][index]), whole[head][index])
                        for head, name in MECHANISMS.items()
                        if is_read
                    },
                    language=language,
                    model_version=self.model_version,
                )
            )
        return results

    def _sentence(
        self, start: int, end: int, text: str, p: NDArray[np.float32], best: int, language: str
    ) -> SentenceCode:
        reason = self._reason(text, language, CODE_LABELS[best], float(p[best]))
        if reason == "language":
            # No guess is made: "Other", and no more confidence than chance.
            p = np.full(len(CODE_LABELS), 1 / len(CODE_LABELS), dtype=np.float32)
            best = CODE_LABELS.index("Other")
        return SentenceCode(
            start=start,
            end=end,
            code=CODE_LABELS[best],
            probability=float(p[best]),
            probabilities=dict(zip(CODE_LABELS, map(float, p), strict=True)),
            reliable=reason is None,
            reason=reason,
        )

    def _reason(self, text: str, language: str, code: str, probability: float) -> str | None:
        """Return why a sentence's code is not to be relied on, or None."""
        if not words(text):
            return "no words"
        if _foreign(text, language):
            return "language"
        if code in self._weights.unreliable_codes:
            return "rare code"
        if probability < self._weights.uncertain_below:
            return "uncertain"
        return None

    def code_sentences(
        self,
        reply: str,
        *,
        predict: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
    ) -> tuple[SentenceCode, ...]:
        """Return the codes of a reply's sentences, without empathy and Summary.

        Args:
            reply: What a supporter wrote.
            predict: Gives the (n, 15) probabilities of sentences in place of `self.predict`, for
                whoever keeps those of sentences that were coded before.
        """
        _check_texts([reply], None)
        bounds = _sentences(reply)
        if not bounds:
            return ()
        p = (predict or self.predict)([reply[a:b] for a, b in bounds])
        language = language_of(reply)
        return tuple(
            self._sentence(a, b, reply[a:b], row, int(best), language)
            for (a, b), row, best in zip(bounds, p, self.decide(p), strict=True)
        )

    def talk(self, text: str, context: str | None = None) -> SeekerTalk:
        """Return change, sustain and neutral talk in what a seeker wrote.

        Args:
            text: What the seeker wrote.
            context: What a supporter said before it.
        """
        return self.talk_many([text], [context])[0]

    def talk_many(
        self, texts: Sequence[str], contexts: Sequence[str | None] | None = None
    ) -> list[SeekerTalk]:
        """Return the talk of many seeker texts, in their order."""
        _check_texts(texts, contexts)
        bounds = [_sentences(text) for text in texts]
        pieces = [text[a:b] for text, pairs in zip(texts, bounds, strict=True) for a, b in pairs]
        before: list[str | None] = []
        for index, pairs in enumerate(bounds):
            before += [contexts[index] if contexts is not None else None] * len(pairs)
        p = self._probabilities(["talk"], pieces, before)["talk"]
        decided = self.decide(p, "talk")
        results, first = [], 0
        for text, pairs in zip(texts, bounds, strict=True):
            rows = slice(first, first + len(pairs))
            first = rows.stop
            results.append(self._talk(text, pairs, p[rows], decided[rows]))
        return results

    def _talk(
        self,
        text: str,
        pairs: Sequence[tuple[int, int]],
        p: NDArray[np.float32],
        decided: NDArray[np.int64],
    ) -> SeekerTalk:
        language = language_of(text)
        labels = TASKS["talk"]
        sentences, read = [], []
        for (a, b), row, label in zip(pairs, p, decided, strict=True):
            reason = None
            if not words(text[a:b]):
                reason = "no words"
            elif _foreign(text[a:b], language):
                reason = "language"
                row = np.full(len(labels), 1 / len(labels), dtype=np.float32)
            if reason != "language":
                read.append(row)
            best = int(label) if reason is None else labels.index("neutral")
            sentences.append(
                TalkSentence(
                    start=a,
                    end=b,
                    talk=cast(Talk, labels[best]),
                    probability=float(row[best]),
                    probabilities=dict(zip(labels, map(float, row), strict=True)),
                    reliable=reason is None,
                    reason=reason,
                )
            )
        counts = expected_counts(np.array(read).reshape(-1, len(labels)), labels)
        return SeekerTalk(tuple(sentences), counts, language, self.model_version)


def _check_texts(texts: Sequence[str], contexts: Sequence[str | None] | None) -> None:
    """Refuse what is not text, naming its place, and contexts of another number."""
    if isinstance(texts, str):
        raise UserError(
            "A single text was given where a list of texts is due.", remedy="Use [text]."
        )
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise UserError(
                f"Text {place} (from 0) is no text but {type(text).__name__}.",
                remedy="Drop missing rows first: frame.dropna(subset=[column]).",
            )
    if contexts is not None and len(contexts) != len(texts):
        raise OarlockError(f"{len(texts)} texts came with {len(contexts)} contexts.")
    for place, context in enumerate(contexts if contexts is not None else ()):
        if context is not None and not isinstance(context, str):
            raise UserError(
                f"Context {place} (from 0) is no text but {type(context).__name__}.",
                remedy="Give None where there is no context.",
            )


def _sentences(text: str) -> list[tuple[int, int]]:
    """Return the trimmed half-open bounds of sentences that hold more than white space."""
    return [(a, b) for a, b in (span.strip(text) for span in split(text)) if b > a]


def _foreign(text: str, reply_language: str) -> bool:
    """Whether a sentence is not English, on its own or, where it is short, by its reply.

    Where neither tells, a sentence without a frequent English word is not taken for English.
    """
    own = language_of(text)
    if own == UNKNOWN:
        own = reply_language
    return own != "en" and (own != UNKNOWN or not may_be_english(text))


def _level(level: int, p: NDArray[np.float32]) -> EmpathyLevel:
    return EmpathyLevel(level, (float(p[0]), float(p[1]), float(p[2])))
