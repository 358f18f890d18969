"""Work on texts that can wait: coding by the MI coder."""

from __future__ import annotations

from functools import cache

from django.db import transaction
from django_tasks import task

from oarlock.codebook import CODES
from oarlock.coder import Coder
from oarlock.community.texts.models import CodedSentence, Text


@cache
def coder() -> Coder:
    """Return the coder, loaded once per process."""
    return Coder.load()


@task()
def code_text(pk: int, version: int) -> int:
    """Code one version of a text and return the number of sentences; 0 if it has changed."""
    text = Text.objects.filter(pk=pk, version=version).first()
    if text is None or text.state == Text.State.DELETED:
        return 0
    coded = coder().code(text.body)
    with transaction.atomic():
        CodedSentence.objects.filter(text=text, version=version).delete()
        CodedSentence.objects.bulk_create(
            CodedSentence(
                text=text,
                version=version,
                start=sentence.start,
                end=sentence.end,
                code=sentence.code,
                probability=round(sentence.probability, 4),
                probabilities=[round(sentence.probabilities[c.name], 4) for c in CODES],
                read=sentence.reason != "language",
                reliable=sentence.reliable,
                model_version=coded.model_version,
            )
            for sentence in coded.sentences
        )
    return len(coded.sentences)
