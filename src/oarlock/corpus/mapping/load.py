"""Loads a mapped source into a corpus: streamed, resumable by table, checked before it appears."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from oarlock.corpus.checks import Report, check_folder
from oarlock.corpus.deidentify import TEXTS, Deidentifier, new_key
from oarlock.corpus.engine import DEFAULT_MEMORY, connect, literal, name, rows
from oarlock.corpus.mapping.model import HANDLE, Mapped, Part, read_mapping
from oarlock.corpus.mapping.places import Place, open_place, refuse_unknown
from oarlock.corpus.mapping.select import Watch, condition, selection
from oarlock.corpus.repair import repair
from oarlock.corpus.schema import TABLES, schema
from oarlock.corpus.staging import Staging, check_target
from oarlock.errors import UserError

_ROWS = 20_000
_JOURNAL = "journal.json"
Progress = Callable[[str, int], None]


def import_mapped(
    mapping: Path,
    folder: Path,
    *,
    mask: bool = True,
    keep_ids: bool = False,
    mend: bool = False,
    overwrite: bool = False,
    memory: str = DEFAULT_MEMORY,
    progress: Progress | None = None,
) -> Report:
    """Write a mapped source as a corpus and return what the check of it found.

    What a run that was stopped has loaded is kept in OUT.partial, and the same command carries on
    after the last whole table.

    Args:
        mapping: The TOML file.
        folder: Where the corpus goes; appears whole or not at all.
        mask: Mask texts.
        keep_ids: Keep ids of people instead of making pseudonyms.
        mend: Leave out rows that point to nothing and rows whose key is there already.
        overwrite: Replace a corpus that is there.
        memory: Limit such as "2GB".
        progress: Told the table and how many rows of it are done.

    Raises:
        UserError: The mapping or the source is not as it should be, or keys do not hold.
    """
    check_target(folder, overwrite=overwrite)
    mapped = read_mapping(mapping)
    with connect(memory) as connection, open_place(connection, mapped.source) as place:
        refuse_unknown(place, _wanted(mapped))
        content = mapping.read_bytes()
        loader = _Loader(
            connection, place, mapped, content, mask=mask, keep_ids=keep_ids, mend=mend
        )
        with Staging(folder, keep=True) as staging:
            loader.load(staging, progress)
            mended = repair(connection, staging.partial) if mend else {}
            n_rows = {
                path.stem: pq.read_metadata(path).num_rows
                for path in sorted(staging.partial.glob("*.parquet"))
            }
            staging.finish({
                "source": "mapping",
                "about": mapping.name,
                "lacks": [],
                "n_rows": n_rows,
                "left_out": mended,
                **loader.facts(),
            })  # fmt: skip
            report = check_folder(staging.partial, memory=memory)
            report.refuse_errors(str(mapping))
            (staging.partial / _JOURNAL).unlink(missing_ok=True)
            staging.publish()
    return report


def _wanted(mapped: Mapped) -> dict[str, list[str]]:
    """Return the columns that a mapping needs, by table of the source."""
    wanted: dict[str, list[str]] = {}
    for part in mapped.parts:
        specs = [*part.columns.values(), *([part.where] if part.where is not None else [])]
        for source in part.sources:
            of = wanted.setdefault(source, [])
            of += [spec.column for spec in specs if spec.column and spec.column not in of]
    return wanted


class _Loader:
    """Loads part after part, and remembers in a journal which are whole."""

    def __init__(
        self,
        connection: Any,
        place: Place,
        mapped: Mapped,
        content: bytes,
        *,
        mask: bool,
        keep_ids: bool,
        mend: bool,
    ) -> None:
        self._connection = connection
        self._place = place
        self._mapped = mapped
        self._key: str | None = None
        self._mask = mask
        self._keep_ids = keep_ids
        self._mend = mend
        self._run = hashlib.sha256(content + repr((mask, keep_ids)).encode()).hexdigest()
        self._types = place.tables()
        self._deidentifier = Deidentifier(mask=mask, key=None)
        self._done: dict[str, dict[str, int]] = {}

    def facts(self) -> dict[str, Any]:
        """Return what was done about people, for the codebook."""
        masked: dict[str, int] = {}
        for of in self._done.values():
            for kind, n in of.items():
                masked[kind] = masked.get(kind, 0) + n
        return {
            "masked": masked if self._mask else None,
            "people": "ids of the source" if self._keep_ids else "pseudonyms of this import",
        }

    def load(self, staging: Staging, progress: Progress | None) -> None:
        self._resume(staging)
        if self._mask:
            self._read_handles()
        for table in TABLES:
            parts = [
                (part, source)
                for part in self._mapped.parts
                if part.table == table
                for source in part.sources
            ]
            if not parts or table in self._done:
                continue
            before = dict(self._masked())
            for i, (part, source) in enumerate(parts):
                self._load(staging, f"{table}.{i}", part, source, progress)
            self._join(staging, table, [source for _, source in parts])
            after = self._masked()
            self._done[table] = {kind: n - before.get(kind, 0) for kind, n in after.items()}
            self._write_journal(staging)

    def _masked(self) -> Mapping[str, int]:
        masker = self._deidentifier.masker
        return dict(masker.n_masked) if masker is not None else {}

    def _resume(self, staging: Staging) -> None:
        """Take up what an earlier run of the same mapping left; begin anew after any other."""
        journal = staging.partial / _JOURNAL
        try:
            left = json.loads(journal.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            left = {}
        same = left.get("run") == self._run
        self._key = None if self._keep_ids else (left["key"] if same else new_key())
        self._done = left["done"] if same else {}
        for path in staging.partial.iterdir():
            if path != journal and path.stem not in self._done:
                path.unlink()
        self._write_journal(staging)

    def _write_journal(self, staging: Staging) -> None:
        content = {"run": self._run, "key": self._key, "done": self._done}
        path = staging.partial / (_JOURNAL + ".new")
        path.write_text(json.dumps(content), "utf-8")
        path.replace(staging.partial / _JOURNAL)

    def _read_handles(self) -> None:
        for part in self._mapped.parts:
            spec = part.columns.get(HANDLE)
            if spec is None:
                continue
            for source in part.sources:
                query = self._place.relation(source, [spec.column])
                for batch in self._connection.sql(query).to_arrow_reader(_ROWS):
                    found = batch.column(0).drop_null().to_pylist()
                    self._deidentifier.add_handles(str(one) for one in found)

    def _load(
        self, staging: Staging, stem: str, part: Part, source: str, progress: Progress | None
    ) -> None:
        import duckdb

        specs = [*part.columns.values(), *([part.where] if part.where is not None else [])]
        columns = list(dict.fromkeys(spec.column for spec in specs if spec.column))
        relation = self._place.relation(source, columns)
        described = rows(self._connection, f"DESCRIBE {relation}")
        types = {row["column_name"]: row["column_type"] for row in described}
        chosen = selection(part, types, self._mapped, self._key)
        watch = Watch(part, self._mapped, f"{self._place.shown}, table {source!r}")
        wanted = _loose(part.table)
        n_rows = 0
        path = staging.partial / f"{stem}.parquet"
        try:
            reader = self._connection.sql(
                chosen.sql(relation, condition(part.where))
            ).to_arrow_reader(_ROWS)
            with pq.ParquetWriter(
                path, wanted, compression="zstd", write_page_checksum=True
            ) as out:
                for batch in reader:
                    watch.take(batch, chosen.flags)
                    out.write_table(self._filled(batch, wanted))
                    n_rows += batch.num_rows
                    if progress is not None:
                        progress(part.table, n_rows)
        except duckdb.OutOfMemoryException:
            raise
        except (duckdb.Error, pa.ArrowException) as error:
            # Their words can hold cells.
            raise UserError(
                f"{self._place.shown}, table {source!r}, after row {n_rows:,}: cannot be read "
                f"({type(error).__name__}).",
                remedy="Check that row of the source: a CSV needs the same columns in every row, "
                "quotation marks around line breaks, and UTF-8.",
            ) from None

    def _filled(self, batch: pa.RecordBatch, wanted: pa.Schema) -> pa.Table:
        """Return a batch with all columns of its table, texts masked."""
        arrays = []
        for field in wanted:
            if field.name not in batch.schema.names:
                arrays.append(pa.nulls(batch.num_rows, field.type))
                continue
            values = batch.column(field.name)
            if self._mask and field.name in TEXTS:
                texts = values.to_pylist()
                values = pa.array(
                    [None if text is None else self._deidentifier.mask(text) for text in texts],
                    pa.string(),
                )
            arrays.append(values.cast(field.type))
        return pa.Table.from_arrays(arrays, schema=wanted)

    def _join(self, staging: Staging, table: str, sources: list[str]) -> None:
        """Make one file of the parts of a table; refuse people who are in several of them."""
        paths = [staging.partial / f"{table}.{i}.parquet" for i in range(len(sources))]
        if len(paths) == 1:
            paths[0].replace(staging.path(table))
            return
        given = ", ".join(literal(path) for path in paths)
        if table == "users":
            (found,) = rows(
                self._connection,
                "SELECT count(*) n FROM (SELECT user_id FROM "
                f"read_parquet([{given}], filename = true) GROUP BY 1 "
                f"HAVING count(DISTINCT {name('filename')}) > 1)",
            )
            if found["n"] and not self._mend:
                raise UserError(
                    f"[users]: {found['n']:,} people are in several of: {', '.join(sources)}.",
                    remedy="Take them out of one, or import with --repair, which keeps the first "
                    "row of each.",
                )
        whole = staging.partial / f"{table}.whole"
        with pq.ParquetWriter(
            whole, pq.read_schema(paths[0]), compression="zstd", write_page_checksum=True
        ) as out:
            for path in paths:
                for batch in pq.ParquetFile(path).iter_batches(_ROWS):
                    out.write_batch(batch)
        whole.replace(staging.path(table))
        for path in paths:
            path.unlink()


def _loose(table: str) -> pa.Schema:
    """Return a schema without NOT NULL: what is missing is told by the check, with ids."""
    return pa.schema([field.with_nullable(True) for field in schema(table)])
