"""What a writer reads right after sending, besides what happens next with the text."""

from __future__ import annotations

from typing import Any

from oarlock.community.desk.words import for_writer
from oarlock.community.texts.models import Text


def first_words(text: Text) -> dict[str, Any]:
    """Return what the safety policy says to the writer of this text.

    Returns:
        `words`: paragraphs; `helplines`: rows with `name`, `number`, `url`, `hours`. Empty where
        the policy has nothing to say.
    """
    said = for_writer(text)
    if not said.words and not said.helplines:
        return {}
    return {"words": said.words, "helplines": said.helplines}
