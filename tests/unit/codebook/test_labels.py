from __future__ import annotations

import pytest

from oarlock.codebook import CODES
from oarlock.codebook.labels import TASK_LABELS, resolve_label
from oarlock.errors import UserError

PAIRS = [(task, label) for task, labels in TASK_LABELS.items() for label in labels]


@pytest.mark.parametrize(("task", "label"), PAIRS)
def test_own_labels_resolve_to_themselves_in_any_case_and_spacing(task: str, label: str) -> None:
    for written in (label, label.upper(), f"  {label} "):
        assert resolve_label(task, written) == label


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.abbreviation)
def test_abbreviations_resolve(code) -> None:  # type: ignore[no-untyped-def]
    assert resolve_label("codes", code.abbreviation.lower()) == code.name


@pytest.mark.parametrize(
    ("task", "written", "label"),
    [
        ("families", "MI Adherent", "MI-adherent"),
        ("families", "mi_non_adherent", "MI-non-adherent"),
        ("families", "MI NonAdherent", "MI-non-adherent"),
        ("families", "MIIN", "MI-non-adherent"),
        ("codes", "emphasise autonomy", "Emphasize Autonomy"),
        ("codes", "self disclosure", "Self-Disclose"),
        ("behaviour", "Therapist Input", "therapist_input"),
        ("question", "QUO", "open"),
        ("reflection", "complex reflection", "complex"),
        ("talk", "Change Talk", "change"),
        ("empathy-er", "1.0", "1"),
    ],
)
def test_other_spellings_resolve(task: str, written: str, label: str) -> None:
    assert resolve_label(task, written) == label


@pytest.mark.parametrize(
    ("task", "written"),
    [
        ("codes", "True"),
        ("question", "False"),
        ("empathy-er", "True"),
        ("empathy-er", "3"),
        ("empathy-er", "-1"),
        ("codes", ""),
        ("codes", "Hug"),
        ("talk", "QUO"),
    ],
)
def test_anything_else_is_refused_with_the_labels(task: str, written: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve_label(task, written)
    assert all(label in str(caught.value) for label in TASK_LABELS[task])


def test_unknown_task_is_refused_with_the_tasks() -> None:
    with pytest.raises(UserError, match="empathy-ex"):
        resolve_label("mood", "change")
