"""What the papers promise holds: links lead somewhere, commands exist, examples run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from oarlock.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAGES_MADE = (
    "coach-rules", "codebook", "commands", "glossary", "changelog", "model-card", "spec",
    "trial-protocol", "corpus-tables", "corpus-mapping", "masking",
)  # fmt: skip
GENERATED = {f"reference/{name}.md" for name in PAGES_MADE}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def shell_lines() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for language, body in FENCE.findall(page.read_text("utf-8")):
            if language in {"sh", "bash", "console"}:
                found += [(name_of(page), line.strip()) for line in body.splitlines()]
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page: Path) -> None:
    dead = []
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        path = target.partition("#")[0]
        if not path or re.match(r"[a-z]+:", path) or page.name == "template.md":
            continue
        there = (page.parent / path).resolve()
        generated = there.is_relative_to(ROOT / "docs") and (
            there.relative_to(ROOT / "docs").as_posix() in GENERATED
            or there.is_relative_to(ROOT / "docs/reference/api")
        )
        if not there.exists() and not generated:
            dead.append(target)
    assert not dead


def test_make_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        (page, match)
        for page, line in shell_lines()
        for match in re.findall(r"\bmake ([a-z-]+)", line)
    }
    assert {target for _, target in named} >= {"setup", "demo", "test", "check"}
    assert not {(page, target) for page, target in named if target not in targets}


def test_oarlock_commands_that_are_named_exist() -> None:
    named = {
        (page, match)
        for page, line in shell_lines()
        for match in re.findall(r"^(?:\.venv/bin/)?oarlock ([a-z]+)", line)
    }
    assert not {(page, command) for page, command in named if command not in COMMANDS}


def test_readme_calls_the_test_command_that_ci_runs() -> None:
    assert "`make test`" in (ROOT / "README.md").read_text("utf-8")
    assert re.search(r"^run test make test$", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE)


def test_readme_python_example_runs() -> None:
    example = next(
        body
        for language, body in FENCE.findall((ROOT / "README.md").read_text("utf-8"))
        if language == "python"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") >= 3


def test_site_builds_without_warnings_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    loads = re.compile(
        r"<(?:script|img|iframe|source)[^>]+src=\"https?://"
        r"|<link[^>]+rel=\"(?:stylesheet|preconnect|icon|preload)\"[^>]+href=\"https?://"
    )
    pages = sorted(tmp_path.rglob("*.html"))
    assert pages
    assert not [page.name for page in pages if loads.search(page.read_text("utf-8"))]
