"""Figures as inline SVG that follows the page's colours, light or dark."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any

from oarlock.coder.miti import Measure
from oarlock.report.packages import alt, vl_convert
from oarlock.report.profile import Cell

# Colours stand for the roles of the page's design tokens and are replaced by them in the SVG, so
# that one figure reads in light and dark. The value is the light colour, for a figure that is
# copied out of the page.
_TOKENS = {
    "#1d2b33": "--ink",
    "#50616b": "--ink-soft",
    "#dde3e4": "--line",
    "#0b6e77": "--accent",
    "#bcdcdc": "--accent-soft",
    "#7a4a12": "--second",
    "#fefefe": "--surface",
}
INK, SOFT, LINE, ACCENT, ACCENT_SOFT, SECOND, SURFACE = _TOKENS
_FONT = "system-ui, sans-serif"
_ids = count(1)

WIDE = 860
NARROW = 292


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in two widths, with what it shows in words.

    Attributes:
        wide, narrow: SVG for a page of at least 640 px, and for a phone.
        alt: Text for people who cannot see it.
    """

    wide: str
    narrow: str
    alt: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an interval chart: percentages, with published shares where there are any.

    Attributes:
        flag: Mark and word of what is unreliable, written beside the label, or "".
    """

    label: str
    group: str
    measure: Measure
    references: dict[str, float]
    flag: str = ""


_SHAPES = {"clinical": "diamond", "peers": "triangle-up"}


def interval_chart(
    rows: Sequence[Row], *, alt_text: str, title: str, is_flagged: bool = False
) -> Figure:
    """Return dots with 95 % intervals, one line per row, in their groups.

    A dot is hollow where its row has a flag, or everywhere with `is_flagged`.
    """
    has_flags = any(row.flag for row in rows)

    def draw(width: int) -> str:
        label_width = (262 if has_flags else 178) if width > NARROW else 104
        plot_width = width - label_width - 12
        data = [_point(row, is_flagged) for row in rows]
        marks = [
            {"label": point["label"], "group": point["group"], "value": value, "of": key}
            for row, point in zip(rows, data, strict=True)
            for key, value in row.references.items()
        ]
        groups = list(dict.fromkeys(row.group for row in rows))
        scale = _scale_for([point["high"] for point in data] + [mark["value"] for mark in marks])
        parts = [
            _group_panel(
                [p for p in data if p["group"] == group],
                [m for m in marks if m["group"] == group],
                group if len(groups) > 1 else "",
                (label_width, plot_width),
                scale,
                title if group == groups[-1] else "",
            )
            for group in groups
        ]
        return render_svg(alt.vconcat(*parts, spacing=14).resolve_scale(x="shared"))

    return Figure(draw(WIDE), draw(NARROW), alt_text)


def _point(row: Row, is_flagged: bool) -> dict[str, Any]:
    value = row.measure.value
    return {
        "label": row.label,
        "group": row.group,
        "flag": row.flag,
        "hollow": is_flagged or bool(row.flag),
        "value": value,
        "low": value if row.measure.low is None else row.measure.low,
        "high": value if row.measure.high is None else row.measure.high,
    }


def _label_expression(points: Sequence[Mapping[str, Any]], width: int) -> str:
    """Return the Vega expression that writes a label: flag behind it, or below on a narrow axis.

    The axis itself goes by full labels: two that read alike when shortened stay two lines.
    """
    labels = [point["label"] for point in points]
    if width > NARROW:
        shown: list[Any] = [" ".join((p["label"], p["flag"])).rstrip() for p in points]
    else:
        shown = [
            [_short(p["label"]), p["flag"]] if p["flag"] else _short(p["label"]) for p in points
        ]
    return f"{json.dumps(shown)}[indexof({json.dumps(labels)}, datum.value)]"


def _short(label: str) -> str:
    label = label.replace("without Permission", "w/o perm.").replace("with Permission", "w. perm.")
    label = label.replace("Emphasize", "Emph.")
    return label if len(label) <= 20 else label[:18] + "…"


def _scale_for(values: Sequence[float | None]) -> tuple[float, list[float]]:
    """Return the top of a scale of percentages that starts at 0, and its ticks."""
    largest = max((v for v in values if v is not None and math.isfinite(v)), default=1.0)
    step = next((s for s in (1.0, 2.0, 5.0, 10.0, 20.0) if largest <= 5 * s), 25.0)
    top = min(100.0, max(step, math.ceil(largest * 1.02 / (step / 2)) * step / 2))
    return top, [i * step for i in range(int(top / step) + 1)]


def _few(ticks: list[float]) -> list[float]:
    return ticks if len(ticks) <= 3 else ticks[::2]


def _group_panel(
    points: list[dict[str, Any]],
    marks: list[dict[str, Any]],
    heading: str,
    widths: tuple[int, int],
    scale_and_ticks: tuple[float, list[float]],
    axis_title: str,
) -> Any:
    label_width, width = widths
    top, ticks = scale_and_ticks
    order = [point["label"] for point in points]
    labels = alt.Axis(
        ticks=False,
        domain=False,
        labelPadding=10,
        minExtent=label_width,
        maxExtent=label_width,
        labelExpr=_label_expression(points, width + label_width + 12),
    )
    y = alt.Y("label:N", sort=order, title=None, axis=labels)
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(
        title=axis_title or None,
        labels=bool(axis_title),
        grid=True,
        ticks=False,
        domain=False,
        values=ticks if width > 300 else _few(ticks),
        labelExpr="datum.value + ' %'",
    )
    x = alt.X("value:Q", scale=scale, axis=axis)
    base = alt.Chart(inline_data(points))
    layers = [
        base.mark_rule(strokeWidth=5, color=ACCENT, opacity=0.35, strokeCap="round").encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", y=y
        ),
        *_dots(base, 70, x, y),
    ]
    for key, shape in _SHAPES.items():
        own = [mark for mark in marks if mark["of"] == key]
        if own:
            layers.append(
                alt.Chart(inline_data(own))
                .mark_point(
                    filled=False, size=75, color=INK, opacity=1, shape=shape, strokeWidth=1.6
                )
                .encode(x=x, y=y)
            )
    title = (
        alt.TitleParams(heading, anchor="start", frame="bounds", fontSize=13, offset=8)
        if heading
        else ""
    )
    two_lines = width + label_width + 12 <= NARROW and any(point["flag"] for point in points)
    step = 34 if two_lines else 25
    return alt.layer(*layers).properties(width=width, height=alt.Step(step), title=title)


def _dots(base: Any, size: int, x: Any, y: Any) -> list[Any]:
    """Return the layers of dots: filled, or hollow where the measure is flagged."""
    full = base.transform_filter("!datum.hollow").mark_point(
        filled=True, size=size, color=ACCENT, opacity=1, shape="circle"
    )
    hollow = base.transform_filter("datum.hollow").mark_point(
        fill=SURFACE, stroke=ACCENT, strokeWidth=2, size=size, opacity=1, shape="circle"
    )
    return [full.encode(x=x, y=y), hollow.encode(x=x, y=y)]


def strip_range(
    measure: Measure, references: dict[str, float], top: float, *, is_flagged: bool = False
) -> str:
    """Return a small scale for one cell of the OARS strip: here above, published shares below.

    The dot is hollow with `is_flagged`.
    """
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(
        values=[0, top / 2, top],
        domain=False,
        ticks=False,
        title=None,
        labelExpr="datum.value + ' %'",
    )
    height, here, published = 44, 10, 32

    def at(field: str) -> Any:
        return alt.X(f"{field}:Q", scale=scale, axis=axis)

    def points(**values: float | bool) -> Any:
        return alt.Chart(inline_data([values]))

    line = points(a=0, b=top).mark_rule(color=LINE, strokeWidth=2)
    layers = [line.encode(x=at("a"), x2="b:Q", y=alt.value(y)) for y in (here, published)]
    if measure.value is not None:
        low = measure.value if measure.low is None else measure.low
        high = measure.value if measure.high is None else measure.high
        bar = points(low=low, high=high).mark_rule(
            color=ACCENT, strokeWidth=8, opacity=0.35, strokeCap="round"
        )
        layers.append(bar.encode(x=at("low"), x2="high:Q", y=alt.value(here)))
        base = points(value=measure.value, hollow=is_flagged)
        layers += _dots(base, 95, at("value"), alt.value(here))
    for key, shape in _SHAPES.items():
        if key in references:
            mark = points(value=references[key]).mark_point(
                fill=SURFACE, stroke=INK, size=80, shape=shape, strokeWidth=1.6, opacity=1
            )
            layers.append(mark.encode(x=at("value"), y=alt.value(published)))
    return render_svg(alt.layer(*layers).properties(width=190, height=height))


def over_time(
    weeks: Sequence[Cell], keys: Sequence[tuple[str, str, str]], *, alt_text: str
) -> Figure:
    """Return small multiples by week on one scale: a line with a band, gaps where few replies came.

    Args:
        weeks: Cells named by their Monday, in order of time.
        keys: Share, heading and flag of each panel.
        alt_text: What the figure shows.
    """
    shown = [cell.shares[key] for cell in weeks for key, _, _ in keys]
    scale = _scale_for([end for one in shown for end in (one.value, one.high)])

    def draw(width: int) -> str:
        columns = 2 if width > 400 else 1
        plot_width = (width - 26 * (columns - 1)) // columns - 52
        panels = [_week_panel(weeks, key, plot_width, scale) for key in keys]
        return render_svg(alt.concat(*panels, columns=columns, spacing=26))

    return Figure(draw(WIDE), draw(NARROW), alt_text)


def _week_panel(
    weeks: Sequence[Cell],
    panel: tuple[str, str, str],
    width: int,
    scale_and_ticks: tuple[float, list[float]],
) -> Any:
    key, heading, flag = panel
    top, ticks = scale_and_ticks
    values: list[dict[str, Any]] = [
        {
            "week": cell.name,
            "value": cell.shares[key].value,
            "low": cell.shares[key].low,
            "high": cell.shares[key].high,
            "hollow": bool(flag),
        }
        for cell in weeks
        if cell.shares[key].value is not None
    ]
    base = alt.Chart(inline_data(_with_gaps(values)))
    x = alt.X(
        "week:T",
        title=None,
        axis=alt.Axis(
            format="%-d %b", tickCount=4, grid=False, labelOverlap=True, domainColor=LINE,
            ticks=False,
        ),
    )  # fmt: skip
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(
        title=None,
        values=ticks if len(ticks) <= 4 else ticks[::2],
        minExtent=40,
        maxExtent=40,
        domain=False,
        ticks=False,
        labelExpr="datum.value + ' %'",
    )
    y = alt.Y("value:Q", scale=scale, axis=axis)
    layers = [
        base.mark_area(color=ACCENT, opacity=0.22, interpolate="linear").encode(
            x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"
        ),
        base.transform_filter("datum.alone")
        .mark_rule(color=ACCENT, opacity=0.35, strokeWidth=4, strokeCap="round")
        .encode(x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"),
        base.mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y),
        *_dots(base, 36, x, y),
    ]
    title = alt.TitleParams(f"{heading} {flag}".rstrip(), anchor="start", fontSize=13, offset=6)
    return alt.layer(*layers).properties(width=width, height=110, title=title)


def _with_gaps(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put an empty week where some are missing, so that no line runs across them.

    A week without neighbours is marked "alone": a band needs two weeks to be seen.
    """
    week = timedelta(days=7)
    mondays = {date.fromisoformat(value["week"]) for value in values}
    result: list[dict[str, Any]] = []
    for value in values:
        monday = date.fromisoformat(value["week"])
        alone = monday - week not in mondays and monday + week not in mondays
        result.append(value | {"alone": alone})
        if monday + week not in mondays:
            after = (monday + week).isoformat()
            gap = {"value": None, "low": None, "high": None, "alone": False}
            result.append({"week": after, "hollow": value["hollow"], **gap})
    return result[:-1]


