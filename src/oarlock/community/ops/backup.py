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
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections

from oarlock import __version__
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
        if connection.vendor == "sqlite":
            with closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as source:
                source.execute("VACUUM INTO ?", [str(data)])
        else:
            _postgres("pg_dump", "--format=custom", "--no-owner", f"--file={data}")
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


def restore(source: Path, *, overwrite: bool = False) -> dict[str, Any]:
    """Put a backup in the place of the present data, and return its manifest.

    Args:
        source: A file made by `backup`.
        overwrite: Replace a database that holds people already.

    Raises:
        UserError: The file is damaged, of another engine, or people would be overwritten.
    """
    with tempfile.TemporaryDirectory(dir=settings.HOME) as folder:
        manifest = _unpack(source, Path(folder))
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
        connections.close_all()
        data = Path(folder) / "database"
        if connection.vendor == "sqlite":
            path = Path(settings.DATABASES["default"]["NAME"])
            with closing(sqlite3.connect(data)) as old, closing(sqlite3.connect(path)) as new:
                # Page by page into the open file, so that nothing reads half of it.
                old.backup(new)
        else:
            _postgres("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
                      f"--dbname={settings.DATABASES['default']['NAME']}", str(data))  # fmt: skip
        key = settings.HOME / "secret-key"
        partial = key.with_suffix(".partial")
        shutil.copyfile(Path(folder) / "secret-key", partial)
        partial.chmod(0o600)
        os.replace(partial, key)
    return manifest


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
