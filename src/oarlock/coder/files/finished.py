"""Which outputs are finished, and from what: so that none is lost and none is made twice.

What a finished output was made from is kept in the user's cache, as fingerprints; no text is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oarlock.errors import UserError


def is_done(out: Path, key: Mapping[str, Any]) -> bool:
    """Return whether an output is there that this very run would make again.

    Args:
        out: The output.
        key: What its rows depend on; without an "input" it is never the same.

    Raises:
        UserError: A file is there that this run would replace. One whose run was interrupted is
            none: it is carried on.
    """
    journal = out.with_name(out.name + ".partial.journal")
    if not out.is_file() or journal.exists():
        return False
    if key.get("input") is not None and _read(out) == _record(out, key):
        return True
    raise UserError(
        f"{out} is there already.", remedy="Name another file, or replace it with --overwrite."
    )


def remember(out: Path, key: Mapping[str, Any]) -> None:
    """Keep what an output was made from; where nothing can be kept, nothing is lost by it."""
    if key.get("input") is None:
        return
    place = _place(out)
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.write_text(json.dumps(_record(out, key)), encoding="ascii")
    except OSError:
        return


def _record(out: Path, key: Mapping[str, Any]) -> dict[str, str]:
    with out.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    made_from = json.dumps(key, sort_keys=True).encode()
    return {"key": hashlib.sha256(made_from).hexdigest(), "sha256": content}


def _read(out: Path) -> object:
    try:
        return json.loads(_place(out).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _place(out: Path) -> Path:
    name = hashlib.sha256(str(out.resolve()).encode("utf-8", "surrogatepass")).hexdigest()
    cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(os.path.expanduser(cache)) / "oarlock" / "coded" / f"{name[:32]}.json"
