"""A synthesis of studies as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from oarlock import __version__
from oarlock.corpus.reading import counted
from oarlock.report.figures import Figure
from oarlock.report.forest import MAX_ROWS, forest, funnel
from oarlock.report.packages import jinja2
from oarlock.trial.synthesis import wording
from oarlock.trial.synthesis.pooling import Interval, interval
from oarlock.trial.synthesis.synthesise import Synthesis
from oarlock.trial.synthesis.votes import WARNING, VoteTable
from oarlock.trial.synthesis.wording import as_read, number, p_value

MAX_TABLE = 300
"""Most rows of a table of studies on the page; the JSON holds all of them."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of words: the first cell of a row is its heading."""

    title: str
    caption: str
    heading: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    is_open: bool = True
    note: str = ""
    has_words: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """Everything of one outcome."""

    anchor: str
    title: str
    headline: str
    facts: list[tuple[str, str]]
    meaning: list[str]
    forest: Figure
    forest_note: str
    funnel: Figure | None
    tables: list[_Table]
    robustness: list[_Table]
    cautions: list[str]
    methods: str


def render(found: Sequence[Synthesis], *, made_on: date | None = None) -> str:
    """Return the page of one or several outcomes of a file.

    Args:
        found: One synthesis per outcome.
        made_on: Date on the page; None is today.
    """
    name = Path(found[0].studies.file).name
    several = len(found) > 1
    parts = [_part(one, at, several=several) for at, one in enumerate(found, start=1)]
    lead = f"{len(parts)} outcomes, each pooled on its own." if several else parts[0].headline
    return _page(
        "synthesis.html.j2", made_on, title=name, parts=parts, several=several,
        lead=lead,
    )  # fmt: skip


def render_votes(table: VoteTable, *, made_on: date | None = None) -> str:
    """Return the page of an evidence table, on which nothing is pooled."""
    roles = ("study", "verdict", "design", "topic", "control")
    shown = [role for role in roles if any(getattr(vote, role) for vote in table.votes)]
    counts = ", ".join(f"{verdict} {n}" for verdict, n in table.verdicts.items())
    designs = sorted({verdict for row in table.by_design.values() for verdict in row})
    return _page(
        "evidence.html.j2",
        made_on,
        title=Path(table.file).name,
        lead=f"{counted(len(table.votes), 'study', 'studies')}: {counts}.",
        warning=WARNING,
        table=_Table(
            "The studies", "Studies, designs and verdicts",
            tuple(role.capitalize() for role in shown),
            [tuple(getattr(vote, role) or "not told" for role in shown) for vote in table.votes],
            has_words=True,
        ),
        designs=_Table(
            "By design", "Studies per design and verdict",
            ("Design", *(verdict.capitalize() for verdict in designs)),
            [
                (design, *(str(row.get(verdict, 0)) for verdict in designs))
                for design, row in table.by_design.items()
            ],
        ),
    )  # fmt: skip


def _page(template: str, made_on: date | None, **content: Any) -> str:
    templates = files("oarlock.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(lambda name: (templates / name).read_text(encoding="utf-8")),
    )
    return environment.get_template(template).render(
        version=__version__,
        style=(templates / "style.css").read_text(encoding="utf-8"),
        made_on=(made_on or datetime.now(tz=UTC).date()).isoformat(),
        **content,
    )


def _part(found: Synthesis, at: int, *, several: bool) -> _Part:
    studies = found.studies
    n = len(studies.y)
    note = f" The first {MAX_ROWS} are drawn." if n > MAX_ROWS else ""
    return _Part(
        anchor=f"outcome-{at}" if several else "result",
        title=found.outcome or "The result",
        headline=wording.headline(found),
        facts=_facts(found),
        meaning=wording.meaning(found),
        forest=forest(found),
        forest_note=note,
        funnel=funnel(found) if n >= 3 else None,
        tables=[one for one in (_studies(found), _models(found), _subgroups(found),
                                _regression(found), _risk(found)) if one],
        robustness=[one for one in (_missing(found), _leave_one_out(found), _influence(found),
                                    _cumulative(found)) if one],
        cautions=wording.cautions(found),
        methods=wording.methods(found),
    )  # fmt: skip


