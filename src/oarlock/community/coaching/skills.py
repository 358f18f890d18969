"""A supporter's own skill over time, from the codes of their replies; for nobody else's eyes."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
from django.utils import timezone

from oarlock.coach import CodedReply, MonthOfSkill, skill_by_month
from oarlock.community.accounts.models import User
from oarlock.community.texts.models import CodedSentence, Text

#: Older replies say little about today.
MONTHS = 12


def by_month(of: User) -> tuple[MonthOfSkill, ...]:
    """Return the months of the last year in which the person replied, the oldest first."""
    since = timezone.now() - timedelta(days=31 * MONTHS)
    rows = (
        CodedSentence.objects.filter(
            text__author=of, text__kind=Text.Kind.REPLY, text__created_at__gte=since, read=True
        )
        .exclude(text__state=Text.State.DELETED)
        .order_by("text__created_at", "text", "start")
        .values_list(
            "text", "text__created_at", "text__version", "version", "model_version", "probabilities"
        )
    )
    replies: dict[tuple[int, date], list[list[float]]] = defaultdict(list)
    newest: dict[int, str] = {}
    for text, written, current, version, model, probabilities in rows:
        if version != current or not probabilities:
            continue
        # A text that was coded by two releases counts once, by the newer one.
        if newest.setdefault(text, model) != model:
            continue
        replies[text, timezone.localdate(written)].append(probabilities)
    return skill_by_month(
        CodedReply(day, np.array(p, dtype=np.float32)) for (_, day), p in replies.items()
    )
