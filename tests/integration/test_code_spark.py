"""`--engine spark` gives the rows of the local engine, on a local cluster."""

from __future__ import annotations

import csv
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_coder import FakeCoder
from oarlock.coder.files.batch import code_file
from oarlock.coder.files.replies import Options
from oarlock.errors import UserError

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        from pyspark import cloudpickle
        from pyspark.sql import SparkSession

        import fake_coder

        # The workers do not see the folder of the tests.
        cloudpickle.register_pickle_by_value(fake_coder)
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "3")
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "7")
            .getOrCreate()
        )
        yield spark
        spark.stop()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "group", "post", "text"])
        for n in range(61):
            post = "i am sad" if n % 2 else ""
            writer.writerow([f"r{n}", f"g{n % 3}" if n % 5 else "", post, f"hi {n}. how\nare you?"])
    return path


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_the_rows_are_those_of_the_local_engine(
    source: Path, tmp_path: Path, session: Any, suffix: str
) -> None:
    from oarlock.coder.files.spark import code_file_on_spark

    options = Options(batch_size=10, context_column="post", with_text=suffix == "csv")
    local, spark = tmp_path / f"local.{suffix}", tmp_path / f"spark.{suffix}"
    expected = code_file(str(source), str(local), options, FakeCoder())
    outcome = code_file_on_spark(
        str(source), str(spark), options, make_coder=FakeCoder, session=session
    )
    assert outcome == expected
    assert spark.read_bytes() == local.read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_faults_leave_nothing_behind(tmp_path: Path, session: Any) -> None:
    from oarlock.coder.files.spark import code_file_on_spark

    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,text\n1,hi\n1,ho\n")
    with pytest.raises(UserError, match="row 2, column 'id'"):
        code_file_on_spark(str(source), str(out), Options(), make_coder=FakeCoder, session=session)
    with pytest.raises(UserError, match="reads and writes files"):
        code_file_on_spark("-", str(out), Options(), make_coder=FakeCoder, session=session)

    def broken() -> FakeCoder:
        raise ValueError("zebra-secret")

    source.write_text("id,text\n1,hi\n2,ho\n")
    with pytest.raises(UserError, match="Spark could not code the file") as caught:
        code_file_on_spark(str(source), str(out), Options(), make_coder=broken, session=session)
    assert "zebra-secret" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_any_column_can_be_kept_and_half_an_emoji_staged(tmp_path: Path, session: Any) -> None:
    from oarlock.coder.files.spark import code_file_on_spark

    source = tmp_path / "in.jsonl"
    rows = [{"id": "1", "text": "hi \ud83d", "Code": "x", "a`b.c": "y", "_row": "z"}]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = Options(keep=("text", "Code", "a`b.c", "_row"))
    local, spark = tmp_path / "local.csv", tmp_path / "spark.csv"
    code_file(str(source), str(local), options, FakeCoder())
    code_file_on_spark(str(source), str(spark), options, make_coder=FakeCoder, session=session)
    assert spark.read_bytes() == local.read_bytes()
    assert "hi \ufffd,x,y,z" in spark.read_text("utf-8")