def _facts(found: Synthesis) -> list[tuple[str, str]]:
    pooled, measure = found.pooled, found.studies.measure
    facts = [("Studies", str(pooled.k))]
    if pooled.n_effects != pooled.k:
        facts.append(("Effects", str(pooled.n_effects)))
    facts.append((wording.scale_name(measure).capitalize(), as_read(pooled.estimate, measure)))
    if pooled.two_level and pooled.two_level.heterogeneity.i2 is not None:
        levels = pooled.three_level
        i2 = pooled.two_level.heterogeneity.i2
        facts.append(("I²", f"{levels.i2_between + levels.i2_within if levels else i2:.0f} %"))
    if pooled.tau2 is not None:
        facts.append(("tau²", number(pooled.tau2, 3)))
    return facts


def _p(p: float) -> str:
    return p_value(p).removeprefix("p ").removeprefix("= ")


def _ends(low: float, high: float, found: Synthesis) -> str:
    measure = found.studies.measure
    return f"{as_read(low, measure)} to {as_read(high, measure)}"


def _studies(found: Synthesis) -> _Table:
    studies = found.studies
    has_bias = any(studies.risk_of_bias)
    rows = []
    for at, label in enumerate(studies.labels[:MAX_TABLE]):
        own = interval(float(studies.y[at]), float(studies.v[at]) ** 0.5)
        row = [
            label, as_read(own.estimate, studies.measure), _ends(own.low, own.high, found),
            f"{100 * found.pooled.weights[at]:.1f} %",
        ]  # fmt: skip
        rows.append((*row, studies.risk_of_bias[at] or "not told") if has_bias else tuple(row))
    heading = ("Study", "Effect", "95 % interval", "Weight")
    return _Table(
        "The studies as a table", f"Effects as {wording.scale_name(studies.measure)}",
        (*heading, "Risk of bias") if has_bias else heading, rows, is_open=False,
        note=f"The first {MAX_TABLE} of {len(studies.labels)}."
        if len(studies.labels) > MAX_TABLE else "",
    )  # fmt: skip


def _models(found: Synthesis) -> _Table:
    pooled, measure = found.pooled, found.studies.measure
    rows: list[tuple[str, ...]] = []
    prefix = ""

    def add(name: str, test: Interval | None, extra: str = "") -> None:
        if test is not None:
            rows.append(
                (name, as_read(test.estimate, measure), _ends(test.low, test.high, found),
                 _p(test.p), extra)
            )  # fmt: skip

    if pooled.three_level:
        levels = pooled.three_level
        add(
            "Three-level (main)", pooled.interval,
            f"between {number(levels.between, 4)}, within {number(levels.within, 4)}",
        )  # fmt: skip
        add("Robust (CR2)", pooled.robust)
    if pooled.two_level:
        h = pooled.two_level.heterogeneity
        prefix = "Two-level, " if pooled.three_level else ""
        main = " (main)" if pooled.interval_kind == "hartung-knapp" else ""
        tau2 = number(h.tau2 or 0.0, 4)
        add(f"{prefix}Hartung-Knapp{main}", pooled.two_level.hartung_knapp, tau2)
        add(f"{prefix}Hartung-Knapp, floor", pooled.two_level.floor, tau2)
        add(f"{prefix}normal", pooled.two_level.wald, tau2)
    for other, (tau2_of_other, test) in pooled.others.items():
        add(f"{prefix}tau² by {other}", test, number(tau2_of_other, 4))
    add("Fixed effect", pooled.fixed, "0 by assumption")
    note = ""
    if pooled.prediction:
        near = pooled.prediction
        note = f"Prediction interval: {_ends(near.low, near.high, found)} (t, {near.df} df"
        far = pooled.prediction_k2
        note += f"; with {far.df} df {_ends(far.low, far.high, found)}). " if far else "). "
    if pooled.two_level:
        h = pooled.two_level.heterogeneity
        note += f"Q = {number(h.q or 0.0)}, df = {h.q_df}, {p_value(h.q_p or 0.0)}."
        if h.tau2_low is not None and h.tau2_high is not None and not pooled.three_level:
            note += (
                f" tau² 95 % interval {number(h.tau2_low, 4)} to {number(h.tau2_high, 4)}. I² "
                f"{h.i2:.1f} % from tau², {h.i2_q:.1f} % from Q. H² {h.h2:.2f}."
            )
    return _Table(
        "The pooled effect by every model", "The pooled effect by model",
        ("Model", "Effect", "95 % interval", "p", "tau²"), rows, note=note,
    )  # fmt: skip


