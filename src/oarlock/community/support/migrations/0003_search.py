"""An index to search posts and replies with: GIN in PostgreSQL, FTS5 in SQLite.

SQLite drops the triggers when a later migration rebuilds the table of texts; such a migration has
to run `add` again. The tests of the search fail otherwise.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

POSTGRES = """
CREATE INDEX support_search ON texts_text USING gin (
    to_tsvector('simple'::regconfig, COALESCE(title, '') || ' ' || COALESCE(body, ''))
) WHERE kind IN ('post', 'reply')
"""

SQLITE = (
    """
    CREATE VIRTUAL TABLE IF NOT EXISTS support_search USING fts5(
        title, body, content='texts_text', content_rowid='id',
        tokenize='unicode61 remove_diacritics 2', prefix='2 3'
    )
    """,
    """
    INSERT INTO support_search (rowid, title, body)
    SELECT id, title, body FROM texts_text WHERE kind IN ('post', 'reply')
    """,
    """
    CREATE TRIGGER support_search_added AFTER INSERT ON texts_text
    WHEN new.kind IN ('post', 'reply') BEGIN
        INSERT INTO support_search (rowid, title, body) VALUES (new.id, new.title, new.body);
    END
    """,
    """
    CREATE TRIGGER support_search_gone AFTER DELETE ON texts_text
    WHEN old.kind IN ('post', 'reply') BEGIN
        INSERT INTO support_search (support_search, rowid, title, body)
        VALUES ('delete', old.id, old.title, old.body);
    END
    """,
    """
    CREATE TRIGGER support_search_changed AFTER UPDATE OF title, body ON texts_text
    WHEN new.kind IN ('post', 'reply') BEGIN
        INSERT INTO support_search (support_search, rowid, title, body)
        VALUES ('delete', old.id, old.title, old.body);
        INSERT INTO support_search (rowid, title, body) VALUES (new.id, new.title, new.body);
    END
    """,
)


def add(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES)
    else:
        for statement in SQLITE:
            schema_editor.execute(statement)


def remove(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS support_search")
    else:
        for trigger in ("added", "gone", "changed"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS support_search_{trigger}")
        schema_editor.execute("DROP TABLE IF EXISTS support_search")


class Migration(migrations.Migration):
    dependencies = [("support", "0002_own_rows_named"), ("texts", "0001_initial")]
    operations = [migrations.RunPython(add, remove)]
