"""Writes the rows of an importer as a corpus, checked before it appears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from oarlock.corpus.checks import Report, check_folder
from oarlock.corpus.deidentify import Deidentifier, new_key
from oarlock.corpus.importers.rows import Importer
from oarlock.corpus.staging import Staging, check_target
from oarlock.errors import UserError


def import_rows(
    importer: Importer,
    path: Path,
    folder: Path,
    *,
    mask: bool = True,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Write a source as a corpus and return what the check of it found.

    Args:
        importer: One of `IMPORTERS`.
        path: Where the source lies.
        folder: Where the corpus goes; appears whole or not at all.
        mask: Mask texts.
        overwrite: Replace a corpus that is there.
        progress: Told the number of rows, now and then.

    Raises:
        UserError: The source is not as it should be, the folder is there, or keys do not hold.
    """
    check_target(folder, overwrite=overwrite)
    if not path.exists():
        raise UserError(
            f"{path}: there is no such file or folder.",
            remedy=f"`{importer.name}` needs {importer.needs}.",
        )
    deidentifier = Deidentifier(
        mask=mask and not importer.as_is, key=new_key() if importer.hashes_people else None
    )
    n_rows: Counter[str] = Counter()
    with Staging(folder) as staging:
        for table, row in importer.read(path):
            staging.add(table, deidentifier.row(table, row))
            n_rows[table] += 1
            if progress is not None and n_rows.total() % 1000 == 0:
                progress(n_rows.total())
        facts = {
            "source": importer.name,
            "about": importer.title,
            "lacks": list(importer.lacks),
            "n_rows": dict(n_rows),
            **deidentifier.facts(),
        }
        staging.finish(facts)
        report = check_folder(staging.partial)
        report.refuse_errors(str(path))
        staging.publish()
    return report
