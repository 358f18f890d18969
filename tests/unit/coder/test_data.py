"""The training data: no fold cuts what belongs together, no test sentence is learnt from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from oarlock.coder.tasks import CODE_LABELS, HEADS
from oarlock.coder.training import data as sources
from oarlock.coder.training.data import Example, normalise, one_hot
from oarlock.coder.training.files import FILES, check_files
from oarlock.errors import UserError

#: Shorter ones, such as a greeting, are said by everyone.
N_WORDS = 5

OWN_FILES = sorted(
    path.name
    for path in files("oarlock.coder.training").iterdir()
    if path.name.startswith("labels") and path.name.endswith(".csv")
)


def test_one_hot_spreads_its_smoothing() -> None:
    assert one_hot("question", "open") == (1.0, 0.0)
    assert one_hot("question", "closed", smoothing=0.2) == pytest.approx((0.1, 0.9))


def test_normalise_compares_words_alone() -> None:
    assert normalise("  I'm — SO\n tired!! ") == "i m so tired"


def test_label_of_an_example_is_its_most_probable() -> None:
    assert Example("talk", "t", "", (0.2, 0.7, 0.1)).label == 1


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"annomi_train\.csv: not found in ") as caught:
        sources.annomi(tmp_path)
    assert caught.value.remedy is not None
    assert "OARLOCK_DATA" in caught.value.remedy


def test_all_missing_files_are_told_at_once(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    check_files(tmp_path)
    gone = ("mi/annomi_train.csv", "support/counselchat.csv")
    for name in gone:
        (tmp_path / name).unlink()
    with pytest.raises(UserError, match=f"lacks 2 of the {len(FILES)} files") as caught:
        check_files(tmp_path)
    assert all(name in caught.value.message for name in gone)
    assert "mi/peer_miti_gold_dev.csv" not in caught.value.message
    assert "docs/how-to/fetch-data.md" in (caught.value.remedy or "")


def test_every_file_that_training_reads_is_looked_for_and_explained() -> None:
    code = "".join(
        path.read_text("utf-8")
        for path in Path(sources.__file__).parent.glob("*.py")
        if path.name != "files.py"
    )
    read = set(re.findall(r"\b(?:mi|support)/[\w{}-]+\.(?:csv|jsonl)", code))
    assert {re.sub(r"\{.*?\}", "interpretations", name) for name in read} <= set(FILES)
    assert {re.sub(r"epitome_(?!expl)[a-z-]+_", "epitome_{name}_", name) for name in FILES} <= (
        read | {"mi/epitome_{name}_train.csv"}
    )
    page = Path(__file__).resolve().parents[3] / "docs/how-to/fetch-data.md"
    told = page.read_text("utf-8").replace("epitome_*", "epitome_")
    assert not [
        name for name in FILES if re.sub(r"epitome_[a-z-]+_", "epitome__", name) not in told
    ]


@pytest.mark.parametrize("source", [sources.written, sources.written_talk])
def test_written_sentences_carry_known_labels(source: Callable[[], list[Example]]) -> None:
    check(source())


def test_written_summaries_come_in_pairs_of_both_labels() -> None:
    examples = sources.written_summaries()
    check(examples)
    assert {example.label for example in examples} == {0, 1}


def check(examples: list[Example]) -> None:
    """Targets are distributions, or masks of what a partial label allows."""
    assert examples
    for example in examples:
        assert len(example.target) == len(HEADS[example.head])
        assert example.text.strip() or example.head != "codes"
        assert 0 < example.weight <= 1
        if example.partial:
            assert set(example.target) <= {0.0, 1.0}
            assert 0 < sum(example.target) < len(example.target)
        else:
            assert sum(example.target) == pytest.approx(1, abs=1e-9)
            assert min(example.target) >= 0


# --- on the real data -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gold(oarlock_data: Path) -> list[Example]:
    return sources.gold(oarlock_data)


@pytest.mark.parametrize(
    "source",
    [sources.annomi, sources.epitome, sources.silver, sources.mibot_talk,
     sources.own_labels, sources.own_talk, sources.own_empathy],
    ids=lambda source: source.__name__,
)  # fmt: skip
def test_targets_of_every_source_are_distributions(
    oarlock_data: Path, source: Callable[[Path], list[Example]]
) -> None:
    check(source(oarlock_data))


def test_targets_of_gold_sentences_are_distributions(gold: list[Example]) -> None:
    check(gold)


def test_partial_labels_leave_what_the_strategy_allows(oarlock_data: Path) -> None:
    examples = sources.esconv(oarlock_data)
    assert len(examples) >= 1000
    assert all(example.partial for example in examples)
    check(examples)


def test_gold_labels_are_those_of_the_file(oarlock_data: Path, gold: list[Example]) -> None:
    assert [example.label for example in gold] == sources.gold_labels(oarlock_data)
    assert {example.label for example in gold} == set(range(len(CODE_LABELS)))


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_folds_never_cut_a_group(oarlock_data: Path, gold: list[Example]) -> None:
    for examples in (gold, sources.annomi(oarlock_data), sources.epitome(oarlock_data)):
        folds = sources.folds(examples, 5, seed=0)
        assert np.bincount(folds, minlength=5).min() > len(examples) // 10
        places = defaultdict(set)
        for example, fold in zip(examples, folds, strict=True):
            assert example.group or example.head == "codes"
            places[example.group].add(int(fold))
        assert max(map(len, places.values())) == 1


def test_groups_are_videos_posts_and_questions(oarlock_data: Path, gold: list[Example]) -> None:
    videos = {example.group for example in sources.annomi(oarlock_data)}
    assert 50 < len(videos) < 200
    by_post = defaultdict(set)
    for example in sources.epitome(oarlock_data):
        by_post[normalise(example.context)].add(example.group)
    assert max(map(len, by_post.values())) == 1
    by_text = defaultdict(set)
    for example in gold:
        by_text[normalise(example.text)].add(example.group)
    assert max(map(len, by_text.values())) == 1


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_folds_are_the_same_every_time(gold: list[Example]) -> None:
    first, second = (sources.folds(gold, 5, seed=0) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def _distinct(examples: list[Example]) -> set[str]:
    found = {normalise(example.text) for example in examples}
    return {text for text in found if len(text.split()) >= N_WORDS}


def test_no_sentence_of_the_gold_set_is_among_own_or_written_ones(
    oarlock_data: Path, gold: list[Example]
) -> None:
    # Numbers only: a text of the data must not be printed.
    for learnt in (sources.own_labels(oarlock_data), sources.written()):
        assert len(_distinct(learnt) & _distinct(gold)) == 0


@pytest.mark.parametrize("name", OWN_FILES)
def test_own_labels_point_and_carry_no_text(name: str) -> None:
    rows = sources._own(name)
    assert rows
    columns = set(rows[0])
    assert "check" in columns
    assert not columns & {"text", "sentence", "context"}
    assert all(len(row["check"]) == 8 for row in rows)


def test_data_of_another_release_is_refused(oarlock_data: Path) -> None:
    row = sources._own("labels.csv")[0]
    with pytest.raises(UserError, match="the data differs from the release") as caught:
        sources._verified("not what was labelled", row, "labels.csv")
    assert "not what was labelled" not in str(caught.value)