def _subgroups(found: Synthesis) -> _Table | None:
    if not found.subgroups:
        return None
    measure = found.studies.measure
    test = found.between
    note = (
        f"Between subgroups: Q = {number(test.q)}, df = {test.df}, {p_value(test.p)}."
        if test
        else ""
    )
    return _Table(
        "Subgroups", "The pooled effect in each subgroup",
        ("Subgroup", "Studies", "Effect", "95 % interval"),
        [
            (one.name, str(one.k), as_read(one.pooled.estimate, measure),
             _ends(one.pooled.interval.low, one.pooled.interval.high, found))
            for one in found.subgroups
        ],
        note=note,
    )  # fmt: skip


def _regression(found: Synthesis) -> _Table | None:
    result = found.regression
    if result is None:
        return None
    explained = "not defined" if result.r2 is None else f"{result.r2:.0f} %"
    return _Table(
        "Meta-regression", "Coefficients on the scale of the analysis",
        ("Moderator", "Coefficient", "95 % interval", "p"),
        [
            (one.name, number(one.test.estimate, 3),
             f"{number(one.test.low, 3)} to {number(one.test.high, 3)}", _p(one.test.p))
            for one in result.coefficients
        ],
        note=f"All moderators together: F = {number(result.f)}, df = {result.df1} and "
        f"{result.df2}, {p_value(result.p)}. They explain {explained} of tau² (R²).",
    )  # fmt: skip


def _risk(found: Synthesis) -> _Table | None:
    risk = found.risk_of_bias
    if risk is None:
        return None
    note = ""
    if risk.without_high:
        rest = risk.without_high
        note = (
            "Without those at high risk: "
            f"{as_read(rest.estimate, found.studies.measure)} "
            f"({_ends(rest.interval.low, rest.interval.high, found)})."
        )
    return _Table(
        "Risk of bias", "Effects and weight per judgement",
        ("Judgement", "Effects", "Weight"),
        [(name, str(n), f"{risk.weights[name]:.0f} %") for name, n in risk.counts.items()],
        note=note,
    )  # fmt: skip


def _missing(found: Synthesis) -> _Table | None:
    if found.filled is None:
        return None
    measure = found.studies.measure
    note = ""
    if found.egger:
        own = found.egger.intercept
        note = (
            f"Egger's test: intercept {number(own.estimate)} ({number(own.low)} to "
            f"{number(own.high)}), t = {number(own.statistic)}, df = {own.df:.0f}, "
            f"{p_value(own.p)}."
        )
    return _Table(
        "If small studies are missing", "Trim and fill, by three of its variants",
        ("Variant", "Missing", "Effect with them", "95 % interval"),
        [
            (f"{one.estimator}, trimmed by {one.trimmed_by} effects", f"{one.n_missing} {one.side}",
             as_read(one.pooled.estimate, measure), _ends(one.pooled.low, one.pooled.high, found))
            for one in (found.filled, *found.filled_otherwise)
        ],
        note=note,
    )  # fmt: skip


def _leave_one_out(found: Synthesis) -> _Table | None:
    if not found.leave_one_out:
        return None
    measure = found.studies.measure
    return _Table(
        "Without each study in turn", "The pooled effect without one study",
        ("Left out", "Effect", "95 % interval", "tau²"),
        [
            (one.name, as_read(one.test.estimate, measure),
             _ends(one.test.low, one.test.high, found), number(one.tau2, 3))
            for one in found.leave_one_out[:MAX_TABLE]
        ],
        is_open=False,
    )  # fmt: skip


def _influence(found: Synthesis) -> _Table | None:
    if not found.influence:
        return None
    return _Table(
        "Influence of each effect", "Influence in the two-level model",
        ("Study", "Studentised residual", "DFFITS", "Cook's distance", "Hat", "Influential"),
        [
            (label, number(one.rstudent), number(one.dffits), number(one.cooks_distance, 3),
             number(one.hat, 3), "yes" if one.is_influential else "no")
            for label, one in zip(found.studies.labels, found.influence, strict=True)
        ][:MAX_TABLE],
        is_open=False,
    )  # fmt: skip


def _cumulative(found: Synthesis) -> _Table | None:
    if not found.cumulative:
        return None
    measure = found.studies.measure
    return _Table(
        "As the studies came", "The pooled effect after each year's studies",
        ("Added", "Effect", "95 % interval"),
        [
            (one.name, as_read(one.test.estimate, measure),
             _ends(one.test.low, one.test.high, found))
            for one in found.cumulative[:MAX_TABLE]
        ],
        is_open=False,
    )  # fmt: skip
