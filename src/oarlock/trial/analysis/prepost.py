"""One group before and after, and people who were in every arm: comparisons within a person.

Source: paired comparison: Student (1908); binary: McNemar (1947), exact. Standardised change:
Becker (1988), doi:10.1111/j.2044-8317.1988.tb00901.x.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from oarlock.trial.analysis.design import NotEstimableError
from oarlock.trial.analysis.effects import correction
from oarlock.trial.analysis.estimates import interval
from oarlock.trial.analysis.linear import attempt
from oarlock.trial.analysis.results import Coefficient, Effect, Model
from oarlock.trial.analysis.risks import confint_paired

NO_CONTROL = (
    "This design carries no control: change may come from time, from returning to the mean, from "
    "help elsewhere or from being asked, and not from the programme."
)
CROSSOVER = (
    "Everybody was in every arm: comparisons are within a person and assume that nothing carries "
    "over and that order does not matter."
)


def paired(
    before: pd.Series, after: pd.Series, *, contrast: str, kind: str, alpha: float,
    time: float | None = None,
) -> Model:  # fmt: skip
    """Return the mean change of people who were seen twice."""
    method = "paired comparison"

    def run() -> Model:
        difference = (after - before).dropna().to_numpy(dtype=float)
        n = len(difference)
        if n < 2:
            raise NotEstimableError(f"{n} people were seen twice")
        if kind == "binary":
            return _mcnemar(before, after, contrast=contrast, alpha=alpha, time=time)
        se = float(difference.std(ddof=1)) / math.sqrt(n)
        if se == 0:
            raise NotEstimableError("everybody changed by the same amount")
        mean = float(difference.mean())
        low, high, p = interval(mean, se, n - 1, alpha)
        effect = Effect("change", contrast, mean, se, low, high, p, n, "mean change", n - 1.0, time)
        notes = [_wilcoxon(difference)] if n >= 6 else []
        return Model(
            "paired t test", n, n, time=time, effects=(effect,),
            coefficients=(Coefficient("change", mean, se, low, high, p, n - 1.0),),
            notes=tuple(notes),
        )  # fmt: skip

    return attempt(method, run, time=time)


def _wilcoxon(difference: Any) -> str:
    p = float(stats.wilcoxon(difference, method="approx").pvalue)
    return f"Wilcoxon's signed ranks: p = {p:.4g}"


def _mcnemar(
    before: pd.Series, after: pd.Series, *, contrast: str, alpha: float, time: float | None
) -> Model:
    both = pd.DataFrame({"before": before, "after": after}).dropna()
    table = np.array([
        [int(((both["before"] == b) & (both["after"] == a)).sum()) for a in (1, 0)] for b in (1, 0)
    ])  # fmt: skip
    n = int(table.sum())
    p = float(mcnemar(table, exact=True).pvalue)
    gained, lost = int(table[1, 0]), int(table[0, 1])
    change = (gained - lost) / n
    low, high = confint_paired(table, alpha)
    se = math.sqrt(gained + lost - (gained - lost) ** 2 / n) / n
    effect = Effect("change", contrast, change, se or None, low, high, p, n, "risk difference",
                    None, time)  # fmt: skip
    return Model(
        "exact McNemar test, Newcombe interval", n, n, time=time, effects=(effect,),
        notes=(f"{gained} gained the event, {lost} lost it",),
    )  # fmt: skip


def standardised_change(before: pd.Series, after: pd.Series, alpha: float) -> dict[str, Any]:
    """Return the mean change in standard deviations before, with its interval."""
    both = pd.DataFrame({"before": before, "after": after}).dropna()
    n, sd = len(both), float(both["before"].std()) if len(both) > 1 else 0.0
    if n < 4 or sd == 0:
        return {"not_estimable": "too few people seen twice, or none differed before"}
    d = float((both["after"] - both["before"]).mean()) / sd
    r = float(np.corrcoef(both["before"], both["after"])[0, 1]) if both["after"].std() > 0 else 0.0
    g = correction(n - 1) * d
    se = math.sqrt(2 * (1 - r) / n + g**2 / (2 * n))
    low, high, _ = interval(g, se, None, alpha)
    return {
        "measure": "standardised change (Becker)", "estimate": g, "se": se, "ci_low": low,
        "ci_high": high, "n": n, "correlation": r,
    }  # fmt: skip
