"""The registry against what its sources publish."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oarlock.errors import UserError
from oarlock.trial.instruments import (
    AnswerError,
    Instrument,
    instrument,
    instruments,
    read_own_copy,
    reliable_change,
    reliable_difference,
    score,
)
from oarlock.trial.instruments.markdown import instruments_page
from oarlock.trial.instruments.scoring import band_of

ROOT = Path(__file__).resolve().parents[4]
ALL = list(instruments().values())
each = pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)


# --- what is there ------------------------------------------------------------------------------


def test_registry_holds_the_benefits_and_harms_that_reviews_name() -> None:
    assert {
        "phq-9", "phq-8", "gad-7", "k6", "who-5", "rosenberg", "mspss", "ucla-3", "ddi", "csq-8",
        "ruler-importance", "ruler-confidence", "ruler-readiness", "exposure-self-harm",
        "cyber-victimisation", "regret-posting", "distress-reading",
    } <= set(instruments())  # fmt: skip


@each
def test_every_number_has_a_source(one: Instrument) -> None:
    assert one.source
    assert one.licence
    assert one.missing_source
    assert one.difference_source
    assert all(band.source for band in one.bands)
    assert one.bands or one.bands_note
    assert all(risk.source and risk.why for risk in one.risks)
    if one.reliability is not None:
        assert one.reliability.source
        assert one.reliability.sd is None or (one.reliability.sd_source and one.reliability.sample)


@each
def test_every_wording_offers_every_answer_once(one: Instrument) -> None:
    for wording in one.wordings.values():
        assert [item.number for item in wording.items] == list(range(1, one.n_items + 1))
        for item in wording.items:
            assert sorted(choice.value for choice in item.choices) == sorted(one.values)
            assert len({choice.label for choice in item.choices}) == len(one.values)


def test_items_that_nobody_may_pass_on_are_not_here() -> None:
    assert not instrument("csq-8").ships_items
    assert not instrument("ddi").ships_items
    with pytest.raises(UserError, match="may not be shipped"):
        instrument("csq-8").wording("en")


def test_own_questions_say_that_they_are_not_validated() -> None:
    harms = [one for one in ALL if one.measures == "harm"]
    assert len(harms) == 4
    assert not any(one.validated for one in harms)
    assert instrument("phq-9").validated


def test_unknown_instrument_is_named_with_those_that_exist() -> None:
    with pytest.raises(UserError, match=r"bdi: no such instrument.*phq-9"):
        instrument("bdi")


def test_wording_falls_back_to_english_where_no_translation_was_validated() -> None:
    assert instrument("phq-9").wording("de").language == "de"
    assert instrument("rosenberg").wording("de").language == "en"


def test_a_web_process_loads_no_statistics_with_it() -> None:
    code = (
        "import sys, oarlock.trial.instruments as i; i.instruments();"
        "assert not {'scipy', 'pandas', 'sklearn', 'statsmodels', 'django'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_reference_page_is_that_of_the_registry() -> None:
    page = (ROOT / "docs/reference/instruments.md").read_text("utf-8")
    assert page == instruments_page(), "write instruments_page() into docs/reference/instruments.md"


# --- scores as published ------------------------------------------------------------------------

EDGES = {
    "phq-9": [(0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"),
              (14, "moderate"), (15, "moderately severe"), (19, "moderately severe"),
              (20, "severe"), (27, "severe")],
    "phq-8": [(4, "minimal"), (5, "mild"), (10, "moderate"), (15, "moderately severe"),
              (20, "severe"), (24, "severe")],
    "gad-7": [(4, "minimal"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate"),
              (15, "severe"), (21, "severe")],
    "k6": [(4, "low"), (5, "moderate distress"), (12, "moderate distress"),
           (13, "serious distress"), (24, "serious distress")],
    "who-5": [(0, "depression likely"), (28, "depression likely"), (32, "low well-being"),
              (48, "low well-being"), (52, "well-being"), (100, "well-being")],
    "mspss": [(1, "low"), (35 / 12, "low"), (3, "moderate"), (5, "moderate"), (61 / 12, "high"),
              (7, "high")],
    "ucla-3": [(3, "not lonely"), (5, "not lonely"), (6, "lonely"), (9, "lonely")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "band"), [(n, v, b) for n, rows in EDGES.items() for v, b in rows]
)
def test_bands_begin_and_end_where_the_source_says(name: str, value: float, band: str) -> None:
    assert band_of(instrument(name), value) == band


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [("phq-9", 0, 27), ("phq-8", 0, 24), ("gad-7", 0, 21), ("k6", 0, 24), ("who-5", 0, 100),
     ("rosenberg", 0, 30), ("mspss", 1, 7), ("ucla-3", 3, 9), ("ddi", 12, 60), ("csq-8", 8, 32)],
)  # fmt: skip
def test_range_is_the_published_one(name: str, lowest: float, highest: float) -> None:
    one = instrument(name)
    best = {i: min(one.values) if i not in one.reversed_items else max(one.values)
            for i in range(1, one.n_items + 1)}  # fmt: skip
    worst = {i: max(one.values) + min(one.values) - v for i, v in best.items()}
    assert (one.score(best).value, one.score(worst).value) == (lowest, highest)
    assert (one.lowest, one.highest) == (lowest, highest)


def test_who_5_is_the_raw_score_times_four() -> None:
    found = instrument("who-5").score([3, 2, 3, 1, 4])
    assert (found.value, found.band, found.rule) == (52, "well-being", "complete")


def test_rosenberg_turns_the_five_negative_items_round() -> None:
    one = instrument("rosenberg")
    proud = {i: 0 if i in {2, 5, 6, 8, 9} else 3 for i in range(1, 11)}
    assert one.score(proud).value == 30
    assert one.score(dict.fromkeys(range(1, 11), 3)).value == 15


@pytest.mark.parametrize(
    ("name", "turned"), [("ddi", {2, 4, 5, 8, 9, 10}), ("csq-8", {2, 4, 5, 8})]
)
def test_reversed_items_count_the_other_way(name: str, turned: set[int]) -> None:
    one = instrument(name)
    middle = dict.fromkeys(range(1, one.n_items + 1), min(one.values) + 1)
    base = one.score(middle).value
    assert base is not None
    for item in middle:
        up = one.score({**middle, item: middle[item] + 1}).value
        assert up == base + (-1 if item in turned else 1)


def test_mspss_has_three_subscales_of_four_items() -> None:
    found = instrument("mspss").score([7, 7, 1, 1, 7, 4, 4, 1, 4, 7, 1, 4])
    assert found.subscales == {"somebody special": 7, "family": 1, "friends": 4}
    assert found.value == 4


def test_missing_items_take_the_mean_of_the_others_until_too_many_are_missing() -> None:
    one = instrument("phq-9")
    two = one.score([2, 2, 2, 2, 2, 2, 2, None, None])
    assert (two.value, two.n_answered, two.rule) == (18, 7, "mean of the others")
    assert two.band == "moderately severe"
    three = one.score([2, 2, 2, 2, 2, 2, None, None, None])
    assert (three.value, three.band, three.rule) == (None, "", "too few answers")
    assert one.score([None] * 9).rule == "too few answers"


def test_score_between_two_bands_is_rounded_half_up() -> None:
    one = instrument("phq-9")
    found = one.score([1, 1, 1, 1, 0, 0, 0, None, 0])
    assert found.value == 4.5
    assert found.band == "mild"


@pytest.mark.parametrize("name", ["who-5", "ucla-3", "regret-posting"])
def test_no_score_is_made_up_where_the_source_has_no_rule(name: str) -> None:
    one = instrument(name)
    answers = [one.values[-1]] * one.n_items
    assert one.score(answers).value is not None
    assert one.score([None, *answers[1:]]).value is None


def test_risk_answer_is_told_also_without_a_score() -> None:
    one = instrument("phq-9")
    found = one.score({9: 1})
    assert found.value is None
    assert [risk.grade for risk in found.risks] == ["active"]
    assert one.score([3] * 8 + [0]).risks == ()
    assert instrument("phq-8").risks == ()


@pytest.mark.parametrize(
    ("answers", "words"),
    [([4] + [0] * 8, "item 1 holds a value"), ([0] * 8, "8 answers for 9 items"),
     ({10: 1}, "no item has this number"), ({1: True}, "item 1 holds a value")],
)  # fmt: skip
def test_impossible_answers_are_refused_by_item_and_never_repeated(
    answers: object, words: str
) -> None:
    with pytest.raises(AnswerError, match=words) as caught:
        score(instrument("phq-9"), answers)  # type: ignore[arg-type]
    assert "4" not in str(caught.value.message)


# --- properties ---------------------------------------------------------------------------------


@st.composite
def answered(draw: st.DrawFn) -> tuple[Instrument, list[int | None]]:
    one = draw(st.sampled_from(ALL))
    values = st.one_of(st.none(), st.sampled_from(one.values))
    return one, draw(st.lists(values, min_size=one.n_items, max_size=one.n_items))


@given(answered())
def test_score_stays_within_its_range(case: tuple[Instrument, list[int | None]]) -> None:
    one, answers = case
    found = one.score(answers)
    n_missing = answers.count(None)
    assert (found.value is None) == (n_missing > one.max_missing)
    if found.value is not None:
        assert one.lowest - 1e-9 <= found.value <= one.highest + 1e-9
        assert bool(found.band) == bool(one.bands)


@given(answered(), st.data())
def test_a_higher_answer_never_lowers_the_score(
    case: tuple[Instrument, list[int | None]], data: st.DataObject
) -> None:
    one, answers = case
    item = data.draw(st.integers(1, one.n_items))
    low, high = sorted(data.draw(st.tuples(*[st.sampled_from(one.values)] * 2)))
    before, after = list(answers), list(answers)
    before[item - 1], after[item - 1] = low, high
    first, second = one.score(before).value, one.score(after).value
    if first is not None and second is not None:
        turned = item in one.reversed_items
        assert (second <= first + 1e-9) if turned else (second >= first - 1e-9)


# --- change -------------------------------------------------------------------------------------


def test_reliable_change_is_that_of_the_published_services() -> None:
    # NHS Talking Therapies counts 6 points on the PHQ-9 and 4 on the GAD-7 as reliable.
    assert 5 < reliable_difference(instrument("phq-9")) < 6
    assert 3 < reliable_difference(instrument("gad-7")) < 4
    # 10.2147/PRBM.S417446 gives 8.47 from its own error of measurement.
    assert reliable_difference(instrument("k6")) == pytest.approx(8.47, abs=0.1)


def test_verdict_follows_the_direction_of_the_instrument() -> None:
    phq, rosenberg = instrument("phq-9"), instrument("rosenberg")
    assert reliable_change(phq, 18, 12).verdict == "improved"
    assert reliable_change(phq, 12, 18).verdict == "deteriorated"
    assert reliable_change(phq, 12, 17).verdict == "no reliable change"
    assert reliable_change(rosenberg, 12, 18).verdict == "improved"


def test_change_without_a_known_deviation_asks_for_that_of_the_sample() -> None:
    who = instrument("who-5")
    with pytest.raises(UserError, match="no standard deviation"):
        reliable_change(who, 40, 60)
    assert reliable_change(who, 40, 70, sd=20).verdict == "improved"
    with pytest.raises(UserError, match="above 0"):
        reliable_difference(who, sd=0)


# --- own copies ---------------------------------------------------------------------------------


def _copy(path: Path, **change: str) -> Path:
    parts = {
        "instrument": '"ddi"',
        "language": '"en"',
        "items": str([f"made-up item {n}" for n in range(1, 13)]),
        "choices": '["no", "rather no", "so so", "rather yes", "yes"]',
        **change,
    }
    path.write_text("\n".join(f"{k} = {v}" for k, v in parts.items() if v), "utf-8")
    return path


def test_own_copy_gives_the_items_and_the_scoring_stays(tmp_path: Path) -> None:
    one = read_own_copy(_copy(tmp_path / "ddi.toml"))
    assert one.wording("en").items[11].text == "made-up item 12"
    assert one.score([3] * 12).value == 36
    assert not instrument("ddi").ships_items


def test_own_copy_may_have_answers_of_its_own_for_each_item(tmp_path: Path) -> None:
    each_item = str([[f"{n}{x}" for x in "abcd"] for n in range(8)])
    path = _copy(
        tmp_path / "csq.toml", instrument='"csq-8"', items=str([f"x{n}" for n in range(8)]),
        choices=each_item,
    )  # fmt: skip
    assert read_own_copy(path).wording("en").items[7].choices[0].label == "7a"


@pytest.mark.parametrize(
    ("change", "words"),
    [({"items": '["secret words"]'}, "expected 12 items"), ({"choices": '["a"]'}, "5 labels"),
     ({"language": ""}, "language is missing"), ({"instrument": '"phq-9"'}, "come with"),
     ({"items": "["}, "line"), ({"instrument": '"nothing"'}, "no such instrument")],
)  # fmt: skip
def test_own_copy_that_does_not_fit_is_refused_with_what_is_expected(
    tmp_path: Path, change: dict[str, str], words: str
) -> None:
    with pytest.raises(UserError, match=words) as caught:
        read_own_copy(_copy(tmp_path / "own.toml", **change))
    assert "secret words" not in str(caught.value)


def test_own_copy_that_is_not_there_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(str(tmp_path / "none.toml"))):
        read_own_copy(tmp_path / "none.toml")
