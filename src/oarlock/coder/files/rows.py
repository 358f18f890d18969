"""Coded sentences as rows: the columns that `oarlock code` writes, in every format and engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from oarlock.codebook import CODES
from oarlock.coder.results import ReplyCodes

DECIMALS = 6
"""Probabilities are rounded to this many decimals."""

PROBABILITY_COLUMNS = tuple(f"p_{code.abbreviation}" for code in CODES)
MECHANISM_COLUMNS = {"er": "emotional reactions", "ip": "interpretations", "ex": "explorations"}
COLUMN_TYPES: Mapping[str, type] = {
    "id": str,
    "sentence": int,
    "start": int,
    "end": int,
    "code": str,
    "probability": float,
    **dict.fromkeys(PROBABILITY_COLUMNS, float),
    "reliable": bool,
    "reason": str,
    "summary_probability": float,
    **dict.fromkeys(MECHANISM_COLUMNS, int),
    "language": str,
    "model_version": str,
}
"""Type by column, in the order of the output; columns passed through follow, as text."""

PASSED_THROUGH = ("thread_id", "post_id", "supporter_id", "group", "time", "created_at")
"""Columns of the input that the output keeps where they are there."""


class ReplyCoder(Protocol):
    """The part of `oarlock.coder.Coder` that codes replies."""

    @property
    def model_version(self) -> str: ...

    def code_many(
        self,
        replies: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        batch_size: int | None = None,
    ) -> list[ReplyCodes]: ...


def sentence_rows(
    identifier: str,
    codes: ReplyCodes,
    kept: Mapping[str, str | None],
    text: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield one row per sentence of a reply.

    Of a reply without an English sentence nothing was read, so it has no Summary and no empathy.

    Args:
        identifier: Of the reply.
        codes: What the coder says of it.
        kept: Cells that are passed through.
        text: The reply, where its sentences are to be written out.
    """
    was_read = any(sentence.reason != "language" for sentence in codes.sentences)
    same = {
        "summary_probability": round(codes.summary_probability, DECIMALS) if was_read else None,
        **{
            column: codes.empathy[name].level if name in codes.empathy else None
            for column, name in MECHANISM_COLUMNS.items()
        },
        "language": codes.language,
        "model_version": codes.model_version,
        **kept,
    }
    for number, sentence in enumerate(codes.sentences):
        row = {
            "id": identifier,
            "sentence": number,
            "start": sentence.start,
            "end": sentence.end,
            "code": sentence.code,
            "probability": round(sentence.probability, DECIMALS),
            **{
                column: round(sentence.probabilities[code.name], DECIMALS)
                for column, code in zip(PROBABILITY_COLUMNS, CODES, strict=True)
            },
            "reliable": sentence.reliable,
            "reason": sentence.reason,
            **same,
        }
        if text is not None:
            row["text"] = text[sentence.start : sentence.end]
        yield row
