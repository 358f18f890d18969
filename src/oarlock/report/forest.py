"""The figures of a synthesis: forest plot and contour-enhanced funnel plot."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from oarlock.report.figures import (
    ACCENT,
    ACCENT_SOFT,
    INK,
    LINE,
    NARROW,
    SECOND,
    SOFT,
    SURFACE,
    WIDE,
    Figure,
    inline_data,
    render_svg,
)
from oarlock.report.packages import alt
from oarlock.trial.synthesis import wording
from oarlock.trial.synthesis.effects import Measure
from oarlock.trial.synthesis.pooling import interval
from oarlock.trial.synthesis.synthesise import Subgroup, Synthesis

MAX_ROWS = 100
"""Most studies in a forest plot; the table holds all of them."""

_CONTOURS = ((2.5758, 0.35), (1.96, 0.6), (1.6449, 1.0))
"""Where p is 0.01, 0.05 and 0.10, and how strongly what lies inside is shaded."""
_FONT = "system-ui, sans-serif"
_RATIO_TICKS = (0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000)


def forest(found: Synthesis) -> Figure:
    """Return the forest plot: studies with weights, subgroups, the pooled effect, prediction."""
    rows = _rows(found)
    domain = _domain([row for row in rows if row["kind"] != "heading"])
    measure = found.studies.measure
    alt_text = (
        f"Forest plot of {len(found.studies.y)} effects on a scale of "
        f"{wording.scale_name(measure)}. {wording.headline(found)} The table below holds the same "
        "numbers."
    )
    return Figure(
        _forest(rows, domain, measure, WIDE), _forest(rows, domain, measure, NARROW), alt_text
    )


def _rows(found: Synthesis) -> list[dict[str, Any]]:
    studies = found.studies
    rows = [
        _row(label, float(y), math.sqrt(v), weight=float(weight))
        for label, y, v, weight in zip(
            studies.labels, studies.y, studies.v, found.pooled.weights, strict=True
        )
    ]
    if found.subgroups and len(rows) <= MAX_ROWS:
        rows = _in_subgroups(found, rows)
    pooled = found.pooled
    shown = rows[:MAX_ROWS]
    name = "Pooled, three-level" if pooled.three_level else "Pooled, random effects"
    if pooled.n_effects > 1:
        row = _pooled_row(name, pooled.estimate, pooled.interval.low, pooled.interval.high)
        shown.append(row | {"short": "All together"})
    if pooled.prediction:
        near = pooled.prediction
        shown.append(
            _pooled_row("Prediction interval", pooled.estimate, near.low, near.high)
            | {"kind": "prediction", "short": "Prediction"}
        )
    measure = studies.measure
    for at, row in enumerate(shown):
        row["at"] = at
        row["words"] = _words(row, measure)
        row["share"] = f"{100 * row['weight']:.1f} %" if "weight" in row else ""
    return shown


def _in_subgroups(found: Synthesis, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    studies = found.studies
    column = studies.table.require(found.question.subgroup or "", "--subgroup")
    own = [studies.table.text(row, column) or "not told" for row in studies.rows]
    result: list[dict[str, Any]] = []
    for group in found.subgroups:
        result.append({"label": group.name, "kind": "heading"})
        result += [row for row, name in zip(rows, own, strict=True) if name == group.name]
        result.append(_group_row(group))
    return result


def _group_row(group: Subgroup) -> dict[str, Any]:
    pooled = group.pooled
    k = group.k
    name = f"{group.name}: {k} {'study' if k == 1 else 'studies'}"
    row = _pooled_row(name, pooled.estimate, pooled.interval.low, pooled.interval.high)
    return row | {"kind": "group", "short": f"{k} together"}


def _row(label: str, y: float, se: float, *, weight: float) -> dict[str, Any]:
    own = interval(y, se)
    return {
        "label": label, "kind": "study", "value": y, "low": own.low, "high": own.high,
        "weight": weight,
    }  # fmt: skip


def _pooled_row(label: str, value: float, low: float, high: float) -> dict[str, Any]:
    return {"label": label, "kind": "pooled", "value": value, "low": low, "high": high}


def _words(row: dict[str, Any], measure: Measure) -> str:
    if row["kind"] == "heading":
        return ""
    low, high = wording.as_read(row["low"], measure), wording.as_read(row["high"], measure)
    if row["kind"] == "prediction":
        return f"{low} to {high}"
    return f"{wording.as_read(row['value'], measure)} ({low} to {high})"


def _domain(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the ends of the axis: all estimates, and intervals unless a few are far wider."""
    values = np.array([row["value"] for row in rows])
    lows, highs = (np.array([row[end] for row in rows]) for end in ("low", "high"))
    ours = [row for row in rows if row["kind"] in ("pooled", "prediction")]
    low = min([*values, float(np.quantile(lows, 0.05)), *(row["low"] for row in ours), 0.0])
    high = max([*values, float(np.quantile(highs, 0.95)), *(row["high"] for row in ours), 0.0])
    margin = 0.03 * (high - low) or 1.0
    return float(low - margin), float(high + margin)


