"""The commands and Python examples of a page, run in order in one folder, and what they print.

A fence of `sh` or `python` is run; a fence of `text` right after it is its output. A fence with
`title="NAME"` is a file of that name. Lines that only set up a machine are passed over.

    python tests/repository/examples.py [PAGE...]    writes the outputs anew into the pages
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Pages with commands; a walk through the pages of the community has none.
PAGES = tuple(
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs/tutorials").glob("[0-9]*.md")))
    if "```" in page.read_text("utf-8")
)

_FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Lines that no test runs: they make the environment that the test is in already.
_SETTING_UP = re.compile(r"(make setup|source |pip |cd )")
_NUMBER = r"\d+(?:\.\d+)?"


@dataclass(frozen=True)
class Example:
    """One fence that was run: the span of its output in the page, what stands there, what came."""

    source: str
    span: tuple[int, int] | None
    shown: str
    printed: str


def run_page(page: Path, folder: Path) -> Iterator[Example]:
    """Yield the examples of a page, each after it was run in the folder."""
    text = page.read_text("utf-8")
    (folder / "docs").symlink_to(ROOT / "docs")
    names: dict[str, object] = {"__name__": "example"}
    fences = list(_FENCE.finditer(text))
    for fence, after in zip(fences, [*fences[1:], None], strict=True):
        language, title, body = fence.groups()
        if title:
            (folder / title).write_text(body, "utf-8")
            continue
        if language == "python":
            printed = _python(body, names)
        elif language == "sh":
            printed = _shell(body, folder)
        else:
            continue
        is_output = (
            after is not None
            and after.group(1) == "text"
            and not text[fence.end() : after.start()].strip()
        )
        if is_output:
            yield Example(body, after.span(3), after.group(3), printed)
        else:
            yield Example(body, None, "", printed)


def _python(body: str, names: dict[str, object]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(body, "example", "exec"), names)
    return _trimmed(printed.getvalue())


def _shell(body: str, folder: Path) -> str:
    lines = [line for line in body.splitlines() if not _SETTING_UP.match(line)]
    demo = "oarlock demo --report-only --no-open"
    script = "\n".join(re.sub(r"^make demo\b", demo, line) for line in lines)
    programs = folder / ".programs"
    programs.mkdir(exist_ok=True)
    oarlock = programs / "oarlock"
    oarlock.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m oarlock "$@"\n', "utf-8")
    oarlock.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "OARLOCK_DATA"}
    environment |= {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return _trimmed(done.stdout.replace(f"{folder.resolve()}/", ""))


def _trimmed(printed: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())


def differences(shown: str, printed: str) -> list[str]:
    """Return the lines that differ in substance: in a word, or in a number by more than a little.

    Newly trained weights move a probability a little without making a page untrue.
    """
    old, new = _lines(shown), _lines(printed)
    wrong = [f"{a!r} became {b!r}" for a, b in zip(old, new, strict=False) if not _same(a, b)]
    if len(old) != len(new):
        wrong.append(f"{len(old)} lines became {len(new)}")
    return wrong


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─━")]


def _same(old: str, new: str) -> bool:
    if re.sub(_NUMBER, "0", old) != re.sub(_NUMBER, "0", new):
        return False
    pairs = zip(re.findall(_NUMBER, old), re.findall(_NUMBER, new), strict=True)
    return all(abs(float(a) - float(b)) <= 0.15 + 0.1 * abs(float(a)) for a, b in pairs)


def rewrite(page: Path, folder: Path) -> None:
    """Write the outputs of a page anew."""
    text = page.read_text("utf-8")
    for example in reversed(list(run_page(page, folder))):
        if example.span is not None:
            start, end = example.span
            text = text[:start] + example.printed + text[end:]
    page.write_text(text, "utf-8")


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    for path in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        with TemporaryDirectory() as temporary:
            os.chdir(temporary)
            rewrite(path, Path(temporary))
            os.chdir(ROOT)
