"""Which codes can be relied on, as the metrics of the weights say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oarlock.codebook import CODES
from oarlock.coder.weights import (
    MIN_SUPPORT,
    RELIABLE_F1,
    load_weights,
    write_checksums,
    write_description,
)
from oarlock.errors import UserError
from oarlock.report import reliability as module
from oarlock.report.reliability import (
    CodeReliability,
    Reliability,
    load_reliability,
    read_reliability,
)


def test_reliability_is_read_from_the_metrics_of_the_weights() -> None:
    scores: dict[str, Any] = {"precision": 0.5, "recall": None, "f1": 0.6, "support": 50}
    content: dict[str, Any] = {"standard": {"codes": {"per_class": {"Affirm": scores}, "n": 1012}}}
    for version in ("standard-7", ""):
        found = read_reliability(content, version)
        assert found.codes == (CodeReliability("Affirm", 0.5, None, 0.6, 50),)
        assert found.caption.startswith("Measured on 1,012 ")
        assert not found.is_of_other_weights
    assert read_reliability(content, "fast-7") == Reliability()
    content["release"] = "7"
    assert "other weights" not in read_reliability(content, "standard-7").caption
    other = read_reliability(content, "standard-own-1")
    assert other.is_of_other_weights
    assert "of other weights: release 7, while standard-own-1 coded" in other.caption


@pytest.mark.parametrize("tier", ["standard", "fast"])
def test_report_and_coder_flag_the_same_codes(tier: str) -> None:
    assert set(load_reliability(tier).unreliable) == load_weights(tier).unreliable_codes


@pytest.mark.parametrize("content", ["{", '{"standard": {"codes": {"per_class": {"Affirm": {}}}}}'])
def test_damaged_metrics_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(module, "weights_folder", lambda: tmp_path)
    write_description(tmp_path, manifest={}, metrics={"release": "7"})
    assert load_reliability("standard-7") == Reliability()
    (tmp_path / "metrics.json").write_text(content, "utf-8")
    with pytest.raises(UserError, match=r"metrics\.json .* is damaged"):
        load_reliability("standard-7")
    write_checksums(tmp_path)
    with pytest.raises(UserError, match=r"no readable metrics\.json|metrics\.json .* not describe"):
        load_reliability("standard-7")


@pytest.mark.parametrize(
    ("f1", "support", "words"),
    [
        (None, 50, "† unreliable"),
        (RELIABLE_F1 - 0.01, 50, "† unreliable"),
        (0.9, MIN_SUPPORT - 1, "† unreliable"),
        (RELIABLE_F1, MIN_SUPPORT, "fair"),
        (0.7, 50, "good"),
    ],
)
def test_unreliable_is_what_the_coder_flags(f1: float | None, support: int, words: str) -> None:
    one = CodeReliability("Warn", None, None, f1, support)
    assert one.words == words
    assert one.is_weak is (words == "† unreliable")


def test_a_sum_is_flagged_by_the_codes_in_it() -> None:
    known = Reliability(
        tuple(CodeReliability(n, None, None, f1, 50) for n, f1 in (("a", 0.2), ("b", 0.9)))
    )
    assert known.flag(["a"]) == "† unreliable"
    assert known.flag(["a", "b"]) == "‡ partly unreliable"
    assert known.flag(["b"]) == ""
    assert Reliability().flag(["b"]) == "† not measured"


def test_codes_taken_together_forgive_one_for_the_other() -> None:
    rows = tuple(CodeReliability(name, None, None, 0.5, 10) for name in ("a", "b", "c"))
    known = Reliability(rows, confusion=((2, 3, 5), (1, 4, 0), (2, 0, 8)))
    both = known.together(("a", "b"))
    assert both is not None
    assert (both.precision, both.recall) == (10 / 12, 10 / 15)
    assert both.f1 == pytest.approx(20 / 27)
    assert known.together(("a", "x")) is None
    assert Reliability(rows).together(("a", "b")) is None


def test_shipped_confusion_gives_the_shipped_scores() -> None:
    known = load_reliability("standard")
    assert [row.code for row in known.codes] == [code.name for code in CODES]
    for row in known.codes:
        alone = known.together((row.code,))
        assert alone is not None
        assert alone.f1 == pytest.approx(row.f1)
        assert alone.support == row.support


def test_levels_of_empathy_and_summaries_are_flagged_by_the_same_rule() -> None:
    per_class = {"0": {"f1": 0.9, "support": 90}, "1": {"f1": 0.1, "support": 90}}
    codes = {"per_class": {"Affirm": {"f1": 0.9, "support": 90}}}
    content = {"standard": {"codes": codes, "empathy-ip": {"per_class": per_class}}}
    known = read_reliability(json.loads(json.dumps(content)), "standard")
    assert known.flag_other("ip 0") == ""
    assert known.flag_other("ip 1") == "† unreliable"
    assert known.flag_other("Summary") == "† not measured"
