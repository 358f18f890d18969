"""The cells that a command needs, row by row, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from oarlock.corpus.reading import Records, cell_text


def text_rows(
    records: Records, columns: Iterable[str | None]
) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Yield the number of each row and its cells in `columns`; None where a cell is missing.

    Args:
        records: The rows of a file.
        columns: Names as the file spells them, such as `Records.find` gives; None names none, and
            a column that is not there has no cell.

    Raises:
        UserError: A cell is a list or a table, or holds a NUL character.
    """
    wanted = [column for column in columns if column is not None and column in records.columns]
    for record in records:
        yield record.row, {column: cell_text(record, column, records.name) for column in wanted}
