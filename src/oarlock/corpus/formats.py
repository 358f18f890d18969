"""What format a file is in: by option, by its suffix, and by its first bytes where those differ."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from oarlock.errors import UserError

STANDARD_INPUT = "-"
FORMATS = ("csv", "tsv", "jsonl", "parquet")
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}

N_FIRST_BYTES = 8
_PARQUET = b"PAR1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gunzip"),
    b"BZh91AY&": ("bzip2", "bunzip2"),
    b"\xfd7zXZ\x00": ("xz", "unxz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd"),
}
"""Name and the program that unpacks, by first bytes. Source: the format of each, and file(1)."""
_SAVE_AS_CSV = "Open it in Excel or LibreOffice and save the sheet as CSV UTF-8."


def file_format(source: str | Path, format: str | None = None) -> str:  # noqa: A002
    """Return the format of a file, by option or by its suffix.

    Raises:
        UserError: It is none of `FORMATS`, or a folder.
    """
    if str(source) != STANDARD_INPUT and Path(source).is_dir():
        raise UserError(f"{source} is a folder.", remedy="Name a file in it.")
    if format is not None:
        if format not in FORMATS:
            raise UserError(
                f"There is no format {format!r}.", remedy=f"Choose one of: {', '.join(FORMATS)}."
            )
        return format
    if str(source) == STANDARD_INPUT:
        return "csv"
    suffix = Path(source).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UserError(
            f"{source}: the format is not known by the suffix {suffix!r}.",
            remedy=f"Give it a name that ends in one of {', '.join(_SUFFIXES)}; `oarlock code` "
            f"also takes --format and --out-format ({', '.join(FORMATS)}).",
        )
    return _SUFFIXES[suffix]


def refuse_foreign(first: bytes, name: str, path: Path | None = None) -> None:
    """Refuse a workbook and a compressed file, whatever its name says.

    Args:
        first: Its first bytes.
        name: What messages call it.
        path: Where it lies, unless it is standard input.

    Raises:
        UserError: It is one, with the way to text.
    """
    if first.startswith(_OLE):
        raise UserError(
            f"{name} is an Excel workbook (.xls, or one with a password) or another file of an "
            "office program.",
            remedy=_SAVE_AS_CSV,
        )
    if first.startswith(_ZIP):
        if path is None:
            raise UserError(
                f"{name} is an Excel workbook or a zip archive.",
                remedy=f"{_SAVE_AS_CSV} Unpack an archive first: unzip -p ARCHIVE | oarlock ...",
            )
        if _is_workbook(path):
            raise UserError(f"{name} is a workbook (Excel, LibreOffice).", remedy=_SAVE_AS_CSV)
        raise UserError(
            f"{name} is a zip archive.",
            remedy=f"Unpack it first: unzip {name}, and name a file of it.",
        )
    for magic, (kind, program) in _COMPRESSED.items():
        if first.startswith(magic):
            raise UserError(
                f"{name} is compressed ({kind}).",
                remedy=f"Unpack it on the way: ... | {program} -c | oarlock ... -"
                if path is None
                else f"Unpack it first: {program} -c {name} > UNPACKED, and name that.",
            )


def refuse_parquet(first: bytes, name: str) -> None:
    """Refuse Parquet where text is expected."""
    if first.startswith(_PARQUET):
        raise UserError(
            f"{name} is a Parquet file.",
            remedy="Rename it so that it ends in .parquet; from a pipe, Parquet cannot be read.",
        )


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return path.suffix.lower().startswith((".xls", ".ods"))
    return any(one.startswith("xl/") for one in names) or {"mimetype", "content.xml"} <= set(names)


def unreadable(name: str, error: OSError) -> UserError:
    """Return the error that the system does not give a file."""
    reason = os.strerror(error.errno) if error.errno else "no permission"
    return UserError(f"{name} cannot be read: {reason}.", remedy="Check the permissions.")