def _axis(measure: Measure, domain: tuple[float, float], title: str, n_ticks: int) -> Any:
    common: dict[str, Any] = {
        "title": title,
        "grid": True,
        "domain": False,
        "ticks": False,
        "labelFlush": True,
    }
    if not measure.is_log:
        return alt.Axis(tickCount=n_ticks, **common)
    ratios = [one for one in _RATIO_TICKS if domain[0] <= math.log(one) <= domain[1]]
    while len(ratios) > n_ticks + 1:
        ratios = [one for one in ratios if one in (1, 0.1, 10, 0.01, 100)] or ratios[::2]
        if len(ratios) > n_ticks + 1:
            ratios = ratios[::2]
    if len(ratios) < 2:
        return alt.Axis(tickCount=n_ticks, labelExpr="format(exp(datum.value), '.3~g')", **common)
    texts = [f"{one:g}" for one in ratios]
    values = [math.log(one) for one in ratios]
    # Vega hands the values back as they are, so their places name them.
    lookup = f"{json.dumps(texts)}[indexof({json.dumps(values)}, datum.value)]"
    return alt.Axis(values=values, labelExpr=lookup, **common)


def _short(label: str, length: int) -> str:
    return label if len(label) <= length else label[: length - 1].rstrip() + "…"


def _forest(
    rows: Sequence[dict[str, Any]], domain: tuple[float, float], measure: Measure, width: int
) -> str:
    is_wide = width > NARROW
    label_width, words_width = (220, 225) if is_wide else (112, 0)
    plot_width = width - label_width - words_width - 20
    labels = [
        _short(row["label"] if is_wide else row.get("short", row["label"]), 34 if is_wide else 17)
        for row in rows
    ]
    bold = [row["at"] for row in rows if row["kind"] in ("heading", "pooled", "group")]
    y = alt.Y(
        "at:O",
        title=None,
        scale=alt.Scale(domain=[row["at"] for row in rows]),
        axis=alt.Axis(
            ticks=False, domain=False, labelPadding=8, minExtent=label_width,
            maxExtent=label_width, labelLimit=label_width, labelOverlap=False,
            labelExpr=f"{json.dumps(labels)}[datum.value]",
            labelFontWeight={
                "condition": {"test": f"indexof({bold}, datum.value) >= 0", "value": 600},
                "value": 400,
            },
        ),
    )  # fmt: skip
    scale = alt.Scale(domain=list(domain), nice=False)
    title = f"{wording.scale_name(measure)}, 95 % intervals"
    axis = _axis(measure, domain, title if is_wide else "", 6 if is_wide else 4)
    x = alt.X("value:Q", scale=scale, axis=axis)
    low = alt.X("low:Q", scale=scale, axis=axis)
    base = alt.Chart(inline_data(list(rows)))

    def of(*kinds: str) -> Any:
        return base.transform_filter(alt.FieldOneOfPredicate(field="kind", oneOf=list(kinds)))

    zero = alt.Chart(inline_data([{"value": 0.0}])).mark_rule(color=SOFT, strokeWidth=1.2)
    layers = [
        zero.encode(x=x),
        of("study").mark_rule(color=ACCENT, strokeWidth=1.6, clip=True).encode(
            x=low, x2="high:Q", y=y
        ),
        of("study").mark_point(filled=True, shape="square", color=ACCENT, opacity=1).encode(
            x=x, y=y,
            size=alt.Size("weight:Q", legend=None,
                          scale=alt.Scale(domainMin=0, range=[12, 130 if is_wide else 80])),
        ),
        of("group").mark_rule(color=INK, strokeWidth=3, clip=True).encode(x=low, x2="high:Q", y=y),
        of("group").mark_point(filled=True, shape="diamond", color=INK, size=110, opacity=1).encode(
            x=x, y=y
        ),
        of("pooled").mark_rule(color=SECOND, strokeWidth=4, clip=True).encode(
            x=low, x2="high:Q", y=y
        ),
        of("pooled").mark_point(
            filled=True, shape="diamond", color=SECOND, size=190, opacity=1
        ).encode(x=x, y=y),
        of("prediction").mark_rule(
            color=SECOND, strokeWidth=2, strokeDash=[5, 3], clip=True
        ).encode(x=low, x2="high:Q", y=y),
    ]  # fmt: skip
    if is_wide:
        for field, right in (("words", words_width - 52), ("share", words_width)):
            text = base.mark_text(align="right", color=INK, fontSize=12, font=_FONT)
            at = alt.value(plot_width + right)
            layers.append(text.encode(x=at, y=y, text=f"{field}:N"))
    step = 23 if is_wide else 21
    return render_svg(alt.layer(*layers).properties(width=plot_width, height=alt.Step(step)))


