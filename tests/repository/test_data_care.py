"""No text of the real data has found its way into the repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
N_WORDS = 12
"""So many words in the same order are a copy, not a coincidence."""

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def shingles(text: str) -> Iterator[int]:
    """Yields the hash of every run of N_WORDS words."""
    words = WORD.findall(text.lower().replace("’", "'"))
    for end in range(N_WORDS, len(words) + 1):
        run = words[end - N_WORDS : end]
        if len(set(run)) > N_WORDS // 2:  # "ha ha ha" is nobody's text
            yield hash(tuple(run))


def text_files_of_repository() -> Iterator[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in done.stdout.split("\0"):
        if Path(name).suffix in {".csv", ".jsonl", ".json", ".toml", ".md", ".py", ".txt", ".html"}:
            path = ROOT / name
            if path.is_file() and "weights" not in path.parts:
                yield path


@pytest.mark.data
def test_no_file_repeats_the_real_data(oarlock_data: Path) -> None:
    places: dict[int, str] = {}
    for path in text_files_of_repository():
        for shingle in shingles(path.read_text("utf-8")):
            places.setdefault(shingle, path.relative_to(ROOT).as_posix())
    found: dict[str, str] = {}
    for path in sorted([*oarlock_data.rglob("*.csv"), *oarlock_data.rglob("*.jsonl")]):
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                for shingle in shingles(line):
                    if shingle in places:
                        found[places[shingle]] = path.name
    # Names of files only: the text itself must not be printed.
    assert not found
