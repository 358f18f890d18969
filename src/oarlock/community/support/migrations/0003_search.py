"""An index to search posts and replies with."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from oarlock.community.support import search_index


def add(apps: Any, schema_editor: Any) -> None:
    search_index.add(schema_editor.connection)


def remove(apps: Any, schema_editor: Any) -> None:
    search_index.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("support", "0002_own_rows_named"), ("texts", "0001_initial")]
    operations = [
        migrations.RunPython(add, remove),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["-active_at"], name="post_active"),
        ),
    ]
