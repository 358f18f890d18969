"""A synthesis as JSON: one stable object, described in docs/reference/synthesis-json.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from oarlock.trial.synthesis.bias import Filled
from oarlock.trial.synthesis.effects import shown
from oarlock.trial.synthesis.pooled import Pooled, TwoLevel
from oarlock.trial.synthesis.pooling import Heterogeneity, Interval
from oarlock.trial.synthesis.robustness import Repeated
from oarlock.trial.synthesis.synthesise import Synthesis
from oarlock.trial.synthesis.votes import WARNING, VoteTable

SCHEMA = "oarlock-synthesis/1"

Json = dict[str, Any]

_DIRECTIONS = {None: "not told", True: "lower is better", False: "higher is better"}


def to_json(found: Synthesis) -> Json:
    """Return the synthesis of one set of studies; what could not be computed is null."""
    pooled, studies = found.pooled, found.studies
    h = pooled.two_level.heterogeneity if pooled.two_level else None
    levels = pooled.three_level
    i2 = levels.i2_between + levels.i2_within if levels else h and h.i2
    content: Json = {
        "schema": SCHEMA,
        "kind": "meta-analysis",
        "file": studies.file,
        "outcome": found.outcome,
        "k": pooled.k,
        "n_effects": pooled.n_effects,
        "measure": studies.measure.key,
        "measure_name": studies.measure.name,
        "direction": _DIRECTIONS[found.question.lower_is_better],
        "columns": studies.columns,
        "model": pooled.model,
        "method": pooled.method,
        "estimate": pooled.estimate,
        "se": pooled.se,
        "ci_low": pooled.interval.low,
        "ci_high": pooled.interval.high,
        "ci_level": 0.95,
        "ci_method": pooled.interval_kind,
        "statistic": pooled.interval.statistic,
        "df": pooled.interval.df,
        "p": pooled.interval.p,
        "back_transformed": _back(found),
        "tau2": pooled.tau2,
        "tau2_ci": None if levels or h is None else [h.tau2_low, h.tau2_high],
        "tau": None if pooled.tau2 is None else math.sqrt(pooled.tau2),
        "i2": i2,
        "i2_q": h and h.i2_q,
        "h2": None if levels else h and h.h2,
        "q": h and h.q,
        "q_df": h.q_df if h else None,
        "q_p": h and h.q_p,
        "wald": _test(pooled.two_level.wald if pooled.two_level else None),
        "hartung_knapp": _hartung_knapp(pooled.two_level),
        "fixed": _test(pooled.fixed),
        "prediction_low": pooled.prediction and pooled.prediction.low,
        "prediction_high": pooled.prediction and pooled.prediction.high,
        "prediction_df": pooled.prediction and pooled.prediction.df,
        "prediction_k_minus_2": pooled.prediction_k2
        and {
            "low": pooled.prediction_k2.low,
            "high": pooled.prediction_k2.high,
            "df": pooled.prediction_k2.df,
        },
        "other_estimators": {
            name: {"tau2": tau2, **_some(test)} for name, (tau2, test) in pooled.others.items()
        },
        "two_level": _two_level(pooled.two_level) if levels else None,
        "three_level": _three_level(pooled),
        "studies": _studies(found),
        "subgroups": [{"name": one.name, **_brief(one.pooled)} for one in found.subgroups],
        "subgroup_test": found.between
        and {"q": found.between.q, "df": found.between.df, "p": found.between.p},
        "meta_regression": _regression(found),
        "leave_one_out": [_repeated(one, "left_out") for one in found.leave_one_out],
        "influence": [
            {
                "study": label,
                "rstudent": one.rstudent,
                "dffits": one.dffits,
                "cooks_distance": one.cooks_distance,
                "covariance_ratio": one.covariance_ratio,
                "tau2_without": one.tau2_without,
                "q_without": one.q_without,
                "hat": one.hat,
                "is_influential": one.is_influential,
            }
            for label, one in zip(studies.labels, found.influence, strict=False)
        ],
        "cumulative": [_repeated(one, "added") for one in found.cumulative],
        "egger": found.egger
        and {
            "intercept": found.egger.intercept.estimate,
            "se": found.egger.intercept.se,
            "ci_low": found.egger.intercept.low,
            "ci_high": found.egger.intercept.high,
            "t": found.egger.intercept.statistic,
            "df": found.egger.intercept.df,
            "p": found.egger.intercept.p,
            "limit_estimate": found.egger.limit.estimate,
            "limit_ci": [found.egger.limit.low, found.egger.limit.high],
        },
        "trim_and_fill": found.filled
        and {**_filled(found.filled), "others": [_filled(one) for one in found.filled_otherwise]},
        "risk_of_bias": found.risk_of_bias
        and {
            "column": found.risk_of_bias.column,
            "counts": found.risk_of_bias.counts,
            "percent_of_weight": found.risk_of_bias.weights,
            "without_high": found.risk_of_bias.without_high
            and _brief(found.risk_of_bias.without_high),
        },
        "n_continuity_corrected": studies.n_corrected,
        "warnings": found.warnings,
        "not_given": found.not_given,
    }
    finite: Json = _finite(content)
    return finite


def outcomes_to_json(found: Sequence[Synthesis], column: str) -> Json:
    """Return several outcomes of one file, each as `to_json` gives it."""
    return {
        "schema": SCHEMA,
        "kind": "meta-analyses by outcome",
        "file": found[0].studies.file,
        "outcome_column": column,
        "outcomes": [to_json(one) for one in found],
    }


def votes_to_json(table: VoteTable) -> Json:
    """Return an evidence table; it has no estimate."""
    return {
        "schema": SCHEMA,
        "kind": "evidence table",
        "file": table.file,
        "k": len(table.votes),
        "estimate": None,
        "verdicts": table.verdicts,
        "by_design": table.by_design,
        "studies": [
            {
                "study": vote.study,
                "topic": vote.topic,
                "design": vote.design,
                "control": vote.control,
                "verdict": vote.verdict,
            }
            for vote in table.votes
        ],
        "warnings": [WARNING],
    }


def _finite(value: Any) -> Any:
    """Return the content with null for numbers that are not finite, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _some(test: Interval) -> Json:
    return {
        "estimate": test.estimate,
        "se": test.se,
        "ci_low": test.low,
        "ci_high": test.high,
        "p": test.p,
    }


