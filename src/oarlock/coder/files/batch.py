"""Coding of a whole file: in chunks, with flat memory, resumable after an interruption.

The input is read twice: first to check every row, count the rows and take the fingerprint of the
file, so that a fault in the last row is told before hours of coding; then to code. Standard input
is read once, and cannot be resumed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from oarlock import __version__
from oarlock.coder.files.finished import is_done, remember
from oarlock.coder.files.replies import (
    Columns,
    EmptyRows,
    Item,
    Options,
    Survey,
    chunked,
    columns_of,
    find_columns,
    items,
    survey_input,
)
from oarlock.coder.files.rows import COLUMN_TYPES, ReplyCoder, sentence_rows
from oarlock.corpus.reading import STANDARD_INPUT, file_format, read_records
from oarlock.corpus.writing import STANDARD_OUTPUT, ResumableWriter, StreamWriter
from oarlock.errors import UserError


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done.

    Attributes:
        n_replies: Replies of the input that were coded, earlier runs included.
        n_sentences: Rows written.
        n_empty: Rows of the input without text, passed over.
        n_resumed: Replies that an earlier run had done.
        was_done: Whether the output was there, made from the same input in the same way.
    """

    n_replies: int
    n_sentences: int
    n_empty: int
    n_resumed: int
    was_done: bool = False


def code_file(
    source: str,
    out: str,
    options: Options,
    coder: ReplyCoder,
    *,
    resume: bool | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    columns: Columns | None = None,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
    overwrite: bool = True,
) -> Outcome:
    """Code a file sentence by sentence.

    Args:
        source: Path, or "-" for standard input.
        out: Path, or "-" for standard output.
        options: What is coded and what is kept.
        coder: Codes replies.
        resume: True requires an interrupted run, False discards it, None carries on if there is
            one.
        progress: Called with the replies done and their number (None where it is not known).
        columns: The columns of a file, where `find_columns` has found them already.
        stdin: Standard input, for tests.
        stdout: Standard output, for tests.
        overwrite: Whether a finished output may be replaced. One that was made from the same input
            in the same way is left as it is.

    Raises:
        UserError: A fault of the input, found before anything is coded except on standard input;
            an output that cannot be written; an interrupted run with another input or options.
    """
    out_format = _output_format(out, options)
    check_paths(source, out)
    if resume and source == STANDARD_INPUT:
        raise UserError("Standard input cannot be resumed.", remedy="Leave out --resume.")
    survey = None
    if source != STANDARD_INPUT:
        columns = columns or find_columns(source, options)
        survey = survey_input(source, options, columns)
    with read_records(
        source, format=options.format, columns=columns.wanted if columns else None, stdin=stdin
    ) as records:
        columns = columns or columns_of(records, options)
        report = progress or _no_progress
        total = survey.n_replies if survey else None
        types = output_types(columns, options)
        counter = EmptyRows()
        chunks = chunked(items(records, columns, options, counter), options.batch_size)
        if out == STANDARD_OUTPUT:
            stream = StreamWriter(out_format, types, stdout)
            n_sentences = n_done = 0
            for chunk in chunks:
                rows = code_chunk(chunk, coder, options)
                stream.write(rows)
                n_sentences += len(rows)
                n_done += len(chunk)
                report(n_done, total)
            return Outcome(n_done, n_sentences, counter.n, 0)
        formats = (records.format, out_format)
        key = run_key(survey, columns, options, coder.model_version, formats)
        if not overwrite and is_done(Path(out), key):
            return Outcome(total or 0, 0, survey.n_empty if survey else 0, 0, was_done=True)
        with ResumableWriter(
            Path(out), out_format, types, key, resume=resume, begins_again=survey is None
        ) as writer:
            try:
                done = _run(chunks, writer, coder, options, lambda n: report(n, total))
            except (UserError, KeyboardInterrupt):
                if survey is None:
                    writer.discard()
                raise
            n_resumed = done.n_resumed
            writer.finish()
        remember(Path(out), key)
        return Outcome(done.n_replies, writer.position.n_rows, counter.n, n_resumed)


def _no_progress(_done: int, _total: int | None) -> None:
    return


def _run(
    chunks: Iterable[Sequence[Item]],
    writer: ResumableWriter,
    coder: ReplyCoder,
    options: Options,
    report: Callable[[int], None],
) -> Outcome:
    skip = n_done = writer.position.n_records
    if skip:
        report(skip)
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen <= skip:
            continue
        writer.write(code_chunk(chunk, coder, options))
        n_done = seen
        writer.commit(n_done)
        report(n_done)
    return Outcome(n_done, writer.position.n_rows, 0, skip)


def code_chunk(chunk: Sequence[Item], coder: ReplyCoder, options: Options) -> list[dict[str, Any]]:
    """Return the rows of a chunk, one per sentence, in the order of its replies."""
    contexts = [item.context for item in chunk]
    coded = coder.code_many([item.text for item in chunk], contexts if any(contexts) else None)
    return [
        row
        for item, codes in zip(chunk, coded, strict=True)
        for row in sentence_rows(
            item.id, codes, item.kept, item.text if options.with_text else None
        )
    ]


def output_types(columns: Columns, options: Options) -> dict[str, type]:
    """Return type by column of the output, in its order."""
    types = {**COLUMN_TYPES, **dict.fromkeys(columns.kept, str)}
    return {**types, "text": str} if options.with_text else types


def run_key(
    survey: Survey | None,
    columns: Columns,
    options: Options,
    model_version: str,
    formats: tuple[str, str],
) -> dict[str, Any]:
    """Return what the rows of an output depend on; `formats` are those of input and output."""
    return {
        "input": survey.sha256 if survey else None,
        "columns": {**asdict(columns), "kept": list(columns.kept)},
        "--with-text": options.with_text,
        "--skip-empty": options.skip_empty,
        "--batch-size": options.batch_size,
        "input format": formats[0],
        "output format": formats[1],
        "model version": model_version,
        "version of Oarlock": __version__,
    }


def _output_format(out: str, options: Options) -> str:
    if out == STANDARD_OUTPUT:
        return file_format(out, options.out_format or "csv")
    return file_format(out, options.out_format)


def check_paths(source: str, out: str) -> None:
    """Refuse an output that is the input."""
    if source == STANDARD_INPUT or out == STANDARD_OUTPUT:
        return
    if os.path.exists(out) and os.path.exists(source) and os.path.samefile(source, out):
        raise UserError(f"{out} is the input.", remedy="Name another file for the output.")
