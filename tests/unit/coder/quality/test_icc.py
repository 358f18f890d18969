"""Intraclass correlations against Shrout and Fleiss (1979)."""

from __future__ import annotations

import numpy as np
import pytest

from oarlock.coder.quality.icc import FORMS, icc

# Shrout & Fleiss (1979), table 2: six targets, four judges.
TABLE_2 = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=float,
)


def test_the_six_forms_are_those_of_shrout_and_fleiss() -> None:
    forms, n = icc(TABLE_2)
    assert n == 6
    # table 4 of the paper
    assert [round(one.value or 0, 2) for one in forms] == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def test_the_intervals_are_those_of_the_psych_package() -> None:
    # R package psych, ICC(sf): bounds of the same example.
    expected = {
        "ICC(1,1)": (-0.133, 0.72),
        "ICC(2,1)": (0.019, 0.76),
        "ICC(3,1)": (0.342, 0.95),
        "ICC(1,k)": (-0.884, 0.91),
        "ICC(2,k)": (0.071, 0.93),
        "ICC(3,k)": (0.676, 0.99),
    }
    for one in icc(TABLE_2)[0]:
        assert one.low == pytest.approx(expected[one.form][0], abs=0.001)
        assert one.high == pytest.approx(expected[one.form][1], abs=0.005)


def test_mean_squares_agree_with_the_anova_of_statsmodels() -> None:
    pandas = pytest.importorskip("pandas")
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    rng = np.random.default_rng(4)
    scores = rng.normal(0, 1, (9, 1)) + rng.normal(0, 0.5, (9, 3)) + np.array([0, 0.4, -0.2])
    frame = pandas.DataFrame(
        {
            "y": scores.ravel(),
            "session": np.repeat(np.arange(9), 3).astype(str),
            "rater": np.tile(np.arange(3), 9).astype(str),
        }
    )
    square = anova_lm(ols("y ~ C(session) + C(rater)", frame).fit())["mean_sq"]
    r, c, e = square["C(session)"], square["C(rater)"], square["Residual"]
    values = {one.form: one.value for one in icc(scores)[0]}
    assert values["ICC(3,1)"] == pytest.approx((r - e) / (r + 2 * e))
    assert values["ICC(2,1)"] == pytest.approx((r - e) / (r + 2 * e + 3 * (c - e) / 9))


def test_sessions_that_someone_did_not_score_are_left_out() -> None:
    with_gap = np.vstack([TABLE_2, [5, np.nan, 5, 5]])
    assert icc(with_gap) == icc(TABLE_2)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.full((5, 2), 3.0), "every score is the same"),
        (np.array([[1.0, 2.0]]), "fewer than two sessions"),
        (np.array([[1.0, np.nan], [np.nan, 2.0]]), "fewer than two sessions"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is_given(scores: np.ndarray, reason: str) -> None:
    forms, _ = icc(scores)
    assert [one.form for one in forms] == list(FORMS)
    assert all(one.value is None for one in forms)
    assert all(reason in (one.reason or "") for one in forms)


def test_perfect_consistency_has_a_value_and_no_bounds() -> None:
    forms = {one.form: one for one in icc(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))[0]}
    assert forms["ICC(3,1)"].value == pytest.approx(1.0)
    assert forms["ICC(3,1)"].low is None
    assert (forms["ICC(2,1)"].value or 1.0) < 1.0
