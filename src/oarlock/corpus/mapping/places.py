"""Where the rows of a mapping lie: a folder of files, a DuckDB or SQLite file, another database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa

from oarlock.corpus.engine import literal, name
from oarlock.errors import UserError, how_to_install

N_ROWS: Final = 20_000
"""Rows that are taken from a database at a time."""
_FILES: Final = {".csv": "read_csv", ".tsv": "read_csv", ".parquet": "read_parquet"}
_IN_A_FILE: Final = ("duckdb", "sqlite")
_SQLITE: Final = b"SQLite format 3\x00"


class Place(Protocol):
    """A source: what tables it has, and how DuckDB reads one."""

    shown: str

    def tables(self) -> Mapping[str, Mapping[str, str]]:
        """Return the columns of each table, with their types in the words of the source."""

    def relation(self, table: str, columns: Sequence[str]) -> str:
        """Return SQL that yields these columns of a table, once."""


@contextmanager
def open_place(connection: Any, source: str) -> Iterator[Place]:
    """Yield a source for a DuckDB connection.

    Raises:
        UserError: It is not there or cannot be opened; names no secret.
    """
    kind, _, rest = source.rpartition("://")
    if kind and kind not in _IN_A_FILE:
        place: Place = _Database(connection, source)
        yield place
        return
    path = Path(rest)
    if not path.exists():
        raise UserError(f"{path}: there is no such file or folder.", remedy="Check the path.")
    if path.is_dir() or path.suffix.lower() in _FILES:
        yield _Files(connection, path)
        return
    with path.open("rb") as stream:
        first = stream.read(len(_SQLITE))
    if first == _SQLITE:
        # DuckDB takes its batches in threads of its own, one after another.
        with closing(
            sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
        ) as database:
            yield _Sqlite(connection, database, path)
        return
    import duckdb

    try:
        connection.execute(f"ATTACH {literal(path)} AS source_file (READ_ONLY)")
    except duckdb.Error:
        raise UserError(
            f"{path} is neither CSV, TSV nor Parquet, nor a database of SQLite or DuckDB.",
            remedy="Name one of these, a folder of them, or the address of a database.",
        ) from None
    yield _Duckdb(connection, path)


class _Files:
    """Files of one folder; a table is the name of a file without its ending."""

    def __init__(self, connection: Any, path: Path) -> None:
        self.shown = str(path)
        self._connection = connection
        found = sorted(path.iterdir()) if path.is_dir() else [path]
        self._paths = {one.stem: one for one in found if one.suffix.lower() in _FILES}
        if not self._paths:
            raise UserError(
                f"{path} holds no CSV, TSV or Parquet file.", remedy="Name another folder."
            )

    def _reader(self, table: str) -> str:
        path = self._paths[table]
        if path.suffix.lower() == ".parquet":
            return f"read_parquet({literal(path)})"
        # Types are settled by the mapping, not guessed from the first rows.
        return f"read_csv({literal(path)}, header = true, all_varchar = true)"

    def tables(self) -> Mapping[str, Mapping[str, str]]:
        return {
            table: _described(self._connection, f"SELECT * FROM {self._reader(table)}")
            for table in self._paths
        }

    def relation(self, table: str, columns: Sequence[str]) -> str:
        return f"SELECT {', '.join(map(name, columns))} FROM {self._reader(table)}"


class _Duckdb:
    def __init__(self, connection: Any, path: Path) -> None:
        self.shown = str(path)
        self._connection = connection

    def tables(self) -> Mapping[str, Mapping[str, str]]:
        found = self._connection.sql(
            "SELECT table_name t FROM information_schema.tables "
            "WHERE table_catalog = 'source_file' ORDER BY 1"
        ).fetchall()
        return {
            table: _described(self._connection, f"SELECT * FROM source_file.{name(table)}")
            for (table,) in found
        }

    def relation(self, table: str, columns: Sequence[str]) -> str:
        return f"SELECT {', '.join(map(name, columns))} FROM source_file.{name(table)}"


class _Sqlite:
    """Read by a cursor, as text: a column of SQLite may hold anything."""

    def __init__(self, connection: Any, database: sqlite3.Connection, path: Path) -> None:
        self.shown = str(path)
        self._connection = connection
        self._database = database

    def tables(self) -> Mapping[str, Mapping[str, str]]:
        found = self._database.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY 1"
        ).fetchall()
        return {
            table: {
                row[1]: row[2]
                for row in self._database.execute(f"PRAGMA table_info({name(table)})")
            }
            for (table,) in found
        }

    def relation(self, table: str, columns: Sequence[str]) -> str:
        schema = pa.schema([(column, pa.string()) for column in columns])

        def batches() -> Iterator[pa.RecordBatch]:
            cursor = self._database.execute(
                f"SELECT {', '.join(map(name, columns))} FROM {name(table)}"
            )
            while rows := cursor.fetchmany(N_ROWS):
                cells = zip(*rows, strict=True)
                arrays = [
                    pa.array([None if c is None else str(c) for c in column], pa.string())
                    for column in cells
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

        return _registered(self._connection, pa.RecordBatchReader.from_batches(schema, batches()))


class _Database:
    """Any database that Ibis reads, in batches."""

    def __init__(self, connection: Any, address: str) -> None:
        try:
            import ibis
        except ModuleNotFoundError as error:
            raise UserError(
                f"A database needs the package {error.name}, which is not installed.",
                remedy=how_to_install("research"),
            ) from None
        self.shown = address.partition("://")[0] + "://…"
        self._connection = connection
        try:
            self._database = ibis.connect(address)
        except ModuleNotFoundError as error:
            raise UserError(
                f"{self.shown} needs the package {error.name}, which is not installed.",
                remedy=f"pip install {error.name}",
            ) from None
        # Every driver has errors of its own, and their words can hold the address.
        except Exception as error:  # noqa: BLE001
            raise UserError(
                f"{self.shown}: the database does not let us in ({type(error).__name__}).",
                remedy="Check address, user and password; write secrets as $NAME.",
            ) from None

    def tables(self) -> Mapping[str, Mapping[str, str]]:
        return {
            table: {c: str(t) for c, t in self._database.table(table).schema().items()}
            for table in sorted(self._database.list_tables())
        }

    def relation(self, table: str, columns: Sequence[str]) -> str:
        source = self._database.table(table)
        # Ids of types of their own, such as UUIDs, come as objects that Arrow does not know.
        cells = [
            source[column] if _is_plain(source[column].type()) else source[column].cast("string")
            for column in columns
        ]
        rows = source.select(*(cell.name(c) for cell, c in zip(cells, columns, strict=True)))
        return _registered(self._connection, rows.to_pyarrow_batches(chunk_size=N_ROWS))


def _is_plain(kind: Any) -> bool:
    plain = (
        kind.is_string(), kind.is_boolean(), kind.is_integer(), kind.is_floating(),
        kind.is_timestamp(), kind.is_date(),
    )  # fmt: skip
    return any(plain)


def _registered(connection: Any, reader: pa.RecordBatchReader) -> str:
    """Make a stream known to DuckDB; it can be read once."""
    connection.register("incoming", reader)
    return "SELECT * FROM incoming"


def _described(connection: Any, query: str) -> dict[str, str]:
    import duckdb

    try:
        found = connection.sql(f"DESCRIBE {query}").to_arrow_table().to_pylist()
    except duckdb.Error as error:
        raise UserError(
            f"A table of the source cannot be read ({type(error).__name__}).",
            remedy="Open the file and check it; a CSV needs a header and the same commas in "
            "every row.",
        ) from None
    return {row["column_name"]: row["column_type"] for row in found}


def refuse_unknown(place: Place, wanted: Mapping[str, Sequence[str]]) -> None:
    """Refuse a mapping that names what the source does not have.

    Args:
        place: The source.
        wanted: Columns by table of the source.

    Raises:
        UserError: Names the table or column, and what is like it.
    """
    there = place.tables()
    for table, columns in wanted.items():
        if table not in there:
            raise _lacks(f"{place.shown} has no table {table!r}", table, list(there))
        for column in columns:
            if column not in there[table]:
                raise _lacks(
                    f"{place.shown}, table {table!r}: no column {column!r}",
                    column,
                    list(there[table]),
                )


def _lacks(what: str, wanted: str, there: list[str]) -> UserError:
    close = get_close_matches(wanted, there, 1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return UserError(f"{what}.{hint}", remedy=f"It has: {', '.join(there)}.")
