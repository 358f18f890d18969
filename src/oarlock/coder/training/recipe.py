"""The recipe of the shipped weights: what is fitted on what, for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from oarlock.coder.training import data as sources
from oarlock.coder.training.data import Example
from oarlock.coder.training.files import check_files
from oarlock.coder.training.fit import Schedule

N_FOLDS = 5
#: The folds in which the long tasks (AnnoMI, EPITOME) are tested as well as the gold sentences.
FULL_FOLDS = (0,)


FIRST = Schedule(epochs=3, encoder_rate=1.5e-4, head_rate=1e-3, ema=0.995)
BETWEEN = Schedule(epochs=2, encoder_rate=1e-4, head_rate=1e-3, ema=0.99)
SECOND = Schedule(epochs=3, encoder_rate=8e-5, head_rate=1e-3, ema=0.99)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes and schedules of both stages.

    Attributes:
        first: Schedule of the first stage: codes, on labels that no reported figure is measured on.
        between: Schedule of what follows it: talk, empathy and more codes, on such labels too.
        second: Schedule of the second stage, on human labels beside some of the first stage.
        n_replay: Own labels that go on in the second stage.
        gold_weight: Weight of the human labels of peer-forum sentences in the second stage, which
            are few.
        n_unlabelled: Texts that the fast tier learns from.
        limit: Keeps this many examples of each source, for tests; None for all.
    """

    first: Schedule = FIRST
    between: Schedule = BETWEEN
    second: Schedule = SECOND
    n_replay: int = 2000
    gold_weight: float = 2.0
    n_unlabelled: int = 50_000
    student_epochs: int = 12
    limit: int | None = None

    @classmethod
    def tiny(cls) -> Recipe:
        """Return a recipe that runs in seconds, to test that training works."""
        quick = Schedule(epochs=1, encoder_rate=1e-4, head_rate=1e-3, batch_size=8)
        return cls(
            first=quick,
            between=quick,
            second=quick,
            n_replay=8,
            n_unlabelled=200,
            student_epochs=1,
            limit=24,
        )


def _limited(examples: list[Example], limit: int | None) -> list[Example]:
    if limit is None or len(examples) <= limit:
        return examples
    step = len(examples) // limit
    return examples[::step][:limit]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """All examples, by the use that is made of them.

    Attributes:
        first: First stage: own, written, silver and partial labels of codes.
        between: Own and written labels of seeker talk and empathy, and later labels of codes.
        tested: Human labels by source, each with the fold of every example.
        replay: Own labels that go on in the second stage.
    """

    first: list[Example]
    between: list[Example]
    tested: dict[str, tuple[list[Example], list[int]]]
    replay: list[Example]


def load(data: Path, recipe: Recipe, *, seed: int) -> TrainingData:
    """Return all examples of the recipe.

    Args:
        data: Folder of the training data, laid out as docs/how-to/fetch-data.md says.
        recipe: Sizes.
        seed: Seed of folds and samples.

    Raises:
        UserError: A file is missing, or differs from the release that was labelled.
    """
    check_files(data)
    own = sources.own_labels(data) + sources.written()
    first = [
        *_limited(own, recipe.limit),
        *_limited(sources.silver(data), recipe.limit),
        *_limited(sources.esconv(data), recipe.limit),
        *_limited(sources.mibot_talk(data), recipe.limit),
    ]
    tested = {}
    for name, examples in (
        ("gold", [replace(e, weight=recipe.gold_weight) for e in sources.gold(data)]),
        ("annomi", sources.annomi(data)),
        ("epitome", sources.epitome(data)),
        ("summaries", sources.written_summaries()),
    ):
        kept = _limited(examples, None if recipe.limit is None else 4 * recipe.limit)
        tested[name] = (kept, sources.folds(kept, N_FOLDS, seed=seed).tolist())
    later = sources.own_labels(data, "labels_later.csv")
    seen = own + later
    order = np.random.default_rng(seed).permutation(len(seen))[: recipe.n_replay]
    between = [
        *_limited(sources.written_talk(), recipe.limit),
        *_limited(sources.own_talk(data), recipe.limit),
        *_limited(sources.own_empathy(data), recipe.limit),
        *_limited(later, recipe.limit),
    ]
    return TrainingData(first, between, tested, [seen[index] for index in order])


def second_stage(data: TrainingData, fold: int | None) -> tuple[list[Example], list[Example]]:
    """Return what the second stage is fitted and tested on.

    Args:
        data: All examples.
        fold: The fold to hold out; None to fit on everything. Folds beyond `FULL_FOLDS` hold
            gold sentences alone.
    """
    fitted: list[Example] = []
    held: list[Example] = []
    for name, (examples, folds) in data.tested.items():
        if fold is not None and fold not in FULL_FOLDS and name != "gold":
            continue
        for example, own_fold in zip(examples, folds, strict=True):
            (held if own_fold == fold else fitted).append(example)
    hidden = {sources.normalise(example.text) for example in held}
    fitted += [e for e in data.replay if sources.normalise(e.text) not in hidden]
    return fitted, held
