"""The model card says what the metrics say, and nothing is lost where one is missing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from fake_coder import FakeCoder
from oarlock.codebook import CODES
from oarlock.coder.quality.card import render_markdown
from oarlock.coder.quality.evaluation import score
from oarlock.coder.quality.fairness import fairness_figures
from oarlock.coder.quality.published import FIGURES, SOURCES
from oarlock.coder.tasks import TASKS


def _toy(labels: tuple[str, ...], n: int = 60) -> dict[str, Any]:
    rng = np.random.default_rng(len(labels))
    truth = rng.integers(0, len(labels), n)
    p = 0.2 * np.eye(len(labels))[truth] + 0.8 * rng.dirichlet(np.ones(len(labels)), n)
    groups = [str(k // 3) for k in range(n)]
    result = score(truth, p, labels=labels, groups=groups, n_resamples=20)
    return {
        "measured_on": "toy texts, five folds",
        "n": n,
        "n_groups": result.n_groups,
        "scores": result.scores,
        "calibration": result.calibration,
        "intervals": result.intervals,
        "per_class": {
            name: {
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
                "support": one.support,
            }
            for name, one in result.per_class.items()
        },
        "confusion": result.confusion,
    }


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    standard = {task: _toy(labels) for task, labels in TASKS.items()}
    standard["behaviour, turns of four words and more"] = _toy(TASKS["behaviour"])
    standard["fairness"] = fairness_figures(FakeCoder())
    own = {"n": 761, "n_groups": 761, "first_or_second_choice": 0.7}
    own |= {
        "scores": {"accuracy": 0.6644, "macro_f1": 0.5344, "kappa": 0.5931},
        "intervals": {"accuracy": [0.6, 0.7], "macro_f1": [0.5, 0.6], "kappa": None},
    }
    fast = {"codes": _toy(TASKS["codes"])}
    return {"standard": standard, "fast": fast, "own_labels": {"codes": own}}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    tier = {"unreliable_codes": ["Warn"], "uncertain_below": 0.45}
    return {
        "release": "2031.02",
        "licence": "CC BY-NC-SA 4.0",
        "seed": 7,
        "tiers": {"standard": tier, "fast": {**tier, "unreliable_codes": ["Warn", "Direct"]}},
    }


@pytest.fixture(scope="module")
def card(metrics: dict[str, Any], manifest: dict[str, Any]) -> str:
    return render_markdown(metrics, manifest)


def section(card: str, title: str) -> str:
    return card.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_card_names_licence_release_and_seed(card: str) -> None:
    assert "release 2031.02" in card
    assert "**Licence: CC BY-NC-SA 4.0.**" in card
    assert "non-commercial" in card
    assert "all-MiniLM-L6-v2" in card
    assert "--seed 7" in card


def test_card_names_every_source_with_its_licence(card: str) -> None:
    data = section(card, "Data")
    for source in SOURCES:
        assert f"| {source.name} | {source.used_for} | {source.licence} |" in data
    for name in ("AnnoMI", "ESConv", "EPITOME", "CounselChat", "MIBOT", "HLQC", "Reddit"):
        assert name in data


def test_card_shows_every_figure_with_its_interval_beside_the_published_one(
    card: str, metrics: dict[str, Any]
) -> None:
    table = section(card, "How well it does")
    for one in FIGURES:
        tested = metrics["standard"][one.key]
        low, high = tested["intervals"][one.measure]
        shown = f"{tested['scores'][one.measure]:.3f} ({low:.3f} to {high:.3f})"
        rows = [line for line in table.splitlines() if line.startswith(f"| {one.name} |")]
        assert any(shown in row and f"| {one.figure} |" in row for row in rows)


@pytest.mark.parametrize(("value", "word"), [(0.67, "not reached"), (0.68, "reached")])
def test_card_says_whether_the_goal_was_reached(
    value: float, word: str, metrics: dict[str, Any], manifest: dict[str, Any]
) -> None:
    codes = metrics["standard"]["codes"]
    codes = {**codes, "scores": {**codes["scores"], "accuracy": value}}
    changed = {**metrics, "standard": {**metrics["standard"], "codes": codes}}
    table = section(render_markdown(changed, manifest), "How well it does")
    row = next(line for line in table.splitlines() if line.startswith("| fifteen codes | accuracy"))
    assert f"| 0.68, {word} |" in row


def test_card_shows_every_code_and_flags_the_unreliable(card: str) -> None:
    table = section(card, "Code by code")
    for code in CODES:
        assert f"| {code.name} |" in table
    assert re.search(r"\| Warn \|.*\| standard, fast \|", table)
    assert re.search(r"\| Direct \|.*\| fast \|", table)
    assert "below 0.45" in table


def test_card_shows_the_most_frequent_confusion_first(card: str, metrics: dict[str, Any]) -> None:
    matrix = np.array(metrics["standard"]["codes"]["confusion"])
    np.fill_diagonal(matrix, 0)
    first = section(card, "Where it fails").split("| --- | --- | --- | --- |\n")[1].split("\n")[0]
    assert f"| {matrix.max()} |" in first


def test_card_says_truthfully_how_own_labels_were_made(card: str) -> None:
    own = section(card, "How Oarlock's own labels were made")
    assert "language model" in own
    assert "| codes, gold sentences | 761 | 0.664 (0.600 to 0.700) | 0.534" in own
    assert re.search(r"[\d,]+ sentences of public posts", own)
    assert "{" not in own


def test_card_shows_fairness_with_yardsticks(card: str, metrics: dict[str, Any]) -> None:
    text = section(card, "Fairness")
    for one in metrics["standard"]["fairness"].values():
        for group in one["groups"] if len(one["groups"]) > 1 else ():
            assert f"| {group} |" in text
    assert text.count("*yardstick: an edit that means nothing") == 4
    assert text.count("*yardstick: another word of the same group") == 2


def test_card_says_what_it_must_not_be_used_for(card: str) -> None:
    text = section(card, "What it must not be used for")
    for words in ("Judging single people", "Automated sanctions", "Finding crises"):
        assert words in text


def test_card_can_be_made_from_metrics_with_gaps(manifest: dict[str, Any]) -> None:
    card = render_markdown({"standard": {"codes": _toy(TASKS["codes"])}}, manifest)
    assert "These weights carry no figures of it." in card
    assert "| change, sustain, neutral talk | macro-F1 |  | – | – | 0.64 |" in card


def test_tables_of_the_card_have_as_many_cells_as_their_heads(card: str) -> None:
    for table in re.findall(r"(?:^\|.*\n?)+", card, re.MULTILINE):
        rows = table.strip().splitlines()
        assert len({row.count("|") for row in rows}) == 1, rows[0]


def test_card_names_no_machine_and_no_issue(card: str) -> None:
    assert not re.search(r"/(?:home|work|root)/|\bissue\b|helper", card)
