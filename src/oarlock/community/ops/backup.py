"""Backup and restore: one file with the database and the key, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections

from oarlock import __version__
from oarlock.community.accounts import erasures
from oarlock.community.environment import text as setting
from oarlock.community.ops import running
from oarlock.community.ops.prepare import one_at_a_time, prepare
from oarlock.errors import UserError

FORMAT = "oarlock-backup/1"
MANIFEST = "manifest.json"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on the database of the settings."""
    known = settings.DATABASES["default"]
    if shutil.which(program) is None:
        raise UserError(
            f"{program}: not found on this machine.",
            remedy="Install the PostgreSQL client programs of your server's version.",
        )
    environment = os.environ | {
        "PGHOST": str(known.get("HOST") or ""),
        "PGPORT": str(known.get("PORT") or "5432"),
        "PGUSER": str(known.get("USER") or ""),
        "PGPASSWORD": str(known.get("PASSWORD") or ""),
        "PGDATABASE": str(known["NAME"]),
    }
    done = subprocess.run(
        [program, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        # Its words may quote a row: they stay here.
        raise UserError(
            f"{program} ended with exit code {done.returncode}.",
            remedy="Check that the database of OARLOCK_DATABASE_URL can be reached.",
        )


def backup(target: Path) -> dict[str, Any]:
    """Write a backup while the place runs, and return its manifest.

    Args:
        target: File to write, a tar archive; readable by its owner alone.

    Raises:
        UserError: The file exists, or the database's own programs are missing or fail.
        OSError: The target cannot be written; nothing is left behind.
    """
    if target.exists():
        raise UserError(f"{target}: exists already.", remedy="Choose another name.")
    with tempfile.TemporaryDirectory(dir=target.absolute().parent) as folder:
        data = Path(folder) / "database"
        _dump(data)
        (Path(folder) / "secret-key").write_text(settings.SECRET_KEY, "ascii")
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "oarlock": __version__,
            "engine": connection.vendor,
            "sha256": {name: _sha256(Path(folder) / name) for name in ("database", "secret-key")},
        }
        (Path(folder) / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        partial = Path(folder) / "backup.tar"
        with tarfile.open(partial, "w") as archive:
            for name in (MANIFEST, "database", "secret-key"):
                archive.add(Path(folder) / name, arcname=name)
        partial.chmod(0o600)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, target)
    return manifest


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        made_at: When the backup was made, ISO 8601.
        n_erased: People who had erased themselves since, and were erased again.
        knew_erasures: Whether this place knows of all erasures since; a new machine does not.
        other_key: Whether OARLOCK_SECRET_KEY is set and is not the key of the backup.
    """

    made_at: str
    n_erased: int
    knew_erasures: bool
    other_key: bool


def restore(source: Path, *, overwrite: bool = False) -> Restored:
    """Put a backup in the place of the present data, and say what was done.

    Nothing is changed if this raises: until all is done, the present data is kept beside it.

    Args:
        source: A file made by `backup`.
        overwrite: Replace a database that holds people already.

    Raises:
        UserError: The file is damaged, of another engine, people would be overwritten, or `serve`
            or `worker` runs.
    """
    with running.alone(), tempfile.TemporaryDirectory(dir=settings.HOME) as name:
        folder = Path(name)
        manifest = _unpack(source, folder)
        if manifest["engine"] != connection.vendor:
            raise UserError(
                f"{source.name}: a backup of {manifest['engine']}, but OARLOCK_DATABASE_URL names "
                f"a database of {connection.vendor}.",
                remedy="Set OARLOCK_DATABASE_URL to a database of the same kind.",
            )
        if not overwrite and _has_people():
            raise UserError(
                "The present database holds people, who would be lost.",
                remedy="Make a backup of it first, then restore with --overwrite.",
            )
        erasures.gather()
        made_at = datetime.fromisoformat(manifest["made_at"])
        knew = erasures.reaches_back_to(made_at)
        # From now on it is complete; of what was before it knows only what it holds.
        erasures.begin(datetime.now(UTC))
        with _kept(folder / "before"):
            with one_at_a_time(connection):
                _put(folder / "database")
            key = (folder / "secret-key").read_text("ascii").strip()
            _put_key(key)
            other_key = setting("SECRET_KEY") not in {"", key}
            if not other_key:
                settings.SECRET_KEY = key  # What is encrypted from here on is read with it.
            n_erased = prepare(pages=False)
    return Restored(str(manifest["made_at"]), n_erased, knew, other_key)


def _dump(target: Path) -> None:
    """Write the database as it is into a file."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as source:
            source.execute("VACUUM INTO ?", [str(target)])
    else:
        _postgres("pg_dump", "--format=custom", "--no-owner", f"--file={target}")


def _put(data: Path) -> None:
    """Put a file that `_dump` wrote in the place of the database, all or nothing."""
    if connection.vendor == "sqlite":
        connections.close_all()
        path = Path(settings.DATABASES["default"]["NAME"])
        with closing(sqlite3.connect(data)) as old, closing(sqlite3.connect(path)) as new:
            # Page by page into the open file, so that nothing reads half of it.
            old.backup(new)
    else:
        _postgres("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
                  f"--dbname={settings.DATABASES['default']['NAME']}", str(data))  # fmt: skip


def _put_key(key: str) -> None:
    path = settings.HOME / "secret-key"
    partial = path.with_suffix(".partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _kept(before: Path) -> Iterator[None]:
    """Put database and key back as they were if what is done meanwhile fails."""
    key = settings.HOME / "secret-key"
    old_key = key.read_text("ascii") if key.exists() else None
    _dump(before)
    try:
        yield
    except BaseException:
        connections.close_all()
        _put(before)
        if old_key is not None:
            _put_key(old_key)
        elif key.exists():
            key.unlink()
        raise


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    damaged = UserError(
        f"{source.name}: not a whole backup of Oarlock.",
        remedy="Use another backup; this one was cut short or changed.",
    )
    try:
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        sums = manifest["sha256"]
        whole = manifest["format"] == FORMAT and all(
            _sha256(folder / name) == sums[name] for name in ("database", "secret-key")
        )
    except FileNotFoundError as error:
        if not source.exists():
            raise UserError(f"{source}: no such file.", remedy="Check the path.") from error
        raise damaged from error
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise damaged from error
    if not whole:
        raise damaged
    return manifest


def _has_people() -> bool:
    from oarlock.community.accounts.models import User

    if User._meta.db_table not in connection.introspection.table_names():
        return False
    return User.objects.exists()