def inline_data(values: list[dict[str, Any]]) -> Any:
    return alt.InlineData(values=values)


def _config(chart: Any) -> Any:
    return (
        chart.configure(background="transparent", font=_FONT, padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=SOFT,
            titleColor=SOFT,
            gridColor=LINE,
            domainColor=LINE,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=10,
            labelFont=_FONT,
            titleFont=_FONT,
        )
        .configure_axisY(labelColor=INK, labelFontSize=12.5, labelLimit=260)
        .configure_title(color=INK, font=_FONT, fontWeight=600)
    )


def render_svg(chart: Any) -> str:
    """Return the chart as SVG that scales to its box and takes its colours from the page."""
    specification = _config(chart).to_dict()
    svg = vl_convert.vegalite_to_svg(specification, vl_version=_vl_version())
    for colour, token in _TOKENS.items():
        svg = re.sub(
            rf'(fill|stroke)="{colour}"', rf'\1="var({token}, {colour})"', svg, flags=re.IGNORECASE
        )
    # Several figures share the page: their inner names must not meet.
    number = next(_ids)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="f{number}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#f{number}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#f{number}-\1"', svg)
    # The page names the figure; what Vega writes into it for screen readers would be read twice.
    svg = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", svg)
    return re.sub(r"<svg ", '<svg aria-hidden="true" focusable="false" ', svg, count=1)


def _vl_version() -> str:
    """Return the Vega-Lite version that Altair writes, as vl-convert names it."""
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def themed(chart: Any, *, background: str = "transparent") -> dict[str, Any]:
    """Return a chart in the colours and the type of the page, as Vega-Lite."""
    specification: dict[str, Any] = _config(chart).to_dict()
    specification["config"]["background"] = background
    return specification
