"""Human labels: which task, which spelling, what is left out and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from oarlock.coder.quality.gold import GoldColumns, GoldSet, detect_task, gold_set
from oarlock.corpus.reading import is_missing
from oarlock.errors import UserError


def make(*labels: object, text: str = "you are doing well", **options: object) -> GoldSet:
    def rows() -> Iterator[tuple[int, Mapping[str, object]]]:
        for number, label in enumerate(labels, start=2):
            yield number, {"text": text, "label": label, "thread": "t1"}

    columns = GoldColumns(group=str(options.pop("group"))) if "group" in options else GoldColumns()
    return gold_set(rows(), source="gold.csv", columns=columns, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["Open Question", "Give Information", "Other"], "codes"),
        (["QUO", "adw"], "codes"),
        (["MI-adherent", "other", "MI-non-adherent"], "families"),
        (["question", "reflection", "therapist_input", "other"], "behaviour"),
        (["open", "closed"], "question"),
        (["simple", "complex"], "reflection"),
        (["change", "neutral", "sustain"], "talk"),
    ],
)
def test_task_is_found_from_the_labels(labels: list[str], task: str) -> None:
    assert detect_task(labels) == task


@pytest.mark.parametrize("labels", [["0", "1", "2"], ["other"]])
def test_task_is_asked_for_where_the_labels_fit_several(labels: list[str]) -> None:
    with pytest.raises(UserError, match="more than one task") as caught:
        detect_task(labels)
    assert "--task" in str(caught.value)


def test_task_is_asked_for_where_no_label_fits() -> None:
    with pytest.raises(UserError, match="fit no task"):
        detect_task(["joy", "anger"])


def test_spellings_lead_to_the_same_label() -> None:
    gold = make("Open Question", "open_question", "QUO", " open question ")
    assert set(gold.labels) == {0}


def test_levels_written_as_numbers_are_read() -> None:
    assert make(0, 1.0, "2", task="empathy-er").labels == [0, 1, 2]


def test_rows_without_a_label_or_a_text_are_left_out_and_counted() -> None:
    gold = make("open", "n/a", None, float("nan"), "", "closed")
    assert len(gold.texts) == 2
    assert gold.left_out == {"no label": 4}
    with pytest.raises(UserError, match="no row is left"):
        make("open", text="  ")


def test_short_texts_are_left_out_on_request() -> None:
    assert make("open", min_words=4).left_out == {}
    with pytest.raises(UserError, match="1 fewer than 5 words"):
        make("open", min_words=5)


def test_unknown_label_names_file_row_and_column_and_suggests() -> None:
    with pytest.raises(UserError) as caught:
        make("Open Question", "Opne Question", task="codes")
    message = str(caught.value)
    assert "gold.csv, row 3, column 'label'" in message
    assert "did you mean 'Open Question'" in message
    assert make("Open Question", "Smalltalk", leave_out_unknown=True).left_out == {
        "unknown label": 1
    }


@pytest.mark.parametrize(
    "labels", [["i feel so alone today"], ["alone", "i am so tired of it"], ["alone at home"]]
)
def test_unknown_labels_that_could_be_text_are_counted_and_not_shown(labels: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        make("open", *labels, task="question")
    assert "alone" not in str(caught.value)
    assert f"{len(labels)} ({len(labels)} row" in str(caught.value)
    with pytest.raises(UserError, match=r"'alone' \(1 row\)"):
        make("open", "alone", task="question")


def test_labels_in_the_fifteen_codes_can_be_scored_on_coarser_tasks() -> None:
    families = make("Affirm", "Confront", "Open Question", "RES", "SD", task="families")
    assert families.labels == [0, 1, 2, 2, 2]
    questions = make("Open Question", "Affirm", "Closed Question", task="question")
    assert questions.labels == [0, 1]
    assert questions.left_out == {"label outside the task question": 1}


def test_crosswalk_translates_leaves_out_and_refuses() -> None:
    mapping = {"Q": "Open Question", "filler": None}
    gold = make("Q", "filler", translate=mapping.__getitem__, crosswalk_task="codes")
    assert gold.labels == [0]
    assert gold.left_out == {"label without a counterpart in the crosswalk": 1}
    with pytest.raises(
        UserError, match=r"unknown label: 'Z' \(1 row\)\. Expected one of: Q, filler"
    ):
        make(
            "Q",
            "Z",
            translate=mapping.__getitem__,
            crosswalk_task="codes",
            crosswalk_labels=tuple(mapping),
        )


def test_groups_must_not_be_empty() -> None:
    assert make("open", group="thread").groups == ["t1"]
    with pytest.raises(UserError, match="the group is empty"):
        make("open", group="absent")


def test_no_rows_is_refused() -> None:
    with pytest.raises(UserError, match="has no rows"):
        make()


@pytest.mark.parametrize(
    ("value", "missing"), [("N/A", True), ("nan", True), ("—", False), (0, False)]
)
def test_missing_labels_are_told_from_labels(value: object, missing: bool) -> None:
    assert is_missing(value) is missing


def test_unknown_task_is_refused() -> None:
    with pytest.raises(UserError, match="Unknown task"):
        make("open", task="mood")
