from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oarlock.trial.synthesis import effects
from oarlock.trial.synthesis.effects import Effect


def test_g_is_the_worked_example_of_borenstein() -> None:
    # Borenstein et al. 2009, chapter 4: means 103 and 100, SDs 5.5 and 4.5, 50 people each.
    found = effects.standardised_mean_difference(103, 5.5, 50, 100, 4.5, 50)
    assert found.value == pytest.approx(0.5924, abs=5e-5)
    assert found.variance == pytest.approx(0.0418, abs=5e-5)
    difference = effects.mean_difference(103, 5.5, 50, 100, 4.5, 50)
    assert [difference.value, difference.variance] == pytest.approx([3.0, 1.01], abs=5e-3)


def test_ratios_are_the_worked_example_of_borenstein() -> None:
    # Chapter 5: 5 of 100 against 10 of 100.
    risk = effects.two_by_two("RR", 5, 95, 10, 90)
    assert [risk.value, risk.variance] == pytest.approx([-0.6931, 0.2800], abs=5e-5)
    odds = effects.two_by_two("OR", 5, 95, 10, 90)
    assert [odds.value, odds.variance] == pytest.approx([-0.7472, 0.3216], abs=5e-5)
    difference = effects.two_by_two("RD", 5, 95, 10, 90)
    assert [difference.value, difference.variance] == pytest.approx([-0.05, 0.001375], abs=5e-7)


def test_empty_cell_is_corrected_and_said_so() -> None:
    assert effects.two_by_two("OR", 0, 20, 3, 17).corrected
    assert effects.two_by_two("OR", 0, 20, 3, 17).value == pytest.approx(
        math.log(0.5 * 17.5 / (20.5 * 3.5))
    )
    assert not effects.two_by_two("OR", 1, 20, 3, 17).corrected


def test_conversions_are_the_worked_examples_of_borenstein() -> None:
    # Chapter 7: log odds ratio 0.9069, variance 0.0676; r 0.50, variance 0.0058; d 0.5000.
    d = effects.convert(Effect(0.9069, 0.0676), "OR", "SMD")
    assert [d.value, d.variance] == pytest.approx([0.5000, 0.0205], abs=5e-5)
    odds = effects.convert(Effect(0.5, 0.0205), "SMD", "OR")
    assert [odds.value, odds.variance] == pytest.approx([0.9069, 0.0676], abs=3e-4)
    of_r = effects.convert(Effect(0.5, 0.0058), "COR", "SMD")
    assert [of_r.value, of_r.variance] == pytest.approx([1.1547, 0.0550], abs=5e-5)
    z = effects.convert(Effect(1.1547, 0.0550), "SMD", "ZCOR")
    assert math.tanh(z.value) == pytest.approx(0.5, abs=5e-5)
    with pytest.raises(ValueError, match="RR"):
        effects.convert(Effect(0.1, 0.1), "RR", "SMD")


def test_t_f_and_p_of_one_comparison_give_one_d() -> None:
    from scipy.stats import t

    d = effects.d_from_t(-2.1, 20, 25)
    assert effects.d_from_f(2.1**2, 20, 25, -1) == pytest.approx(d)
    assert effects.d_from_p(2 * t.sf(2.1, 43), 20, 25, -1) == pytest.approx(d)
    assert effects.d_from_p(2 * t.sf(2.1, 43), 20, 25, 1) == pytest.approx(-d)


def test_interval_gives_its_standard_error_back() -> None:
    assert effects.standard_error_of_interval(-1.96 * 0.3, 1.96 * 0.3) == pytest.approx(
        0.3, abs=1e-4
    )


@given(
    value=st.floats(-2, 2),
    variance=st.floats(0.001, 2),
    kinds=st.permutations(["SMD", "OR", "ZCOR"]),
)
def test_conversion_there_and_back_changes_nothing(
    value: float, variance: float, kinds: list[str]
) -> None:
    there = effects.convert(Effect(value, variance), kinds[0], kinds[1])
    back = effects.convert(there, kinds[1], kinds[0])
    assert back.value == pytest.approx(value, abs=1e-9)
    assert back.variance == pytest.approx(variance, rel=1e-6)
