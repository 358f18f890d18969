"""Where a profile comes from: a coded file, or replies that are coded on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from oarlock.coder.files.batch import code_chunk
from oarlock.coder.files.replies import BATCH_SIZE, Item, Options, chunked
from oarlock.coder.files.rows import PROBABILITY_COLUMNS, ReplyCoder
from oarlock.errors import UserError
from oarlock.report.coded import CodedBuilder, CodedSentences


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
    replies: Iterable[Item],
    source: str,
    *,
    roles: Mapping[str, str | None] | None = None,
    with_text: bool = False,
    progress: Callable[[int], None] | None = None,
    write: Callable[[Sequence[Mapping[str, Any]]], None] | None = None,
) -> CodedSentences:
    """Return the coded sentences of replies: what coding them to a file and reading it gives.

    Args:
        coder: Codes replies.
        replies: What to code.
        source: Name of the corpus, for messages.
        roles: Column by role among those that the replies keep, where it is not the usual one.
        with_text: Keep the text of the sentences.
        progress: Called with the number of replies done so far.
        write: Called with the rows of each chunk, as `oarlock code` writes them.
    """
    options = Options(with_text=with_text)
    builder: CodedBuilder | None = None
    n_rows = n_done = 0
    for chunk in chunked(replies, BATCH_SIZE):
        rows = code_chunk(chunk, coder, options)
        for row in rows:
            if builder is None:
                builder = CodedBuilder(row, source, roles=roles, with_text=with_text)
            n_rows += 1
            builder.add(n_rows, row)
        if write is not None:
            write(rows)
        n_done += len(chunk)
        if progress is not None:
            progress(n_done)
    if builder is None:
        raise UserError(f"{source} has no replies.", remedy="Give a file with replies.")
    return builder.build()
