"""`oarlock trial allocate`: arms for a list of units, for trials outside the community."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oarlock.cli.input import text_rows
from oarlock.cli.output import (
    STANDARD_OUTPUT,
    check_target,
    standard_output_named,
    write_files,
    write_json,
)
from oarlock.errors import UserError

if TYPE_CHECKING:
    from oarlock.trial.allocation import Entry, Verification
    from oarlock.trial.protocol import Factor, Protocol


def main(
    units: Annotated[
        str,
        typer.Argument(
            help="CSV with a column of pseudonyms and one for each factor; - for standard input."
        ),
    ],
    protocol: Annotated[Path, typer.Option(help="The protocol.")] = Path("trial.toml"),
    log: Annotated[Path, typer.Option(help="The log; begun, or carried on.")] = Path(
        "allocation.jsonl"
    ),
    seed_file: Annotated[
        Path, typer.Option("--seed", help="File with the secret seed; made if it is not there.")
    ] = Path("allocation-seed.json"),
    unit_column: Annotated[
        str | None, typer.Option(help="Column of pseudonyms.", show_default="unit or id")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write units and arms to this CSV.")
    ] = None,
    close: Annotated[
        bool, typer.Option("--close", help="Close the log after it, which reveals the seed.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on standard output.")
    ] = False,
) -> None:
    """Give each unit of a list its arm, from a secret seed, and log it in a chain of hashes.

    Keep the seed where nobody who enrols people can read it. Units that have an arm keep it. All of
    the list is allocated, or nothing is.
    """
    from oarlock.trial.allocation import close_log, next_arm, open_log, read_log, verify
    from oarlock.trial.protocol import load, placeholders

    trial = load(protocol)
    if missing := placeholders(trial):
        raise UserError(
            f"{protocol} still has to be filled in: {', '.join(missing)}.",
            remedy="Replace FILL IN, and run oarlock trial check.",
        )
    given = [str(protocol), units, *([str(seed_file)] if seed_file.exists() else [])]
    check_target(log, inputs=tuple(given), option="--log")
    if out is not None:
        check_target(out, inputs=(*given, *([str(log)] if log.exists() else [])), option="--out")
    rows = _rows(units, trial, unit_column)
    entries: list[Entry] = list(read_log(log)) if log.exists() else []
    seed, is_new = _seed(seed_file, trial, has_log=bool(entries))
    now = dt.datetime.now(tz=dt.UTC)
    if not entries:
        entries.append(open_log(trial, seed, at=now, used=_used(log)))
    elif _is_changed(verify(entries, [trial], seed)):
        raise UserError(
            f"{log} does not hold, so no arm can follow on it.",
            remedy=f"Run: oarlock trial verify {log} --protocol {protocol} --seed {seed_file}",
        )
    there = {entry.unit for entry in entries}
    n_before = len(there - {""})
    for unit, strata in rows:
        if unit not in there:
            entries.append(next_arm(trial, seed, entries, unit, strata, at=now))
    if close:
        entries.append(close_log(trial, seed, entries, at=now))
    _keep(entries, log, out, (seed_file, trial, seed) if is_new else None)
    _tell(entries, n_before, log, seed_file, as_json)


def _is_changed(found: Verification) -> bool:
    # Rows of an earlier version of the protocol are no fault: only the present one is at hand.
    return any(one.kind != "protocol" for one in found.findings)


def _rows(units: str, trial: Protocol, unit_column: str | None) -> list[tuple[str, dict[str, str]]]:
    """Return pseudonyms and levels, checked before anything is drawn."""
    from oarlock.corpus.reading import read_records

    factors = trial.allocation.used_factors
    found: dict[str, dict[str, str]] = {}
    with read_records(units) as records:
        wanted = {"--unit-column": unit_column} if unit_column else {}
        named = records.require(wanted).get("--unit-column") if wanted else None
        column = named or records.find("unit", "id")
        if column is None:
            raise UserError(
                f"{records.name} has no column unit or id.", remedy="Name one with --unit-column."
            )
        columns = {factor.name: records.find(factor.name) for factor in factors}
        if absent := [name for name, one in columns.items() if one is None]:
            raise UserError(
                f"{records.name} has no column {absent[0]}, a factor of the allocation.",
                remedy=f"It needs a column for each of: {', '.join(columns)}.",
            )
        for row, cells in text_rows(records, [column, *columns.values()]):
            unit = (cells[column] or "").strip()
            if not unit or unit in found:
                raise UserError(
                    f"{records.name}, row {row}, column {column}: "
                    f"{'a pseudonym that is there already' if unit else 'nothing'}; expected a "
                    "pseudonym, each once.",
                    remedy="Mend the row; nothing has been allocated.",
                )
            found[unit] = {
                factor.name: _level(factor, cells[columns[factor.name] or ""], records.name, row)
                for factor in factors
            }
    return list(found.items())


def _level(factor: Factor, cell: str | None, name: str, row: int) -> str:
    text = (cell or "").strip()
    try:
        return text if text in factor.levels else factor.level_of(text)
    except ValueError:
        wanted = ", ".join(factor.levels) + (" or a number" if factor.cuts else "")
        raise UserError(
            f"{name}, row {row}, column {factor.name}: expected {wanted}.",
            remedy="Mend the row; nothing has been allocated.",
        ) from None


def _seed(path: Path, trial: Protocol, *, has_log: bool) -> tuple[bytes, bool]:
    """Return the seed, and whether it has just been made."""
    from oarlock.trial.allocation import new_seed, parse_seed

    if path.exists():
        kept = read_seed(path)
        if kept.get("trial") != trial.name:
            raise UserError(
                f"{path} is the seed of the trial {kept.get('trial')}, not of {trial.name}: "
                "whoever can read the allocations of one could tell those of the other.",
                remedy="Name another file with --seed; it is made.",
            )
        return parse_seed(str(kept.get("seed", ""))), False
    if has_log:
        raise UserError(
            f"{path}: there is no such file, but the log has been begun with a seed.",
            remedy="Name with --seed the file that was made with the log.",
        )
    if trial.allocation.seed == "given":
        raise UserError(
            f"{path}: there is no such file, and the protocol says that the seed is given.",
            remedy='Let the person who keeps it write {"trial": "NAME", "seed": "64 hexadecimal '
            'digits"} into it.',
        )
    check_target(path, inputs=(), option="--seed")
    return new_seed(), True


def read_seed(path: Path) -> dict[str, Any]:
    """Return what a seed file holds.

    Raises:
        UserError: It is no seed file; the message does not hold its content.
    """
    try:
        kept = json.loads(path.read_text("utf-8"))
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        raise UserError(
            f"{path} is no seed file: expected a JSON object with trial and seed.",
            remedy="Name the file that oarlock trial allocate made.",
        )
    return kept


def _used(log: Path) -> dict[str, str]:
    """Return the trials whose logs lie beside this one, by the commitment of their seed."""
    from oarlock.trial.allocation import read_log

    used = {}
    for path in sorted(log.parent.glob("*.jsonl")):
        if path.resolve() == log.resolve():
            continue
        try:
            first = read_log(path)[0]
        except UserError:  # some other file of the same kind
            continue
        used[first.commitment] = first.trial
    return used


def _keep(
    entries: Sequence[Entry],
    log: Path,
    out: Path | None,
    new_seed: tuple[Path, Protocol, bytes] | None,
) -> None:
    from oarlock.trial.allocation import log_lines

    if new_seed is not None:
        path, trial, seed = new_seed
        content = json.dumps({"trial": trial.name, "seed": seed.hex()}) + "\n"
        # A seed that was drawn is on the disk before any arm that follows from it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    texts = {log: log_lines(entries)}
    if out is not None:
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["unit", "arm"])
        writer.writerows((e.unit, e.arm) for e in entries if e.is_allocation)
        texts[out] = table.getvalue()
    write_files(texts)


def _tell(
    entries: Sequence[Entry], n_before: int, log: Path, seed_file: Path, as_json: bool
) -> None:
    given = [entry for entry in entries if entry.is_allocation]
    if as_json:
        write_json(
            {
                "trial": entries[0].trial,
                "commitment": entries[0].commitment,
                "head": entries[-1].hash,
                "n_allocated": len(given),
                "n_new": len(given) - n_before,
                "units": [{"unit": entry.unit, "arm": entry.arm} for entry in given],
            },
            STANDARD_OUTPUT,
        )
        return
    with standard_output_named():
        for entry in given[n_before:]:
            typer.echo(f"{entry.unit}\t{entry.arm}")
        typer.echo(f"{len(given) - n_before} units were allocated, {len(given)} in all: {log}")
        typer.echo(f"The seed is in {seed_file}: keep it from everybody who enrols people.")
        typer.echo(f"Publish the hash of the seed: {entries[0].commitment}")
        typer.echo(f"Keep elsewhere the hash of the last row ({entries[-1].index}): "
                   f"{entries[-1].hash}")  # fmt: skip
