"""The index that search uses: GIN in PostgreSQL, FTS5 kept by triggers in SQLite."""

from __future__ import annotations

from typing import Any

from django.db import connections

POSTGRES = """
CREATE INDEX support_search ON texts_text USING gin (
    to_tsvector('simple'::regconfig, COALESCE(title, '') || ' ' || COALESCE(body, ''))
) WHERE kind IN ('post', 'reply')
"""

TABLE = """
CREATE VIRTUAL TABLE IF NOT EXISTS support_search USING fts5(
    title, body, content='texts_text', content_rowid='id',
    tokenize='unicode61 remove_diacritics 2', prefix='2 3'
)
"""
FILL = (
    "INSERT INTO support_search (support_search) VALUES ('delete-all')",
    """
    INSERT INTO support_search (rowid, title, body)
    SELECT id, title, body FROM texts_text WHERE kind IN ('post', 'reply')
    """,
)
TRIGGERS = {
    "support_search_added": """
    CREATE TRIGGER support_search_added AFTER INSERT ON texts_text
    WHEN new.kind IN ('post', 'reply') BEGIN
        INSERT INTO support_search (rowid, title, body) VALUES (new.id, new.title, new.body);
    END
    """,
    "support_search_gone": """
    CREATE TRIGGER support_search_gone AFTER DELETE ON texts_text
    WHEN old.kind IN ('post', 'reply') BEGIN
        INSERT INTO support_search (support_search, rowid, title, body)
        VALUES ('delete', old.id, old.title, old.body);
    END
    """,
    "support_search_changed": """
    CREATE TRIGGER support_search_changed AFTER UPDATE OF title, body ON texts_text
    WHEN new.kind IN ('post', 'reply') BEGIN
        INSERT INTO support_search (support_search, rowid, title, body)
        VALUES ('delete', old.id, old.title, old.body);
        INSERT INTO support_search (rowid, title, body) VALUES (new.id, new.title, new.body);
    END
    """,
}


def add(connection: Any) -> None:
    """Make the index, filled with what is there."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES)
            return
        cursor.execute(TABLE)
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        for statement in (*FILL, *TRIGGERS.values()):
            cursor.execute(statement)


def remove(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP INDEX IF EXISTS support_search")
            return
        for name in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        cursor.execute("DROP TABLE IF EXISTS support_search")


def keep(using: str = "default", **_signal: Any) -> None:
    """Make the index again where a migration has rebuilt the table of texts in SQLite.

    Such a rebuild drops the triggers without a word; runs after every `migrate`.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE 'support_search%'")
        there = {name for (name,) in cursor.fetchall()}
    if "support_search" in there and not there >= set(TRIGGERS):
        add(connection)
