"""Builds the frame of a study: one row per reply, with outcomes, codes and features.

    corpus -> marks of posts -> selection -> thanks -> rows (joins and windows, on the engine)
           -> texts in batches: features and codes -> frame.parquet, frame.json

Every step is kept in `work/` beside the frame and made once; a run that was killed goes on with the
batch that it was at. `work/made_of.json` says of what, and what no longer fits is made anew.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from oarlock.study import codes, gratitude
from oarlock.study.features import RowFeature, TextFeature, features
from oarlock.study.features.closeness import document_frequencies
from oarlock.study.features.pairs import Tools, pair
from oarlock.study.outcomes import ANY, Windows, any_of, outcomes
from oarlock.study.rows import base, ends_at, evidence, thanked, with_history
from oarlock.study.selection import SEVERITIES, Selection, Step, excluded, flow, mark_posts
from oarlock.study.store import Corpus, open_corpus

FORMAT: Final = 1
KEYS: Final = ("reply_id", "post_id", "poster_id", "replier_id", "written_at")
STRATA: Final = ("severity", "wanted", "topic")
_NUMBERS: Final = ("y_", "f_", "n_", "p_", "m_", "e_")
#: Replies in one batch of texts: what a kill may cost.
BATCH: Final = 4_096
#: Posts whose words give the document frequencies.
_DF_POSTS: Final = 100_000

Progress = Callable[[str, int, int], None]


def _silent(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Built:
    """A frame on disk.

    Attributes:
        path: `frame.parquet`.
        n_replies: Its rows.
        flow: What each exclusion took.
        lacks: Why a column is missing throughout, by column.
        coder_version: Weights that made the codes; "" without codes.
    """

    path: Path
    n_replies: int
    flow: tuple[Step, ...]
    lacks: Mapping[str, str]
    coder_version: str


def build(
    folder: Path,
    out: Path,
    *,
    selection: Selection | None = None,
    windows: Windows | None = None,
    coder: codes.Codes | None = None,
    engine: str = "duckdb",
    memory_limit: str = "4GB",
    progress: Progress = _silent,
) -> Built:
    """Write the frame of a corpus, or go on with one that was begun.

    Args:
        folder: Corpus.
        out: Folder for frame.parquet, frame.json and work/.
        selection: What is left out.
        windows: How long after a reply outcomes are looked for.
        coder: Codes replies; None: no columns of codes.
        engine: "duckdb" or "spark".
        memory_limit: Of the engine.
        progress: Called with step, done and total.

    Raises:
        UserError: The corpus cannot be read.
    """
    chosen, windows = selection or Selection(), windows or Windows()
    work = out / "work"
    version = coder.model_version if coder is not None else ""
    made_of = json.dumps(
        {
            "format": FORMAT,
            "corpus": {p.name: [p.stat().st_size, p.stat().st_mtime_ns]
                       for p in sorted(folder.glob("*.parquet"))},
            "selection": asdict(chosen), "windows": asdict(windows), "coder": version,
        },
        indent=1, sort_keys=True,
    )  # fmt: skip
    note = work / "made_of.json"
    if not note.exists() or note.read_text("utf-8") != made_of:
        shutil.rmtree(work, ignore_errors=True)
        (out / "frame.json").unlink(missing_ok=True)
        work.mkdir(parents=True)
        note.write_text(made_of, "utf-8")
    if (out / "frame.json").exists() and (out / "frame.parquet").exists():
        return read(out)
    corpus = open_corpus(folder, engine, memory_limit, temp_folder=work / "spill")
    rows, steps = _rows(corpus, work, chosen, windows, progress)
    _texts(corpus, rows, work, coder, progress)
    progress("writing the frame", 0, 1)
    frame = rows.join(corpus.read(work / "of_texts"), "reply_id").order_by("post_id", "reply_id")
    wanted = [name for name in frame.columns if not name.endswith("_right")]
    kept = corpus.keep(frame.select(*wanted), work / "frame")
    n = int(kept.count().execute())
    _put(work / "frame", out / "frame.parquet")
    built = Built(out / "frame.parquet", n, tuple(steps), _lacks(corpus, kept), version)
    _write_json(out / "frame.json", built)
    shutil.rmtree(work / "spill", ignore_errors=True)
    progress("writing the frame", 1, 1)
    return built


def read(out: Path) -> Built:
    """Return what `build` wrote."""
    found = json.loads((out / "frame.json").read_text("utf-8"))
    return Built(
        out / "frame.parquet",
        found["n_replies"],
        tuple(Step(**one) for one in found["flow"]),
        found["lacks"],
        found["coder_version"],
    )


def _write_json(path: Path, built: Built) -> None:
    half = path.with_suffix(".half")
    half.write_text(
        json.dumps(
            {"n_replies": built.n_replies, "flow": [asdict(step) for step in built.flow],
             "lacks": dict(built.lacks), "coder_version": built.coder_version},
            indent=1,
        ),
        "utf-8",
    )  # fmt: skip
    os.replace(half, path)


def _put(folder: Path, path: Path) -> None:
    """Make one file of a folder of Parquet files, whole or not at all."""
    half, files = path.with_suffix(".half"), sorted(folder.glob("*.parquet"))
    with pq.ParquetWriter(half, pq.read_schema(files[0])) as writer:
        for file in files:
            for batch in pq.ParquetFile(file).iter_batches():
                writer.write_batch(batch)
    os.replace(half, path)


# --- what joins and windows give ---------------------------------------------------------------


def _rows(
    corpus: Corpus, work: Path, chosen: Selection, windows: Windows, progress: Progress
) -> tuple[Any, list[Step]]:
    marks = corpus.read(_marks(corpus, work / "marks", progress))
    progress("joining people and threads", 0, 3)
    everything = corpus.keep(excluded(base(corpus, marks), chosen), work / "base")
    steps = flow(everything, corpus["posts"], chosen)
    thanks = corpus.read(_thanks(corpus, everything, work / "own_thanks", progress))
    of_replies = corpus.keep(thanked(everything, thanks), work / "thanks")
    progress("joining people and threads", 1, 3)
    kept = everything.filter(everything.excluded == 0)
    found = evidence(corpus, kept, of_replies, windows)
    last = ends_at(corpus)
    found = found.mutate(ends_at=ibis.literal(last, "int64") if last else ibis.null("int64"))
    found = corpus.keep(found, work / "evidence")
    progress("joining people and threads", 2, 3)
    found = with_history(corpus, everything, found, of_replies)
    made = {name: one.make(found, windows) for name, one in outcomes().items()}
    made = {name: ibis.null("float64") if corpus.lacks(*outcomes()[name].needs)
            else column.cast("float64") for name, column in made.items()}  # fmt: skip
    chosen_columns = {
        **{name: found[name] for name in KEYS if name != "written_at"},
        "written_at": found.written_at.as_timestamp("s"),
        **{name: found[name] for name in STRATA},
        **{f"y_{name}": column for name, column in made.items()},
        f"y_{ANY.name}": any_of(made).cast("float64"),
        **{f"f_{name}": one.make(found).cast("float64")
           for name, one in features().items() if isinstance(one, RowFeature)},
    }  # fmt: skip
    rows = corpus.keep(found.select(**chosen_columns), work / "rows")
    progress("joining people and threads", 3, 3)
    return rows, steps


def _marks(corpus: Corpus, path: Path, progress: Progress) -> Path:
    """Write what posts are about and how severe they are."""
    total, done = corpus.n_rows("posts"), 0

    def parts() -> Iterator[pa.Table]:
        nonlocal done
        titled = "title" in corpus.present["posts"]
        names = ["post_id", "text", *(["title"] if titled else [])]
        for batch in corpus.batches("posts", names):
            titles = batch["title"].to_pylist() if titled else [None] * batch.num_rows
            pairs = zip(titles, batch["text"].to_pylist(), strict=True)
            marks = mark_posts([_whole(title, text) for title, text in pairs])
            yield pa.table(
                {
                    "post_id": batch["post_id"].cast(pa.string()),
                    "is_empty": marks.is_empty,
                    "is_about": marks.is_about,
                    "severity": [SEVERITIES[place] for place in marks.severity],
                }
            )
            done += batch.num_rows
            progress("reading posts", done, total)

    schema = pa.schema(
        {"post_id": pa.string(), "is_empty": pa.bool_(), "is_about": pa.bool_(),
         "severity": pa.string()}
    )  # fmt: skip
    return _stream(parts(), schema, path)


def _thanks(corpus: Corpus, everything: Any, path: Path, progress: Progress) -> Path:
    """Write which texts of posters in own threads thank, and how."""
    schema = pa.schema(
        {"post_id": pa.string(), "parent_id": pa.string(), "at": pa.int64(), "since": pa.int64(),
         "kind": pa.string()}
    )  # fmt: skip
    own = everything.filter(
        (everything.replier_id == everything.poster_id).fill_null(False)
        & everything.written_at.notnull()
    )
    order = ibis.window(group_by="post_id", order_by=["written_at", "reply_id"])
    own = own.select(
        "reply_id",
        "post_id",
        "parent_id",
        at=own.written_at,
        since=own.written_at.lag().over(order),
    )
    replies = corpus["replies"].select("reply_id", "text")
    texts = own.join(replies, "reply_id").select("post_id", "parent_id", "at", "since", "text")
    if path.exists():
        return path
    corpus.keep(texts, path.with_name("own_texts"))
    total = _n_rows(path.with_name("own_texts"))
    done = 0

    def parts() -> Iterator[pa.Table]:
        nonlocal done
        for batch in _batches(path.with_name("own_texts")):
            kinds = gratitude.kinds(batch["text"].to_pylist())
            table = pa.table(
                {name: batch[name] for name in ("post_id", "parent_id", "at", "since")}
                | {"kind": kinds}
            ).cast(schema)
            done += batch.num_rows
            progress("reading thanks", done, total)
            yield table.filter(pa.array([kind != "none" for kind in kinds]))

    return _stream(parts(), schema, path)


def _stream(parts: Iterator[pa.Table], schema: pa.Schema, path: Path) -> Path:
    """Write tables one by one into a Parquet folder, whole or not at all."""
    if path.exists():
        return path
    half = path.with_name(path.name + ".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    with pq.ParquetWriter(half / "part.parquet", schema) as writer:
        for part in parts:
            writer.write_table(part.cast(schema))
    os.replace(half, path)
    return path


def _batches(folder: Path) -> Iterator[pa.RecordBatch]:
    for file in sorted(folder.glob("*.parquet")):
        yield from pq.ParquetFile(file).iter_batches(BATCH)


def _n_rows(folder: Path) -> int:
    return sum(pq.read_metadata(file).num_rows for file in folder.glob("*.parquet"))


# --- what texts give ---------------------------------------------------------------------------


def _whole(title: str | None, text: str | None) -> str:
    return f"{title}\n{text or ''}" if title else text or ""


def _texts(
    corpus: Corpus, rows: Any, work: Path, coder: codes.Codes | None, progress: Progress
) -> None:
    """Write features and codes of texts, batch by batch; those that are there stay."""
    whole = work / "of_texts"
    if whole.exists():
        return
    posts, replies = corpus["posts"], corpus["replies"]
    joined = (
        rows.select("reply_id", "post_id")
        .join(replies.select("reply_id", reply=replies.text), "reply_id")
        .join(posts.select("post_id", "title", post=posts.text), "post_id")
        .order_by("post_id", "reply_id")
        .select("reply_id", "post_id", "reply", "title", "post")
    )
    corpus.keep(joined, work / "texts")
    frequencies = _frequencies(corpus, work / "frequencies.npy")
    tools, parts = Tools(idf=frequencies), work / "of_texts.parts"
    parts.mkdir(exist_ok=True)
    total = _n_rows(work / "texts")
    number = done = 0
    for batch in _batches(work / "texts"):
        part = parts / f"part-{number:06}.parquet"
        number += 1
        done += batch.num_rows
        if not part.exists():
            half = part.with_suffix(".half")
            pq.write_table(_of_batch(batch, tools, coder), half)
            os.replace(half, part)
        progress("reading and coding replies", done, total)
    if not number:
        empty = pa.record_batch({name: pa.array([], pa.string()) for name in joined.columns})
        pq.write_table(_of_batch(empty, tools, coder), parts / "part-000000.parquet")
    os.replace(parts, whole)
    shutil.rmtree(work / "texts", ignore_errors=True)


def _frequencies(corpus: Corpus, path: Path) -> Any:
    if not path.exists():
        n = 0

        def some() -> Iterator[pa.Array]:
            nonlocal n
            for batch in corpus.batches("posts", ["text"]):
                if n >= _DF_POSTS:
                    return
                n += batch.num_rows
                yield batch["text"]

        half = path.with_suffix(".half.npy")
        np.save(half, document_frequencies(some()))
        os.replace(half, path)
    return np.load(path)


def _of_batch(batch: pa.RecordBatch, tools: Tools, coder: codes.Codes | None) -> pa.Table:
    replies = [text or "" for text in batch["reply"].to_pylist()]
    places: dict[str, int] = {}
    posts: list[str] = []
    post_row = np.zeros(len(replies), dtype=np.int64)
    rows = zip(
        batch["post_id"].to_pylist(), batch["title"].to_pylist(), batch["post"].to_pylist(),
        strict=True,
    )  # fmt: skip
    for row, (post_id, title, text) in enumerate(rows):
        if post_id not in places:
            places[post_id] = len(posts)
            posts.append(_whole(title, text))
        post_row[row] = places[post_id]
    pairs = pair(pa.array(replies, pa.string()), pa.array(posts, pa.string()), post_row, tools)
    found: dict[str, Any] = {"reply_id": batch["reply_id"].cast(pa.string())}
    for name, one in features().items():
        if isinstance(one, TextFeature):
            found[f"f_{name}"] = np.asarray(one.make(pairs), dtype=np.float64)
    if coder is not None:
        found |= codes.table(coder, replies, [posts[place] for place in post_row])
    return pa.table(
        {name: value if name == "reply_id" else _nullable(value) for name, value in found.items()}
    )


def _nullable(values: Any) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


# --- what is missing ---------------------------------------------------------------------------


def _lacks(corpus: Corpus, frame: Any) -> dict[str, str]:
    """Return why columns are missing throughout."""
    needs = {f"y_{name}": one.needs for name, one in outcomes().items()}
    needs |= {f"f_{name}": one.needs for name, one in features().items()}
    numbers = [name for name in frame.columns if name[:2] in _NUMBERS]
    counts = {name: frame[name].count() for name in numbers}
    found = frame.aggregate(**counts).execute().iloc[0]
    return {
        name: corpus.lacks(*needs.get(name, ())) or "missing for every reply of the study"
        for name in numbers
        if not found[name]
    }
