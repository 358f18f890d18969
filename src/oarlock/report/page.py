"""The profile of a corpus as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

from oarlock import __version__
from oarlock.codebook import REFLECTIONS, display_groups, families
from oarlock.coder.miti import Measure
from oarlock.report import figures
from oarlock.report.packages import jinja2
from oarlock.report.profile import MIN_REPLIES, Cell, Profile
from oarlock.report.reference import CAVEAT, PUBLISHED, THRESHOLDS
from oarlock.report.reliability import CodeReliability

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

_REASONS = {
    "uncertain": "the coder was not sure",
    "rare code": "the code is one that the coder cannot be relied on to find",
    "no words": "there are no words to read",
    "language": "the text is not English",
}

SUMMARY_CAUTION = "calibrated on made-up replies; take it as a rough upper figure"

_TIME_PANELS = (
    ("Questions", "Questions"),
    ("Reflections", "Reflections"),
    ("Affirm", "Affirmations"),
    ("MI-non-adherent", "MI-non-adherent"),
)


def percent(value: float) -> str:
    """Return "12 %", with one decimal below ten."""
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %"


def plain(value: float) -> str:
    """Return a ratio or count with two decimals, one from ten."""
    return f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def show_value(measure: Measure, unit: str = "%") -> str:
    """Return the value in words, or "too little to say"."""
    if measure.value is None:
        return "too little to say"
    return percent(measure.value) if unit == "%" else plain(measure.value)


def show_interval(measure: Measure, unit: str = "%") -> str:
    """Return "3.1 to 5.6 %", "more than 0.4" without an upper bound, or nothing."""
    if measure.value is None or measure.low is None:
        return ""
    if measure.high is None:
        return f"more than {plain(measure.low)}"
    if unit != "%":
        return f"{plain(measure.low)} to {plain(measure.high)}"
    digits = 0 if measure.low >= 9.95 and measure.high >= 9.95 else 1
    return f"{measure.low:.{digits}f} to {measure.high:.{digits}f} %"


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


def render(
    profile: Profile,
    *,
    title: str,
    note: str = "",
    reliability: Sequence[CodeReliability] = (),
    reliability_caption: str = "",
    with_text: bool = False,
    made_on: date | None = None,
) -> str:
    """Return the page.

    Args:
        profile: What to show.
        title: Name of the corpus.
        note: What the reader has to know of the corpus.
        reliability: How well the coder finds each code, from the weights' own evaluation.
        reliability_caption: What these figures were measured on.
        with_text: Put the text of the least certain sentences in.
        made_on: Date on the page; None is today.
    """
    templates = files("oarlock.report") / "templates"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "percent": percent,
        "value": show_value,
        "interval": show_interval,
        "published": lambda share: f"{share:.1f} %",
        "score": lambda score: "" if score is None else f"{score:.2f}",
    }
    source = (templates / "profile.html.j2").read_text(encoding="utf-8")
    template = environment.from_string(source)
    rows = _code_rows(profile.overall)
    return template.render(
        profile=profile,
        version=__version__,
        title=title,
        note=note,
        style=(templates / "style.css").read_text(encoding="utf-8"),
        headline=_headline(profile.overall),
        facts=_facts(profile),
        sections=_sections(profile),
        strip=_strip(profile.overall),
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
            {"name": name, "gloss": gloss, "shares": profile.empathy[key]}
            for key, name, gloss in _EMPATHY
            if key in profile.empathy
        ],
        time_figure=_time(profile.weeks),
        group_figure=_cells_figure(profile.groups, "group"),
        supporter_figure=_cells_figure(profile.supporters, "supporter"),
        min_replies=MIN_REPLIES,
        max_rows=MAX_ROWS,
        with_text=with_text and any(item.text is not None for item in profile.uncertain),
        cautions=_cautions(profile, reliability),
        reliability=reliability,
        reliability_caption=reliability_caption,
        unit_word="reply" if profile.clustered_by == "reply" else "thread",
        unit_words="replies" if profile.clustered_by == "reply" else "whole threads",
        published=PUBLISHED,
        made_on=(made_on or datetime.now(tz=UTC).date()).isoformat(),
    )


def _headline(cell: Cell) -> str:
    """Return two sentences that say the main thing."""
    names = ("Reflections", "Questions", "Advise without Permission")
    reflections, questions, advice = (cell.shares[name].value for name in names)
    if reflections is None or questions is None or advice is None:
        return "Too little to say: there is no sentence here that the coder could read."
    text = (
        f"Of every 100 sentences that people wrote back, about {reflections:.0f} say back what the "
        f"other person said or felt, {questions:.0f} ask something and {advice:.0f} give advice "
        "without asking first."
    )
    ratio = cell.miti["reflection_to_question_ratio"].value
    if ratio is not None:
        text += f" There are {plain(ratio)} reflections for each question."
    return text


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


def _strip(cell: Cell) -> list[_StripItem]:
    items = [
        (letter, rest, cell.shares[key], unit, _references(codes))
        for letter, rest, key, unit, codes in _STRIP
    ]
    values = [measure.high or measure.value or 0.0 for _, _, measure, _, _ in items]
    values += [value for *_, references in items for value in references.values()]
    top = 10.0 * (int(max(values)) // 10 + 1)
    result = []
    for letter, rest, measure, unit, references in items:
        alt = f"{letter}{rest}: {show_value(measure)}"
        if interval := show_interval(measure):
            alt += f", interval {interval}"
        alt += f", on a scale from 0 to {top:.0f} %"
        for one in PUBLISHED:
            if one.key in references:
                alt += f"; {one.name} {references[one.key]:.1f} %"
        caution = SUMMARY_CAUTION if letter == "S" else ""
        if caution:
            alt += f"; {caution}"
        svg = figures.strip_range(measure, references, top)
        result.append(_StripItem(letter, rest, unit, measure, references, svg, alt, caution))
    return result


def _code_rows(cell: Cell) -> list[figures.Row]:
    return [
        figures.Row(name, group.name, cell.shares[name], _references((name,)))
        for group in display_groups()
        for name in group.codes
    ]


def _codes_alt(rows: Sequence[figures.Row]) -> str:
    parts = [f"{row.label} {show_value(row.measure)}" for row in rows]
    return "Share of sentences per code with 95 % intervals: " + ", ".join(parts) + "."


def _miti(cell: Cell) -> list[dict[str, Any]]:
    result = []
    for key, name, unit in _MITI_ROWS:
        threshold = THRESHOLDS.get(key)
        mark = "" if threshold is None else f" {unit}".rstrip()
        result.append(
            {
                "name": name,
                "measure": cell.miti[key],
                "unit": unit,
                "fair": "none set" if threshold is None else f"{threshold.fair:g}{mark}",
                "good": "none set" if threshold is None else f"{threshold.good:g}{mark}",
            }
        )
    return result


def _has_time(weeks: Sequence[Cell]) -> bool:
    return len(weeks) >= 2


def _time(weeks: Sequence[Cell]) -> figures.Figure | None:
    if not _has_time(weeks):
        return None
    alt = (
        f"Share of sentences in {len(weeks)} weeks from {weeks[0].name} to {weeks[-1].name}, in "
        "four panels: " + ", ".join(heading.lower() for _, heading in _TIME_PANELS) + ". "
        "The table below holds the same numbers."
    )
    return figures.over_time(weeks, _TIME_PANELS, alt_text=alt)


def _cells_figure(cells: Sequence[Cell], what: str) -> figures.Figure | None:
    if len(cells) < 2 or len(cells) > MAX_FIGURE_ROWS:
        return None
    rows = [figures.Row(cell.name, "", cell.shares["OARS"], {}) for cell in cells]
    alt = (
        "Share of sentences that are an open question, an affirmation or a reflection, per "
        f"{what}, with 95 % intervals: "
        + ", ".join(f"{row.label} {show_value(row.measure)}" for row in rows)
        + "."
    )
    return figures.interval_chart(rows, alt_text=alt, title="share of sentences")


def _cautions(profile: Profile, reliability: Sequence[CodeReliability]) -> list[str]:
    lines = []
    weak = [row.code for row in reliability if row.is_weak]
    if weak:
        lines.append(f"Take these codes as a hint at most: {', '.join(weak)}.")
    lines.append(
        "Simple against complex reflection: people barely agree on it themselves, so the share of "
        "complex reflections is soft."
    )
    lines.append(f"Summaries: their probability is {SUMMARY_CAUTION}. It has no interval.")
    n = profile.overall.n_sentences + profile.n_left_out
    for reason, words in _REASONS.items():
        if count := profile.unreliable.get(reason):
            left_out = "; left out of every share" if reason == "language" else ""
            lines.append(
                f"{count:,} of {n:,} sentences ({percent(100 * count / n)}): {words}{left_out}."
            )
    if profile.n_replies_left_out:
        lines.append(
            f"{profile.n_replies_left_out:,} more replies hold no English sentence. They are in no "
            "figure here, nor in the number of replies."
        )
    if profile.n_without_time:
        lines.append(f"{profile.n_without_time:,} replies have no time that can be read.")
    lines.append("Sarcasm, quotations, slang that is newer than the model, and other languages.")
    lines.append(
        "Any judgement of one person or one reply: only shares over many are meant to be read."
    )
    return lines
