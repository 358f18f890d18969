"""The record of a community: its tables, what each column means, and the checks that hold them.

An export of a live community and an imported corpus have the same shape, so that one study runs on
both. Files are Parquet, one per table, beside `codebook.json`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from oarlock.errors import UserError

FORMAT: Final = "oarlock-corpus/1"
CODEBOOK: Final = "codebook.json"
_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        type: Arrow type.
        about: Meaning, unit, and what missing means.
        required: Whether it may be missing.
        unique: Whether it is the key of the table.
        points_to: Table whose key it names; "texts" stands for posts and replies together.
        unless: Column of the same table whose true rows need not point anywhere.
        values: All that it may be; empty for anything.
    """

    type: pa.DataType
    about: str
    required: bool = True
    unique: bool = False
    points_to: str = ""
    unless: str = ""
    values: tuple[str, ...] = ()


_S = pa.string()
_AUTHOR: Final = (
    "Author. Where anonymous, a pseudonym for this thread alone, which no row of users has."
)
MOODS: Final = ("happy", "excited", "calm", "relaxed", "sad", "tired", "anxious", "angry")

TABLES: Final[Mapping[str, Mapping[str, Column]]] = {
    "users": {
        "user_id": Column(_S, "Pseudonym; another one in every export.", unique=True),
        "age_band": Column(_S, "Bands of three years; missing: left out for k-anonymity.", False),
        "country": Column(_S, "ISO 3166; missing: not told, or left out for k-anonymity.", False),
        "offers_support": Column(
            pa.bool_(),
            "Has said that they would like to answer others; missing: left out for k-anonymity.",
            False,
        ),
    },
    "posts": {
        "post_id": Column(_S, "Pseudonym.", unique=True),
        "user_id": Column(_S, _AUTHOR, points_to="users", unless="anonymous"),
        "topic": Column(_S, "Topic of the group."),
        "written_at": Column(_TIME, "To the minute, UTC."),
        "title": Column(_S, "Masked like the text; missing: none.", False),
        "text": Column(_S, "Names, contacts and handles masked by × of the same length."),
        "wanted": Column(
            _S, "Kind of support that was asked for.", values=("heard", "knowledge", "practical")
        ),
        "mood_before": Column(
            _S, "Circumplex word (Russell 1980); missing: not answered.", False, values=MOODS
        ),
        "mood_after": Column(
            _S, "Chosen after the first answer; missing: not answered.", False, values=MOODS
        ),
        "warnings": Column(pa.list_(_S), "Content warnings of the author."),
        "anonymous": Column(pa.bool_(), "Peers saw no handle."),
    },
    "replies": {
        "reply_id": Column(_S, "Pseudonym.", unique=True),
        "post_id": Column(
            _S, "Missing: the author of the post has not consented.", False, points_to="posts"
        ),
        "parent_id": Column(
            _S,
            "Reply that it answers; missing: the post, or no consent.",
            False,
            points_to="replies",
        ),
        "user_id": Column(_S, _AUTHOR, points_to="users", unless="anonymous"),
        "written_at": Column(_TIME, "To the minute, UTC."),
        "text": Column(_S, "Masked like that of a post."),
        "coached": Column(pa.bool_(), "The coach was on while it was written."),
        "anonymous": Column(pa.bool_(), "Peers saw no handle."),
        "helped": Column(
            pa.bool_(),
            "The poster said so; false also where nothing was said. Missing: the post is not here.",
            False,
        ),
        "rating": Column(
            pa.int8(), "1 to 5 by the poster; missing: not given, or the post is not here.", False
        ),
    },
    "reactions": {
        "text_id": Column(_S, "Post or reply.", points_to="texts"),
        "user_id": Column(_S, "Who reacted.", points_to="users"),
        "kind": Column(_S, "Which.", values=("heard", "helpful", "thanks", "me-too")),
        "at": Column(_TIME, "To the minute, UTC."),
    },
    "follows": {
        "post_id": Column(_S, "Post.", points_to="posts"),
        "user_id": Column(_S, "Who follows it.", points_to="users"),
        "at": Column(_TIME, "To the minute, UTC."),
    },
    "codes": {
        "text_id": Column(_S, "Post or reply.", points_to="texts"),
        "start": Column(pa.int32(), "First character of the sentence in the text."),
        "end": Column(pa.int32(), "One behind its last character."),
        "code": Column(_S, "MI code that the coder gave."),
        "probability": Column(pa.float32(), "Calibrated probability of the code, 0 to 1."),
        "reliable": Column(pa.bool_(), "False where the coder is known to err."),
        "model_version": Column(_S, "Tier and release of the weights."),
    },
    "measures": {
        "user_id": Column(_S, "Who answered.", points_to="users"),
        "post_id": Column(
            _S, "Thread that it belongs to; missing: to none.", False, points_to="posts"
        ),
        "instrument": Column(_S, "Short name of the questionnaire or of one question of it."),
        "at": Column(_TIME, "When, UTC; missing: the source has no time.", False),
        "score": Column(pa.float64(), "On the scale of the instrument."),
        "phase": Column(_S, "`before`, `after`, or the name of a later wave."),
    },
    "answers": {
        "user_id": Column(_S, "Who was asked.", points_to="users"),
        "instrument": Column(_S, "Short name of the questionnaire."),
        "version": Column(_S, "Of its items and scoring."),
        "wave": Column(_S, "Name of the wave."),
        "source": Column(_S, "Who asked, such as a trial."),
        "item": Column(pa.int16(), "Number of the question from 1."),
        "value": Column(pa.int16(), "As answered, not turned round; missing: none.", False),
        "skipped": Column(pa.bool_(), "The person chose not to answer."),
        "n_changes": Column(pa.int16(), "How often another answer was chosen later."),
        "language": Column(_S, "Of the words that were read; missing: not answered.", False),
        "intended_at": Column(_TIME, "When the protocol wanted it, UTC."),
        "opens_at": Column(_TIME, "Begin of the window, UTC."),
        "closes_at": Column(_TIME, "End of the window, UTC."),
        "shown_at": Column(_TIME, "First on the screen, UTC; missing: never.", False),
        "answered_at": Column(_TIME, "Last answer or skip, UTC; missing: none.", False),
        "seconds": Column(
            pa.float64(), "From the first showing to the last answer; missing: none.", False
        ),
    },
}
OPTIONAL: Final = frozenset({"measures", "answers"})
"""Tables that may be absent, which is the same as empty."""


def schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table."""
    return pa.schema(
        [pa.field(n, c.type, nullable=not c.required) for n, c in TABLES[table].items()]
    )


def check(tables: Mapping[str, pa.Table]) -> None:
    """Hold tables against the schema.

    Raises:
        UserError: A table, column, key or value is not as it should be; names it without its value.
    """
    if missing := sorted(set(TABLES) - set(tables) - OPTIONAL):
        raise UserError(f"Tables missing: {', '.join(missing)}.", remedy="Export them all.")
    ids = {
        name: set(table[next(n for n, c in TABLES[name].items() if c.unique)].to_pylist())
        for name, table in tables.items()
        if any(c.unique for c in TABLES[name].values())
    }
    ids["texts"] = ids["posts"] | ids["replies"]
    for name in (name for name in TABLES if name in tables):
        for column, wanted in TABLES[name].items():
            _check_column(name, column, wanted, tables[name], ids)
    codes = tables["codes"]
    if codes.num_rows and pc.any(pc.less_equal(codes["end"], codes["start"])).as_py():
        raise UserError("codes: a sentence ends before it starts.", remedy="Code the texts anew.")


def _check_column(
    name: str, column: str, wanted: Column, table: pa.Table, ids: Mapping[str, set[str]]
) -> None:
    where = f"{name}.{column}"
    if column not in table.column_names:
        raise UserError(f"{where}: the column is missing.", remedy="See the codebook.")
    values = table[column]
    if values.type != wanted.type:
        raise UserError(f"{where}: {values.type} instead of {wanted.type}.", remedy="Convert it.")
    if wanted.required and values.null_count:
        raise UserError(f"{where}: missing in {values.null_count} rows.", remedy="Fill it in.")
    if wanted.unique and pc.count_distinct(values).as_py() != len(values):
        raise UserError(f"{where}: a key that is there twice.", remedy="Give each row its own.")
    present = set(values.drop_null().to_pylist()) if wanted.points_to or wanted.values else set()
    if wanted.values and (odd := present - set(wanted.values)):
        raise UserError(
            f"{where}: {len(odd)} values that are not in the codebook.",
            remedy=f"Use one of: {', '.join(wanted.values)}.",
        )
    if wanted.unless and wanted.unless in table.column_names:
        bound = pc.invert(table[wanted.unless])
        present = set(values.filter(bound).drop_null().to_pylist())
    if wanted.points_to and (lost := present - ids[wanted.points_to]):
        raise UserError(
            f"{where}: {len(lost)} keys that no row of {wanted.points_to} has.",
            remedy="Leave out what points to nothing.",
        )


def codebook(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description that lies beside the tables.

    Args:
        facts: What is known of this corpus: when made, consent version, k-anonymity.
    """
    return {
        "format": FORMAT,
        **facts,
        "tables": {
            name: {
                column: {
                    "type": str(c.type),
                    "about": c.about,
                    "required": c.required,
                    **({"values": list(c.values)} if c.values else {}),
                    **({"points_to": c.points_to} if c.points_to else {}),
                    **({"unless": c.unless} if c.unless else {}),
                }
                for column, c in columns.items()
            }
            for name, columns in TABLES.items()
        },
    }


def write(folder: Path, tables: Mapping[str, pa.Table], facts: Mapping[str, Any]) -> None:
    """Write tables and codebook into a new folder, all or nothing.

    Raises:
        UserError: The folder exists, or a check fails.
        OSError: It cannot be written; nothing is left behind.
    """
    if folder.exists():
        raise UserError(f"{folder}: exists already.", remedy="Choose a new folder.")
    check(tables)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    try:
        for name in (name for name in TABLES if name in tables):
            pq.write_table(tables[name], partial / f"{name}.parquet", write_page_checksum=True)
        description = json.dumps(codebook(facts), indent=1, ensure_ascii=False)
        (partial / CODEBOOK).write_text(description, "utf-8")
        os.replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def read(folder: Path) -> dict[str, pa.Table]:
    """Return the tables of a folder, checked.

    Raises:
        UserError: A file is missing or damaged, or a check fails; names the file.
    """
    tables = {}
    for name in TABLES:
        path = folder / f"{name}.parquet"
        try:
            tables[name] = pq.read_table(path, page_checksum_verification=True)
        except FileNotFoundError:
            if name in OPTIONAL:
                continue
            raise UserError(
                f"{path}: not found.", remedy="Name a folder that oarlock export wrote."
            ) from None
        except (pa.ArrowException, OSError) as error:
            raise UserError(
                f"{path}: damaged ({type(error).__name__}).", remedy="Export it again."
            ) from None
    check(tables)
    return tables
