"""The main thing that a page says, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable

from oarlock.codebook import REFLECTIONS
from oarlock.coder.weights import MIN_SUPPORT, RELIABLE_F1
from oarlock.report.profile import Cell, Profile
from oarlock.report.reliability import PARTLY, UNMEASURED, UNRELIABLE, Reliability
from oarlock.report.words import percent, plain

SUMMARY_CAUTION = "calibrated on made-up replies; take it as a rough upper figure"

_REASONS = {
    "uncertain": "the coder was not sure",
    "rare code": "the code is one that the coder cannot be relied on to find",
    "no words": "there are no words to read",
    "language": "the text does not look like English",
}


def headline(cell: Cell, flag: Callable[[str], str]) -> str:
    """Return two sentences that say the main thing, with the marks of what is unreliable.

    Args:
        cell: The whole corpus.
        flag: Returns the mark and word of a measure by its key, or "".
    """
    names = ("Reflections", "Questions", "Advise without Permission")
    shares = [cell.shares[name].value for name in names]
    if None in shares and cell.n_sentences:
        return (
            "Too little to say: so few threads are here that the shares could be nearly anything."
        )
    if None in shares:
        return "Too little to say: there is no sentence here that the coder could read."
    reflections, questions, advice = (
        f"{'under 1' if (share or 0) < 0.5 else f'{share:.0f}'}{_note(flag(name))}"
        for name, share in zip(names, shares, strict=True)
    )
    text = (
        f"Of every 100 sentences that people wrote back, about {reflections} say back what the "
        f"other person said or felt, {questions} ask something and {advice} give advice "
        "without asking first."
    )
    ratio = cell.miti["reflection_to_question_ratio"].value
    if ratio is not None:
        sign = _note(flag("reflection_to_question_ratio"))
        text += f" There are {plain(ratio)}{sign} reflections for each question."
    return text


def _note(flag: str) -> str:
    kept_together = flag.replace(" ", "\u00a0", 1)
    return flag and f" ({kept_together})"


def warning(profile: Profile, reliability: Reliability) -> list[str]:
    """Return what has to be read before any share is quoted: paragraphs, the first the shortest."""
    if not reliability.codes:
        return [
            "Nobody has measured how well this model finds each code. Take no share on this page "
            f"for reliable: all are marked {UNMEASURED}."
        ]
    n = profile.overall.n_sentences
    n_weak = sum(profile.n_by_code.get(code, 0) for code in reliability.unreliable)
    if not n:
        return []
    share = percent(100 * n_weak / n) if n_weak else "none"
    paragraphs = [
        f"{n_weak:,} of {n:,} sentences ({share}) carry a code that the model is not reliable for."
    ]
    if reflections := _reflections(reliability):
        paragraphs.append(reflections)
    if reliability.is_of_other_weights:
        paragraphs.append("These scores are of other weights than those that coded this file.")
    if reliability.unreliable:
        paragraphs.append(
            f"Do not quote a share that is marked {UNRELIABLE} (F1 below {RELIABLE_F1:g}, or fewer "
            f"than {MIN_SUPPORT} sentences to measure it on): "
            f"{', '.join(reliability.unreliable)}. A sum marked {PARTLY} holds some of them."
        )
    return paragraphs


def _reflections(reliability: Reliability) -> str:
    """Return how well reflections are found: both kinds taken as one, then each."""
    rows = [row for row in reliability.codes if row.code in REFLECTIONS]
    each = ", ".join(
        f"{'not measured' if row.f1 is None else f'{row.f1:.2f}'} for {row.code.lower()}"
        for row in rows
    )
    together = reliability.together(REFLECTIONS)
    if together is None or together.f1 is None:
        return f"The measured F1 (1 is perfect, 0 is useless) of reflections is {each}." * bool(
            rows
        )
    text = (
        f"Reflections are found with a measured F1 of {together.f1:.2f} (1 is perfect, 0 is "
        f"useless), {each}"
    )
    if together.recall is not None and together.precision is not None:
        text += (
            f": of 100 reflections that people marked, the model finds {100 * together.recall:.0f};"
            f" of 100 that it finds, {100 * together.precision:.0f} are reflections"
        )
    return text + "."


def what_was_read(profile: Profile) -> str:
    """Return how much of the corpus the numbers stand for, or "" where it is all."""
    if not profile.n_left_out:
        return ""
    n = profile.overall.n_sentences
    text = (
        f"The file holds {n + profile.n_left_out:,} sentences. The coder reads English only: "
        f"{profile.n_left_out:,} do not look like English and are left out everywhere, so every "
        f"share is of the other {n:,}."
    )
    if profile.n_replies_left_out:
        replies = profile.n_replies_left_out
        text += (
            f" {replies:,} {'reply has' if replies == 1 else 'replies have'} no English sentence "
            "and count nowhere."
        )
    return text


def cautions(profile: Profile, reliability: Reliability) -> list[str]:
    """Return what the coder cannot be trusted with, one line each."""
    lines = []
    if reliability.unreliable:
        lines.append(f"These codes are {UNRELIABLE}: {', '.join(reliability.unreliable)}.")
    lines.append(
        "Simple against complex reflection: people barely agree on it themselves, so the share of "
        "complex reflections is soft."
    )
    lines.append(f"Summaries: their probability is {SUMMARY_CAUTION}. It has no interval.")
    n_read = profile.overall.n_sentences
    for reason, words in _REASONS.items():
        if count := profile.unreliable.get(reason):
            n, left_out = n_read, ""
            if reason == "language":
                n, left_out = n_read + profile.n_left_out, "; left out of every share"
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
