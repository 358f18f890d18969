"""What the coder's errors do to an estimate, and the estimate without them.

A coder that errs at random makes every association look weaker. Two remedies: corrected prevalence
where a sample was coded by people, and imputation of the true code from its probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from oarlock.study.estimation.design import (
    Fit,
    Floats,
    NotEstimableError,
    design,
    fit,
    is_binary,
)

#: Sets of imputed codes; von Hippel (2020, doi:10.1177/0049124117747303) asks for about so many
#: where half of the information is missing.
N_IMPUTED: Final = 40
#: Draws before the first set that is kept, and between two.
_BURN_IN: Final = 20
_BETWEEN: Final = 3
#: Distance from 0 and 1 below which a probability is pulled in: no coder is that sure.
_SURE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Corrected:
    """An association with and without the coder's errors.

    Attributes:
        estimate: Log odds ratio (or difference) with the true code imputed; `low`, `high` bound
            its 95 % interval, `p` is two-sided.
        fraction_missing: Share of the information that the coder's doubt takes away, 0 to 1.
        n_imputed: Sets of imputed codes.
    """

    estimate: float
    low: float
    high: float
    p: float
    fraction_missing: float
    n_imputed: int


def impute(
    frame: pd.DataFrame,
    *,
    behaviour: str,
    outcome: str,
    confounders: tuple[str, ...],
    n_imputed: int = N_IMPUTED,
    seed: int = 0,
) -> Corrected:
    """Return the association of a behaviour whose true presence is imputed.

    The probability `p_<behaviour>` has to be calibrated. Codes and coefficients are drawn in turn
    (data augmentation): the code given its probability *and* the outcome, without which the
    imputed codes would bring the attenuation back; the coefficients given the code.

    Args:
        frame: One row per reply.
        behaviour: Slug of a code with a column `p_<slug>`.
        outcome: Name without `y_`; yes or no.
        confounders: Columns of the frame.
        n_imputed: Sets of imputed codes.
        seed: Of the draws.

    Raises:
        NotEstimableError: The rows cannot carry the estimate.

    Source: Tanner & Wong (1987), doi:10.1080/01621459.1987.10478458; combination: Rubin (1987);
        the outcome belongs into the imputation: Moons et al. (2006),
        doi:10.1016/j.jclinepi.2006.01.009.
    """
    rows = frame[frame[f"y_{outcome}"].notna() & frame[f"p_{behaviour}"].notna()]
    y = rows[f"y_{outcome}"].astype("float64")
    if not is_binary(y):
        raise NotEstimableError("only yes-or-no outcomes are imputed for")
    dice = np.random.default_rng(seed)
    prior: Floats = np.clip(rows[f"p_{behaviour}"].to_numpy(float), _SURE, 1 - _SURE)
    others = design(rows, confounders)
    values: Floats = np.asarray(y, dtype=np.float64)
    has = (dice.random(len(rows)) < prior).astype(float)
    kept: list[tuple[float, float]] = []
    model: Fit | None = None
    for step in range(_BURN_IN + n_imputed * _BETWEEN):
        x = others.copy()
        x.insert(0, "has", has)
        model = fit(y, x, rows["post_id"], rows.get("replier_id"), check=step == 0)
        if "has" not in model.names:
            raise NotEstimableError("the imputed behaviour does not vary")
        drawn = _draw(model, dice)
        has = _codes_given(drawn, model, x, values, prior, dice)
        if step >= _BURN_IN and (step - _BURN_IN) % _BETWEEN == 0:
            at = model.names.index("has")
            kept.append((float(model.coefficients[at]), float(model.covariance[at, at])))
    assert model is not None
    return _combine(kept, model.df)


def _draw(model: Fit, dice: np.random.Generator) -> Floats:
    values, vectors = np.linalg.eigh(model.covariance)
    z = dice.standard_normal(len(values))
    return np.asarray(model.coefficients + vectors @ (np.sqrt(np.clip(values, 0, None)) * z))


def _codes_given(
    b: Floats, model: Fit, x: pd.DataFrame, y: Floats, prior: Floats, dice: np.random.Generator
) -> Floats:
    """Draw each code given its probability and the outcome, at the drawn coefficients."""
    at = model.names.index("has")
    columns = [n for n in model.names if n not in {"const", "has"}]
    rest = b[model.names.index("const")] + x[columns].to_numpy() @ np.delete(b, [0, at])
    sign = np.where(y == 1, 1.0, -1.0)
    with_it, without = special.expit(sign * (rest + b[at])), special.expit(sign * rest)
    p = prior * with_it / (prior * with_it + (1 - prior) * without)
    return np.asarray((dice.random(len(y)) < p).astype(float))


def _combine(kept: list[tuple[float, float]], df_complete: int) -> Corrected:
    """Combine estimates by Rubin's rules with the degrees of freedom of Barnard & Rubin (1999)."""
    b, v = np.array(kept).T
    m = len(b)
    within, between = v.mean(), b.var(ddof=1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    df = df_complete
    if share > 0:
        old = (m - 1) / share**2
        observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
        df = 1 / (1 / old + 1 / observed)
    se = float(np.sqrt(total))
    reach = stats.t.ppf(0.975, df) * se
    mean = float(b.mean())
    return Corrected(
        mean,
        mean - reach,
        mean + reach,
        float(2 * stats.t.sf(abs(mean) / se, df)),
        float(share),
        m,
    )


@dataclass(frozen=True, slots=True)
class Prevalence:
    """How common a behaviour is, corrected for the coder's errors.

    Attributes:
        apparent: Share of replies that the coder gave it.
        corrected: Share without the coder's errors, between 0 and 1, with its 95 % interval.
        sensitivity: Share of replies with it (by people) that the coder found.
        specificity: Share of replies without it that the coder left out.
        n_coded: Replies that people coded.
    """

    apparent: float
    corrected: float
    low: float
    high: float
    sensitivity: float
    specificity: float
    n_coded: int


def corrected_prevalence(
    predicted: NDArray[np.bool_],
    sample_true: NDArray[np.bool_],
    sample_predicted: NDArray[np.bool_],
) -> Prevalence:
    """Return the prevalence that a sample coded by people corrects.

    Args:
        predicted: What the coder says of every reply, shape (n,).
        sample_true: What people say of a random sample, shape (m,).
        sample_predicted: What the coder says of the same, shape (m,).

    Raises:
        NotEstimableError: Nobody in the sample has it, or everybody, or the coder is no better
            than chance in it.

    Source: Rogan & Gladen (1978), doi:10.1093/oxfordjournals.aje.a112510; interval: Lang &
        Reiczigel (2014), doi:10.1016/j.prevetmed.2013.09.015.
    """
    n, ill, well = len(predicted), int(sample_true.sum()), int((~sample_true).sum())
    if not ill or not well:
        raise NotEstimableError("the sample coded by people has it in every reply, or in none")
    tp = int((sample_true & sample_predicted).sum())
    tn = int((~sample_true & ~sample_predicted).sum())
    if tp / ill + tn / well <= 1:
        raise NotEstimableError("on the sample coded by people the coder is no better than chance")
    apparent = float(predicted.mean())
    estimate = (apparent + tn / well - 1) / (tp / ill + tn / well - 1)
    # Lang & Reiczigel add one success and one failure to the two accuracies, and z²/2 to the rest.
    z = stats.norm.ppf(0.975)
    p = (predicted.sum() + z**2 / 2) / (n + z**2)
    se, sp = (tp + 1) / (ill + 2), (tn + 1) / (well + 2)
    j = se + sp - 1
    middle = (p + sp - 1) / j
    shift = (
        2 * z**2 * (middle * se * (1 - se) / (ill + 2) - (1 - middle) * sp * (1 - sp) / (well + 2))
    )
    spread = np.sqrt(
        p * (1 - p) / (n + z**2)
        + middle**2 * se * (1 - se) / (ill + 2)
        + (1 - middle) ** 2 * sp * (1 - sp) / (well + 2)
    ) / abs(j)
    low, high = middle + shift - z * spread, middle + shift + z * spread
    return Prevalence(
        apparent,
        float(np.clip(estimate, 0, 1)),
        float(np.clip(low, 0, 1)),
        float(np.clip(high, 0, 1)),
        tp / ill,
        tn / well,
        len(sample_true),
    )
