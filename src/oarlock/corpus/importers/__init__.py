"""From public corpora to the tables: one importer each, rows as a stream."""

from __future__ import annotations

from collections.abc import Mapping

from oarlock.corpus.importers import (
    convokit,
    counselchat,
    esconv,
    mibot,
    oarlock,
    rated,
    reddit,
)
from oarlock.corpus.importers.rows import Importer
from oarlock.corpus.importers.write import import_rows

__all__ = ["IMPORTERS", "Importer", "import_rows"]

IMPORTERS: Mapping[str, Importer] = {
    module.IMPORTER.name: module.IMPORTER
    for module in (oarlock, counselchat, esconv, mibot, rated, reddit, convokit)
}
"""By the name that the command line uses."""
