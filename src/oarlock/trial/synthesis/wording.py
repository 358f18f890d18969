"""What a synthesis means, in plain words, and how it was done, with sources."""

from __future__ import annotations

from oarlock.corpus.reading import counted
from oarlock.trial.synthesis.effects import Measure, shown
from oarlock.trial.synthesis.synthesise import Synthesis


def number(value: float, digits: int = 2) -> str:
    """Return a number for people: as many digits as it needs, with a true minus sign."""
    size = abs(value)
    if size < 0.5 * 10**-digits:
        return f"{0:.{digits}f}"
    text = (
        f"{value:.{digits}f}" if size < 1000 else f"{value:,.0f}" if size < 1e7 else f"{value:.2e}"
    )
    return text.replace("-", "\N{MINUS SIGN}")


def p_value(p: float) -> str:
    """Return "p = 0.03" or "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def as_read(value: float, measure: Measure) -> str:
    """Return an effect as people read it: ratios and correlations back-transformed."""
    return number(shown(value, measure))


NAMES = {
    "hartung_knapp": "the Hartung-Knapp interval",
    "tau2": "tau²",
    "tau2_ci": "the interval of tau²",
    "i2": "I²",
    "q": "the test of heterogeneity",
    "prediction": "a prediction interval",
    "leave_one_out": "leaving out each study in turn",
    "influence": "influence",
    "egger": "Egger's test",
    "trim_and_fill": "trim and fill",
    "subgroup_test": "the test between subgroups",
    "meta_regression": "the meta-regression",
}
"""What is said of the keys of `Synthesis.not_given`."""


def cautions(found: Synthesis) -> list[str]:
    """Return all warnings, and what is not given with its reason."""
    reasons: dict[str, list[str]] = {}
    for what, why in found.not_given.items():
        reasons.setdefault(why, []).append(NAMES[what])
    return [
        *found.warnings,
        *(f"Not given: {', '.join(names)}. {why}" for why, names in reasons.items()),
    ]


def scale_name(measure: Measure) -> str:
    """Return the name of the scale on which `as_read` shows effects."""
    return {
        "RR": "risk ratio",
        "OR": "odds ratio",
        "ZCOR": "correlation",
        "SMD": "standardised mean difference (Hedges' g)",
        "MD": "mean difference",
        "RD": "risk difference",
    }.get(measure.key, "ratio" if measure.is_log else "effect")


def no_effect(measure: Measure) -> float:
    """Return where no effect lies on the scale of `as_read`."""
    return 1.0 if measure.is_log else 0.0


def headline(found: Synthesis) -> str:
    """Return the result in one or two sentences."""
    pooled, measure = found.pooled, found.studies.measure
    low, high = pooled.interval.low, pooled.interval.high
    result = (
        f"{scale_name(measure)} {as_read(pooled.estimate, measure)} (95 % interval "
        f"{as_read(low, measure)} to {as_read(high, measure)})"
    )
    if pooled.n_effects == 1:
        return f"One study, so nothing is pooled. Its {result}."
    who = counted(pooled.k, "study", "studies")
    if pooled.k < pooled.n_effects:
        who += f" with {pooled.n_effects} effects"
    together = " together" if pooled.k > 1 else ""
    return f"{who}{together}: {result}. {verdict(found)}"


def verdict(found: Synthesis) -> str:
    """Return what the interval leaves possible, in the direction that was told."""
    low, high = found.pooled.interval.low, found.pooled.interval.high
    if low <= 0 <= high:
        return (
            "The interval takes in no effect at all, so these studies together leave open whether "
            "there is one."
        )
    is_up, lower_is_better = low > 0, found.question.lower_is_better
    said = f"The interval lies wholly {'above' if is_up else 'below'} no effect"
    if lower_is_better is None:
        return f"{said}. Which direction is the better one was not told."
    good = is_up != lower_is_better
    return (
        f"{said}, on the side that is {'better' if good else 'worse'} for the first arm "
        f"({'lower' if lower_is_better else 'higher'} values are better)."
    )


def meaning(found: Synthesis) -> list[str]:
    """Return paragraphs for people who do not read statistics."""
    pooled, measure = found.pooled, found.studies.measure
    said = []
    if pooled.tau2 is not None and pooled.two_level:
        h = pooled.two_level.heterogeneity
        if pooled.tau2 == 0:
            said.append(
                "The studies differ from one another no more than chance would make them differ. "
                "With few studies real differences can hide."
            )
        elif h.i2 is not None:
            levels = pooled.three_level
            i2 = levels.i2_between + levels.i2_within if levels else h.i2
            said.append(
                f"Of the differences between the results, about {i2:.0f} % is more than chance: "
                "the effect itself is not the same everywhere."
            )
    if pooled.prediction and pooled.tau2:
        near = pooled.prediction
        ends = f"{as_read(near.low, measure)} and {as_read(near.high, measure)}"
        both = near.low <= 0 <= near.high
        said.append(
            f"In a new study like these, the true effect is expected between {ends} (95 % "
            "prediction interval). "
            + (
                "So the effect may differ from place to place, even in its direction."
                if both
                else "All of it lies on one side of no effect."
            )
        )
    if found.filled and found.egger:
        said.append(_small_studies(found))
    if found.risk_of_bias and found.risk_of_bias.without_high:
        rest = found.risk_of_bias.without_high
        said.append(
            f"Without the studies at high risk of bias ({counted(rest.k, 'study', 'studies')} "
            f"left) the {scale_name(measure)} is {as_read(rest.estimate, measure)} (95 % interval "
            f"{as_read(rest.interval.low, measure)} to {as_read(rest.interval.high, measure)})."
        )
    return said


def _small_studies(found: Synthesis) -> str:
    assert found.egger is not None
    p = found.egger.intercept.p
    if found.pooled.n_effects < 10:
        return (
            "Whether small studies without an effect stayed unpublished cannot be told from so "
            "few studies."
        )
    if p < 0.05:
        return (
            f"Small studies show other effects than large ones (Egger's test, {p_value(p)}): "
            "studies with a disappointing result may be missing, or small studies differ in "
            "other ways."
        )
    return (
        f"Egger's test gives no sign that small studies are missing ({p_value(p)}), which does "
        "not prove that none are."
    )


_TAU2 = {
    "REML": "restricted maximum likelihood (Viechtbauer 2005, doi:10.3102/10769986030003261)",
    "DL": "the method of DerSimonian and Laird (1986, doi:10.1016/0197-2456(86)90046-2)",
    "PM": "the method of Paule and Mandel (1982, doi:10.6028/jres.087.022)",
}


def methods(found: Synthesis) -> str:
    """Return the methods paragraph of a paper, of what was done here and nothing else."""
    pooled, studies = found.pooled, found.studies
    said = [f"The effect is the {studies.measure.name}."]
    if studies.n_corrected:
        said.append(
            "Tables with an empty cell had 0.5 added to all cells (Sweeting et al. 2004, "
            "doi:10.1002/sim.1761)."
        )
    if pooled.n_effects == 1:
        return " ".join([*said, "One study; nothing was pooled."])
    if pooled.three_level:
        said.append(
            "Effects were pooled by a three-level random-effects model, effects within studies, "
            "with variances estimated by restricted maximum likelihood (Konstantopoulos 2011, "
            "doi:10.1002/jrsm.35) and t tests with one degree of freedom fewer than studies; "
            "cluster-robust intervals by CR2 with Satterthwaite degrees of freedom (Pustejovsky & "
            "Tipton 2018, doi:10.1080/07350015.2016.1247004)."
        )
    else:
        said.append(
            "Effects were pooled by a random-effects model, the variance between studies "
            f"estimated by {_TAU2[pooled.method]}"
            + (
                " and the interval by Hartung, Knapp, Sidik and Jonkman (2001, "
                "doi:10.1002/sim.1009; 2002, doi:10.1002/sim.1262)."
                if pooled.hartung_knapp
                else "."
            )
        )
        said.append(
            "The interval of tau² is by Q-profile (Viechtbauer 2007, doi:10.1002/sim.2514)."
        )
    if pooled.prediction:
        said.append(
            f"The prediction interval uses t with {pooled.prediction.df} degrees of freedom "
            "(Higgins et al. 2009, doi:10.1111/j.1467-985X.2008.00552.x; k \N{MINUS SIGN} 1 as in "
            "metafor)."
        )
    if found.egger:
        said.append(
            "Small-study effects: Egger et al. 1997, doi:10.1136/bmj.315.7109.629, and trim and "
            "fill, L0 (Duval & Tweedie 2000, doi:10.1111/j.0006-341X.2000.00455.x)."
        )
    if found.regression:
        said.append("Meta-regression: Knapp & Hartung 2003, doi:10.1002/sim.1482.")
    if found.influence:
        said.append("Influence: Viechtbauer & Cheung 2010, doi:10.1002/jrsm.11.")
    said.append("Computed with Oarlock, PyMARE and statsmodels.")
    return " ".join(said)
