"""Communities in which the truth is known, to show that the estimates find it.

A simulated study is a frame (`oarlock.study.frame`) of one behaviour that matters, one that does
not, and two circumstances that mislead: how severe the post is, and how skilled the replier is.
Both change who uses a behaviour and how often posters say that they were helped.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

#: The columns that a right model adjusts for.
CONFOUNDERS = ("severity", "f_replier_past_helped")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is planted.

    Attributes:
        effects: Log odds ratio of the outcome by behaviour, other circumstances alike.
        severity: Log odds of the outcome for a severe post, and twice that in a crisis.
        skill: Log odds of the outcome for a standard deviation of the replier's skill.
        use_by_severity: Log odds of using a behaviour on a severe post; twice that in a crisis.
        use_by_skill: Log odds of using a behaviour for a standard deviation of skill.
        share_helped: Share of replies with the outcome where all else is at its mean.
        within_thread: Correlation of what is left of the outcome within a thread.
        within_replier: The same within a replier.
        sharpness: How well the coder tells a behaviour: separation of its logits, in standard
            deviations, of replies with and without; None: without error.
        proxy_noise: Share of answers of each proxy that chance decides.
    """

    effects: dict[str, float] = field(default_factory=lambda: {"affirm": 0.4, "direct": 0.0})
    severity: float = -0.5
    skill: float = 0.5
    use_by_severity: float = -0.6
    use_by_skill: float = 0.7
    share_helped: float = 0.4
    within_thread: float = 0.1
    within_replier: float = 0.1
    sharpness: float | None = None
    proxy_noise: float = 0.0


def simulate(
    truth: Truth, *, n_threads: int = 800, n_repliers: int = 200, seed: int = 0
) -> pd.DataFrame:
    """Return the frame of one simulated study.

    The outcome follows a logistic model in its margins exactly: what is left over is made of
    thread, replier and chance under the normal curve, and turned into a uniform number (a Gaussian
    copula; Emrich & Piedmonte 1991, doi:10.1080/00031305.1991.10475828). So the log odds ratios of
    a model of means (Liang & Zeger 1986) have the planted values, clusters and all.

    Args:
        truth: What is planted.
        n_threads: Threads; each has one to five replies.
        n_repliers: People who reply.
        seed: Of the random numbers.
    """
    dice = np.random.default_rng(seed)
    sizes = dice.integers(1, 6, n_threads)
    thread = np.repeat(np.arange(n_threads), sizes)
    n = len(thread)
    replier = dice.integers(0, n_repliers, n)
    severity = dice.choice(3, n_threads, p=[0.7, 0.2, 0.1])[thread]
    skill = dice.standard_normal(n_repliers)[replier]
    columns: dict[str, object] = {}
    log_odds = special.logit(truth.share_helped) + truth.severity * severity + truth.skill * skill
    for name, effect in truth.effects.items():
        uses = special.expit(-0.8 + truth.use_by_severity * severity + truth.use_by_skill * skill)
        has = dice.random(n) < uses
        log_odds = log_odds + effect * has
        columns |= _coded(name, has, truth.sharpness, dice)
    left = _correlated(thread, replier, truth, dice)
    helped = left < special.expit(log_odds)
    return pd.DataFrame(
        {
            "reply_id": [f"r{i}" for i in range(n)],
            "post_id": [f"p{i}" for i in thread],
            "poster_id": [f"u{i}" for i in thread],
            "replier_id": [f"s{i}" for i in replier],
            "written_at": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(np.sort(dice.uniform(0, 180, n_threads))[thread], unit="D"),
            "severity": np.array(["general", "severe", "crisis"])[severity],
            "wanted": np.array(["heard", "knowledge", "practical"])[dice.integers(0, 3, n_threads)][
                thread
            ],
            "topic": "anxiety",
            "n_sentences": 3 + dice.poisson(2, n),
            "f_replier_past_helped": skill,
            **columns,
            "y_helped": helped.astype(float),
            **{f"y_{p}": _proxy(helped, truth.proxy_noise, dice) for p in ("liked", "thanks")},
            # Nothing in a reply can change what the poster did before it.
            "y_thanked_before": (
                dice.random(n) < special.expit(-0.5 + truth.severity * severity)
            ).astype(float),
        }
    )


def _coded(
    name: str, has: NDArray[np.bool_], sharpness: float | None, dice: np.random.Generator
) -> dict[str, object]:
    """Return what a coder says of a behaviour: its calibrated probability, and yes from a half."""
    if sharpness is None:
        return {f"n_{name}": has.astype(int), f"p_{name}": has.astype(float), f"true_{name}": has}
    signal = dice.normal(np.where(has, sharpness / 2, -sharpness / 2))
    # The probability given the signal, by Bayes with normal curves of variance one.
    p = special.expit(special.logit(has.mean()) + sharpness * signal)
    return {f"n_{name}": (p >= 0.5).astype(int), f"p_{name}": p, f"true_{name}": has}


def _correlated(
    thread: NDArray[np.int64], replier: NDArray[np.int64], truth: Truth, dice: np.random.Generator
) -> Floats:
    own = 1 - truth.within_thread - truth.within_replier
    latent = (
        np.sqrt(truth.within_thread) * dice.standard_normal(thread.max() + 1)[thread]
        + np.sqrt(truth.within_replier) * dice.standard_normal(replier.max() + 1)[replier]
        + np.sqrt(own) * dice.standard_normal(len(thread))
    )
    return np.asarray(stats.norm.cdf(latent))


def _proxy(helped: NDArray[np.bool_], noise: float, dice: np.random.Generator) -> Floats:
    by_chance = dice.random(len(helped)) < noise
    return np.where(by_chance, dice.random(len(helped)) < helped.mean(), helped).astype(float)
