"""Coding leaves nothing behind and sends nothing out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from oarlock.coder import Coder
from oarlock.errors import UserError

SCRIPT = """
from oarlock.coder import Coder
coder = Coder.load()
for _ in range(3):
    coder.code("that sounds hard. what would help?", "i feel low")
"""


def test_coding_writes_nothing_into_the_home_folder(tmp_path: Path) -> None:
    # ONNX Runtime's own telemetry writes a device id there before it sends anything.
    names = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environment |= {name: str(tmp_path) for name in names}
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, env=environment)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == []


@pytest.mark.parametrize("wrong", [None, float("nan"), np.float64("nan"), 3, b"hi"])
def test_what_is_no_text_is_refused_with_its_place(standard: Coder, wrong: object) -> None:
    with pytest.raises(UserError, match="Text 1"):
        standard.code_many(["hi", wrong])  # type: ignore[list-item]
    with pytest.raises(UserError, match="Text 0"):
        standard.predict([wrong])  # type: ignore[list-item]
    with pytest.raises(UserError, match="Text 0"):
        standard.talk(wrong)  # type: ignore[arg-type]


def test_single_text_in_place_of_a_list_is_refused(standard: Coder) -> None:
    with pytest.raises(UserError, match="list of texts"):
        standard.code_many("hello")
