"""The files of the training data, and a list of those that a folder lacks."""

from __future__ import annotations

from pathlib import Path

from oarlock.errors import UserError

FILES = (
    "mi/HLQC_volleys_dev.csv",
    "mi/MIBOT_utterances_dev.csv",
    "mi/annomi_train.csv",
    "mi/epitome_emotional-reactions_train.csv",
    "mi/epitome_explorations_train.csv",
    "mi/epitome_interpretations_train.csv",
    "mi/miti_sentences_silver_dev.csv",
    "mi/peer_miti_gold_dev.csv",
    "mi/rated_responses_dev.csv",
    "support/counselchat.csv",
    "support/esconv_train_valid.jsonl",
    "support/reddit_dam_comments_dev.csv",
    "support/reddit_dam_posts_dev.csv",
    "support/reddit_hot_comments.csv",
)
"""Paths under the folder of the training data, as docs/how-to/fetch-data.md explains them."""


def check_files(data: Path) -> None:
    """Check that every file of the training data is there, before hours are spent on some.

    Raises:
        UserError: Files are missing; the message names all of them.
    """
    missing = [name for name in FILES if not (data / name).is_file()]
    if missing:
        raise UserError(
            f"{data} lacks {len(missing)} of the {len(FILES)} files of the training data: "
            + ", ".join(missing)
            + ".",
            remedy="`oarlock data fetch` does not make them: docs/how-to/fetch-data.md says what "
            "each is prepared from, and how.",
        )
