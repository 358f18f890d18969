"""Sources that lie in two files."""

from __future__ import annotations

from pathlib import Path

from oarlock.errors import UserError


def two_files(path: Path, first: str, second: str) -> tuple[Path, Path]:
    """Return the two files of a source.

    Args:
        path: The folder, or the first file where the second lies beside it.
        first: Pattern of its name.
        second: Pattern of the other.

    Raises:
        UserError: One is not there, or several fit.
    """
    folder = path if path.is_dir() else path.parent
    found = []
    for pattern in (first, second):
        fits = sorted(folder.glob(pattern))
        if path.is_file() and path in fits:
            fits = [path]
        elif path.is_file() and len(fits) > 1:
            start = path.name[: path.name.index("post")] if "post" in path.name else ""
            fits = [one for one in fits if start and one.name.startswith(start)]
        if len(fits) != 1:
            what = "no file" if not fits else f"{len(fits)} files"
            raise UserError(
                f"{folder}: {what} named {pattern}, expected one.",
                remedy="Put the two files of one source into a folder of their own, and name that.",
            )
        found.append(fits[0])
    return found[0], found[1]
