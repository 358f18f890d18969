"""The page on security claims nothing that no test and no file shows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text("utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE))
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not any(
            f"def {test}(" in path.read_text("utf-8") for path in ROOT.glob(f"tests/**/{file}")
        )
    ]
    assert len(named) > 60
    assert missing == []


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:src|deploy|docs)/[\w./-]+|[\w-]+\.(?:txt|toml))`", PAGE))
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_page_goes_through_all_chapters() -> None:
    found = re.findall(r"^\| V(\d+) ", PAGE, re.M)
    assert found == [str(number) for number in range(1, 18)]
