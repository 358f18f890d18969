"""A supporter's skill over time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from oarlock.coach import CodedReply, skill_by_month
from oarlock.coach.skill import MIN_SENTENCES
from oarlock.codebook import CODES
from oarlock.coder.miti import summarise
from oarlock.errors import OarlockError

NAMES = [code.name for code in CODES]


def reply(day: date, sure: float = 1.0, **counts: int) -> CodedReply:
    rows = []
    for name, n in counts.items():
        row = np.full(len(NAMES), (1 - sure) / (len(NAMES) - 1))
        row[NAMES.index(name.replace("_", " ").replace("Self ", "Self-"))] = sure
        rows += [row] * n
    return CodedReply(day, np.array(rows).reshape(-1, len(NAMES)))


def test_months_are_in_order_and_months_without_a_reply_are_left_out() -> None:
    months = skill_by_month(
        [
            reply(date(2026, 5, 31), Other=1),
            reply(date(2026, 3, 2), Other=2),
            reply(datetime(2026, 3, 30, 23, 59, tzinfo=UTC), Other=3),
        ]
    )
    assert [one.month for one in months] == [date(2026, 3, 1), date(2026, 5, 1)]
    assert [(one.n_replies, one.n_sentences) for one in months] == [(2, 5), (1, 1)]
    assert skill_by_month([]) == ()


def test_measures_are_those_of_the_miti() -> None:
    one = reply(
        date(2026, 3, 1),
        Open_Question=12, Closed_Question=4, Simple_Reflection=8,
        Affirm=9, Advise_without_Permission=3,
    )  # fmt: skip
    (month,) = skill_by_month([one])
    ratio, open_share, adherent = (measure.measure for measure in month.measures)
    summary = summarise(one.probabilities)
    assert ratio == summary.reflection_to_question_ratio
    assert open_share == summary.percent_open_questions
    assert ratio is not None
    assert ratio.value == pytest.approx(0.5)
    assert adherent is not None
    assert adherent.value == pytest.approx(75)
    assert adherent.low is not None
    assert adherent.high is not None
    assert 40 < adherent.low < 75 < adherent.high < 95


def test_doubt_of_the_coder_widens_the_interval() -> None:
    widths = []
    for sure in (1.0, 0.6):
        one = reply(date(2026, 3, 1), sure, Affirm=30, Direct=30)
        measure = skill_by_month([one])[0].measures[2].measure
        assert measure is not None
        assert measure.low is not None
        assert measure.high is not None
        widths.append(measure.high - measure.low)
    assert widths[1] > widths[0]


@pytest.mark.parametrize(("n", "enough"), [(MIN_SENTENCES - 1, False), (MIN_SENTENCES, True)])
def test_too_few_sentences_say_not_enough_yet(n: int, enough: bool) -> None:
    (month,) = skill_by_month([reply(date(2026, 3, 1), Open_Question=n, Other=50)])
    _, open_share, adherent = month.measures
    assert open_share.enough is enough
    assert (open_share.measure is not None) is enough
    assert open_share.n_sentences == pytest.approx(n)
    assert not adherent.enough


def test_reply_without_sentences_counts_as_a_reply() -> None:
    (month,) = skill_by_month([reply(date(2026, 3, 1))])
    assert (month.n_replies, month.n_sentences) == (1, 0)
    assert not any(measure.enough for measure in month.measures)


def test_probabilities_of_another_shape_are_refused() -> None:
    with pytest.raises(OarlockError, match=r"shape \(15,\)"):
        CodedReply(date(2026, 3, 1), np.ones(15))
