"""Numbers as a page shows them: as exact as they are known, and never a bare zero."""

from __future__ import annotations

from oarlock.coder.miti import Measure


def percent(value: float) -> str:
    """Return "12 %", with one decimal below ten, or "under 0.1 %"."""
    if value < 0.05:
        return "under 0.1 %"
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %"


def whole(value: float) -> str:
    """Return a percentage without decimals, for counts of few things."""
    if 0 < value < 0.5:
        return "under 1 %"
    return "over 99 %" if 99.5 <= value < 100 else f"{value:.0f} %"


def plain(value: float) -> str:
    """Return a ratio or count with two decimals, one from ten, or "under 0.01"."""
    if value < 0.005:
        return "under 0.01"
    return f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def show_value(measure: Measure, unit: str = "%") -> str:
    """Return the value in words, or "too little to say"."""
    if measure.value is None:
        return "too little to say"
    return percent(measure.value) if unit == "%" else plain(measure.value)


def show_interval(measure: Measure, unit: str = "%") -> str:
    """Return "3.1 to 5.6 %", "0.84 or more" without an upper bound, or nothing."""
    low, high = measure.low, measure.high
    if measure.value is None or low is None:
        return ""
    if high is None:
        return f"{plain(low)} or more"
    least, sign = (1, " %") if unit == "%" else (2, "")
    if high < 0.5 / 10**least:
        return f"{percent(high) if unit == '%' else plain(high)}"
    if low >= 9.95 and high >= 9.95:
        least -= 1
    for digits in range(least, least + 4):  # one digit more where both ends would read the same
        shown = [f"{end:.{digits}f}" for end in (low, high)]
        if shown[0] != shown[1]:
            break
    if float(shown[0]) == 0:
        shown[0] = "0"
    return f"{shown[0]} to {shown[1]}{sign}"
