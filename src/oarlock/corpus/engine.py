"""DuckDB as the corpus uses it: bounded memory, spill to a folder, UTC, no network."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from oarlock.errors import UserError, how_to_install

DEFAULT_MEMORY: Final = "4GB"
ZONED: Final = r":\d\d(\.\d+)?\s*(Z|z|UTC|GMT|[+-]\d\d(:?\d\d)?)$"
"""What a written time ends with that names its zone."""
_MEMORY = re.compile(r"\d+(\.\d+)?\s*(MB|GB|TB|MiB|GiB|TiB)")


@contextmanager
def connect(memory: str = DEFAULT_MEMORY, *, spill: Path | None = None) -> Iterator[Any]:
    """Yield a DuckDB connection of its own.

    Args:
        memory: Limit such as "2GB"; what is larger goes to disk.
        spill: Folder in which that disk space is taken; that of the system by default.

    Raises:
        UserError: DuckDB is not installed, the limit cannot be read, or memory or disk ran out.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise UserError(
            f"A corpus needs the package {error.name}, which is not installed.",
            remedy=how_to_install("research"),
        ) from None
    if not _MEMORY.fullmatch(memory.strip()):
        raise UserError(f"There is no amount of memory {memory!r}.", remedy="Write 4GB or 800MB.")
    with tempfile.TemporaryDirectory(prefix=".oarlock-spill-", dir=spill) as folder:
        config: dict[str, Any] = {
            "memory_limit": memory.strip(),
            "temp_directory": folder,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        connection = duckdb.connect(config=config)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET enable_progress_bar = false")
            yield connection
        except duckdb.OutOfMemoryException:
            raise UserError(
                f"{memory} of memory, or the space on the disk beside it, are too little.",
                remedy="Give more with --memory, or free some space on the disk.",
            ) from None
        finally:
            connection.close()


def literal(value: str | Path) -> str:
    """Return a value as a string of SQL."""
    text = str(value).replace("'", "''")
    return f"'{text}'"


def name(column: str) -> str:
    """Return the name of a column or table in SQL."""
    text = column.replace('"', '""')
    return f'"{text}"'


def rows(connection: Any, query: str) -> list[dict[str, Any]]:
    """Return the rows of a small result."""
    found: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return found
