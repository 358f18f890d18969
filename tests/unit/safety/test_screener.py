"""The screener as a web process uses it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oarlock.safety import KINDS, Screener, ScreeningError
from oarlock.safety import screener as module
from oarlock.safety.model import MANIFEST, WEIGHTS, weights_folder

ORDINARY = (
    "I have been feeling low since the move. Work is fine, but in the evening I sit in the kitchen "
    "and do not know whom to call. My sister says I should join a club, and maybe she is right. "
) * 3


@pytest.fixture(scope="module")
def screener() -> Screener:
    return Screener.load()


def test_load_takes_less_than_a_second_of_a_fresh_process() -> None:
    code = (
        "import time; from oarlock.safety import Screener\n"
        "start = time.process_time(); Screener.load(); print(time.process_time() - start)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.0


def test_web_process_loads_no_heavy_package() -> None:
    code = (
        "import sys; from oarlock.safety import Screener; Screener.load().screen('hello')\n"
        "heavy = {'torch', 'sklearn', 'scipy', 'onnxruntime', 'pandas', 'django'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ordinary_text_takes_less_than_20_ms(screener: Screener) -> None:
    times = []
    for n in range(30):
        started = time.process_time()
        screener.screen(f"{ORDINARY} {n}")
        times.append(time.process_time() - started)
    assert sorted(times)[len(times) // 2] < 0.020


def test_long_text_is_bounded_and_still_read(screener: Screener) -> None:
    text = ORDINARY * 180 + "I am going to kill myself tonight. " + ORDINARY * 20
    assert len(text) > 100_000
    started = time.process_time()
    result = screener.screen(text)
    assert time.process_time() - started < 5
    assert result.risk_grade == "imminent"
    assert not result.truncated


def test_text_beyond_what_is_read_says_so(screener: Screener) -> None:
    result = screener.screen("a quiet line. " * 80_000)
    assert result.truncated
    assert any("Too long" in reason for reason in result.reasons)


def test_finding_names_patterns_and_never_the_text(screener: Screener) -> None:
    secret = "Zebulonia"
    result = screener.screen(f"My friend {secret} wants to kill herself, mail {secret}@example.org")
    assert {f.kind for f in result.findings} == {"suicide", "contact details"}
    assert secret.lower() not in repr(result).lower()
    assert result.reasons
    assert all(0 <= f.score <= 1 and f.kind in KINDS and f.pattern_ids for f in result.findings)


def test_version_names_release_and_checksum(screener: Screener) -> None:
    assert screener.screen("hello").screener_version == screener.version
    assert "-" in screener.version


def test_grave_text_is_read_first(screener: Screener) -> None:
    order = [
        "I'm killing myself tonight", "I have a plan to kill myself", "I want to kill myself",
        "My lecture was cancelled",
    ]  # fmt: skip
    scores = [screener.screen(text).review_score for text in order]
    assert scores == sorted(scores, reverse=True)


def test_threads_share_one_screener(screener: Screener) -> None:
    texts = ["I want to die", "kys", "add me on discord", ORDINARY] * 10
    alone = [screener.screen(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(screener.screen, texts)) == alone


def test_no_text_is_a_typed_error_without_the_text(screener: Screener) -> None:
    with pytest.raises(ScreeningError, match="not NoneType"):
        screener.screen(None)  # type: ignore[arg-type]
    with pytest.raises(ScreeningError, match="too long"):
        screener.screen("x" * (module.MAX_TEXT + 1))
    assert screener.screen("").risk_grade == "none"


@pytest.mark.parametrize("part", ["views", "hits", "features"])
def test_failure_of_any_part_is_a_typed_error_without_the_text(
    screener: Screener, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError(f"broken at {args}")

    monkeypatch.setattr(module, part, broken)
    with pytest.raises(ScreeningError) as caught:
        screener.screen("a private line")
    assert "private" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_missing_or_damaged_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScreeningError, match="cannot be read"):
        Screener.load(tmp_path)
    for name in (MANIFEST, WEIGHTS):
        shutil.copy(weights_folder() / name, tmp_path / name)
    assert Screener.load(tmp_path).version
    (tmp_path / WEIGHTS).write_bytes((tmp_path / WEIGHTS).read_bytes()[:-1])
    with pytest.raises(ScreeningError, match="damaged"):
        Screener.load(tmp_path)


@cache
def shared() -> Screener:
    return Screener.load()


@given(st.text(max_size=400))
def test_any_text_is_screened(text: str) -> None:
    result = shared().screen(text)
    assert 0 <= result.review_score <= 1
    assert shared().screen(text) == result