def funnel(found: Synthesis) -> Figure:
    """Return the funnel plot with contours of significance around no effect."""
    studies = found.studies
    alt_text = (
        f"Funnel plot: standard errors of {len(studies.y)} effects against the effects, with "
        "contours of significance around no effect"
    )
    if found.filled and found.filled.n_missing:
        alt_text += f", and {found.filled.n_missing} filled in on the {found.filled.side}"
    return Figure(_funnel(found, WIDE), _funnel(found, NARROW), alt_text + ".")


def _funnel(found: Synthesis, width: int) -> str:
    studies, pooled = found.studies, found.pooled
    points = [
        {"x": float(y), "se": math.sqrt(v), "filled": False}
        for y, v in zip(studies.y, studies.v, strict=True)
    ]
    if found.filled:
        points += [
            {"x": float(y), "se": math.sqrt(v), "filled": True}
            for y, v in zip(found.filled.effects, found.filled.variances, strict=True)
        ]
    top = 1.06 * max(point["se"] for point in points)
    centre = pooled.estimate
    reach = max(max(abs(point["x"] - centre) for point in points), 1.96 * top) * 1.08
    domain = (min(centre - reach, -1.7 * top), max(centre + reach, 1.7 * top))
    scale = alt.Scale(domain=list(domain), nice=False)
    is_wide = width > NARROW
    title = wording.scale_name(studies.measure)
    x_axis = _axis(studies.measure, domain, title, 7 if is_wide else 3)
    y_scale = alt.Scale(domain=[top, 0], nice=False)
    y_axis = alt.Axis(
        title="standard error", tickCount=4, domain=False, ticks=False, gridColor=LINE
    )

    def at(field: str) -> Any:
        return alt.X(f"{field}:Q", scale=scale, axis=x_axis)

    y = alt.Y("se:Q", scale=y_scale, axis=y_axis)
    layers: list[Any] = []
    for z, opacity in _CONTOURS:
        wedge = [
            {"low": 0.0, "high": 0.0, "se": 0.0},
            {"low": -z * top, "high": z * top, "se": top},
        ]
        layers.append(
            alt.Chart(inline_data(wedge))
            .mark_area(
                orient="horizontal", clip=True, opacity=opacity,
                color=ACCENT_SOFT if opacity < 1 else SURFACE,
            )
            .encode(x=at("low"), x2="high:Q", y=y)
        )  # fmt: skip
    for z in (-1.96, 1.96):
        side = [{"x": centre, "se": 0.0}, {"x": centre + z * top, "se": top}]
        layers.append(
            alt.Chart(inline_data(side))
            .mark_line(color=SECOND, strokeWidth=1.4, strokeDash=[5, 3], clip=True)
            .encode(x=at("x"), y=y)
        )
    middle = [{"x": centre, "se": 0.0}, {"x": centre, "se": top}]
    layers.append(
        alt.Chart(inline_data(middle)).mark_line(color=SECOND, strokeWidth=2).encode(x=at("x"), y=y)
    )
    base = alt.Chart(inline_data(points))
    layers.append(
        base.transform_filter("!datum.filled")
        .mark_point(filled=True, color=ACCENT, size=55, opacity=0.9)
        .encode(x=at("x"), y=y)
    )
    layers.append(
        base.transform_filter("datum.filled")
        .mark_point(fill=SURFACE, stroke=ACCENT, strokeWidth=1.8, size=60, opacity=1)
        .encode(x=at("x"), y=y)
    )
    height = 360 if is_wide else 260
    return render_svg(alt.layer(*layers).properties(width=width - 70, height=height))
