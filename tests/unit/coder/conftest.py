"""The coder with the weights that ship, loaded once."""

from __future__ import annotations

import pytest

from oarlock.coder import Coder
from oarlock.coder.weights import weights_folder


@pytest.fixture(scope="session", params=["standard", "fast"])
def coder(request: pytest.FixtureRequest) -> Coder:
    """A coder of each tier."""
    return Coder.load(tier=request.param, folder=weights_folder(), threads=1)


@pytest.fixture(scope="session")
def standard() -> Coder:
    """The standard tier."""
    return Coder.load(folder=weights_folder(), threads=1)
