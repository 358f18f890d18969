"""Every Python example of the tutorials runs as it stands, and prints something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(body, id=f"{page.stem} {number}")
    for page in sorted((ROOT / "docs" / "tutorials").glob("*.md"))
    for number, body in enumerate(FENCE.findall(page.read_text("utf-8")), start=1)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs(
    example: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "example", "exec"), {"__name__": "example"})
    assert capsys.readouterr().out.strip()
