"""The matrix that every model of a study reads, and the errors of clustered rows.

The frame has one row per reply (`oarlock.study.frame`). Rows of one thread and rows of one replier
belong together; no model here takes them for independent.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

#: Rows below which no model is fitted.
MIN_ROWS: Final = 50
#: Rows of the rarer outcome below which no odds ratio is given.
MIN_EVENTS: Final = 10
#: Rows of the rarer outcome for each parameter (Vittinghoff & McCulloch 2007,
#: doi:10.1093/aje/kwk052, found five to nine to be enough for an adjusted exposure).
EVENTS_PER_PARAMETER: Final = 5
#: Clusters below which cluster-robust errors are not trusted (Cameron & Miller 2015,
#: doi:10.3368/jhr.50.2.317).
MIN_CLUSTERS: Final = 20
#: A log odds ratio beyond which the data separate: an odds ratio of e^10 is a sign of no data.
_SEPARATED: Final = 10.0


class NotEstimableError(Exception):
    """The rows cannot carry the estimate; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model.

    Attributes:
        names: Columns of the design, the constant first.
        coefficients: Log odds or differences, shape (k,).
        covariance: Of the coefficients, robust to clusters, shape (k, k).
        df: Degrees of freedom of its t intervals: clusters of the smaller side less one.
        n: Rows.
        n_events: Rows with outcome 1; the rows where the outcome is a number.
        n_threads: Threads among them.
        n_repliers: Repliers among them; 0 where the corpus does not name them.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    df: int
    n: int
    n_events: int
    n_threads: int
    n_repliers: int

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float, float, float]:
        """Return estimate, lower and upper end, and p of one column."""
        at = self.names.index(name)
        b, se = self.coefficients[at], self.standard_error(name)
        reach = stats.t.ppf(0.5 + level / 2, self.df) * se
        return b, b - reach, b + reach, float(2 * stats.t.sf(abs(b) / se, self.df))

    def standard_error(self, name: str) -> float:
        at = self.names.index(name)
        return float(np.sqrt(self.covariance[at, at]))


