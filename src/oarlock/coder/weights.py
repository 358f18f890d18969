"""The shipped weights: where they lie, whether they are whole, and how they are calibrated.

`SHA256SUMS`, which `sha256sum --check` reads too, holds the checksums of the manifest and of the
figures; the manifest holds those of everything else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oarlock.errors import UserError

MANIFEST = "manifest.json"
METRICS = "metrics.json"
CHECKSUMS = "SHA256SUMS"
#: A code is flagged as unreliable below this held-out F1, or with fewer labelled sentences: with
#: F1 under 0.4, half of what is found and more than half of what is there are wrong or missed.
RELIABLE_F1 = 0.4
MIN_SUPPORT = 10
_REINSTALL = (
    "Install Oarlock again; in your copy of the repository: "
    "pip install --force-reinstall --no-deps ."
)
_OWN = "Weights of your own: run the same `oarlock train` again."


@dataclass(frozen=True, slots=True)
class Calibration:
    """Maps the logits of one head to calibrated probabilities, and those to a label.

    Probabilities are softmax(logits * scale + bias); the label is that of the highest probability
    times `decision`, which favours rare labels a little, so that they are found at all. Fitted on
    out-of-fold predictions (Guo et al. 2017, arXiv:1706.04599, with a bias per label).
    """

    scale: float
    bias: NDArray[np.float32]
    decision: NDArray[np.float32]

    @classmethod
    def identity(cls, n_labels: int) -> Calibration:
        """Return what leaves softmax probabilities as they are."""
        return cls(1.0, np.zeros(n_labels, np.float32), np.ones(n_labels, np.float32))

    def decide(self, probabilities: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the index of each row's label."""
        return np.asarray((probabilities * self.decision).argmax(axis=1), dtype=np.int64)

    def probabilities(self, logits: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (n, n_labels) probabilities; rows sum to 1."""
        z = logits.astype(np.float32) * self.scale + self.bias
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        return np.asarray(p / p.sum(axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Weights:
    """One tier: its files, checked, and what is known of it."""

    tier: str
    release: str
    folder: Path
    files: dict[str, Path]
    calibration: dict[str, Calibration]
    unreliable_codes: frozenset[str]
    uncertain_below: float

    @property
    def version(self) -> str:
        """Tier and release, as stored beside every prediction."""
        return f"{self.tier}-{self.release}"


def weights_folder() -> Path:
    """Return the folder of the shipped weights."""
    return Path(str(files("oarlock.coder"))) / "weights"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(path: Path, expected: str) -> None:
    try:
        found = sha256(path)
    except OSError as error:
        raise UserError(
            f"The weights file {path.name} cannot be read in {path.parent}.", remedy=_REINSTALL
        ) from error
    _compare(path, found, expected)


def _compare(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise UserError(
            f"The weights file {path.name} in {path.parent} is damaged: its SHA-256 is not "
            f"{expected[:12]}….",
            remedy=_REINSTALL,
        )


_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


def _checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the manifest and of the figures, by the name of the file."""
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    found = {m[2]: m[1] for line in lines if (m := _CHECKSUM_LINE.fullmatch(line))}
    if not {MANIFEST, METRICS} <= found.keys():
        raise UserError(
            f"The weights in {folder} have no readable {CHECKSUMS}.",
            remedy=f"{_REINSTALL} {_OWN}",
        )
    return found


def _read(folder: Path, name: str) -> Any:
    """Return the JSON of a file that `SHA256SUMS` covers."""
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"The weights in {folder} have no readable {name}.", remedy=_REINSTALL
        ) from error
    _compare(path, hashlib.sha256(content).hexdigest(), _checksums(folder)[name])
    try:
        return json.loads(content)
    except ValueError as error:
        raise UserError(
            f"The weights in {folder} have no readable {name}.", remedy=_REINSTALL
        ) from error


def read_manifest(folder: Path) -> Any:
    """Return the manifest of a weights folder, as JSON has it.

    Raises:
        UserError: It is missing, damaged or not valid JSON.
    """
    return _read(folder, MANIFEST)


def read_metrics(folder: Path) -> Any:
    """Return the held-out figures of a weights folder, as JSON has them.

    Raises:
        UserError: They are missing, damaged or not valid JSON.
    """
    return _read(folder, METRICS)


def write_description(
    folder: Path, *, manifest: Mapping[str, Any], metrics: Mapping[str, Any]
) -> None:
    """Write the manifest and the figures of a weights folder, and the checksums of both."""
    for name, content in ((MANIFEST, manifest), (METRICS, metrics)):
        text = json.dumps(content, indent=1) + "\n"
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    write_checksums(folder)


def write_checksums(folder: Path) -> None:
    """Write the checksums of the manifest and of the figures as they lie in the folder."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in (MANIFEST, METRICS)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def load_weights(tier: str, folder: Path | None = None) -> Weights:
    """Return the weights of a tier after checking every file against its SHA-256.

    Args:
        tier: "standard" or "fast".
        folder: Another folder than the shipped one, as `oarlock train` writes it.

    Raises:
        UserError: There is no such tier, or a file is missing or damaged.
    """
    folder = folder or weights_folder()
    manifest = read_manifest(folder)
    tiers = manifest.get("tiers") if isinstance(manifest, dict) else None
    if not isinstance(tiers, dict) or not tiers:
        raise _not_a_manifest(folder)
    if tier not in tiers:
        raise UserError(
            f"There is no tier {tier!r}.", remedy=f"Choose one of: {', '.join(sorted(tiers))}."
        )
    try:
        return _weights(tier, manifest["release"], folder, tiers[tier])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_a_manifest(folder) from error


def _not_a_manifest(folder: Path) -> UserError:
    return UserError(
        f"{MANIFEST} in {folder} does not describe weights of this version of Oarlock.",
        remedy=f"{_REINSTALL} {_OWN}",
    )


def _weights(tier: str, release: str, folder: Path, entry: dict[str, Any]) -> Weights:
    paths = {}
    for name, digest in entry["files"].items():
        _check(folder / name, digest)
        paths[name] = folder / name
    return Weights(
        tier=tier,
        release=release,
        folder=folder,
        files=paths,
        calibration={
            head: Calibration(
                c["scale"],
                np.array(c["bias"], dtype=np.float32),
                np.array(c["decision"], dtype=np.float32),
            )
            for head, c in entry["calibration"].items()
        },
        unreliable_codes=frozenset(entry["unreliable_codes"]),
        uncertain_below=entry["uncertain_below"],
    )
