"""What other apps are told when peers see a new text.

An app appends a callable in its `AppConfig.ready`. It is called by keyword inside the transaction
that makes the text visible, so what it writes is kept or lost together with the text. A text that
was held is told when it is released, so a callable may meet the same text twice.
"""

from __future__ import annotations

from collections.abc import Callable

from oarlock.community.texts.models import Text

#: Called as `hook(post=...)`.
on_post: list[Callable[..., object]] = []
#: Called as `hook(reply=...)`.
on_reply: list[Callable[..., object]] = []


def tell(text: Text) -> None:
    """Tell of a post or a reply that peers see now; of any other text, nothing."""
    if text.state != Text.State.SHOWN:
        return
    if text.kind == Text.Kind.POST:
        for hook in on_post:
            hook(post=text.post)
    elif text.kind == Text.Kind.REPLY:
        for hook in on_reply:
            hook(reply=text.reply)