def design(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the columns as numbers that a model can read, shape (n, k), without a constant.

    Words become one column per value but the most frequent; a number that is missing somewhere is
    filled with its median and gets a column `<name>_missing`; numbers with more than two values are
    standardised, so that coefficients compare. Columns that do not vary are left out.
    """
    made: dict[str, Any] = {}
    for name in columns:
        column = frame[name]
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
            known = column.astype("object").where(column.notna(), "missing")
            for value in known.value_counts().index[1:]:
                made[f"{name}={value}"] = (known == value).to_numpy(float)
            continue
        numbers = column.astype("float64").to_numpy()
        gone = ~np.isfinite(numbers)
        if gone.any() and not gone.all():
            made[f"{name}_missing"] = gone.astype(float)
            numbers = np.where(gone, np.median(numbers[~gone]), numbers)
        if len(np.unique(numbers)) > 2:
            numbers = (numbers - numbers.mean()) / numbers.std()
        made[name] = numbers
    matrix = pd.DataFrame(made, index=frame.index, dtype="float64")
    return matrix.loc[:, [len(np.unique(matrix[c])) > 1 for c in matrix.columns]]


def is_binary(y: pd.Series) -> bool:
    """Return whether an outcome is yes or no."""
    return set(pd.unique(y.dropna())) <= {0.0, 1.0}


def fit(
    y: pd.Series,
    x: pd.DataFrame,
    threads: pd.Series,
    repliers: pd.Series | None,
    *,
    weights: Floats | None = None,
    check: bool = True,
) -> Fit:
    """Fit a logistic (yes or no) or linear model with errors clustered by thread and replier.

    Args:
        y: Outcome without missing values.
        x: Design without a constant, from `design`.
        threads: Thread of each row.
        repliers: Replier of each row; None where the corpus names nobody.
        weights: Frequency weight of each row.
        check: Whether to refuse rows that cannot carry the model.

    Raises:
        NotEstimableError: Too few rows, events or clusters, separation, or no solution.

    Source: Two-way clustering: Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136.
    """
    binary = is_binary(y)
    x = _independent(x)
    groups = [pd.factorize(threads)[0]]
    if repliers is not None and repliers.notna().any():
        groups.append(pd.factorize(repliers.astype("object"), use_na_sentinel=False)[0])
    sizes = [int(g.max()) + 1 for g in groups]
    if check:
        _refuse_too_few(y, x.shape[1] + 1, sizes, binary)
    matrix = sm.add_constant(x, has_constant="add").to_numpy()
    values = y.to_numpy(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _solve(values, matrix, binary, weights)
    if binary and np.abs(model.params[1:]).max(initial=0.0) > _SEPARATED:
        raise NotEstimableError(
            "a column tells the outcome apart completely (separation): no odds ratio is finite"
        )
    w = np.ones(len(values)) if weights is None else weights
    mean = model.predict(matrix)
    scores = matrix * ((values - mean) * w)[:, None]
    spread = mean * (1 - mean) * w if binary else w
    bread = np.linalg.inv(matrix.T @ (matrix * spread[:, None]))
    covariance = bread @ _meat(scores, groups) @ bread
    return Fit(
        names=("const", *x.columns),
        coefficients=np.asarray(model.params, dtype=float),
        covariance=covariance,
        df=min(sizes) - 1,
        n=len(values),
        n_events=int(values.sum()) if binary else len(values),
        n_threads=sizes[0],
        n_repliers=sizes[1] if len(sizes) > 1 else 0,
    )


def _solve(values: Floats, matrix: Floats, binary: bool, weights: Floats | None) -> Any:
    family = sm.families.Binomial() if binary else sm.families.Gaussian()
    try:
        model = sm.GLM(values, matrix, family=family, freq_weights=weights).fit(maxiter=50)
    except Exception as error:  # noqa: BLE001 - statsmodels raises many kinds where rows separate
        raise NotEstimableError(f"no solution was found ({type(error).__name__})") from None
    if not model.converged:
        raise NotEstimableError("the model did not settle: a column all but decides the outcome")
    return model


def _independent(x: pd.DataFrame) -> pd.DataFrame:
    """Leave out columns that others make up, the later ones first."""
    if x.shape[1] == 0:
        return x
    r = np.linalg.qr(x.to_numpy() - x.to_numpy().mean(axis=0), mode="r")
    diagonal = np.abs(np.diag(r))
    kept = diagonal > 1e-8 * max(1.0, float(diagonal.max()))
    return x[list(x.columns[kept])]


def _refuse_too_few(y: pd.Series, k: int, sizes: Sequence[int], binary: bool) -> None:
    n = len(y)
    if n < max(MIN_ROWS, 3 * k):
        raise NotEstimableError(f"{n} replies are too few for {k} parameters")
    if binary:
        events = int(min(y.sum(), n - y.sum()))
        if events == 0:
            raise NotEstimableError("the outcome is the same for every reply")
        if events < max(MIN_EVENTS, EVENTS_PER_PARAMETER * k):
            raise NotEstimableError(
                f"{events} replies with the rarer outcome are too few for {k} parameters "
                f"({EVENTS_PER_PARAMETER} each are asked for)"
            )
    elif y.nunique() < 2:
        raise NotEstimableError("the outcome is the same for every reply")
    if min(sizes) < MIN_CLUSTERS:
        what = "threads" if sizes[0] == min(sizes) else "repliers"
        raise NotEstimableError(f"{min(sizes)} {what} are too few for errors that allow for them")


def _meat(scores: Floats, groups: Sequence[NDArray[np.intp]]) -> Floats:
    """Return the middle of the sandwich, clustered one way or two ways."""
    parts = [_one_way(scores, g) for g in groups]
    if len(parts) == 1:
        return parts[0]
    both = pd.factorize(groups[0].astype(np.int64) * (int(groups[1].max()) + 1) + groups[1])[0]
    together = parts[0] + parts[1] - _one_way(scores, both)
    values, vectors = np.linalg.eigh(together)
    if values.min() < 0:
        # Few clusters can make the difference indefinite; Cameron et al. set such values to nil.
        together = (vectors * np.clip(values, 0, None)) @ vectors.T
    return np.asarray(together)


def _one_way(scores: Floats, group: NDArray[np.intp]) -> Floats:
    n_groups, k = int(group.max()) + 1, scores.shape[1]
    sums = np.empty((n_groups, k))
    for column in range(k):
        sums[:, column] = np.bincount(group, weights=scores[:, column], minlength=n_groups)
    n = len(scores)
    small = n_groups / (n_groups - 1) * (n - 1) / max(1, n - k)
    return np.asarray(small * sums.T @ sums)
