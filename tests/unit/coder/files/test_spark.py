"""Coding on Spark, as far as it goes without Spark: what is refused, and what is left alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from fake_coder import FakeCoder
from oarlock.coder.files import spark
from oarlock.coder.files.batch import code_file
from oarlock.coder.files.replies import Options
from oarlock.coder.files.spark import code_file_on_spark
from oarlock.errors import UserError


class Stops(FakeCoder):
    """A coder that is interrupted in its second chunk."""

    n_chunks = 0

    def code_many(self, *args: Any, **kwargs: Any) -> Any:
        self.n_chunks += 1
        if self.n_chunks == 2:
            raise KeyboardInterrupt
        return super().code_many(*args, **kwargs)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of which the local engine has coded a part."""
    path = tmp_path / "in.csv"
    path.write_text("text\n" + "hi there\n" * 9)
    with pytest.raises(KeyboardInterrupt):
        code_file(str(path), str(tmp_path / "out.csv"), Options(batch_size=4), Stops())
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("resume", [None, False])
def test_an_interrupted_run_outlasts_a_spark_that_does_not_start(
    source: Path, monkeypatch: pytest.MonkeyPatch, resume: bool | None
) -> None:
    before = contents(source.parent)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(UserError, match="package pyspark, which is not installed") as caught:
        code_file_on_spark(
            str(source), str(source.parent / "out.csv"), Options(), make_coder=FakeCoder,
            resume=resume,
        )  # fmt: skip
    assert "make setup-spark; or" in (caught.value.remedy or "")
    assert "'.[spark]'" in (caught.value.remedy or "")
    assert contents(source.parent) == before


@pytest.mark.parametrize(
    ("resume", "message"),
    [(None, "begun with another engine"), (True, "cannot resume a run")],
)
def test_an_interrupted_run_of_the_local_engine_is_not_discarded_unasked(
    source: Path, resume: bool | None, message: str
) -> None:
    before = contents(source.parent)
    session: Any = object()
    with pytest.raises(UserError, match=message):
        code_file_on_spark(
            str(source), str(source.parent / "out.csv"), Options(), make_coder=FakeCoder,
            session=session, resume=resume,
        )  # fmt: skip
    assert contents(source.parent) == before
    out = source.parent / "out.csv"
    assert code_file(str(source), str(out), Options(batch_size=4), FakeCoder()).n_resumed == 4


@pytest.mark.parametrize("shared", [False, True])
def test_texts_that_a_killed_run_staged_are_removed(tmp_path: Path, shared: bool) -> None:
    out, staging = tmp_path / "out.csv", tmp_path / "staging" if shared else None
    if staging is not None:
        staging.mkdir()
    others = [tmp_path / ".out.csv.spark-", tmp_path / ".out.csv.spark-a.spark-12345678"]
    others.append(spark._new_folder(tmp_path / "other" / "out.csv", staging or tmp_path / "."))
    for other in others:
        other.mkdir(exist_ok=True)
    stale = spark._new_folder(out, staging)
    (stale / "part-000000.parquet").write_text("what somebody wrote")
    fresh = spark._new_folder(out, staging)
    assert not stale.exists()
    assert all(folder.is_dir() for folder in (fresh, *others))
    assert fresh.stat().st_mode & 0o077 == 0
