"""The profile of a corpus as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from importlib.resources import files
from typing import Any

from oarlock import __version__
from oarlock.codebook import REFLECTIONS, display_groups, families
from oarlock.coder.miti import Measure
from oarlock.report import figures
from oarlock.report.headline import SUMMARY_CAUTION, cautions, headline, warning, what_was_read
from oarlock.report.intervals import FEW_THREADS
from oarlock.report.measures import MITI, SHARES
from oarlock.report.packages import jinja2
from oarlock.report.profile import MIN_REPLIES, Cell, Profile
from oarlock.report.reference import CAVEAT, PUBLISHED, THRESHOLDS
from oarlock.report.reliability import PARTLY, UNMEASURED, UNRELIABLE, Reliability
from oarlock.report.words import percent, show_interval, show_value, whole

MAX_ROWS = 60
"""Most supporters or groups in a table; beyond that a page reads badly on a phone."""

MAX_FIGURE_ROWS = 30

_STRIP = (
    ("O", "pen questions", "Open Question", "sentences", ("Open Question",)),
    ("A", "ffirmations", "Affirm", "sentences", ("Affirm",)),
    ("R", "eflections", "Reflections", "sentences", REFLECTIONS),
    ("S", "ummaries", "Summary", "replies", ()),
)

_MITI_ROWS = (
    ("reflection_to_question_ratio", "Reflections per question", ""),
    ("percent_complex_reflections", "Complex among reflections", "%"),
    ("percent_open_questions", "Open among questions", "%"),
    ("mi_adherent_per_reply", "MI-adherent sentences per reply", ""),
    ("mi_non_adherent_per_reply", "MI-non-adherent sentences per reply", ""),
)

_EMPATHY = (
    ("er", "Emotional reactions", "warmth, concern, fellow feeling"),
    ("ip", "Interpretations", "says back what the other may feel or go through"),
    ("ex", "Explorations", "asks about what was left unsaid"),
)

_TIME_PANELS = (
    ("Questions", "Questions"),
    ("Reflections", "Reflections"),
    ("Affirm", "Affirmations"),
    ("MI-non-adherent", "MI-non-adherent"),
)

_COLUMNS = (
    ("Open Question", "Open questions", "%"),
    ("Affirm", "Affirmations", "%"),
    ("Reflections", "Reflections", "%"),
    ("Summary", "Replies with a summary", "%"),
    ("reflection_to_question_ratio", "Reflections per question", ""),
    ("MI-non-adherent", "MI-non-adherent sentences", "%"),
)
"""Columns of the tables by supporter, group and week."""


@dataclass(frozen=True, slots=True)
class _StripItem:
    letter: str
    rest: str
    unit: str
    measure: Measure
    references: dict[str, float]
    svg: str
    alt: str
    caution: str
    flag: str


def render(
    profile: Profile,
    *,
    title: str,
    note: str = "",
    reliability: Reliability | None = None,
    with_text: bool = False,
    made_on: date | None = None,
) -> str:
    """Return the page.

    Args:
        profile: What to show.
        title: Name of the corpus.
        note: What the reader has to know of the corpus.
        reliability: How well the coder finds each code, from the weights' own evaluation; None
            marks every code as not measured.
        with_text: Put the text of the least certain sentences in.
        made_on: Date on the page; None is today.
    """
    reliability = reliability or Reliability()
    flag = partial(_flag, reliability)
    templates = files("oarlock.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "percent": percent,
        "whole": whole,
        "value": show_value,
        "interval": show_interval,
        "flag": flag,
        "published": lambda share: f"{share:.1f} %",
        "score": lambda score: "" if score is None else f"{score:.2f}",
    }
    source = (templates / "profile.html.j2").read_text(encoding="utf-8")
    template = environment.from_string(source)
    rows = _code_rows(profile.overall, flag)
    return template.render(
        profile=profile,
        version=__version__,
        title=title,
        note=note,
        style=(templates / "style.css").read_text(encoding="utf-8"),
        headline=headline(profile.overall, flag),
        warning=warning(profile, reliability),
        what_was_read=what_was_read(profile),
        facts=_facts(profile),
        sections=_sections(profile),
        strip=_strip(profile.overall, flag),
        codes_figure=figures.interval_chart(
            rows, alt_text=_codes_alt(rows), title="share of sentences"
        ),
        code_table=[
            (group.name, [row for row in rows if row.group == group.name])
            for group in display_groups()
        ],
        family_codes={family.name: ", ".join(family.codes) for family in families()},
        caveat=CAVEAT,
        miti_table=_miti(profile.overall),
        empathy=[
            {
                "name": name,
                "gloss": gloss,
                "levels": [
                    (level, share, reliability.flag_other(f"{key} {number}"))
                    for number, (level, share) in enumerate(
                        zip(("none", "weak", "strong"), profile.empathy[key], strict=True)
                    )
                ],
            }
            for key, name, gloss in _EMPATHY
            if key in profile.empathy
        ],
        time_figure=_time(profile.weeks, flag),
        group_figure=_cells_figure(profile.groups, "group", flag),
        supporter_figure=_cells_figure(profile.supporters, "supporter", flag),
        columns=_COLUMNS,
        has_flags=not reliability.codes or bool(reliability.unreliable),
        sign=UNRELIABLE if reliability.codes else UNMEASURED,
        sign_of_sums=PARTLY,
        few_threads=FEW_THREADS,
        min_replies=MIN_REPLIES,
        max_rows=MAX_ROWS,
        with_text=with_text and any(item.text is not None for item in profile.uncertain),
        cautions=cautions(profile, reliability),
        reliability=reliability,
        unit_word="reply" if profile.clustered_by == "reply" else "thread",
        unit_word_plural="replies" if profile.clustered_by == "reply" else "threads",
        unit_words="replies" if profile.clustered_by == "reply" else "whole threads",
        published=PUBLISHED,
        made_on=(made_on or datetime.now(tz=UTC).date()).isoformat(),
    )


def _flag(reliability: Reliability, key: str) -> str:
    """Return the mark and word of a measure, by its key in a cell; "" where it is reliable."""
    if key == "Summary":
        return reliability.flag_other(key)
    quantity = SHARES.get(key) or MITI[key]
    own = reliability.flag(quantity.top)
    # Reflections per question are no better than reflections.
    return own if own == UNRELIABLE else reliability.flag((*quantity.top, *quantity.others))


def _facts(profile: Profile) -> list[tuple[str, str]]:
    cell = profile.overall
    facts = [("Replies", f"{cell.n_replies:,}"), ("Sentences", f"{cell.n_sentences:,}")]
    if profile.clustered_by != "reply":
        facts.append(("Threads", f"{cell.n_threads:,}"))
    if "supporter" in profile.n_hidden:
        n_supporters = len(profile.supporters) + profile.n_hidden["supporter"]
        facts.append(("Supporters", f"{n_supporters:,}"))
    facts.append(("Model", profile.model_version or "not recorded"))
    return facts


def _sections(profile: Profile) -> list[tuple[str, str]]:
    sections = [("oars", "OARS"), ("codes", "All codes"), ("miti", "MITI")]
    if profile.empathy:
        sections.append(("empathy", "Empathy"))
    if _has_time(profile.weeks):
        sections.append(("time", "Weeks"))
    if profile.groups or "group" in profile.n_hidden:
        sections.append(("groups", "Groups"))
    if profile.supporters or "supporter" in profile.n_hidden:
        sections.append(("supporters", "Supporters"))
    return [*sections, ("check", "To check"), ("trust", "Limits"), ("method", "Method")]


def _references(codes: Sequence[str]) -> dict[str, float]:
    """Return the published share of these codes together, where it is known."""
    return {
        one.key: sum(one.shares[code] for code in codes)
        for one in PUBLISHED
        if codes and all(code in one.shares for code in codes)
    }


def _strip(cell: Cell, flag: Callable[[str], str]) -> list[_StripItem]:
    items = [
        (letter, rest, cell.shares[key], unit, _references(codes), flag(key))
        for letter, rest, key, unit, codes in _STRIP
    ]
    values = [measure.high or measure.value or 0.0 for _, _, measure, *_ in items]
    values += [value for *_, references, _ in items for value in references.values()]
    top = min(100.0, 10.0 * (int(max(values)) // 10 + 1))
    result = []
    for letter, rest, measure, unit, references, sign in items:
        alt = f"{letter}{rest}{sign and f' ({sign})'}: {show_value(measure)}"
        if interval := show_interval(measure):
            alt += f", interval {interval}"
        alt += f", on a scale from 0 to {top:.0f} %"
        for one in PUBLISHED:
            if one.key in references:
                alt += f"; {one.name} {references[one.key]:.1f} %"
        caution = SUMMARY_CAUTION if letter == "S" else ""
        if caution:
            alt += f"; {caution}"
        svg = figures.strip_range(measure, references, top, is_flagged=bool(sign))
        result.append(_StripItem(letter, rest, unit, measure, references, svg, alt, caution, sign))
    return result


def _code_rows(cell: Cell, flag: Callable[[str], str]) -> list[figures.Row]:
    return [
        figures.Row(name, group.name, cell.shares[name], _references((name,)), flag(name))
        for group in display_groups()
        for name in group.codes
    ]


def _codes_alt(rows: Sequence[figures.Row]) -> str:
    parts = [
        f"{row.label} {show_value(row.measure)}{row.flag and f' ({row.flag})'}" for row in rows
    ]
    return "Share of sentences per code with 95 % intervals: " + ", ".join(parts) + "."


def _miti(cell: Cell) -> list[dict[str, Any]]:
    result = []
    for key, name, unit in _MITI_ROWS:
        threshold = THRESHOLDS.get(key)
        mark = "" if threshold is None else f" {unit}".rstrip()
        result.append(
            {
                "key": key,
                "name": name,
                "measure": cell.miti[key],
                "unit": unit,
                "fair": "none" if threshold is None else f"{threshold.fair:g}{mark}",
                "good": "none" if threshold is None else f"{threshold.good:g}{mark}",
            }
        )
    return result


def _has_time(weeks: Sequence[Cell]) -> bool:
    return len(weeks) >= 2


def _time(weeks: Sequence[Cell], flag: Callable[[str], str]) -> figures.Figure | None:
    if not _has_time(weeks):
        return None
    alt = (
        f"Share of sentences in {len(weeks)} weeks from {weeks[0].name} to {weeks[-1].name}, in "
        "four panels on one scale: "
        + ", ".join(f"{heading}{flag(key) and f' ({flag(key)})'}" for key, heading in _TIME_PANELS)
        + ". The table below holds the same numbers."
    )
    panels = [(key, heading, flag(key)) for key, heading in _TIME_PANELS]
    return figures.over_time(weeks, panels, alt_text=alt)


def _cells_figure(
    cells: Sequence[Cell], what: str, flag: Callable[[str], str]
) -> figures.Figure | None:
    if len(cells) < 2 or len(cells) > MAX_FIGURE_ROWS:
        return None
    rows = [figures.Row(cell.name, "", cell.shares["OARS"], {}) for cell in cells]
    sign = flag("OARS")
    alt = (
        "Share of sentences that are an open question, an affirmation or a reflection, per "
        f"{what}, with 95 % intervals{sign and f' ({sign})'}: "
        + ", ".join(f"{row.label} {show_value(row.measure)}" for row in rows)
        + "."
    )
    title = f"share of sentences{sign and f', {sign}'}"
    return figures.interval_chart(rows, alt_text=alt, title=title, is_flagged=bool(sign))
