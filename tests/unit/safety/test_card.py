"""The model card says what the command measured, of the models that ship."""

import hashlib
import json
from pathlib import Path

from oarlock.safety.model import MANIFEST, WEIGHTS, weights_folder
from oarlock.safety.training.card import model_card

CARD = Path(__file__).parents[3] / "docs/reference/safety-model-card.md"


def test_card_is_made_from_the_shipped_figures() -> None:
    manifest = json.loads((weights_folder() / MANIFEST).read_text("utf-8"))
    figures = json.loads((weights_folder() / "metrics.json").read_text("utf-8"))
    assert CARD.read_text("utf-8") == model_card(manifest, figures)


def test_card_names_the_weights_that_ship() -> None:
    digest = hashlib.sha256((weights_folder() / WEIGHTS).read_bytes()).hexdigest()
    assert f"-{digest[:8]})" in CARD.read_text("utf-8")
