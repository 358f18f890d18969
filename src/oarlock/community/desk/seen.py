"""What follows when a text is shown or hidden."""

from __future__ import annotations

from oarlock.community.support.actions import count_replies
from oarlock.community.texts.models import Text


def visibility_changed(text: Text) -> None:
    """Bring the thread in line after a text was shown or hidden."""
    if text.kind == Text.Kind.REPLY:
        count_replies(text.reply.post)
