"""The MITI summary measures: exact where they can be, and as unsure as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oarlock.coder.miti import Measure, MitiSummary, draw_counts, summarise
from oarlock.coder.tasks import CODE_LABELS, FAMILY_INDEX

OPEN, CLOSED, SIMPLE, COMPLEX = range(4)
OTHER = CODE_LABELS.index("Other")


def sure(**counts: int) -> np.ndarray:
    """Return one-hot rows: so many sentences of each code, known without error."""
    names = {"open": OPEN, "closed": CLOSED, "simple": SIMPLE, "complex": COMPLEX, "other": OTHER}
    index = [names[name] for name, n in counts.items() for _ in range(n)]
    return np.eye(len(CODE_LABELS))[index]


def ratios(summary: MitiSummary) -> tuple[Measure, Measure, Measure]:
    return (
        summary.reflection_to_question_ratio,
        summary.percent_complex_reflections,
        summary.percent_open_questions,
    )


def width(measure: Measure) -> float:
    assert measure.low is not None
    assert measure.high is not None
    return measure.high - measure.low


# --- by hand ----------------------------------------------------------------------------------


def test_values_of_known_sentences_are_those_of_the_manual() -> None:
    summary = summarise(sure(open=3, closed=1, simple=4, complex=2, other=5))
    ratio, complex_share, open_share = ratios(summary)
    assert ratio.value == pytest.approx(6 / 4)
    assert complex_share.value == pytest.approx(100 * 2 / 6)
    assert open_share.value == pytest.approx(100 * 3 / 4)
    assert summary.counts["Simple Reflection"] == Measure(4, 4, 4)
    assert summary.counts["Warn"] == Measure(0, 0, 0)


def test_values_are_expectations_under_the_probabilities() -> None:
    p = np.zeros((2, 15))
    p[0, [OPEN, CLOSED]] = 0.75, 0.25
    p[1, [SIMPLE, COMPLEX, OTHER]] = 0.5, 0.3, 0.2
    summary = summarise(p)
    ratio, complex_share, open_share = ratios(summary)
    assert ratio.value == pytest.approx(0.8)
    assert complex_share.value == pytest.approx(37.5)
    assert open_share.value == pytest.approx(75)
    assert summary.counts["Other"].value == pytest.approx(0.2)


def test_rows_and_records_give_the_same() -> None:
    p = np.random.default_rng(3).dirichlet(np.ones(15), size=4)
    records = [dict(zip(CODE_LABELS, row, strict=True)) for row in p]
    assert summarise(p) == summarise(records)


def test_families_are_counted_after_the_codebook() -> None:
    everything = summarise(np.eye(15))
    assert everything.mi_adherent_count == Measure(4, 4, 4)
    assert everything.mi_non_adherent_count == Measure(4, 4, 4)
    assert {family: len(codes) for family, codes in FAMILY_INDEX.items()} == {
        "MI-adherent": 4, "MI-non-adherent": 4, "other": 7,
    }  # fmt: skip


@pytest.mark.parametrize("p", [np.zeros((0, 15)), sure(other=3)])
def test_ratio_without_a_denominator_is_undefined(p: np.ndarray) -> None:
    assert ratios(summarise(p)) == (Measure(None, None, None),) * 3
    assert ratios(summarise([])) == (Measure(None, None, None),) * 3


def test_ratio_is_undefined_below_half_an_expected_question() -> None:
    p = sure(simple=3, other=1)
    p[3, [OPEN, OTHER]] = 0.49, 0.51
    assert summarise(p).reflection_to_question_ratio.value is None
    p[3, [OPEN, OTHER]] = 0.51, 0.49
    assert summarise(p).reflection_to_question_ratio.value == pytest.approx(3 / 0.51)


# --- how unsure -------------------------------------------------------------------------------


def test_two_sentences_never_look_exact() -> None:
    ratio, _, open_share = ratios(summarise(sure(simple=1, open=1)))
    assert ratio.value == 1
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 0.2
    assert ratio.high > 5
    assert open_share.value == 100
    assert open_share.low is not None
    assert open_share.low < 40


def test_intervals_narrow_with_more_sentences() -> None:
    few, some, many = (summarise(sure(simple=2 * n, open=n, closed=n)) for n in (1, 10, 100))
    for a, b, c in zip(ratios(few)[::2], ratios(some)[::2], ratios(many)[::2], strict=True):
        assert width(a) > width(b) > width(c) > 0


def test_an_unsure_coder_widens_counts_and_percentages() -> None:
    known = sure(open=20, closed=20, other=20)
    doubted = 0.6 * known + 0.4 / 15
    exact, unsure = summarise(known), summarise(doubted)
    assert width(exact.counts["Open Question"]) == 0
    assert width(unsure.counts["Open Question"]) > 4
    assert width(unsure.percent_open_questions) > width(exact.percent_open_questions)


@settings(max_examples=60)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12))
def test_more_reflections_never_lower_the_ratio(simple: int, asked: int, more: int) -> None:
    before = summarise(sure(simple=simple, open=asked)).reflection_to_question_ratio
    after = summarise(sure(simple=simple + more, open=asked)).reflection_to_question_ratio
    for a, b in ((before.value, after.value), (before.high, after.high)):
        assert a is not None
        assert b is not None
        assert b >= a * 0.9  # a tenth for the draws


@settings(max_examples=60)
@given(st.lists(st.integers(0, 14), max_size=20), st.integers(0, 2**32 - 1))
def test_values_lie_in_their_intervals_and_intervals_in_their_range(
    favoured: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    p = 0.7 * np.eye(15)[favoured] + 0.3 * rng.dirichlet(np.ones(15), size=len(favoured))
    summary = summarise(p)
    counts = [*summary.counts.values(), summary.mi_adherent_count, summary.mi_non_adherent_count]
    for count in counts:
        assert count.value is not None
        assert count.low is not None
        assert count.high is not None
        assert 0 <= count.low <= count.value <= count.high <= len(favoured) + 1e-9
    for share in ratios(summary)[1:]:
        if share.value is not None:
            assert share.low is not None
            assert share.high is not None
            assert 0 <= share.low <= share.value <= share.high <= 100
            assert share.low < share.high


def test_same_sentences_give_the_same_interval() -> None:
    p = np.random.default_rng(5).dirichlet(np.ones(15), size=6)
    assert summarise(p) == summarise(p)


# --- coverage ---------------------------------------------------------------------------------

N_TRIALS = 400
#: Three standard errors of a share of .95 over the trials.
SLACK = 3 * (0.95 * 0.05 / N_TRIALS) ** 0.5


def covered(measure: Measure, truth: float) -> bool:
    assert measure.low is not None
    return measure.low <= truth <= (np.inf if measure.high is None else measure.high)


def test_draws_have_the_mean_and_spread_of_the_probabilities() -> None:
    p = np.random.default_rng(7).dirichlet(np.ones(15), size=30)
    drawn = draw_counts(p, draws=20_000)
    assert (drawn.sum(axis=1) == 30).all()
    np.testing.assert_allclose(drawn.mean(axis=0), p.sum(axis=0), atol=0.05)
    np.testing.assert_allclose(drawn.var(axis=0), (p * (1 - p)).sum(axis=0), rtol=0.06)


def test_interval_of_a_count_holds_the_true_count_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    hits = []
    for trial in range(N_TRIALS):
        p = rng.dirichlet(np.full(15, 0.4), size=40)
        truth = np.array([rng.multinomial(1, row) for row in p]).sum(axis=0)
        count = summarise(p, draws=400, seed=trial).counts["Open Question"]
        hits.append(covered(count, truth[OPEN]))
    # Whole numbers: an interval of quantiles covers at least what it says.
    assert np.mean(hits) >= 0.95 - SLACK


@pytest.mark.parametrize("rate", [0.3, 0.6, 0.9])
def test_interval_of_a_percentage_holds_the_true_rate(rate: float) -> None:
    rng = np.random.default_rng(13)
    hits = []
    for trial in range(N_TRIALS):
        asked = int(rng.binomial(25, rate))
        share = summarise(sure(open=asked, closed=25 - asked), seed=trial).percent_open_questions
        hits.append(covered(share, 100 * rate))
    # Jeffreys' coverage swings about its level (Brown, Cai & DasGupta 2001, figure 5).
    assert 0.91 - SLACK <= np.mean(hits) <= 0.99


@pytest.mark.parametrize(("reflections", "questions"), [(12.0, 8.0), (4.0, 10.0)])
def test_interval_of_the_ratio_holds_the_true_ratio(reflections: float, questions: float) -> None:
    rng = np.random.default_rng(17)
    hits = []
    for trial in range(N_TRIALS):
        found = rng.poisson(reflections), max(1, rng.poisson(questions))
        summary = summarise(sure(simple=found[0], open=found[1]), seed=trial)
        hits.append(covered(summary.reflection_to_question_ratio, reflections / questions))
    assert 0.92 - SLACK <= np.mean(hits) <= 0.99
