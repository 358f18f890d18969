"""Rows of Parquet files, a batch at a time, with every damaged page refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from oarlock.corpus.formats import unreadable
from oarlock.corpus.lines import empty
from oarlock.corpus.records import Record, Records, check_header, looks_like_name
from oarlock.errors import UserError

_ROWS_AT_A_TIME = 1024
_REMEDY = "Copy or write the file again."


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> Records:
    """Return the rows of a Parquet file.

    Args:
        path: The file.
        columns: Read only these; all by default.

    Raises:
        UserError: It is no Parquet file, or damaged. A damaged page is refused when the iteration
            reaches it; changed bytes are seen where the file holds checksums of its pages.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = str(path)
    size = path.stat().st_size
    if size == 0:
        raise empty(name)
    # Damaged names of columns are no Arrow error but a UnicodeDecodeError.
    faults = (pa.ArrowException, OSError, ValueError, OverflowError)
    try:
        file = pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
        header = tuple(file.schema_arrow.names)
    except PermissionError as error:
        raise unreadable(name, error) from None
    except faults as error:
        how = "cut short or damaged" if "magic" in str(error).lower() else "damaged"
        raise UserError(f"{name} is not a whole Parquet file ({how}).", remedy=_REMEDY) from None
    check_header(header, name)
    wanted = [column for column in header if columns is None or column in columns]

    def records() -> Iterator[Record]:
        row = 0
        for group in range(file.num_row_groups):
            batches = file.iter_batches(
                _ROWS_AT_A_TIME, row_groups=[group], columns=wanted, use_threads=False
            )
            while True:
                try:
                    batch = next(batches, None)
                except faults:
                    raise UserError(
                        f"{name}, row group {group + 1} of {file.num_row_groups}, after row {row}: "
                        "damaged, or of a kind that cannot be read.",
                        remedy=_REMEDY,
                    ) from None
                if batch is None:
                    break
                for values in _values(batch, f"{name}, row group {group + 1}", row):
                    row += 1
                    yield Record(row, values)

    return Records(name, "parquet", header, size, records(), file.close)


def _values(batch: Any, place: str, n_before: int) -> list[dict[str, Any]]:
    """Rows as Python values: here shows what is no UTF-8, or no date that Python has."""
    import pyarrow as pa

    columns = {}
    for column, values in zip(batch.schema.names, batch.columns, strict=True):
        try:
            columns[column] = values.to_pylist()
        except (pa.ArrowException, ValueError, KeyError, ArithmeticError) as error:
            shown = f"column {column!r}" if looks_like_name(column) else "a column"
            what = "not UTF-8" if isinstance(error, UnicodeDecodeError) else "cannot be read"
            raise UserError(
                f"{place}, rows {n_before + 1} to {n_before + len(batch)}, {shown}: a value that "
                f"is {what}.",
                remedy=f"{_REMEDY} Write the column as text.",
            ) from None
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
