"""Where a profile comes from: a coded file, or replies that are coded on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from oarlock.codebook import CODES
from oarlock.coder.results import ReplyCodes
from oarlock.errors import UserError
from oarlock.report.coded import (
    MECHANISMS,
    PROBABILITY_COLUMNS,
    ROLE_COLUMNS,
    CodedBuilder,
    CodedSentences,
)

_MECHANISM_NAMES = ("emotional reactions", "interpretations", "explorations")
_BATCH = 256


class ReplyCoder(Protocol):
    """The part of `oarlock.coder.Coder` that codes replies."""

    def code_many(
        self,
        replies: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        batch_size: int | None = None,
    ) -> list[ReplyCodes]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply to be coded.

    Attributes:
        id: Its identifier, unique in the corpus.
        text: What was written.
        context: What it replies to.
        roles: Cells of the role columns that there are: thread_id, supporter_id, group, time.
    """

    id: str
    text: str
    context: str | None
    roles: Mapping[str, str]


def is_coded(columns: Iterable[str]) -> bool:
    """Return whether these are the columns of a file that `oarlock code` wrote."""
    return set(PROBABILITY_COLUMNS) <= set(columns)


def read_coded(
    columns: Sequence[str],
    rows: Iterable[tuple[int, Mapping[str, object]]],
    source: str,
    *,
    roles: Mapping[str, str | None] | None = None,
    with_text: bool = False,
) -> CodedSentences:
    """Return the sentences of a file that `oarlock code` wrote.

    Args:
        columns: Column names of the file.
        rows: Number and cells of each row.
        source: Name of the file, for messages.
        roles: Column by role (thread, supporter, group, time) where it is not the usual one.
        with_text: Keep the text, where the file has it.
    """
    builder = CodedBuilder(columns, source, roles=roles, with_text=with_text)
    for number, row in rows:
        builder.add(number, row)
    return builder.build()


def code_replies(
    coder: ReplyCoder,
    replies: Iterable[Reply],
    source: str,
    *,
    roles: Mapping[str, str | None],
    with_text: bool = False,
    progress: Callable[[int], None] | None = None,
    write: Callable[[Mapping[str, object]], None] | None = None,
) -> CodedSentences:
    """Return the coded sentences of replies.

    Args:
        coder: Codes replies.
        replies: What to code.
        source: Name of the corpus, for messages.
        roles: Column by role, None for a role that the replies do not carry.
        with_text: Keep the text of the sentences.
        progress: Called with the number of replies done so far.
        write: Called with each row, in the columns of `oarlock code`.
    """
    own = [ROLE_COLUMNS[role][0] for role, name in roles.items() if name is not None]
    columns = ["id", *PROBABILITY_COLUMNS, "text", *own]
    builder = CodedBuilder(columns, source, with_text=with_text)
    waiting, number, n_done = iter(replies), 0, 0
    while batch := list(islice(waiting, _BATCH)):
        coded = coder.code_many([one.text for one in batch], [one.context for one in batch])
        for reply, codes in zip(batch, coded, strict=True):
            for row in rows_of(reply, codes):
                number += 1
                builder.add(number, row)
                if write is not None:
                    write({key: value for key, value in row.items() if key != "text"})
        n_done += len(batch)
        if progress is not None:
            progress(n_done)
    return builder.build()


def rows_of(reply: Reply, codes: ReplyCodes) -> Iterator[dict[str, object]]:
    """Return one row per sentence, in the columns of `oarlock code`, with the text."""
    for position, sentence in enumerate(codes.sentences):
        row: dict[str, object] = {
            "id": reply.id,
            "sentence": position,
            "start": sentence.start,
            "end": sentence.end,
            "code": sentence.code,
            "probability": sentence.probability,
        }
        for code, column in zip(CODES, PROBABILITY_COLUMNS, strict=True):
            row[column] = sentence.probabilities[code.name]
        row |= {
            "reliable": sentence.reliable,
            "reason": sentence.reason,
            "summary_probability": codes.summary_probability,
        }
        for column, name in zip(MECHANISMS, _MECHANISM_NAMES, strict=True):
            row[column] = codes.empathy[name].level if name in codes.empathy else None
        row |= {"language": codes.language, "model_version": codes.model_version}
        yield row | dict(reply.roles) | {"text": reply.text[sentence.start : sentence.end]}


def raw_replies(
    rows: Iterable[tuple[int, Mapping[str, object]]],
    source: str,
    *,
    text_column: str,
    id_column: str | None,
    context_column: str | None,
    roles: Mapping[str, str | None],
) -> Iterator[Reply]:
    """Yield the replies of a file that is not coded yet; empty texts are passed over.

    Args:
        rows: Number and cells of each row.
        source: Name of the file, for messages.
        text_column: Column of the replies.
        id_column: Column of identifiers; None numbers the rows.
        context_column: Column of what each reply answers.
        roles: Column by role, None where there is none.

    Raises:
        UserError: An identifier that is empty or occurs twice.
    """
    seen: set[str] = set()
    for number, row in rows:
        text = row.get(text_column)
        if text is None or not str(text).strip():
            continue
        identifier = str(number) if id_column is None else str(row.get(id_column) or "")
        if not identifier or identifier in seen:
            fault = "is empty" if not identifier else "occurs twice"
            raise UserError(
                f"{source}, row {number}, column {id_column!r}: the identifier {fault}.",
                remedy="Give every reply an identifier of its own, or name another --id-column.",
            )
        seen.add(identifier)
        context = row.get(context_column) if context_column else None
        cells = {
            ROLE_COLUMNS[role][0]: "" if row.get(name) is None else str(row[name])
            for role, name in roles.items()
            if name is not None
        }
        yield Reply(identifier, str(text), None if not context else str(context), cells)


def find_roles(columns: Sequence[str], given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the column of each role: the one given, else the first usual name that is there."""
    return {
        role: given.get(role) or next((name for name in names if name in columns), None)
        for role, names in ROLE_COLUMNS.items()
    }
