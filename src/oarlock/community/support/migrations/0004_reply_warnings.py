"""Replies get the content warnings of the policy, those that are there too."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

#: Warnings by what screening found, as the policy has them at the time of this change.
RISKS = {"active", "plan or intent", "recent behaviour", "imminent"}
KINDS = {"self-injury": "self-harm", "abuse": "abuse", "pro-eating-disorder": "eating"}


def warn(apps: Any, _editor: Any) -> None:
    """Put the warnings on replies by what screening has found in their present version."""
    Reply = apps.get_model("support", "Reply")
    Screening = apps.get_model("texts", "Screening")
    found = Screening.objects.filter(
        models.Q(risk__in=RISKS) | ~models.Q(kinds={}),
        text__kind="reply",
        version=models.F("text__version"),
    )
    for screening in found.order_by("pk").iterator(chunk_size=500):
        warnings = {KINDS[kind] for kind in screening.kinds if kind in KINDS}
        if screening.risk in RISKS:
            warnings.add("suicide")
        Reply.objects.filter(pk=screening.text_id).update(warnings=sorted(warnings))


class Migration(migrations.Migration):
    dependencies = [
        ("support", "0003_search"),
        ("texts", "0002_code_probabilities"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="warnings",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.RunPython(warn, migrations.RunPython.noop),
    ]
