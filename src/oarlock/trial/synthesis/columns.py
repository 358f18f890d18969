"""What a column of a file of studies holds, told by the names that the field uses.

Names are plain, as `table.plain_name` gives them. Sources of the names: metafor's escalc, the
packages meta and metadat, RevMan, and what people write.
"""

from __future__ import annotations

from dataclasses import dataclass

from oarlock.errors import UserError
from oarlock.trial.synthesis.effects import BINARY, MEANS
from oarlock.trial.synthesis.table import Table

STUDY = ("study", "studlab", "study_id", "studyid", "paper", "paper_id")
"""Columns whose repeated values mean several effects of one study."""
_LABEL = (
    *STUDY, "slab", "trial", "author", "authors", "first_author", "name", "label", "citation",
    "reference", "source", "id",
)  # fmt: skip
CLUSTER = ("cluster", "cluster_id", *STUDY)
YEAR = ("year", "publication_year", "pubyear", "pub_year")
RISK_OF_BIAS = (
    "rob", "risk_of_bias", "riskofbias", "rob_overall", "overall_rob", "overall_bias",
    "overall_risk_of_bias", "rob2", "bias",
)  # fmt: skip
OUTCOME = ("outcome", "outcome_name")
SIGN = ("direction", "sign", "effect_direction")
KIND = ("effect_kind", "effect_type", "es_type", "metric", "kind")

EFFECTS: dict[str, tuple[str, ...]] = {
    "GEN": (
        "yi", "y", "effect", "effect_size", "effectsize", "es", "te", "estimate", "est", "diff",
        "effect_estimate",
    ),
    "SMD": ("g", "hedges_g", "hedgesg", "smd", "gi", "es_g"),
    "D": ("d", "cohens_d", "cohen_d", "cohensd", "di_smd", "es_d"),
    "MD": ("md", "mean_difference", "mean_diff", "meandiff"),
    "OR": ("log_or", "logor", "lnor", "ln_or", "log_odds_ratio"),
    "RR": ("log_rr", "logrr", "lnrr", "ln_rr", "log_risk_ratio"),
    "GENLOG": ("log_hr", "loghr", "lnhr", "ln_hr", "log_hazard_ratio"),
    "RD": ("rd", "risk_difference"),
    "ZCOR": ("zcor", "fisher_z", "fishers_z", "z_r", "zi"),
    "EXP OR": ("or", "odds_ratio", "oddsratio"),
    "EXP RR": ("rr", "risk_ratio", "relative_risk"),
    "EXP GENLOG": ("hr", "hazard_ratio", "irr", "rate_ratio"),
}  # fmt: skip
"""Columns of effects by what they are; "EXP" is a ratio that is not a logarithm yet."""
SE = (
    "sei", "se", "sete", "se_te", "standard_error", "std_error", "stderr", "std_err", "se_yi",
    "se_effect", "se_g", "se_d", "seg", "selogor", "se_log_or", "se_logor",
)  # fmt: skip
VARIANCE = (
    "vi", "v", "var", "variance", "var_yi", "var_effect", "sampling_variance", "var_g", "var_d",
    "vg", "vd",
)  # fmt: skip
LOW = (
    "ci_low", "ci_lb", "ci_lower", "lower", "lower_ci", "lowerci", "lcl", "ll", "lci", "low",
    "conf_low", "ci_l", "cil", "lb", "ci_95_low",
)  # fmt: skip
HIGH = (
    "ci_high", "ci_ub", "ci_upper", "upper", "upper_ci", "upperci", "ucl", "ul", "uci", "high",
    "conf_high", "ci_u", "ciu", "ub", "ci_95_high",
)  # fmt: skip


