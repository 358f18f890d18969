"""Opens a corpus folder as Ibis tables on DuckDB or Spark, and keeps what was computed on disk.

Every optional table and column of the corpus may be missing. It is then there, empty or missing
throughout, so that one expression serves every corpus; `Corpus.lacks` says why.

Times are whole seconds since 1970 in UTC, so that both engines compare them alike and nothing
depends on a session's time zone. Two things within one second count as simultaneous.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from oarlock.corpus.schema import TABLES, Column
from oarlock.errors import UserError

ENGINES: Final = ("duckdb", "spark")

#: Without these there is no study.
_NEEDED: Final = {"posts": ("post_id", "text"), "replies": ("reply_id", "post_id", "text")}


@dataclass(frozen=True, slots=True)
class Corpus:
    """The tables of one corpus on one engine.

    Attributes:
        folder: Where its Parquet files lie.
        engine: "duckdb" or "spark".
        backend: The Ibis backend.
        tables: Every table that a study may ask for; times in seconds since 1970, UTC.
        present: Columns that hold something, by table.
        temp_folder: Where the engine spills.
        memory_limit: What the engine may take, as it writes it ("4GB").
    """

    folder: Path
    engine: str
    backend: Any
    tables: Mapping[str, Any]
    present: Mapping[str, frozenset[str]]
    temp_folder: Path
    memory_limit: str
    _sizes: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Return the Ibis table of a name."""
        return self.tables[name]

    def n_rows(self, name: str) -> int:
        """Return the rows of a table, 0 where it is absent."""
        return self._sizes.get(name, 0)

    def lacks(self, *needs: str) -> str:
        """Return why something cannot be computed, "" where it can.

        Args:
            needs: "table" or "table.column", all of them needed; "a|b" for one of both.
        """
        reasons = []
        for need in needs:
            missing = [reason for one in need.split("|") if (reason := self._lack(one))]
            if len(missing) == len(need.split("|")):
                reasons.append(" and ".join(missing))
        return "; ".join(reasons)

    def _lack(self, need: str) -> str:
        table, _, column = need.partition(".")
        if table not in self.present:
            return f"the corpus has no table {table}"
        if not self.n_rows(table):
            return f"the table {table} is empty"
        if column and column not in self.present[table]:
            return f"{table}.{column} is missing throughout"
        return ""

    def batches(self, name: str, columns: list[str], rows: int = 16_384) -> Any:
        """Yield Arrow record batches of a table, whatever the engine."""
        return (
            pads.dataset(self.folder / f"{name}.parquet")
            .scanner(columns, batch_size=rows)
            .to_batches()
        )

    def read(self, path: Path) -> Any:
        """Return an Ibis table of Parquet: a file, or a folder of files."""
        if self.engine == "spark":
            return self.backend.read_parquet(str(path))
        return self.backend.read_parquet(str(path / "*.parquet") if path.is_dir() else str(path))

    def keep(self, expression: Any, path: Path) -> Any:
        """Write an expression to a Parquet folder, or take it from there, and return its table.

        What an interrupted run left half-written is made again.
        """
        if not path.exists():
            self._write(expression, path, "")
        return self.read(path)

    def keep_parts(self, expression: Any, path: Path, part: str) -> None:
        """Write an expression into one folder per value of a column, as `path/part=value/`."""
        if not path.exists():
            self._write(expression, path, part)

    def _write(self, expression: Any, path: Path, part: str) -> None:
        half = path.with_name(path.name + ".half")
        shutil.rmtree(half, ignore_errors=True)
        if self.engine == "spark":
            frame = self.backend._session.sql(ibis.to_sql(expression, dialect="pyspark"))
            writer = frame.repartition(part).write.partitionBy(part) if part else frame.write
            writer.parquet(str(half))
        else:
            half.mkdir(parents=True)
            place = str(half if part else half / "part.parquet").replace("'", "''")
            how = f", PARTITION_BY ({part}), OVERWRITE_OR_IGNORE" if part else ""
            sql = self.backend.compile(expression)
            self.backend.raw_sql(f"COPY ({sql}) TO '{place}' (FORMAT parquet{how})").fetchall()
        os.replace(half, path)