def _test(test: Interval | None) -> Json | None:
    if test is None:
        return None
    return {**_some(test), "statistic": test.statistic, "df": test.df}


def _back(found: Synthesis) -> Json | None:
    """Return ratios and correlations as people read them."""
    measure, pooled = found.studies.measure, found.pooled
    if not measure.is_log and measure.key != "ZCOR":
        return None
    prediction = pooled.prediction
    return {
        "estimate": shown(pooled.estimate, measure),
        "ci_low": shown(pooled.interval.low, measure),
        "ci_high": shown(pooled.interval.high, measure),
        "prediction_low": prediction and shown(prediction.low, measure),
        "prediction_high": prediction and shown(prediction.high, measure),
    }


def _hartung_knapp(model: TwoLevel | None) -> Json | None:
    if model is None or model.hartung_knapp is None:
        return None
    content = _test(model.hartung_knapp) or {}
    content["factor"] = model.fitted.knha_factor
    floor = model.floor or model.hartung_knapp
    content["floor"] = {"se": floor.se, "ci_low": floor.low, "ci_high": floor.high, "p": floor.p}
    return content


def _heterogeneity(h: Heterogeneity) -> Json:
    return {
        "tau2": h.tau2,
        "tau2_ci": [h.tau2_low, h.tau2_high],
        "i2": h.i2,
        "i2_q": h.i2_q,
        "h2": h.h2,
        "q": h.q,
        "q_df": h.q_df,
        "q_p": h.q_p,
    }


def _two_level(model: TwoLevel | None) -> Json | None:
    if model is None:
        return None
    return {
        "estimate": model.fitted.estimate,
        "se": model.fitted.se,
        **_heterogeneity(model.heterogeneity),
    }


def _three_level(pooled: Pooled) -> Json | None:
    levels = pooled.three_level
    if levels is None:
        return None
    return {
        "estimate": pooled.estimate,
        "se": pooled.se,
        "ci_low": pooled.interval.low,
        "ci_high": pooled.interval.high,
        "df": pooled.interval.df,
        "p": pooled.interval.p,
        "n_studies": pooled.k,
        "n_effects": pooled.n_effects,
        "sigma2_between": levels.between,
        "sigma2_within": levels.within,
        "i2_between": levels.i2_between,
        "i2_within": levels.i2_within,
        "likelihood_ratio": levels.likelihood_ratio,
        "likelihood_ratio_p": levels.likelihood_ratio_p,
        "robust": _test(pooled.robust),
    }


def _brief(pooled: Pooled) -> Json:
    return {
        "k": pooled.k,
        "n_effects": pooled.n_effects,
        "model": pooled.model,
        "estimate": pooled.estimate,
        "se": pooled.se,
        "ci_low": pooled.interval.low,
        "ci_high": pooled.interval.high,
        "p": pooled.interval.p,
        "tau2": pooled.tau2,
        "i2": pooled.two_level and pooled.two_level.heterogeneity.i2,
    }


def _studies(found: Synthesis) -> list[Json]:
    studies = found.studies
    return [
        {
            "row": row + 1,
            "label": label,
            "study": study,
            "effect": float(y),
            "variance": float(v),
            "weight_percent": 100 * float(weight),
        }
        for row, label, study, y, v, weight in zip(
            studies.rows, studies.labels, studies.study, studies.y, studies.v,
            found.pooled.weights, strict=True,
        )
    ]  # fmt: skip


def _regression(found: Synthesis) -> Json | None:
    result = found.regression
    if result is None:
        return None
    return {
        "coefficients": [
            {
                "name": one.name,
                **(_test(one.test) or {}),
                "robust": _test(one.robust),
            }
            for one in result.coefficients
        ],
        "reference": result.reference,
        "f": result.f,
        "df1": result.df1,
        "df2": result.df2,
        "p": result.p,
        "tau2": result.tau2,
        "r2": result.r2,
        "i2": result.rest.i2,
        "qe": result.rest.q,
        "qe_df": result.rest.q_df,
        "qe_p": result.rest.q_p,
        "n_effects": result.n_effects,
    }


def _repeated(one: Repeated, role: str) -> Json:
    return {
        role: one.name,
        "k": one.k,
        "estimate": one.test.estimate,
        "se": one.se,
        "ci_low": one.test.low,
        "ci_high": one.test.high,
        "p": one.test.p,
        "tau2": one.tau2,
    }


def _filled(one: Filled) -> Json:
    return {
        "estimator": one.estimator,
        "trimmed_by": one.trimmed_by,
        "side": one.side,
        "n_missing": one.n_missing,
        "estimate": one.pooled.estimate,
        "ci_low": one.pooled.low,
        "ci_high": one.pooled.high,
        "p": one.pooled.p,
        "tau2": one.tau2,
        "filled": [
            {"effect": float(y), "variance": float(v)}
            for y, v in zip(one.effects, one.variances, strict=True)
        ],
    }