def _arms(*stems: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    first = ("t", "e", "treat", "treatment", "intervention", "exp", "experimental", "trt", "1")
    second = ("c", "ctrl", "control", "comparator", "con", "2")
    return tuple(
        tuple(f"{stem}{gap}{arm}" for stem in stems for gap in ("_", "") for arm in arms)
        for arms in (first, second)
    )  # type: ignore[return-value]


def _named(own: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (own, *names)


_N = _arms("n", "total", "size")
_MEAN = _arms("mean", "m")
_SD = _arms("sd", "std")
_EVENTS = _arms("events", "event", "cases", "x", "r")
N1, N2 = _named("n1i", _N[0]), _named("n2i", _N[1])
_RAW = {
    "mean1": _named("m1i", _MEAN[0]), "sd1": _named("sd1i", _SD[0]), "n1": N1,
    "mean2": _named("m2i", _MEAN[1]), "sd2": _named("sd2i", _SD[1]), "n2": N2,
}  # fmt: skip
_TABLES: tuple[dict[str, tuple[str, ...]], ...] = (
    {"a": ("tpos",), "b": ("tneg",), "c": ("cpos",), "d": ("cneg",)},
    {"a": ("ai",), "b": ("bi",), "c": ("ci",), "d": ("di",)},
    {"a": ("ai",), "n1": ("n1i", "n1"), "c": ("ci",), "n2": ("n2i", "n2")},
    {"a": _EVENTS[0], "n1": N1, "c": _EVENTS[1], "n2": N2},
)
_CORRELATION = {"r": ("ri", "r", "cor", "correlation", "pearson_r"), "n": ("ni", "n", "n_total")}
_STATISTICS = {
    "t": ("t", "ti", "t_value", "tval", "tvalue"),
    "f": ("f", "f_value", "fval", "fvalue"),
    "p": ("p", "p_value", "pval", "pvalue"),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller says of the file; None lets the names of the columns tell."""

    measure: str | None = None
    effect: str | None = None
    se: str | None = None
    variance: str | None = None
    ci_low: str | None = None
    ci_high: str | None = None
    study: str | None = None
    cluster: str | None = None
    label: str | None = None
    risk_of_bias: str | None = None
    keep_double_zero: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """How the effects of a file are to be read.

    Attributes:
        kind: "effect", "means", "table" or "correlation".
        measure: What comes out of it.
        given: For effects: what the column is, a key of `EFFECTS`.
        columns: By role.
    """

    kind: str
    measure: str
    given: str
    columns: dict[str, str]


def label_columns(table: Table, options: Options) -> tuple[str | None, str | None]:
    """Return the column of the studies' names, and that of the studies that effects belong to."""
    if options.study:
        study: str | None = table.require(options.study, "--study")
    else:
        # A name says more than a number.
        known = [found for name in _LABEL if (found := table.find([name]))]
        words = [column for column in known if not table.is_numeric(column)]
        study = next(iter([*words, *known]), None)
    if options.cluster:
        return study, table.require(options.cluster, "--cluster")
    return study, study if options.study else table.find(CLUSTER)


def has_effects(table: Table, options: Options) -> bool:
    """Return whether there is anything in a file that can be pooled, or was named as such."""
    named = (options.effect, options.se, options.variance, options.ci_low, options.ci_high)
    return any(named) or bool(_raw(table, options.measure) or _effect(table, options))


def layout(table: Table, options: Options) -> Layout:
    """Return how to read the effects of a file.

    Raises:
        UserError: There is nothing in it to pool, or not what `--measure` needs.
    """
    named = any((options.effect, options.se, options.variance, options.ci_low, options.ci_high))
    raw = None if named else _raw(table, options.measure)
    effect = _effect(table, options)
    if raw and (effect is None or options.measure in (*BINARY, *MEANS)):
        return raw
    if effect:
        return effect
    raise UserError(
        f"{table.name} has no effects that can be pooled: looked for an effect with its standard "
        "error, variance or interval, for means with standard deviations and numbers of people, "
        "for events with numbers of people, and for correlations.",
        remedy="Name the columns with --effect and --se (or --variance, or --ci-low and "
        f"--ci-high). The columns are: {', '.join(table.columns)}.",
    )


def _roles(table: Table, wanted: dict[str, tuple[str, ...]]) -> dict[str, str] | None:
    found = {role: table.find(names) for role, names in wanted.items()}
    if any(column is None for column in found.values()):
        return None
    if len(set(found.values())) < len(found):
        return None
    return {role: column for role, column in found.items() if column is not None}


def _raw(table: Table, measure: str | None) -> Layout | None:
    if measure is None or measure in MEANS:
        columns = _roles(table, _RAW)
        if columns:
            return Layout("means", measure or "SMD", "", columns)
    if measure is None or measure in BINARY:
        for wanted in _TABLES:
            columns = _roles(table, wanted)
            if columns:
                return Layout("table", measure or "RR", "", columns)
    if measure is None or measure == "ZCOR":
        columns = _roles(table, _CORRELATION)
        if columns:
            return Layout("correlation", "ZCOR", "", columns)
    return None


def _effect(table: Table, options: Options) -> Layout | None:
    columns: dict[str, str] = {}
    given = "GEN"
    if options.effect:
        columns["effect"] = table.require(options.effect, "--effect")
        given = next(
            (key for key, names in EFFECTS.items() if table.find(names) == columns["effect"]), "GEN"
        )
    else:
        for key, names in EFFECTS.items():
            found = table.find(names)
            if found and (found not in columns.values()):
                columns["effect"], given = found, key
                break
    asked = {
        "se": (options.se, SE, "--se"),
        "variance": (options.variance, VARIANCE, "--variance"),
        "low": (options.ci_low, LOW, "--ci-low"),
        "high": (options.ci_high, HIGH, "--ci-high"),
    }
    named = any((options.se, options.variance, options.ci_low))
    for role, (option, names, flag) in asked.items():
        found = table.require(option, flag) if option else None if named else table.find(names)
        if found:
            columns[role] = found
    for role, names in {
        "n1": N1, "n2": N2, **_STATISTICS, "sign": SIGN, "kind": KIND,
    }.items():  # fmt: skip
        found = table.find(names)
        if found and found not in columns.values():
            columns[role] = found
    if ("low" in columns) != ("high" in columns):
        columns.pop("low", None), columns.pop("high", None)
    arms = "n1" in columns and "n2" in columns
    precise = "se" in columns or "variance" in columns or "low" in columns
    statistics = arms and any(one in columns for one in _STATISTICS)
    if not ("effect" in columns and (precise or (arms and given in ("SMD", "D")))):
        if not statistics or options.effect:
            return None
        columns = {k: c for k, c in columns.items() if k not in ("effect", "se", "variance")}
        given = "STATISTIC"
    natural = {"D": "SMD", "STATISTIC": "SMD"}.get(given, given.removeprefix("EXP "))
    return Layout("effect", options.measure or natural, given, columns)