def open_corpus(
    folder: Path | str,
    engine: str = "duckdb",
    memory_limit: str = "4GB",
    temp_folder: Path | str | None = None,
    threads: int | None = None,
) -> Corpus:
    """Return the tables of a corpus folder as Ibis expressions; nothing is read yet.

    Args:
        folder: Parquet files, one per table.
        engine: "duckdb" (one machine, larger than memory) or "spark".
        memory_limit: What the engine may take before it spills to disk.
        temp_folder: Where it spills; by default beside the corpus, in `.spill`.
        threads: Threads of the engine; by default one per core.

    Raises:
        UserError: No such engine or folder; a needed table or column is missing or damaged.
    """
    folder = Path(folder)
    if engine not in ENGINES:
        raise UserError(
            f"There is no engine {engine!r}.", remedy=f"Use one of: {', '.join(ENGINES)}."
        )
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder.", remedy="Name the folder of a corpus.")
    spill = Path(temp_folder) if temp_folder else folder / ".spill"
    backend = _connect(engine, memory_limit, spill, threads)
    tables, present, sizes = {}, {}, {}
    for name, columns in TABLES.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            if name in _NEEDED:
                raise UserError(f"{path}: not found.", remedy="A corpus needs posts and replies.")
            tables[name] = _typed(_empty(columns), columns)
            continue
        there, n_rows = _look(path)
        sizes[name] = n_rows
        if lost := [c for c in _NEEDED.get(name, ()) if c not in there]:
            raise UserError(
                f"{path}: the column {lost[0]} is missing.", remedy="See `oarlock corpus map`."
            )
        present[name] = frozenset(c for c, n in there.items() if n)
        tables[name] = _typed(_read(backend, engine, path), columns)
    return Corpus(folder, engine, backend, tables, present, spill, memory_limit, sizes)


def _connect(engine: str, memory_limit: str, spill: Path, threads: int | None) -> Any:
    if engine == "duckdb":
        spill.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"memory_limit": memory_limit, "temp_directory": str(spill)}
        if threads:
            options["threads"] = threads
        backend = ibis.duckdb.connect(**options)
        # Order of rows is no fact of the corpus, and keeping it costs memory.
        backend.raw_sql("SET preserve_insertion_order = false")
        return backend
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise UserError(
            "The engine spark needs pyspark, which is not installed.",
            remedy="Install oarlock[research,spark], or use the engine duckdb.",
        ) from None
    session = (
        SparkSession.builder.appName("oarlock study")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.local.dir", str(spill))
        .config("spark.driver.memory", memory_limit.replace("GB", "g").replace("MB", "m"))
        .getOrCreate()
    )
    return ibis.pyspark.connect(session)


def _read(backend: Any, engine: str, path: Path) -> Any:
    try:
        return backend.read_parquet(str(path))
    except Exception as error:  # noqa: BLE001
        # Each engine has errors of its own; all mean that the file cannot be read.
        raise UserError(
            f"{path}: {engine} cannot read it ({type(error).__name__}).", remedy="Import it again."
        ) from None


def _look(path: Path) -> tuple[dict[str, int], int]:
    """Return how many values each column of a file or folder holds, and the number of rows."""
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    counts: dict[str, int] = {}
    n_rows = 0
    for file in files:
        try:
            meta = pq.ParquetFile(file).metadata
        except (pa.ArrowException, OSError) as error:
            raise UserError(
                f"{file}: damaged ({type(error).__name__}).", remedy="Import it again."
            ) from None
        n_rows += meta.num_rows
        for group in range(meta.num_row_groups):
            row_group = meta.row_group(group)
            for place in range(row_group.num_columns):
                column = row_group.column(place)
                name = column.path_in_schema.partition(".")[0]
                known = column.statistics is not None and column.statistics.has_null_count
                n_null = column.statistics.null_count if known else 0
                counts[name] = counts.get(name, 0) + row_group.num_rows - n_null
        if not meta.num_row_groups:
            counts |= {n: counts.get(n, 0) for n in meta.schema.to_arrow_schema().names}
    return counts, n_rows


def _empty(columns: Mapping[str, Column]) -> Any:
    return ibis.memtable(pa.schema([(n, c.type) for n, c in columns.items()]).empty_table())


def _typed(table: Any, columns: Mapping[str, Column]) -> Any:
    """Return the table with every known column, typed; times become seconds since 1970, UTC."""
    chosen = {}
    for name, column in columns.items():
        arrow = column.type
        wanted = ibis.dtype("int64") if pa.types.is_timestamp(arrow) else _ibis_type(arrow)
        if name not in table.columns:
            chosen[name] = ibis.null(wanted)
        elif not pa.types.is_timestamp(arrow):
            chosen[name] = table[name].cast(wanted)
        elif not table[name].type().is_timestamp():
            raise UserError(
                f"{name} is {table[name].type()} instead of a time.", remedy="Import it again."
            )
        else:
            chosen[name] = table[name].epoch_seconds().cast("int64")
    return table.select(**chosen)


def _ibis_type(arrow: pa.DataType) -> Any:
    return ibis.Schema.from_pyarrow(pa.schema([("c", arrow)]))["c"]
