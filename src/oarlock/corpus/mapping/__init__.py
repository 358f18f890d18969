"""Any database or folder of files as a corpus, by one small TOML file."""

from oarlock.corpus.mapping.draft import draft
from oarlock.corpus.mapping.load import import_mapped
from oarlock.corpus.mapping.model import read_mapping

__all__ = ["draft", "import_mapped", "read_mapping"]
