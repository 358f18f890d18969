"""Coding of a file on Spark: the same rows as the local engine, in the same order.

The input is read and checked here, once, and staged as Parquet with the number of the chunk that
each reply belongs to. Spark codes whole chunks, so that the coder sees the same batches as it does
locally; the coded parts, sorted, are then put together into one output.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oarlock.coder.files.batch import Outcome, check_paths, code_chunk, output_types
from oarlock.coder.files.replies import (
    Columns,
    EmptyRows,
    Item,
    Options,
    chunked,
    find_columns,
    items,
)
from oarlock.coder.files.rows import ReplyCoder
from oarlock.corpus.reading import STANDARD_INPUT, file_format, read_records
from oarlock.corpus.writing import ResumableWriter
from oarlock.errors import UserError, how_to_install

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession

_CHUNKS_OF_A_PART = 16
_ROWS_AT_A_TIME = 4096

CoderFactory = Callable[[], ReplyCoder]


def code_file_on_spark(
    source: str,
    out: str,
    options: Options,
    *,
    make_coder: CoderFactory,
    session: SparkSession | None = None,
    staging: Path | None = None,
    resume: bool | None = None,
    columns: Columns | None = None,
) -> Outcome:
    """Code a file on Spark.

    Args:
        source: Path of the input; not standard input.
        out: Path of the output; not standard output.
        options: What is coded and what is kept.
        make_coder: Makes the coder on a worker; called once in each of its processes.
        session: Where to run; by default a session on this machine, or the one that
            `spark-submit` gives.
        staging: Folder for the parts, which every worker must see; by default beside the output.
        resume: False discards an interrupted run of the local engine; True is refused.
        columns: The columns of the file, where `find_columns` has found them already.

    Raises:
        UserError: A fault of the input, the output or the installation of Spark.
    """
    if STANDARD_INPUT in (source, out):
        raise UserError(
            "The Spark engine reads and writes files.", remedy="Use --engine local, or name files."
        )
    if resume:
        raise UserError(
            "The Spark engine cannot resume a run.",
            remedy="Leave out --resume, or carry on with --engine local.",
        )
    out_format = file_format(out, options.out_format)
    check_paths(source, out)
    columns = columns or find_columns(source, options)
    types = output_types(columns, options)
    # Before the writer: where Spark does not start, what lies there must stay.
    spark = session if session is not None else _local_session()
    with ResumableWriter(
        Path(out), out_format, types, {"engine": "spark"}, resume=resume, begins_again=True
    ) as writer:
        folder = _new_folder(Path(out), staging)
        try:
            n_replies, n_empty = _stage(source, options, columns, folder / "in")
            if n_replies:
                _code_parts(folder, types, columns.kept, options, make_coder, spark)
                for rows in _coded_rows(folder / "out", tuple(types)):
                    writer.write(rows)
            writer.commit(n_replies)
            writer.finish()
        except BaseException:
            writer.discard()
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return Outcome(n_replies, writer.position.n_rows, n_empty, 0)


def _check_installation() -> None:
    """Tells what Spark lacks on this machine."""
    for package in ("pyspark", "pandas"):
        try:
            import_module(package)
        except ModuleNotFoundError:
            raise UserError(
                f"The Spark engine needs the package {package}, which is not installed.",
                remedy=how_to_install("spark"),
            ) from None
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise UserError("Spark needs Java 17, which is not there.", remedy="Install Java 17.")


def _new_folder(out: Path, staging: Path | None) -> Path:
    """Makes the folder of the parts, once those of runs that were killed are removed.

    They hold text. The lock on the output says that no other run uses them; in a folder that
    several outputs share, their names tell whose they are.
    """
    prefix = f".{out.name}.spark-"
    if staging is not None:
        prefix += hashlib.sha256(str(out.absolute()).encode()).hexdigest()[:8] + "-"
    parent = staging or out.parent
    for path in parent.iterdir():
        if re.fullmatch(re.escape(prefix) + "[a-z0-9_]{8}", path.name):
            shutil.rmtree(path, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def _stage(source: str, options: Options, columns: Columns, folder: Path) -> tuple[int, int]:
    """Writes the checked replies as Parquet parts; returns the replies and the rows passed over."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    empty = EmptyRows()
    n_replies = n_parts = 0
    with read_records(source, format=options.format, columns=columns.wanted) as records:
        names = ("id", "text", "context", *(f"kept_{n}" for n in range(len(columns.kept))))
        schema = pa.schema(
            [("_chunk", pa.int64()), ("_row", pa.int64()), *((name, pa.string()) for name in names)]
        )
        part: list[dict[str, Any]] = []

        def flush() -> None:
            nonlocal n_parts, part
            table = pa.Table.from_pylist(part, schema)
            pq.write_table(table, folder / f"part-{n_parts:06}.parquet")
            n_parts += 1
            part = []

        chunks = chunked(items(records, columns, options, empty), options.batch_size)
        for number, chunk in enumerate(chunks):
            n_replies += len(chunk)
            for item in chunk:
                kept = (item.kept[name] for name in columns.kept)
                cells = (item.id, item.text, item.context, *kept)
                part.append(
                    {"_chunk": number, "_row": item.row, **dict(zip(names, cells, strict=True))}
                )
            if number % _CHUNKS_OF_A_PART == _CHUNKS_OF_A_PART - 1:
                flush()
        if part:
            flush()
    return n_replies, empty.n


