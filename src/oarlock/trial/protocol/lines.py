"""On which line of a TOML file each key stands: `tomllib` gives values without their places.

The text is one that `tomllib` has accepted, so the scanner has to follow valid TOML only.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_COMMENT = re.compile(r"#[^\n]*")
_KEY = re.compile(r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")


def key_lines(text: str) -> Mapping[Path, int]:
    """Return the line, from 1, of every key and every table of a TOML document.

    Args:
        text: A document that `tomllib` can read.

    Returns:
        Lines by path: ("arms", 1, "name") is the key `name` of the second table `[[arms]]`, and
        ("arms", 1) its header. Keys within an inline table or an array have the line on which they
        stand themselves.
    """
    text = text.replace("\r\n", "\n")
    lines: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    here: Path = ()
    position = 0
    while position < len(text):
        position = _skip_blank(text, position)
        if position >= len(text):
            break
        line = text.count("\n", 0, position) + 1
        if text[position] == "[":
            is_array = text.startswith("[[", position)
            parts, position = _dotted(text, _skip_spaces(text, position + (2 if is_array else 1)))
            here = _entered(parts, counts)
            for depth in range(1, len(here)):
                lines.setdefault(here[:depth], line)
            if is_array:
                number = counts.get(here, 0)
                counts[here] = number + 1
                lines.setdefault(here, line)
                here = (*here, number)
            lines.setdefault(here, line)
            position = _end_of_line(text, position)
            continue
        parts, position = _dotted(text, position)
        path = (*here, *parts)
        for depth in range(len(here) + 1, len(path) + 1):
            lines.setdefault(path[:depth], line)
        position = _skip_spaces(text, position) + 1  # the equals sign
        for below, at in _inside(text, _skip_spaces(text, position), path):
            if below is not None:
                lines.setdefault(below, text.count("\n", 0, at) + 1)
            position = at
        position = _end_of_line(text, position)
    return lines


def _entered(parts: tuple[str, ...], counts: Mapping[Path, int]) -> Path:
    """Return the path of a header: its names, with the number of the last table in each array."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if path in counts and place < len(parts) - 1:
            path = (*path, counts[path] - 1)
    return path


def _dotted(text: str, position: int) -> tuple[tuple[str, ...], int]:
    parts: list[str] = []
    while True:
        match = _KEY.match(text, position)
        if match is None:  # pragma: no cover - tomllib has accepted the text
            return tuple(parts), position + 1
        name = match.group()
        parts.append(next(iter(tomllib.loads(f"{name} = 0"))))
        position = match.end()
        dot = _DOT.match(text, position)
        if dot is None:
            return tuple(parts), position
        position = dot.end()


def _inside(text: str, position: int, path: Path) -> Iterator[tuple[Path | None, int]]:
    """Yield the paths within one value with their positions, and at last None with its end."""
    opening = text[position] if position < len(text) else ""
    if opening == "[":
        position, number = position + 1, 0
        while (position := _skip_blank(text, position)) < len(text) and text[position] != "]":
            yield (*path, number), position
            end = position
            for below, at in _inside(text, position, (*path, number)):
                if below is not None:
                    yield below, at
                end = at
            position, number = _skip_comma(text, end), number + 1
        yield None, position + 1
    elif opening == "{":
        position += 1
        while (position := _skip_blank(text, position)) < len(text) and text[position] != "}":
            start = position
            parts, position = _dotted(text, position)
            for depth in range(1, len(parts) + 1):
                yield (*path, *parts[:depth]), start
            end = position = _skip_spaces(text, _skip_spaces(text, position) + 1)
            for below, at in _inside(text, position, (*path, *parts)):
                if below is not None:
                    yield below, at
                end = at
            position = _skip_comma(text, end)
        yield None, position + 1
    elif match := _STRING.match(text, position):
        yield None, match.end()
    else:
        bare = re.compile(r"[^,\]}#\n]*").match(text, position)
        yield None, bare.end() if bare else position


def _skip_spaces(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t":
        position += 1
    return position


def _skip_blank(text: str, position: int) -> int:
    """Return the next position that is no white space, no line end and in no comment."""
    while position < len(text):
        if text[position] in " \t\n\r":
            position += 1
        elif match := _COMMENT.match(text, position):
            position = match.end()
        else:
            break
    return position


def _skip_comma(text: str, position: int) -> int:
    position = _skip_blank(text, position)
    return position + 1 if text.startswith(",", position) else position


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1
