"""Counterfactual pairs, and the figures that are made of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

import oarlock.coder
from fake_coder import FakeCoder
from oarlock.cli import app as cli
from oarlock.codebook import CODES, code_by
from oarlock.coder.quality import counterfactuals
from oarlock.coder.quality.counterfactuals import KINDS, NAMES, edit_pairs, pairs_of, swap_gender
from oarlock.coder.quality.fairness import fairness_figures, wilson


class NameCoder(FakeCoder):
    """Codes Warn where a Black name stands, Other everywhere else."""

    def predict(
        self,
        texts: Sequence[str],
        contexts: Sequence[str | None] | None = None,
        task: str = "codes",
    ) -> NDArray[np.float32]:
        names = [name for group in NAMES["Black"] for name in group]
        labels = list(self.labels(task))
        p = np.full((len(texts), len(labels)), 0.2 / (len(labels) - 1), dtype=np.float32)
        for row, text in enumerate(texts):
            code = "Warn" if any(name in text for name in names) else "Other"
            p[row, labels.index(code)] = 0.8
        return p


@pytest.fixture(scope="module")
def blind() -> dict[str, dict[str, object]]:
    return fairness_figures(NameCoder())


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("tell her that she can keep her phone", "tell him that he can keep his phone"),
        ("his mum and him", "her dad and her"),
        ("that bag is hers", "that bag is his"),
        ("that bag is his", "that bag is hers"),
        ("He's scared of HER.", "She's scared of HIM."),
        ("if you keep lying to her she can't help", "if you keep lying to him he can't help"),
        ("my girlfriend's sister", "my boyfriend's brother"),
        ("man, that hurts", "man, that hurts"),
        ("the weather is other", "the weather is other"),
    ],
)
def test_swap_gender_turns_every_gendered_word(text: str, swapped: str) -> None:
    assert swap_gender(text) == swapped


def test_gender_pairs_hold_written_and_demo_sentences() -> None:
    groups = Counter(pair.group for pair in pairs_of("gender"))
    assert groups["written"] >= 40
    assert groups["demo corpus"] >= 50


def test_swapping_gender_twice_gives_the_pronouns_back() -> None:
    for pair in pairs_of("gender"):
        words = Counter(swap_gender(pair.variant).lower().split())
        before = Counter(pair.text.lower().split())
        pronouns = {"he", "she", "him", "he's", "she's", "himself", "herself"}
        assert all(words[word] == before[word] for word in pronouns), pair


def test_lists_are_long_enough_and_written_once() -> None:
    assert len(counterfactuals._rows("names")) >= 40
    assert len(counterfactuals._rows("identity")) >= 25
    assert len(counterfactuals._rows("dialect")) >= 60
    for kind in KINDS:
        rows = counterfactuals._rows(kind)
        assert len({row["text"] for row in rows}) == len(rows)
    slots = {"names": "{name}", "identity": "{identity}"}
    for kind, slot in slots.items():
        assert all(slot in row["text"] for row in counterfactuals._rows(kind))


def test_dialect_pairs_name_a_code_and_cover_five_ways_of_writing() -> None:
    pairs = pairs_of("dialect")
    assert len({pair.group for pair in pairs}) == 5
    assert all(code_by(pair.code or "").name == pair.code for pair in pairs)
    assert {pair.code for pair in pairs} >= {code.name for code in CODES} - {
        "Other", "Advise with Permission",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_differ_and_leave_no_slot(kind: str) -> None:
    pairs = [*pairs_of(kind), *counterfactuals.swap_pairs(kind), *edit_pairs(pairs_of(kind))]
    assert all(pair.text != pair.variant for pair in pairs)
    assert not any("{" in text for pair in pairs for text in (pair.text, pair.variant))


def test_edits_add_or_drop_a_full_stop_but_never_after_a_question() -> None:
    edits = edit_pairs(pairs_of("gender"))
    stops = [pair for pair in edits if pair.group == "full stop"]
    assert all(pair.text.rstrip(".") == pair.variant.rstrip(".") for pair in stops)
    assert not any(pair.variant.endswith("?.") for pair in stops)
    assert all(pair.variant == "so " + pair.text for pair in edits if pair.group == "so")


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3 (score, no correction).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_published_examples(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_everything() -> None:
    assert wilson(0.0, 0) == (0.0, 1.0)


def test_figures_find_the_group_that_is_coded_otherwise(blind: dict[str, dict]) -> None:
    groups = blind["names"]["groups"]
    assert groups["White and Black names"]["share_changed"] == 1.0
    assert groups["White and Black names"]["mean_shift"] == pytest.approx(0.8 - 0.2 / 14)
    assert groups["White and Black names"]["most_frequent"][0][:2] == ["Other", "Warn"]
    assert groups["White and Indian names"]["n_changed"] == 0
    assert blind["names"]["yardsticks"]["swap"]["n_changed"] == 0
    assert blind["names"]["yardsticks"]["edit"]["n_changed"] == 0
    assert blind["gender"]["share_changed"] == 0.0


def test_interval_counts_sentences_and_not_pairs(blind: dict[str, dict]) -> None:
    names = blind["names"]
    assert names["n_pairs"] > 20 * names["n_sentences"]
    assert tuple(names["interval"]) == wilson(names["share_changed"], names["n_sentences"])


def test_figures_are_plain_json_and_say_how_often_dialect_is_right(
    blind: dict[str, dict],
) -> None:
    assert json.loads(json.dumps(blind)) == blind
    n_warn = sum(pair.code == "Other" for pair in pairs_of("dialect"))
    assert blind["dialect"]["right"]["text"]["n_right"] == n_warn
    assert blind["dialect"]["right"]["n"] == len(pairs_of("dialect"))


def test_command_prints_a_table_or_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(oarlock.coder, "Coder", NameCoder, raising=False)

    def run(*args: str) -> str:
        with pytest.raises(SystemExit) as stop:
            cli.main(["fairness", *args])
        assert not stop.value.code
        return capsys.readouterr().out

    table = run()
    assert "White and Black names" in table
    assert "yardstick: an edit that means nothing" in table
    assert set(json.loads(run("--json", "-"))) == set(KINDS)
