"""`oarlock trial verify`: draws every arm of a log again and names the rows that do not hold."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oarlock.cli.output import STANDARD_OUTPUT, standard_output_named, write_json
from oarlock.cli.trial.allocate import read_seed
from oarlock.errors import UserError

if TYPE_CHECKING:
    from oarlock.trial.allocation import Verification

_ANCHOR = re.compile(r"([0-9]+):([0-9a-f]{64})")


def main(
    log: Annotated[Path, typer.Argument(help="The log of allocations.")],
    protocol: Annotated[
        list[Path] | None,
        typer.Option(
            help="The protocol; once for each version that was in force.", show_default="trial.toml"
        ),
    ] = None,
    seed_file: Annotated[
        Path | None,
        typer.Option("--seed", help="File with the seed, unless the log is closed and reveals it."),
    ] = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER:HASH",
            help="Hash of a row that was kept elsewhere; may be given several times.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output.")
    ] = False,
) -> None:
    """Recompute every allocation of a log; find altered, deleted, inserted and moved rows."""
    from oarlock.trial.allocation import parse_seed, read_log, verify
    from oarlock.trial.protocol import load

    seed = None if seed_file is None else parse_seed(str(_kept(seed_file).get("seed", "")))
    found = verify(
        read_log(log),
        [load(path) for path in protocol or [Path("trial.toml")]],
        seed,
        anchors=_anchors(anchor or []),
    )
    if as_json:
        content = asdict(found) | {"is_sound": found.is_sound}
        write_json(content, STANDARD_OUTPUT)
    else:
        _show(found)
    if not found.is_sound:
        n = len(found.findings)
        raise UserError(
            f"{log} does not hold: {n} finding{'s' if n != 1 else ''}.",
            remedy="Compare with a backup from before the first of them, and with the receipts.",
        )


def _kept(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise UserError(f"{path}: there is no such file.", remedy="Check the path.")
    return read_seed(path)


def _anchors(given: list[str]) -> dict[int, str]:
    found = {}
    for text in given:
        match = _ANCHOR.fullmatch(text.strip().lower())
        if match is None:
            raise UserError(
                "--anchor expects the number of a row, a colon and its hash of 64 digits.",
                remedy="Copy both from the receipt.",
            )
        found[int(match.group(1))] = match.group(2)
    return found


def _show(found: Verification) -> None:
    with standard_output_named():
        arms = ", ".join(f"{arm} {n}" for arm, n in sorted(found.arms.items())) or "none"
        typer.echo(f"{found.n_allocated} units: {arms}.")
        for one in found.findings:
            typer.echo(f"row {one.row}, {one.kind}: {one.said}.")
        for note in found.notes:
            typer.echo(f"note: {note}")
        if found.is_sound:
            how = "Every arm was drawn again and is the same" if found.is_recomputed else (
                "The chain is whole"
            )  # fmt: skip
            typer.echo(f"{how}. Hash of the last row: {found.head}")
