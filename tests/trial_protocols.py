"""Protocols for the tests: the template, filled in and changed."""

from __future__ import annotations

import datetime as dt

from oarlock.trial.protocol import Protocol, loads, template

NOW = dt.datetime(2027, 3, 1, 9, 30, tzinfo=dt.UTC)
SEED = bytes(range(7, 39))


def text(**changes: str) -> str:
    """Return the template, filled in, the first line of each key replaced ("" takes it out)."""
    filled = template().replace('"FILL IN"', '"filled@example.org"').replace("FILL IN: ", "")
    for key, value in changes.items():
        lines = filled.split("\n")
        place = next(i for i, line in enumerate(lines) if line.startswith(f"{key} ="))
        lines[place] = f"{key} = {value}" if value else ""
        filled = "\n".join(lines)
    return filled


def protocol(**changes: str) -> Protocol:
    return loads(text(**changes))


def allocating(
    method: str,
    shares: tuple[int, ...] = (1, 1),
    *,
    block_sizes: tuple[int, ...] | None = None,
    extra: str = "",
) -> Protocol:
    """Return a protocol of active arms with these shares and this method."""
    head, rest = text(method=f'"{method}"', strata="[]", design='"active"').split("[[arms]]", 1)
    _, rest = rest.split("# --- Who may take part.", 1)
    arms = "".join(
        f'[[arms]]\nname = "arm-{place}"\nlabel = "Arm"\nrole = "active"\n'
        f'share = {share}\ngroups = ["room-{place}"]\n\n'
        for place, share in enumerate(shares, start=1)
    )
    total = sum(shares)
    sizes = list(block_sizes or (total * 2, total * 3))
    whole = f"{head}{arms}{rest}".replace("block_sizes = [4, 6, 8]", f"block_sizes = {sizes}")
    second = (
        '[[allocation.factors]]\nname = "city"\nsource = "word"\nlevels = ["north", "south"]\n\n'
    )
    return loads(whole.replace("# --- When people", f"{second}{extra}\n# --- When people"))
