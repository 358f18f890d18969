"""Calibrated linear models over `features`, in NumPy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oarlock.safety.features import Features
from oarlock.safety.results import ScreeningError

MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "screening.npz"
#: What each model gives the probability of.
MODELS: Final = ("risk", "insult", "hate")


def weights_folder() -> Path:
    """Return the folder of the shipped models."""
    return Path(str(files("oarlock.safety"))) / "weights"


@dataclass(frozen=True, slots=True)
class Linear:
    """One logistic model.

    Attributes:
        hashed: (2 * N_BUCKETS,) weights of n-grams in eighths of a byte's range, times `step`.
        step: What one unit of `hashed` is worth.
        dense: (n_dense,) weights.
        bias: Intercept.
        slope, offset: Platt scaling, fitted on predictions for texts not learnt from.
    """

    hashed: NDArray[np.int8]
    step: float
    dense: NDArray[np.float32]
    bias: float
    slope: float
    offset: float


class Models:
    """All models of one release.

    Args:
        idf: (2 * N_BUCKETS,) rarity of each bucket; 0 where it was never seen.
        scale: (n_dense,) divisor of each dense feature.
        linear: Model by name.
        thresholds: Score from which a model speaks, by name.
        version: Release and checksum.
    """

    def __init__(
        self,
        idf: NDArray[np.float32],
        scale: NDArray[np.float32],
        linear: dict[str, Linear],
        thresholds: dict[str, float],
        version: str,
    ) -> None:
        self.idf = idf
        self.scale = scale
        self.linear = linear
        self.thresholds = thresholds
        self.version = version

    @classmethod
    def load(cls, folder: Path | None = None) -> Models:
        """Return the models of a folder after checking them against their SHA-256.

        Raises:
            ScreeningError: A file is missing or damaged.
        """
        folder = folder or weights_folder()
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            raw = (folder / WEIGHTS).read_bytes()
            if hashlib.sha256(raw).hexdigest() != manifest["sha256"]:
                raise ScreeningError("The models of screening are damaged.")
            with np.load(folder / WEIGHTS, allow_pickle=False) as stored:
                linear = {
                    name: Linear(
                        stored[f"{name} hashed"],
                        float(stored[f"{name} step"]),
                        stored[f"{name} dense"],
                        *(float(x) for x in stored[f"{name} scalars"]),
                    )
                    for name in MODELS
                }
                idf = stored["idf"].astype(np.float32)
                scale = stored["scale"].astype(np.float32)
            return cls(idf, scale, linear, manifest["thresholds"], manifest["version"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ScreeningError("The models of screening cannot be read.") from error

    def probabilities(self, seen: Features) -> dict[str, float]:
        """Return the calibrated probability of each model for one text."""
        weights = np.log1p(seen.counts) * self.idf[seen.buckets]
        norm = float(np.sqrt((weights * weights).sum())) or 1.0
        dense = seen.dense / self.scale
        results = {}
        for name, model in self.linear.items():
            z = float((model.hashed[seen.buckets] * weights).sum()) * model.step / norm
            z += float(dense @ model.dense) + model.bias
            z = model.slope * z + model.offset
            results[name] = float(1.0 / (1.0 + np.exp(-np.clip(z, -30, 30))))
        return results
