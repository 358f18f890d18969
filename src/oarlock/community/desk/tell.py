"""Telling people what became of their texts, reports and appeals."""

from __future__ import annotations

from oarlock.community.accounts.models import User
from oarlock.community.notices.models import Notice
from oarlock.community.support.actions import count_replies
from oarlock.community.texts.models import Text


def tell(*, to: User | None, kind: str, target: str, key: str) -> None:
    """Leave a notice; the same key is told once."""
    if to is None or not to.is_active:
        return
    Notice.objects.get_or_create(to=to, key=key[:80], defaults={"kind": kind, "target": target})


def visibility_changed(text: Text) -> None:
    """Bring the thread in line after a text was shown or hidden."""
    if text.kind == Text.Kind.REPLY:
        count_replies(text.reply.post)