def _code_parts(
    folder: Path,
    types: dict[str, type],
    kept: Sequence[str],
    options: Options,
    make_coder: CoderFactory,
    spark: SparkSession,
) -> None:
    from pyspark.errors import PySparkException

    n_chunks = sum(1 for _ in (folder / "in").iterdir()) * _CHUNKS_OF_A_PART
    n_partitions = max(1, min(n_chunks, 4 * spark.sparkContext.defaultParallelism))
    code = _chunk_coder(options, make_coder, kept, tuple(types))
    try:
        (
            spark.read.parquet(str((folder / "in").absolute()))
            .repartition(n_partitions, "_chunk")
            .sortWithinPartitions("_chunk", "_row")
            .mapInPandas(code, _spark_schema(types))
            .write.parquet(str((folder / "coded").absolute()))
        )
        # Sorted from disk: to find its ranges, a sort runs whatever comes before it twice.
        (
            spark.read.parquet(str((folder / "coded").absolute()))
            .orderBy("_row", _spark_names(tuple(types))[list(types).index("sentence")])
            .write.parquet(str((folder / "out").absolute()))
        )
    except PySparkException as error:
        # The message of Spark can hold cells of the data.
        raise UserError(
            f"Spark could not code the file ({type(error).__name__}).",
            remedy="Look at the log of Spark; --engine local gives the same rows.",
        ) from None


def _chunk_coder(
    options: Options, make_coder: CoderFactory, kept: Sequence[str], columns: Sequence[str]
) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """The function that Spark runs on each partition: whole chunks in, coded rows out."""

    def code(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        import pandas as pd

        coder: ReplyCoder | None = None
        for chunk in _whole_chunks(frames, kept):
            coder = coder or make_coder()
            row_of = {item.id: item.row for item in chunk}
            rows = code_chunk(chunk, coder, options)
            frame = pd.DataFrame.from_records(rows, columns=list(columns))
            frame.columns = _spark_names(columns)
            frame.insert(0, "_row", [row_of[row["id"]] for row in rows])
            yield frame.astype({"_row": "int64"})

    return code


def _whole_chunks(frames: Iterable[pd.DataFrame], kept: Sequence[str]) -> Iterator[list[Item]]:
    """Yields chunks put together again: Spark hands over frames that end anywhere."""
    chunk: list[Item] = []
    current = None
    for frame in frames:
        for values in frame.itertuples(index=False, name=None):
            number, row, identifier, text, context, *cells = values
            if number != current and chunk:
                yield chunk
                chunk = []
            current = number
            found = {
                name: cell if isinstance(cell, str) else None
                for name, cell in zip(kept, cells, strict=True)
            }
            chunk.append(
                Item(
                    int(row), identifier, text, context if isinstance(context, str) else None, found
                )
            )
    if chunk:
        yield chunk


def _spark_names(columns: Sequence[str]) -> list[str]:
    """Names by position: Spark takes names that differ in case alone for the same."""
    return [f"c{n}" for n in range(len(columns))]


def _spark_schema(types: dict[str, type]) -> str:
    names = {str: "string", int: "bigint", float: "double", bool: "boolean"}
    own = zip(_spark_names(tuple(types)), types.values(), strict=True)
    return ", ".join(["_row bigint", *(f"{column} {names[kind]}" for column, kind in own)])


def _coded_rows(folder: Path, columns: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Yields the coded rows in order: Spark numbers the parts of a sorted table in its order."""
    import pyarrow.parquet as pq

    names = _spark_names(columns)
    for part in sorted(folder.glob("part-*.parquet")):
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(_ROWS_AT_A_TIME):
                yield [
                    dict(zip(columns, (row[name] for name in names), strict=True))
                    for row in batch.to_pylist()
                ]


def _local_session() -> SparkSession:
    """Returns the running session, or starts one on this machine."""
    _check_installation()
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    # The workers on this machine need the packages of this interpreter.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        return (
            SparkSession.builder.appName("oarlock code")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "1024")
            .config("spark.sql.shuffle.partitions", str(os.cpu_count() or 2))
            .getOrCreate()
        )
    except (PySparkException, RuntimeError) as error:
        raise UserError(
            f"Spark does not start ({type(error).__name__}).", remedy="Check that Java 17 runs."
        ) from None
