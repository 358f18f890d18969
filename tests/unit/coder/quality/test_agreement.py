"""Coefficients of agreement against published worked examples and kept packages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oarlock.coder.quality.agreement import (
    agreement,
    fleiss,
    gwet_ac1,
    krippendorff,
    session_tallies,
)

N = -1
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve
# units; the same data are irrCAC's cac.raw4raters (Gwet 2014).
FOUR_RATERS = np.array(
    [
        [1, 1, N, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [N, 5, 5, 5],
        [N, N, 1, 1],
        [N, N, 3, N],
    ]
)
FOUR = np.where(FOUR_RATERS < 0, -1, FOUR_RATERS - 1)
FIVE_LABELS = ["1", "2", "3", "4", "5"]

# Fleiss (1971), table 1: thirty patients, six psychiatrists, five diagnoses (depression,
# personality disorder, schizophrenia, neurosis, other).
FLEISS_1971 = np.array(
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
        [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
        [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
        [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0], [0, 2, 0, 4, 0], [1, 0, 2, 0, 3],
        [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0], [1, 0, 0, 4, 1],
        [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ],
    dtype=float,
)  # fmt: skip


def ones(table: np.ndarray) -> np.ndarray:
    return np.ones((1, len(table)))


def from_counts(counts: np.ndarray) -> np.ndarray:
    return np.array([np.repeat(np.arange(counts.shape[1]), row.astype(int)) for row in counts])


def test_fleiss_of_the_psychiatric_diagnoses_is_430() -> None:
    assert fleiss(FLEISS_1971, ones(FLEISS_1971))[0] == pytest.approx(0.430, abs=0.0005)
    report = agreement(from_counts(FLEISS_1971), list("abcde"), list("123456"), n_resamples=0)
    assert report.overall.coefficients["fleiss"].value == pytest.approx(0.430, abs=0.0005)
    # Fleiss (1971): mean agreement .5556
    assert report.overall.coefficients["percent_agreement"].value == pytest.approx(
        0.5556, abs=0.0001
    )


def test_krippendorff_of_four_observers_is_743() -> None:
    report = agreement(FOUR, FIVE_LABELS, list("ABCD"), n_resamples=0)
    assert report.overall.coefficients["krippendorff"].value == pytest.approx(0.743, abs=0.0005)


def test_gwet_fleiss_and_agreement_of_four_raters_are_those_of_irrcac() -> None:
    # irrCAC, "Calculating Chance-corrected Agreement Coefficients", cac.raw4raters.
    coefficients = agreement(FOUR, FIVE_LABELS, list("ABCD"), n_resamples=0).overall.coefficients
    assert coefficients["gwet_ac1"].value == pytest.approx(0.77544, abs=0.00001)
    assert coefficients["fleiss"].value == pytest.approx(0.76117, abs=0.00001)
    assert coefficients["percent_agreement"].value == pytest.approx(0.81818, abs=0.00001)


def test_krippendorff_of_two_observers_with_two_labels_is_095() -> None:
    # Krippendorff (2011), section A: binary data, two observers, ten units.
    first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    table = np.array([first, second]).T
    report = agreement(table, ["0", "1"], ["A", "B"], n_resamples=0)
    assert report.overall.coefficients["krippendorff"].value == pytest.approx(0.095, abs=0.0005)


def test_krippendorff_of_two_observers_with_five_labels_is_692() -> None:
    # Krippendorff (2011), section B: nominal data, two observers, twelve units, alpha .692.
    first = ["a", "a", "b", "b", "d", "c", "c", "c", "e", "d", "d", "a"]
    second = ["b", "a", "b", "b", "b", "c", "c", "c", "e", "d", "d", "d"]
    labels = sorted(set(first))
    table = np.array(
        [[labels.index(x), labels.index(y)] for x, y in zip(first, second, strict=True)]
    )
    report = agreement(table, labels, ["A", "B"], n_resamples=0)
    assert report.overall.coefficients["krippendorff"].value == pytest.approx(0.692, abs=0.0005)


def test_cohen_of_the_1960_example_is_492() -> None:
    # Cohen (1960), table 1, for 200 subjects: po = .70, pe = .41, kappa = .492.
    counts = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    table = np.array([[i, j] for i in range(3) for j in range(3) for _ in range(counts[i, j])])
    report = agreement(table, ["p", "n", "s"], ["A", "B"], n_resamples=0)
    assert report.overall.coefficients["percent_agreement"].value == pytest.approx(0.70)
    assert report.overall.coefficients["cohen"].value == pytest.approx(0.492, abs=0.0005)


@settings(max_examples=25, deadline=None)
@given(
    n_units=st.integers(4, 60),
    n_raters=st.integers(2, 4),
    n_labels=st.integers(2, 5),
    seed=st.integers(0, 10_000),
)
def test_resampled_forms_agree_with_the_kept_packages(
    n_units: int, n_raters: int, n_labels: int, seed: int
) -> None:
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import fleiss_kappa

    from oarlock.coder.quality.agreement import cohen

    table = np.random.default_rng(seed).integers(0, n_labels, (n_units, n_raters))
    counts = np.stack([(table == k).sum(axis=1) for k in range(n_labels)], axis=1).astype(float)
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] > 1:
        assert fleiss(counts, ones(table))[0] == pytest.approx(fleiss_kappa(counts))
    if len(np.unique(table[:, :2])) > 1:
        cell = table[:, 0] * n_labels + table[:, 1]
        assert cohen(cell, n_labels, ones(table))[0] == pytest.approx(
            cohen_kappa_score(table[:, 0], table[:, 1])
        )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), weight=st.integers(0, 3))
def test_a_unit_that_weighs_n_counts_as_n_units(seed: int, weight: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(3, [0.4, 0.3, 0.3], 12).astype(float)
    weights = np.ones((1, 12))
    weights[0, 0] = weight
    repeated = np.concatenate([np.repeat(counts[:1], weight, axis=0), counts[1:]])
    for function in (fleiss, gwet_ac1, krippendorff):
        assert function(counts, weights)[0] == pytest.approx(function(repeated, ones(repeated))[0])


def test_one_label_only_is_undefined_not_one() -> None:
    report = agreement(np.zeros((8, 2), dtype=int), ["Affirm"], ["A", "B"], n_resamples=20)
    coefficients = report.overall.coefficients
    assert coefficients["percent_agreement"].value == 1.0
    for name in ("cohen", "fleiss", "krippendorff", "gwet_ac1"):
        assert coefficients[name].value is None
        assert coefficients[name].reason == "only one label occurs"


def test_a_pair_without_common_units_is_undefined_and_the_others_are_not() -> None:
    table = np.array([[0, 0, N], [1, 1, N], [0, 1, N], [N, 0, 0], [N, 1, 1], [N, 0, 0]])
    report = agreement(table, ["a", "b"], ["A", "B", "C"], n_resamples=0)
    assert report.overall.pairs["A", "C"].value is None
    assert report.overall.pairs["A", "C"].reason == "no unit that both labelled"
    assert report.overall.pairs["B", "C"].value == pytest.approx(1.0)
    assert report.overall.coefficients["cohen"].value == pytest.approx((0.4 + 1.0) / 2)


def test_intervals_hold_whole_threads_together_and_repeat_with_the_seed() -> None:
    rng = np.random.default_rng(0)
    threads = [str(unit // 20) for unit in range(400)]
    same = np.repeat(rng.random(20) < 0.6, 20)
    first = rng.integers(0, 3, 400)
    table = np.stack([first, np.where(same, first, (first + 1) % 3)], axis=1)
    by_unit = agreement(table, list("abc"), ["A", "B"], n_resamples=300)
    by_thread = agreement(table, list("abc"), ["A", "B"], clusters=threads, n_resamples=300)
    unit = by_unit.overall.coefficients["krippendorff"]
    thread = by_thread.overall.coefficients["krippendorff"]
    assert unit.value == thread.value
    assert unit.low is not None
    assert unit.high is not None
    assert thread.low is not None
    assert thread.high is not None
    assert thread.high - thread.low > 2.5 * (unit.high - unit.low)
    again = agreement(table, list("abc"), ["A", "B"], clusters=threads, n_resamples=300)
    assert again == by_thread


def test_one_thread_gives_no_interval() -> None:
    report = agreement(FOUR, FIVE_LABELS, list("ABCD"), clusters=["t"] * 12, n_resamples=50)
    assert report.n_clusters == 1
    assert report.overall.coefficients["krippendorff"].low is None


def test_positive_agreement_counts_matches_among_those_who_gave_the_label() -> None:
    # a = 20 both, b + c = 5 + 10: specific agreement 2a / (2a + b + c) = 40 / 55
    table = np.array([[0, 0]] * 20 + [[0, 1]] * 5 + [[1, 0]] * 10 + [[1, 1]] * 15)
    report = agreement(table, ["yes", "no"], ["A", "B"], n_resamples=0)
    assert report.per_label[0].positive_agreement == pytest.approx(40 / 55)
    assert report.per_label[0].n_ratings == 55


def test_session_tallies_use_only_units_that_everyone_labelled() -> None:
    table = np.array([[0, 0], [0, 1], [1, N], [1, 1]])
    tallies = session_tallies(table, ["a", "b"], ["s1", "s1", "s1", "s2"])
    assert tallies["a"].tolist() == [[2, 1], [0, 0]]
    assert tallies["b"].tolist() == [[0, 1], [1, 1]]
