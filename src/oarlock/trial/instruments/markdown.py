"""The registry of instruments as a page of the documentation."""

from __future__ import annotations

from oarlock.trial.instruments.registry import Instrument, instruments
from oarlock.trial.instruments.scoring import reliable_difference

_INTRODUCTION = """\
# Instruments

The questionnaires that a trial can use. Made from the files in `src/oarlock/trial/instruments`; a
test holds this page against them. "Missing" is how many items may be unanswered: the mean of a
person's other items takes their place, beyond that there is no score. The reliable change is the
smallest difference of one person that is larger than the error of the instrument, with 95 %
certainty (Jacobson & Truax 1991, 10.1037/0022-006X.59.1.12).

Items that may not be shipped are read from your own copy: `read_own_copy` in Python, or a TOML file
in the folder `instruments` of the community's home.
"""
_LANGUAGES = {"en": "English", "de": "German"}


def instruments_page() -> str:
    """Return all instruments: an overview, then each with its scoring and sources."""
    rows = [_INTRODUCTION, "| instrument | about | items | score | better | items shipped |"]
    rows.append("|---|---|---|---|---|---|")
    for one in instruments().values():
        shipped = ", ".join(_LANGUAGES.get(code, code) for code in one.wordings) or "no"
        rows.append(
            f"| [`{one.name}`](#{one.name}) | {one.about} | {one.n_items} | "
            f"{one.lowest:g} to {one.highest:g} | {one.better} | {shipped} |"
        )
    return "\n".join(rows) + "\n\n" + "\n".join(_section(one) for one in instruments().values())


def _section(one: Instrument) -> str:
    lines = [f"## {one.name}", "", f"**{one.title} ({one.short})**. {one.about}.", ""]
    if not one.validated:
        lines += ["**Not validated.**", ""]
    window = f" about {one.window}" if one.window else ""
    answers = f"{one.values[0]} to {one.values[-1]}"
    lines.append(f"- *Items:* {one.n_items}, answered {answers}{window}. Version {one.version}.")
    turned = ", ".join(map(str, sorted(one.reversed_items)))
    how = f"{one.method} of the items" + (f", times {one.factor}" if one.factor != 1 else "")
    lines.append(f"- *Score:* {how}" + (f"; items {turned} are turned round." if turned else "."))
    for name, items in one.subscales.items():
        lines.append(f"- *Subscale {name}:* items {', '.join(map(str, items))}.")
    lines.append(f"- *Missing:* {one.max_missing or 'none'}; {one.missing_source}.")
    lines.append(f"- *Bands:* {_bands(one)}")
    for risk in one.risks:
        lines.append(
            f"- *Risk:* an answer of {risk.at_least} or more to item {risk.item} enters the safety "
            f"queue at once, as `{risk.grade}`. {risk.why} *Source:* {risk.source}."
        )
    lines.append(f"- *Reliability:* {_reliability(one)}")
    points = f"{one.difference:g} points; " if one.difference is not None else ""
    lines.append(f"- *Difference that matters:* {points}{one.difference_source}.")
    for wording in one.wordings.values():
        lines.append(f"- *{_LANGUAGES.get(wording.language, wording.language)}:* {wording.source}.")
    lines += [f"- *Source:* {one.source}.", f"- *Licence:* {one.licence}", ""]
    return "\n".join(lines)


def _bands(one: Instrument) -> str:
    if not one.bands:
        return one.bands_note or "none."
    named = "; ".join(f"{band.label} from {band.start:g}" for band in one.bands)
    sources = list(dict.fromkeys(band.source for band in one.bands))
    return f"{named} ({'; '.join(sources)})."


def _reliability(one: Instrument) -> str:
    known = one.reliability
    if known is None:
        return "not known."
    words = f"{known.coefficient:g}, {known.kind} ({known.source})."
    if known.sd is None:
        return f"{words} No standard deviation was found: the reliable change takes that of yours."
    return (
        f"{words} Standard deviation {known.sd:g}, {known.sample} ({known.sd_source}). Reliable "
        f"change: {reliable_difference(one):.2f} points."
    )
