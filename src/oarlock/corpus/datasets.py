"""The public data sets that can be fetched, and those that only their authors can give."""

from __future__ import annotations

import tomllib
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from oarlock.errors import UserError

_HOME = "https://raw.githubusercontent.com"
INTEGRITY = {
    "checksum": "a SHA-256 that ships with Oarlock, from the first download on",
    "commit": "its address, which names a commit; the SHA-256 is recorded at the first download",
    "first download": "nothing at the first download, which is recorded; later ones by that",
}
"""What `Dataset.integrity` means, in words."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a data set: its name here, its address, its checksum where that is known."""

    name: str
    url: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A public data set.

    Attributes:
        name: What `oarlock data fetch` takes.
        title: What it is.
        licence: What its home says.
        citation: What to cite.
        home: Page of its home.
        pinned: Whether the addresses name a commit.
        files: Its files.
    """

    name: str
    title: str
    licence: str
    citation: str
    home: str
    pinned: bool
    files: tuple[DataFile, ...]

    @property
    def integrity(self) -> str:
        """How a download is known to be the right one."""
        if all(file.sha256 for file in self.files):
            return "checksum"
        return "commit" if self.pinned else "first download"


@cache
def datasets() -> Mapping[str, Dataset]:
    """Return the data sets that can be fetched, by name."""
    return {one["name"]: _dataset(one) for one in _registry()["dataset"]}


def elsewhere() -> Mapping[str, tuple[str, str]]:
    """Return title and citation of the data sets that only their authors can give, by name."""
    return {one["name"]: (one["title"], one["citation"]) for one in _registry()["elsewhere"]}


def _registry() -> dict[str, Any]:
    text = resources.files("oarlock.corpus").joinpath("datasets.toml").read_text("utf-8")
    return tomllib.loads(text)


def _dataset(entry: Mapping[str, Any]) -> Dataset:
    version = entry.get("commit") or entry["branch"]
    base = f"{_HOME}/{entry['repository']}/{version}"
    return Dataset(
        name=entry["name"],
        title=entry["title"],
        licence=entry["licence"],
        citation=entry["citation"],
        home=f"https://github.com/{entry['repository']}",
        pinned="commit" in entry,
        files=tuple(
            DataFile(
                Path(file["path"]).name,
                f"{base}/{urllib.parse.quote(file['path'])}",
                file.get("sha256"),
            )
            for file in entry["file"]
        ),
    )


def find_dataset(name: str) -> Dataset:
    """Return the data set of a name.

    Raises:
        UserError: There is none, or its authors do not offer it for download.
    """
    if name in datasets():
        return datasets()[name]
    if name in elsewhere():
        title, citation = elsewhere()[name]
        raise UserError(
            f"{name} ({title}) cannot be fetched: no address of it can be relied on.",
            remedy=f"Ask its authors: {citation}.",
        )
    raise UserError(
        f"There is no data set {name!r}.", remedy=f"Choose one of: {', '.join(datasets())}."
    )
