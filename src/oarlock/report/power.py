"""Power against the number of people: a figure for a page, a slide or a paper."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oarlock.errors import UserError
from oarlock.report.figures import ACCENT, INK, SECOND, SOFT, render_svg, themed
from oarlock.report.packages import alt, vl_convert

if TYPE_CHECKING:
    from oarlock.trial.power import PowerResult

FORMATS = (".html", ".png", ".svg")
WIDTH, HEIGHT = 560, 320


def check_format(path: Path) -> None:
    """Refuse a name from which the format cannot be told.

    Raises:
        UserError: Its ending is none of those known.
    """
    if path.suffix.lower() not in FORMATS:
        raise UserError(
            f"--out {path}: expected a name that ends in {', '.join(FORMATS)}.",
            remedy="Write, for example, --out power.svg",
        )


def alt_text(result: PowerResult) -> str:
    """Return what the figure shows, for people who cannot see it."""
    low, high = result.curve[0], result.curve[-1]
    said = (
        f"Power rises from {low[1]:.0%} with {low[0]} people to {high[1]:.0%} with {high[0]}; "
        f"with {result.n} it is {result.power:.0%} by formula"
    )
    if result.simulated is not None:
        one = result.simulated
        said += f", {one.power:.0%} ({one.low:.0%} to {one.high:.0%}) by simulation"
    return f"{said}; {result.plan.wanted:.0%} is wanted."


def _chart(result: PowerResult) -> Any:
    x = alt.X("n:Q", title="people in all arms", scale=alt.Scale(nice=False), axis=alt.Axis(
        grid=False, tickCount=6, format="~s"))  # fmt: skip
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(title="power", format=".0%", tickCount=5, domain=False, ticks=False)
    y = alt.Y("power:Q", scale=scale, axis=axis)
    curve = [{"n": n, "power": power} for n, power in result.curve]
    layers = [
        alt.Chart(alt.InlineData(values=[{"power": result.plan.wanted}]))
        .mark_rule(color=SOFT, strokeDash=[5, 4])
        .encode(y=y),
        alt.Chart(alt.InlineData(values=curve))
        .mark_line(color=ACCENT, strokeWidth=2.5)
        .encode(x=x, y=y),
        alt.Chart(alt.InlineData(values=[{"n": result.n, "power": result.power}]))
        .mark_point(filled=True, size=90, color=ACCENT, opacity=1)
        .encode(x=x, y=y),
    ]
    if result.simulated is not None:
        one = result.simulated
        point = [{"n": result.n, "power": one.power, "low": one.low, "high": one.high}]
        base = alt.Chart(alt.InlineData(values=point))
        layers += [
            base.mark_rule(color=SECOND, strokeWidth=2).encode(
                x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q"
            ),
            base.mark_point(shape="diamond", filled=True, size=90, color=SECOND, opacity=1).encode(
                x=x, y=y
            ),
        ]
    layers.append(
        alt.Chart(alt.InlineData(values=[{"n": result.n, "power": 0, "text": f"n = {result.n}"}]))
        .mark_text(color=INK, dy=-8, dx=6, align="left")
        .encode(x=x, y=y, text="text:N")
    )
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def caption(result: PowerResult) -> str:
    """Return what the marks mean."""
    said = "Line and dot: by formula. Dashed: the power that is wanted."
    if result.simulated is not None:
        said += (
            f" Diamond: {result.simulated.n_simulations} simulated trials (seed "
            f"{result.simulated.seed}) with the 95 % interval of the simulation."
        )
    return said


def picture(result: PowerResult, suffix: str) -> bytes:
    """Return the figure as a file of this kind holds it.

    Args:
        result: What `oarlock.trial.power.compute` gave.
        suffix: ".svg", ".png" (twice the size, on white) or ".html" (one page, light and dark).
    """
    if suffix == ".png":
        chart = themed(_chart(result), background="white")
        png: bytes = vl_convert.vegalite_to_png(chart, scale=2)
        return png
    svg = render_svg(_chart(result))
    label = escape(alt_text(result), quote=True)
    svg = svg.replace('aria-hidden="true"', f'role="img" aria-label="{label}"', 1)
    if suffix == ".svg":
        return svg.encode()
    style = (files("oarlock.report") / "templates" / "style.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Power</title><style>{style}\nfigure svg {{ width: 100%; height: auto; }}</style>"
        f"</head><body><main><h1>Power</h1><p>{escape(alt_text(result))}</p>"
        f"<figure>{svg}<figcaption>{escape(caption(result))}</figcaption></figure>"
        "</main></body></html>\n"
    ).encode()
