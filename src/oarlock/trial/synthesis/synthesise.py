"""The whole synthesis of a file of studies, and what its data cannot carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from oarlock.corpus.reading import counted
from oarlock.errors import UserError
from oarlock.trial.synthesis import bias, robustness
from oarlock.trial.synthesis.columns import OUTCOME, Options
from oarlock.trial.synthesis.moderators import (
    PER_MODERATOR,
    Between,
    MetaRegression,
    Moderator,
    between,
    can_be_told_apart,
    design,
    meta_regression,
)
from oarlock.trial.synthesis.pooled import Pooled, pool, pool_briefly
from oarlock.trial.synthesis.studies import Studies, read_studies
from oarlock.trial.synthesis.table import Table

MAX_REFITS = 500
"""Studies up to which each is left out in turn."""
MAX_LEVELS = 20

_RISK_WORDS = {
    "high": ("high", "high risk", "h", "critical", "serious", "very high"),
    "some concerns": (
        "some concerns", "some", "moderate", "unclear", "unclear risk", "medium", "u", "m",
    ),
    "low": ("low", "low risk", "l"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the studies, beyond the pooled effect.

    Attributes:
        method: Estimator of tau²: "REML", "DL" or "PM".
        subgroup: Column of subgroups.
        moderators: Columns of the meta-regression.
        lower_is_better: Whether a negative effect is the good one; None where it was not told. It
            changes words only, never a number.
    """

    method: str = "REML"
    subgroup: str | None = None
    moderators: tuple[str, ...] = ()
    lower_is_better: bool | None = None


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The pooled effect of a part of the studies."""

    name: str
    k: int
    n_effects: int
    pooled: Pooled


@dataclass(frozen=True, slots=True)
class RiskOfBias:
    """Judgements of the studies.

    Attributes:
        counts: Effects per judgement.
        weights: Their share of the weight, percent.
        without_high: The pooled effect without those at high risk; None where none or all are.
    """

    column: str
    counts: dict[str, int]
    weights: dict[str, float]
    without_high: Pooled | None


@dataclass(slots=True)
class Synthesis:
    """Everything that is said of one set of studies.

    Attributes:
        not_given: What was not computed, with the reason.
    """

    studies: Studies
    question: Question
    pooled: Pooled
    outcome: str | None = None
    subgroups: list[Subgroup] = field(default_factory=list)
    between: Between | None = None
    regression: MetaRegression | None = None
    leave_one_out: list[robustness.Repeated] = field(default_factory=list)
    influence: list[robustness.Influence] = field(default_factory=list)
    cumulative: list[robustness.Repeated] = field(default_factory=list)
    egger: bias.Egger | None = None
    filled: bias.Filled | None = None
    filled_otherwise: list[bias.Filled] = field(default_factory=list)
    risk_of_bias: RiskOfBias | None = None
    warnings: list[str] = field(default_factory=list)
    not_given: dict[str, str] = field(default_factory=dict)


def synthesise(
    table: Table, options: Options | None = None, question: Question | None = None
) -> Synthesis:
    """Return the synthesis of all studies of a table.

    Raises:
        UserError: There are no effects, a cell cannot be right, or a column is not there.
    """
    studies = read_studies(table, options or Options())
    found = synthesise_studies(studies, question or Question())
    column = table.find(OUTCOME)
    if column:
        kinds = {table.text(row, column) for row in studies.rows}
        if len(kinds) > 1:
            found.warnings.append(
                f"The column {column!r} names {len(kinds)} outcomes, pooled here as one; "
                f"--outcome {column} pools each on its own."
            )
    return found


def synthesise_by_outcome(
    table: Table, options: Options, question: Question, column: str
) -> list[Synthesis]:
    """Return one synthesis for each outcome of a file, in the order in which they first come.

    Raises:
        UserError: As for `synthesise`.
    """
    column = table.require(column, "--outcome")
    studies = read_studies(table, options)
    places: dict[str, list[int]] = {}
    for at, row in enumerate(studies.rows):
        places.setdefault(table.text(row, column) or "not told", []).append(at)
    if len(places) > MAX_LEVELS:
        raise UserError(
            f"{table.name}: the column {column!r} has {len(places)} different values.",
            remedy=f"Name with --outcome a column with at most {MAX_LEVELS} outcomes.",
        )
    result = []
    for outcome, own in places.items():
        found = synthesise_studies(studies.subset(own), question)
        found.outcome = outcome
        result.append(found)
    return result


def synthesise_studies(studies: Studies, question: Question) -> Synthesis:
    """Return the synthesis of effects that were read."""
    pooled = pool(studies.y, studies.v, studies.study, question.method)
    found = Synthesis(studies, question, pooled)
    found.warnings += studies.notes
    found.not_given |= pooled.not_given
    _warn(found)
    _repeat(found)
    _look_for_missing_studies(found)
    _judge(found)
    if question.subgroup:
        _divide(found, question.subgroup)
    if question.moderators:
        _explain(found, question.moderators)
    return found


def _warn(found: Synthesis) -> None:
    studies, pooled = found.studies, found.pooled
    say = found.warnings.append
    if pooled.k == 1 and pooled.n_effects == 1:
        say("There is one study: nothing is pooled, and this is its own result.")
        return
    if pooled.k == 1:
        say(
            f"All {pooled.n_effects} effects belong to one study: what is given is its own mean, "
            "as if its effects were independent, and says nothing of other studies."
        )
    elif pooled.k < 5:
        say(
            f"With {pooled.k} studies the variance between studies can hardly be estimated; the "
            "intervals are wide or too narrow, and the conclusion can turn with one more study."
        )
    if pooled.three_level:
        say(
            f"{pooled.n_effects} effects of {pooled.k} studies: those of one study are not "
            "independent, so the three-level model is the main result. It takes their sampling "
            "errors as independent; the robust (CR2) interval does not."
        )
        if pooled.robust is None or (pooled.robust.df or 0) < 4:
            say(
                "The robust interval has fewer than 4 degrees of freedom and cannot be relied on "
                "(Tipton 2015, doi:10.1037/met0000011)."
            )
    elif pooled.knha_factor is not None and pooled.knha_factor < 1 and pooled.hartung_knapp:
        say(
            "The Hartung-Knapp interval is narrower than the one by the model here; "
            "hartung_knapp.floor gives the one that is never narrower (Röver et al. 2015)."
        )
    largest = float(pooled.weights.max())
    if pooled.n_effects > 2 and largest > 0.5:
        name = studies.labels[int(pooled.weights.argmax())]
        say(f"One study ({name}) carries {100 * largest:.0f} % of the weight.")
    if float(studies.v.max() / studies.v.min()) > 1e4:
        say(
            "The largest variance is more than 10,000 times the smallest: are standard errors and "
            "variances mixed up, or scales of measurement?"
        )
    if pooled.k > 1 and abs(pooled.fixed.estimate - pooled.estimate) > pooled.interval.se:
        say(
            "The fixed-effect estimate lies more than one standard error away: small and large "
            "studies differ."
        )


def _repeat(found: Synthesis) -> None:
    studies, question = found.studies, found.question
    if studies.n_studies < 3:
        found.not_given["leave_one_out"] = "It needs three studies."
        found.not_given["influence"] = "It needs three studies."
    elif len(studies.y) > MAX_REFITS:
        reason = f"There are more than {MAX_REFITS} effects."
        found.not_given |= {"leave_one_out": reason, "influence": reason}
    else:
        found.influence = robustness.influence(studies.y, studies.v, question.method)
        names = list(dict.fromkeys(studies.study))
        for name in names:
            rest = [at for at, own in enumerate(studies.study) if own != name]
            found.leave_one_out.append(_repeated(found, rest, _label_of(studies, name)))
    if all(year is not None for year in studies.year) and 1 < len(studies.y) <= MAX_REFITS:
        order = sorted(range(len(studies.y)), key=lambda at: (studies.year[at] or 0.0, at))
        part = studies.subset(order)
        found.cumulative = robustness.cumulative(part.y, part.v, part.labels, question.method)


def _label_of(studies: Studies, name: str) -> str:
    if studies.is_nested:
        return f"Study {name}" if name.isdigit() else name
    return studies.labels[studies.study.index(name)]


def _repeated(found: Synthesis, rest: Sequence[int], name: str) -> robustness.Repeated:
    studies, levels = found.studies, found.pooled.three_level
    part = studies.subset(rest)
    start = (levels.between, levels.within) if levels else None
    pooled = pool_briefly(part.y, part.v, part.study, found.question.method, start=start)
    return robustness.Repeated(name, pooled.k, pooled.interval, pooled.se, pooled.tau2 or 0.0)


def _look_for_missing_studies(found: Synthesis) -> None:
    studies, method = found.studies, found.question.method
    k = studies.n_studies
    if k < 3:
        reason = "They need three studies at least, and say something from ten on."
        found.not_given |= {"egger": reason, "trim_and_fill": reason}
        return
    found.egger = bias.egger(studies.y, studies.v)
    if found.egger is None:
        found.not_given["egger"] = "All standard errors are alike, or the effects have no spread."
    found.filled = bias.trim_and_fill(studies.y, studies.v, method)
    for estimator, by in (("L0", "fixed"), ("R0", "random")):
        other = bias.trim_and_fill(studies.y, studies.v, method, estimator=estimator, trimmed_by=by)
        if other:
            found.filled_otherwise.append(other)
    if k < bias.FEW:
        found.warnings.append(
            f"With fewer than {bias.FEW} studies Egger's test, the funnel and trim and fill tell "
            "chance from bias badly (Sterne et al. 2011, doi:10.1136/bmj.d4002)."
        )
    if studies.is_nested:
        found.warnings.append(
            "Egger's test, trim and fill and influence take the effects of one study as "
            "independent."
        )


def risk_level(words: str | None) -> str:
    """Return a judgement of risk of bias in the words of RoB 2 where it can be told."""
    if words is None:
        return "not judged"
    folded = " ".join(words.casefold().split())
    return next((level for level, known in _RISK_WORDS.items() if folded in known), words)


def _judge(found: Synthesis) -> None:
    studies = found.studies
    levels = [risk_level(words) for words in studies.risk_of_bias]
    column = studies.columns.get("risk_of_bias")
    if column is None or len(set(levels)) > MAX_LEVELS or set(levels) == {"not judged"}:
        return
    order = ("low", "some concerns", "high")
    names = sorted(set(levels), key=lambda one: (order.index(one) if one in order else 3, one))
    weights = found.pooled.weights
    rest = [at for at, level in enumerate(levels) if level != "high"]
    part = studies.subset(rest)
    found.risk_of_bias = RiskOfBias(
        column=column,
        counts={name: levels.count(name) for name in names},
        weights={
            name: float(100 * sum(w for w, own in zip(weights, levels, strict=True) if own == name))
            for name in names
        },
        without_high=pool(part.y, part.v, part.study, found.question.method)
        if 0 < len(rest) < len(levels)
        else None,
    )


def _divide(found: Synthesis, column: str) -> None:
    studies = found.studies
    table = studies.table
    column = table.require(column, "--subgroup")
    places: dict[str, list[int]] = {}
    for at, row in enumerate(studies.rows):
        places.setdefault(table.text(row, column) or "not told", []).append(at)
    if len(places) > MAX_LEVELS:
        raise UserError(
            f"{table.name}: the column {column!r} has {len(places)} different values.",
            remedy=f"A subgroup column has at most {MAX_LEVELS}; for a number use --moderator.",
        )
    for name, own in places.items():
        part = studies.subset(own)
        pooled = pool(part.y, part.v, part.study, found.question.method)
        found.subgroups.append(Subgroup(name, pooled.k, pooled.n_effects, pooled))
    several = [one.pooled for one in found.subgroups if one.k > 1]
    found.between = between([one.estimate for one in several], [one.se for one in several])
    if found.between is None:
        found.not_given["subgroup_test"] = "It needs two subgroups with two studies each."
    elif len(several) < len(found.subgroups):
        found.warnings.append("Subgroups of one study are shown, but not in the test of subgroups.")


def _explain(found: Synthesis, columns: Sequence[str]) -> None:
    studies = found.studies
    table = studies.table
    names = [table.require(column, "--moderator") for column in columns]
    whole = [
        at
        for at, row in enumerate(studies.rows)
        if all(table.text(row, name) is not None for name in names)
    ]
    n_left_out = len(studies.rows) - len(whole)
    if n_left_out:
        found.warnings.append(
            f"The meta-regression leaves {counted(n_left_out, 'effect')} out, without a value of "
            "a moderator."
        )
    if not whole:
        found.not_given["meta_regression"] = "No study has a value of every moderator."
        return
    moderators = [_moderator(studies, name, whole) for name in names]
    X, columns_of_X, _ = design(moderators)
    part = studies.subset(whole)
    if not can_be_told_apart(X) or part.n_studies <= X.shape[1]:
        found.not_given["meta_regression"] = (
            f"{counted(part.n_studies, 'study', 'studies')} cannot carry "
            f"{counted(len(columns_of_X) - 1, 'coefficient')}: a moderator does not vary, follows "
            "from the others, or there are too few studies."
        )
        return
    found.regression = meta_regression(
        part.y, part.v, moderators, method=_regression(found), studies=part.study
    )
    n_needed = PER_MODERATOR * (X.shape[1] - 1)
    if part.n_studies < n_needed:
        found.warnings.append(
            f"The meta-regression has {part.n_studies} studies; {n_needed} would be needed for "
            f"{counted(X.shape[1] - 1, 'coefficient')} (Cochrane Handbook 6.4, section 10.11.4)."
        )


def _regression(found: Synthesis) -> str:
    if found.question.method != "PM":
        return found.question.method
    found.warnings.append("The meta-regression estimates tau² by REML.")
    return "REML"


def _moderator(studies: Studies, name: str, places: Sequence[int]) -> Moderator:
    table = studies.table
    rows = [studies.rows[at] for at in places]
    if table.is_numeric(name):
        values = np.array([table.number(row, name) for row in rows], dtype=float)
        return Moderator(name, tuple(float(value) for value in values))
    words = tuple(table.text(row, name) or "" for row in rows)
    if len(set(words)) > MAX_LEVELS:
        raise UserError(
            f"{table.name}: the column {name!r} has {len(set(words))} different words.",
            remedy="A moderator is a number, or a word out of a few; a single text among numbers "
            "makes a column one of words.",
        )
    return Moderator(name, words)
