"""Models that a process loads once, however many requests ask for them first."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from typing import TypeVar

Loaded = TypeVar("Loaded")
log = logging.getLogger("oarlock.ops")


def once(load: Callable[[], Loaded]) -> Callable[[], Loaded]:
    """Return the function that loads at the first call; calls meanwhile wait for that one.

    `functools.cache` alone would load once for each request that arrives before the first is done.
    """
    lock, kept = threading.Lock(), functools.cache(load)

    @functools.wraps(load)
    def loaded() -> Loaded:
        with lock:
            return kept()

    return loaded


def warm_up() -> threading.Thread:
    """Load in the background what the first writer would else wait for."""

    def load() -> None:
        from oarlock.community.coaching import reviewing
        from oarlock.community.texts import screening

        for one in (screening.screener, reviewing.coach):
            try:
                one()
            except Exception as error:  # noqa: BLE001 - whoever needs it meets the error again
                log.error("warm_up.failed", extra={"error": type(error).__name__})

    thread = threading.Thread(target=load, name="warm-up", daemon=True)
    thread.start()
    return thread
