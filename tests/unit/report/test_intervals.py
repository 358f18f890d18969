"""Intervals: against a kept library, at the edges, and by how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from oarlock.coder.miti import Measure
from oarlock.report.intervals import FEW_THREADS, measure
from oarlock.report.measures import Kind


def same(top: float, below: float, n: int = 200) -> np.ndarray:
    """Resamples that do not differ, as where every thread is alike."""
    return np.tile([float(top), float(below)], (n, 1))


def ends(one: Measure) -> tuple[float, float, float]:
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    return one.low, one.value, one.high


@pytest.mark.parametrize("n_threads", [2, 5, FEW_THREADS, 400])
@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_seen_is_not_certainly_nothing(kind: Kind, n_threads: int) -> None:
    n = 3 * n_threads
    shown = measure(kind, np.array([0.0, n]), same(0, n), n_threads)
    if kind is not Kind.PER_REPLY and n_threads == 2:  # from nothing to anything
        assert shown == Measure(None, None, None)
        return
    low, value, high = ends(shown)
    assert (low, value) == (0, 0)
    assert high > (100 if kind is Kind.PERCENT else 1) / n


def test_everything_seen_is_not_certainly_everything() -> None:
    low, value, high = ends(measure(Kind.PERCENT, np.array([90.0, 90.0]), same(90, 90), 30))
    assert value == high == 100
    assert 85 < low < 99


def test_alike_threads_count_as_one_observation_each() -> None:
    few = measure(Kind.PERCENT, np.array([0.0, 900.0]), same(0, 900), 60)
    # With sixty threads the correction for few is within a few percent.
    _, expected = proportion_confint(0, 60, method="jeffreys")
    assert few.high == pytest.approx(100 * expected, rel=0.05)
    rate = measure(Kind.PER_REPLY, np.array([0.0, 900.0]), same(0, 900), 60)
    assert rate.high == pytest.approx(confint_poisson(0, 60, method="jeff")[1], rel=0.05)


def test_many_threads_that_differ_give_the_percentiles_of_the_resamples() -> None:
    drawn = np.column_stack([np.arange(100, 300), np.full(200, 1000)]).astype(float)
    low, value, high = ends(measure(Kind.PERCENT, np.array([200.0, 1000.0]), drawn, FEW_THREADS))
    assert (low, value, high) == pytest.approx((10.4, 20.0, 29.4))
    wider = ends(measure(Kind.PERCENT, np.array([200.0, 1000.0]), drawn, 5))
    assert wider[0] < low
    assert wider[2] > high


def test_fewer_threads_say_less() -> None:
    rng = np.random.default_rng(1)
    drawn = np.column_stack([rng.binomial(40, 0.3, 500), np.full(500, 40)]).astype(float)
    widths = []
    for n_threads in (2, 4, 8, 16):
        low, _, high = ends(measure(Kind.PERCENT, np.array([12.0, 40.0]), drawn, n_threads))
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 80


def test_a_ratio_of_few_is_the_share_among_both() -> None:
    drawn = np.column_stack([[9.0, 11.0] * 100, [11.0, 9.0] * 100])
    low, value, high = ends(measure(Kind.RATIO, np.array([10.0, 10.0]), drawn, 20))
    assert value == 1
    assert low == pytest.approx(1 / high)


def test_a_ratio_that_can_be_anything_is_not_shown() -> None:
    drawn = np.column_stack([[0.0, 1.0] * 100, [1.0, 0.2] * 100])
    shown = measure(Kind.RATIO, np.array([0.3, 0.1]), drawn, 2)
    assert shown == Measure(None, None, None)
    assert measure(Kind.RATIO, np.array([1.0, 0.0]), None, 2) == Measure(None, None, None)


def test_without_resamples_there_is_no_interval() -> None:
    alone = measure(Kind.PERCENT, np.array([1.0, 4.0]), None, 1)
    assert alone == Measure(25, None, None)


def test_a_share_that_can_be_anything_is_not_shown() -> None:
    drawn = np.column_stack([[0.0, 6.0, 3.0, 3.0] * 50, [6.0] * 200])
    shown = measure(Kind.PERCENT, np.array([3.0, 6.0]), drawn, 2)
    assert shown == Measure(None, None, None)


@given(
    top=st.floats(0, 50),
    rest=st.floats(0.01, 50),
    n_threads=st.integers(2, 60),
    seed=st.integers(0, 99),
    kind=st.sampled_from(list(Kind)),
)
def test_an_interval_holds_its_value_and_has_a_width(
    top: float, rest: float, n_threads: int, seed: int, kind: Kind
) -> None:
    rng = np.random.default_rng(seed)
    below = top + rest if kind is Kind.PERCENT else rest
    weights = rng.multinomial(n_threads, np.full(n_threads, 1 / n_threads), 50)[:, :3].sum(1)
    drawn = np.column_stack([top * weights, below * weights]) / n_threads
    shown = measure(kind, np.array([top, below]), drawn[drawn[:, 1] > 0], n_threads)
    if shown.value is None or shown.low is None:
        assert shown.low is shown.high is None
        return
    assert 0 <= shown.low <= shown.value
    if shown.high is not None:
        assert shown.value <= shown.high <= (100 if kind is Kind.PERCENT else np.inf)
        assert shown.high > shown.low


@pytest.mark.parametrize(("share", "n_threads"), [(0.05, 12), (0.3, 8), (0.02, 25)])
def test_intervals_of_few_threads_hold_the_truth(share: float, n_threads: int) -> None:
    # Threads of four sentences, alike in part: beta-binomial with an intra-class correlation of
    # 0.2. Percentiles of the resamples alone hold the truth in 45 to 85 of 100 such corpora.
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        own = rng.beta(4 * share, 4 * (1 - share), n_threads)
        top = rng.binomial(4, own).astype(float)
        picks = rng.integers(0, n_threads, (300, n_threads))
        drawn = np.column_stack([top[picks].sum(1), np.full(300, 4.0 * n_threads)])
        counts = np.array([top.sum(), 4.0 * n_threads])
        low, _, high = ends(measure(Kind.PERCENT, counts, drawn, n_threads))
        hits += low <= 100 * share <= high
    assert hits >= 184
