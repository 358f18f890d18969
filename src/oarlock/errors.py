"""The two roots of every error that Oarlock raises on purpose."""

from __future__ import annotations


class OarlockError(Exception):
    """Base of all errors raised by Oarlock."""


class UserError(OarlockError):
    """A fault that the person at the keyboard can mend; shown without a traceback.

    Args:
        message: What is wrong: names the file, row, column or value, and what was expected.
            Never contains text or a score of a person.
        remedy: What to do about it, one sentence.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}" if remedy else message)


_TARGETS = {
    "research": "setup",
    "community": "setup",
    "train": "setup-train",
    "spark": "setup-spark",
}


def how_to_install(extra: str) -> str:
    """Return the remedy where the packages of an extra are missing; Oarlock is on no index."""
    return (
        f"In your copy of the repository run: make {_TARGETS[extra]}; or, in an environment of "
        f"your own: pip install --constraint constraints.txt '.[{extra}]'."
    )
