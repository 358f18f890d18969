"""Builds the parts of the site that are made from the code, and the menu from the folders.

A new page needs no entry anywhere: put it in the folder of its kind and give it a title.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from oarlock.cli.commands import COMMANDS, group_commands
from oarlock.coach.markdown import rules_page
from oarlock.codebook import render_crosswalks_markdown, render_markdown
from oarlock.corpus.markdown import mapping_page, tables_page
from oarlock.study.features import as_markdown as features_page
from oarlock.trial.protocol.reference import render_markdown as protocol_page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "oarlock"

SECTIONS = {
    "tutorials": "Tutorials",
    "how-to": "How-to guides",
    "reference": "Reference",
    "explanation": "Explanation",
    "adr": "Decisions",
    "api": "Python",
}


#: The order of the guides; others follow by name. Tutorials have numbers in their file names.
GUIDES = (
    "install", "install-offline", "code-a-corpus", "code-on-spark", "report", "evaluate", "agree",
    "plan-a-trial", "synthesise-trials", "import-a-corpus", "fetch-data", "train-the-weights",
)  # fmt: skip


def _place(path: str) -> tuple[int, str]:
    name = Path(path).stem
    return (GUIDES.index(name) if name in GUIDES else len(GUIDES), path)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = {
        "reference/codebook.md": render_markdown(),
        "reference/crosswalks.md": render_crosswalks_markdown(),
        "reference/coach-rules.md": rules_page(),
        "reference/commands.md": commands_page(),
        "reference/trial-protocol.md": protocol_page(),
        "reference/corpus-tables.md": tables_page(),
        "reference/corpus-mapping.md": mapping_page(),
        "reference/masking.md": masking_page(),
        "reference/features.md": features_page(),
        "reference/glossary.md": (ROOT / "GLOSSARY.md").read_text("utf-8"),
        "reference/changelog.md": (ROOT / "CHANGELOG.md").read_text("utf-8"),
        **weights_pages(),
        **api_pages(),
    }
    for path, content in pages.items():
        if files.get_file_from_path(path) is None:
            files.append(File.generated(config, path, content=content))
    return files


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Orders the four ways of reading and gives their folders a name to read."""
    places = {name.replace("-", " "): place for place, name in enumerate(SECTIONS, start=1)}
    nav.items.sort(key=lambda item: places.get((item.title or "").lower(), 0))
    titles = {name.replace("-", " "): title for name, title in SECTIONS.items()}
    for item in [*nav.items, *(child for top in nav.items for child in top.children or ())]:
        if item.is_section:
            item.title = titles.get(item.title.lower(), item.title)
            if item.title == SECTIONS["how-to"]:
                item.children.sort(key=lambda child: _nav_place(child))
    return nav


def _nav_place(child: object) -> tuple[bool, tuple[int, str]]:
    file = getattr(child, "file", None)
    path = file.src_uri if file is not None else ""
    return (not path.endswith("index.md"), _place(path))


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Ends the first page of a section with the list of the others."""
    folder, _, name = page.file.src_uri.rpartition("/")
    if name != "index.md" or folder not in SECTIONS:
        return markdown
    lines = [markdown.rstrip(), ""]
    for other in sorted(files.documentation_pages(), key=lambda file: _place(file.src_uri)):
        path = other.src_uri
        if (
            path.startswith(f"{folder}/")
            and path != page.file.src_uri
            and other.inclusion.is_included()
        ):
            title, first = _title_and_first_sentence(other.content_string)
            lines.append(f"- [{title}]({path.removeprefix(f'{folder}/')}){first and ': ' + first}")
    return "\n".join(lines) + "\n"


def _title_and_first_sentence(markdown: str) -> tuple[str, str]:
    paragraphs = [part.strip() for part in markdown.split("\n\n")]
    title = next((part[2:].split("\n")[0] for part in paragraphs if part.startswith("# ")), "")
    prose = (p for p in paragraphs if p and p[0].isalpha())
    first = " ".join(next(prose, "").split()).partition(". ")[0]
    return title, first if not first or first.endswith(".") else first + "."


def commands_page() -> str:
    """Returns the help of every command, as the command itself prints it."""
    parts = [
        "# Commands\n",
        "Every command, as `oarlock COMMAND --help` prints it. Exit codes: 0 done, 2 a fault that "
        "you can mend (the message says how), 130 interrupted, 1 a fault of Oarlock itself.\n",
    ]
    for name, summary in COMMANDS.items():
        parts += [f"## oarlock {name}\n", summary + "\n"]
        module = PACKAGE / "cli" / name.replace("-", "_")
        if not module.is_dir() and not module.with_suffix(".py").is_file():
            continue
        parts += ["```text", _help(name), "```\n"]
        for group_command in group_commands(name):
            parts += [f"### oarlock {name} {group_command}\n"]
            parts += ["```text", _help(name, group_command), "```\n"]
    return "\n".join(parts)


def _help(*command: str) -> str:
    environment = {**os.environ, "TYPER_USE_RICH": "0", "NO_COLOR": "1", "COLUMNS": "88"}
    done = subprocess.run(
        [sys.executable, "-m", "oarlock", *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
    )
    return done.stdout.strip()


def masking_page() -> str:
    """Returns what masking catches, from the identifiers that its tests plant."""
    sys.path.insert(0, str(ROOT / "tests"))
    from spec import masking

    return masking.page()


def weights_pages() -> dict[str, str]:
    """Returns the model card, and what the coder makes of the test sentences."""
    from oarlock.coder import Coder
    from oarlock.coder.quality import card
    from oarlock.coder.weights import read_manifest, read_metrics, weights_folder

    folder = weights_folder()
    if not any(folder.glob("*.json")):
        return {}  # a checkout in which no weights were trained yet
    metrics = read_metrics(folder)
    sys.path.insert(0, str(ROOT / "tests"))
    from spec import outcomes

    coder = Coder.load()
    return {
        "reference/model-card.md": card.render_markdown(metrics, read_manifest(folder)),
        "reference/spec.md": outcomes.page(outcomes.outcomes(coder), coder.model_version),
    }


def api_pages() -> dict[str, str]:
    """Returns one page for each package of the house, with its public modules."""
    pages = {}
    for init in sorted(PACKAGE.glob("*/__init__.py")):
        package = init.parent
        if package.name == "cli":
            continue
        modules = [f"oarlock.{package.name}"]
        for path in sorted(package.rglob("*.py")):
            dotted = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            dotted = dotted.removesuffix(".__init__")
            if dotted not in modules and not any(p.startswith("_") for p in dotted.split(".")):
                modules.append(dotted)
        summary = (ast.get_docstring(ast.parse(init.read_text("utf-8"))) or "").split("\n\n")[0]
        parts = [f"# oarlock.{package.name}\n", f"{summary}\n"]
        parts += [f"::: {module}\n    options: {{ heading_level: 2 }}\n" for module in modules]
        pages[f"reference/api/{package.name}.md"] = "\n".join(parts)
    return pages
