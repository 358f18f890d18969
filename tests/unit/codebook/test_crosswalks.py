from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from oarlock.codebook import ALL_CODES, code_by, fold
from oarlock.codebook.crosswalks import crosswalk, crosswalk_names
from oarlock.codebook.labels import TASK_LABELS, resolve_label
from oarlock.errors import UserError

each_crosswalk = pytest.mark.parametrize("name", crosswalk_names())


def test_crosswalks_cover_the_schemes_of_the_field() -> None:
    assert {name.partition("-")[0] for name in crosswalk_names()} == {
        "annomi", "bolt", "epitome", "esconv", "mibot", "misc", "miti", "welivita",
    }  # fmt: skip


@each_crosswalk
def test_targets_are_labels_of_the_task_and_every_gap_has_a_reason(name: str) -> None:
    walk = crosswalk(name)
    for label, to in walk.mapping.items():
        if to is None:
            assert walk.reasons[label].strip()
        else:
            assert to in TASK_LABELS[walk.task]
            assert resolve_label(walk.task, to) == to
    assert walk.source.strip()
    assert walk.notes.strip()


@each_crosswalk
def test_lookup_is_blind_to_case_spacing_and_punctuation(name: str) -> None:
    walk = crosswalk(name)
    for label, to in walk.mapping.items():
        for written in (label, label.upper(), f" {label} ", label.replace(" ", "_")):
            assert walk.lookup(written) == to


@each_crosswalk
def test_unknown_label_is_refused_with_the_accepted_ones(name: str) -> None:
    walk = crosswalk(name)
    with pytest.raises(UserError) as caught:
        walk.lookup("no such label")
    assert all(label in str(caught.value) for label in walk.mapping)


def test_name_is_found_in_any_case_and_an_unknown_one_refused() -> None:
    assert crosswalk("AnnoMI") is crosswalk("annomi")
    with pytest.raises(UserError, match="esconv"):
        crosswalk("annoyed")


def test_misc_valence_signs_are_read() -> None:
    talk = crosswalk("misc-talk")
    assert talk.lookup("C+") == "change"
    assert talk.lookup("C-") == "sustain"
    assert talk.lookup("TS +") == "change"


def test_mapping_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        crosswalk("annomi").mapping["question"] = None  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "label", "family"),
    [
        ("mibot", "MICO", "MI-adherent"),
        ("mibot", "MIIN", "MI-non-adherent"),
        ("mibot", "Q", "other"),
        ("mibot", "R", "other"),
        ("mibot", "Other", "other"),
        ("mibot", "C", None),
    ],
)
def test_coarse_misc_labels_become_families(name: str, label: str, family: str | None) -> None:
    assert crosswalk(name).lookup(label) == family


def test_miti_families_are_those_of_the_codes_that_miti_labels_become() -> None:
    codes, families = crosswalk("miti"), crosswalk("miti-families")
    for label, name in codes.mapping.items():
        if name is not None:
            assert families.lookup(label) == code_by(name).family
    assert families.lookup("Question") == "other"


@pytest.mark.parametrize("name", ["misc", "miti", "welivita"])
def test_codes_with_the_same_abbreviation_map_to_themselves(name: str) -> None:
    walk = crosswalk(name)
    own = {fold(code.abbreviation): code.name for code in ALL_CODES if code.level == "sentence"}
    for label, to in walk.mapping.items():
        if to is not None and fold(label) in own:
            assert to == own[fold(label)]


# --- the real data: every label that occurs is known ------------------------------------------


def _column(path: Path, column: str) -> set[str]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as lines:
        return {row[column] for row in csv.DictReader(lines)}


COLUMNS = [
    ("annomi", "annomi_train.csv", "main_therapist_behaviour"),
    ("annomi-question", "annomi_train.csv", "question_subtype"),
    ("annomi-reflection", "annomi_train.csv", "reflection_subtype"),
    ("annomi-input", "annomi_train.csv", "therapist_input_subtype"),
    ("annomi-talk", "annomi_train.csv", "client_talk_type"),
    ("welivita", "peer_miti_gold_dev.csv", "label"),
    ("welivita", "miti_sentences_silver_dev.csv", "miti"),
    ("mibot", "MIBOT_utterances_dev.csv", "auto_misc_label"),
    ("mibot-behaviour", "MIBOT_utterances_dev.csv", "auto_misc_label"),
    ("mibot-talk", "MIBOT_utterances_dev.csv", "auto_misc_label"),
    ("bolt-therapist", "BOLT_therapist_train.csv", "completion"),
    ("bolt-client", "BOLT_client_train.csv", "completion"),
    ("epitome-er", "epitome_emotional-reactions_train.csv", "level"),
    ("epitome-ip", "epitome_interpretations_train.csv", "level"),
    ("epitome-ex", "epitome_explorations_train.csv", "level"),
]


@pytest.mark.data
@pytest.mark.parametrize(("name", "file", "column"), COLUMNS)
def test_every_label_of_the_data_is_known(
    name: str, file: str, column: str, oarlock_data: Path
) -> None:
    labels = _column(oarlock_data / "mi" / file, column)
    assert labels
    for label in labels:
        crosswalk(name).lookup(label)  # raises where it is not known


@pytest.mark.data
@pytest.mark.parametrize("name", ["esconv", "esconv-codes"])
def test_every_esconv_strategy_is_known(name: str, oarlock_data: Path) -> None:
    strategies: set[str] = set()
    path = oarlock_data / "support" / "esconv_train_valid.jsonl"
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            turns = json.loads(line)["dialog"]
            strategies |= {turn["strategy"] for turn in turns if turn.get("strategy")}
    assert len(strategies) == 8
    for strategy in strategies:
        crosswalk(name).lookup(strategy)  # raises where it is not known
