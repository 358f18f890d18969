"""How well Oarlock's own labels agree with human ones, on texts labelled without seeing these.

`oarlock train --check-labels` prints it. Part of the texts that humans had labelled
were mixed, without their labels, into what the language model labelled for Oarlock; its answers
are in `labels_gold_blind.csv` and in `blind/`.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from oarlock.codebook import code_by
from oarlock.coder.quality.evaluation import score
from oarlock.coder.tasks import HEADS, MECHANISMS
from oarlock.errors import UserError

_EPITOME = {
    "empathy-er": "emotional-reactions",
    "empathy-ip": "interpretations",
    "empathy-ex": "explorations",
}


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise UserError(
            f"{path.name}: not found in {path.parent}.",
            remedy="Set OARLOCK_DATA to the folder of the training data.",
        )
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _answers(
    name: str, texts: Sequence[dict[str, str]], column: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield row number and answer of one file of answers, each checked against its text."""
    with files("oarlock.coder.training").joinpath(name).open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    for answer in answers:
        row = int(answer["row"])
        text = texts[row][column] if row < len(texts) else ""
        if hashlib.sha256(text.encode()).hexdigest()[:8] != answer["check"]:
            raise UserError(
                f"{name}, row {row}: the data differs from the release that was labelled.",
                remedy="Use the release named in docs/reference/model-card.md.",
            )
        yield row, answer


def _scored(
    labels: tuple[str, ...],
    human: list[str],
    own: list[str],
    seconds: list[str],
    groups: list[str] | None = None,
) -> dict[str, Any]:
    truth = np.array([labels.index(label) for label in human], dtype=np.int64)
    given = np.array([labels.index(label) for label in own], dtype=np.int64)
    result = score(
        truth, np.eye(len(labels))[given], labels=labels, groups=groups, n_resamples=1000
    )
    names = ("accuracy", "macro_f1", "kappa")
    either = [h in pair for h, *pair in zip(human, own, seconds, strict=True)]
    return {
        "n": len(human),
        "n_groups": result.n_groups,
        "scores": {name: result.scores[name] for name in names},
        "intervals": {name: result.intervals[name] for name in names},
        "first_or_second_choice": float(np.mean(either)),
    }


def agreement_figures(data: Path) -> dict[str, Any]:
    """Return agreement of own with human labels: codes, talk and the empathy mechanisms.

    Args:
        data: Folder with the layout of the public data.

    Returns:
        By task: `n`, `scores` (accuracy, macro_f1, kappa), their `intervals` (bootstrap of rows;
        for talk of videos) and the share in which the human label was the first or second choice.

    Raises:
        UserError: A file is missing, or differs from the release that was labelled.
    """
    gold = _rows(data / "mi/peer_miti_gold_dev.csv")
    answers = list(_answers("labels_gold_blind.csv", gold, "text"))
    figures = {
        "codes": _scored(
            HEADS["codes"],
            [gold[row]["label"] for row, _ in answers],
            [code_by(answer["code"]).name for _, answer in answers],
            [code_by(a["second"]).name if a["second"] else "" for _, a in answers],
        )
    }
    turns = _rows(data / "mi/annomi_train.csv")
    answers = list(_answers("blind/talk.csv", turns, "utterance_text"))
    figures["talk"] = _scored(
        HEADS["talk"],
        [turns[row]["client_talk_type"] for row, _ in answers],
        [answer["talk"] for _, answer in answers],
        [answer["second"] for _, answer in answers],
        [turns[row]["video_id"] for row, _ in answers],
    )
    replies = _rows(data / "mi/epitome_emotional-reactions_train.csv")
    answers = list(_answers("blind/empathy.csv", replies, "response_post"))
    for head in MECHANISMS:
        levels = {
            (row["sp_id"], row["rp_id"]): row["level"]
            for row in _rows(data / f"mi/epitome_{_EPITOME[head]}_train.csv")
        }
        human = [levels[replies[row]["sp_id"], replies[row]["rp_id"]] for row, _ in answers]
        own = [answer[head.removeprefix("empathy-")] for _, answer in answers]
        figures[head] = _scored(HEADS[head], human, own, [""] * len(own))
    return figures
