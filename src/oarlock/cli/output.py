"""What commands print and write: tables, `--json FILE`, and files that appear whole."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from oarlock.corpus.reading import file_format
from oarlock.corpus.writing import faults_of, sync_folder
from oarlock.errors import UserError

STANDARD_OUTPUT = "-"


def check_json_target(target: str | None) -> str | None:
    """Return what `--json` was given, once it is known to be a file that may be written.

    Raises:
        UserError: It is missing, another option, a folder, in no folder, or a file of data, over
            which `--json labels.csv` must never write.
    """
    if target is None or target == STANDARD_OUTPUT:
        return target
    if not target or target.startswith("-"):
        raise UserError(
            f"--json needs the name of a file{f', not {target!r}' if target else ''}.",
            remedy="Write --json figures.json, or --json - for standard output.",
        )
    path = Path(target)
    check_target(path, inputs=(), option="--json")
    if _is_data(path):
        raise UserError(
            f"--json {target} would write over a file of data that is there.",
            remedy="Write --json figures.json, or --json - for standard output.",
        )
    return target


def _is_data(path: Path) -> bool:
    try:
        file_format(path)
    except UserError:
        return False
    return path.is_file()


def console_for_tables() -> Console:
    """Return a console for standard output that does not fold tables where it is no terminal."""
    width = None if sys.stdout.isatty() else 160
    return Console(file=sys.stdout, highlight=False, markup=False, width=width)


@contextmanager
def standard_output_named() -> Iterator[None]:
    """Name standard output in faults of writing inside the block: the system names no file."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, "standard output") from error


def write_json(content: dict[str, Any], target: str, *, inputs: tuple[str, ...] = ()) -> None:
    """Write `content` to a file, whole or not at all, or to standard output for "-".

    Raises:
        UserError: The target is one of the inputs.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if target == STANDARD_OUTPUT:
        with standard_output_named():
            sys.stdout.write(text)
            sys.stdout.flush()
        return
    write_text(text, Path(target), inputs=inputs, option="--json")


def write_text(text: str, path: Path, *, inputs: tuple[str, ...], option: str) -> None:
    """Write `text` to `path`, whole or not at all, over what is there.

    Raises:
        UserError: The path is one of the inputs, or cannot be written.
    """
    check_target(path, inputs=inputs, option=option)
    write_files({path: text})


def check_target(
    path: Path, *, inputs: tuple[str, ...], option: str, may_overwrite: bool = True
) -> None:
    """Refuse a target that cannot be right, before any work is done.

    Raises:
        UserError: The path is one of the inputs, a folder, in a folder that is not there, or,
            unless `may_overwrite`, a file that is there already.
    """
    for source in inputs:
        if source != STANDARD_OUTPUT and path.exists() and os.path.samefile(path, source):
            raise UserError(
                f"{option} {path} is the input file.", remedy="Name another file for the output."
            )
    if not path.parent.is_dir():
        raise UserError(
            f"{option}: the folder {path.parent} does not exist.", remedy="Make the folder first."
        )
    if path.is_dir():
        raise UserError(f"{option}: {path} is a folder.", remedy="Name a file in it.")
    if not os.access(path if path.exists() and not path.is_file() else path.parent, os.W_OK):
        raise UserError(
            f"{option}: {path} cannot be written: no permission, or the disk is read-only.",
            remedy="Check the permissions, or choose another path.",
        )
    if not may_overwrite and path.is_file():
        raise UserError(
            f"{path} is there already.", remedy="Name another file, or give --overwrite."
        )


def write_files(texts: Mapping[Path, str]) -> None:
    """Write texts to their paths, all of them whole, or none.

    Each goes to a partial file beside its target, is on the disk before it takes its place, and is
    removed if any fails.

    Raises:
        UserError: One cannot be written; names the target.
    """
    partials: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            with _faults_of(path):
                if path.exists() and not path.is_file():
                    # A device such as /dev/stdout cannot be replaced.
                    path.write_text(text, encoding="utf-8")
                else:
                    partials[path] = _write_partial(text, path)
        for path, partial in partials.items():
            with _faults_of(path):
                os.replace(partial, path)
                sync_folder(path.parent)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)


def _write_partial(text: str, path: Path) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".oarlock-", suffix=".partial")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _faults_of(path: Path) -> AbstractContextManager[None]:
    return faults_of(path, when_full="Free some space, or choose a path on another disk.")
