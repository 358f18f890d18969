"""What Ctrl-C leaves behind, said in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def when_stopped(line: Callable[[], str]) -> Iterator[None]:
    """Give Ctrl-C, inside the block, the line that the command ends with.

    Args:
        line: Says what is kept and how to go on; "" for what holds of every command.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(line()) from None
