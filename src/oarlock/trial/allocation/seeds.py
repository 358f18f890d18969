"""The secret seed: 256 bits, its published hash, and the numbers drawn from it.

Numbers come from HMAC-SHA256 in counter mode rather than from a generator of NumPy. What has been
given away says nothing of what comes (the outputs of PCG64 do), and the same seed gives the same
arms in twenty years (NumPy promises that for no method of its Generator).

Source: HMAC: RFC 2104. NumPy's policy: NEP 19. PCG64 predicted from its outputs: Bouillaguet,
Martinez & Sauvage (2020), doi:10.13154/tosc.v2020.i3.175-196.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping

from oarlock.errors import UserError

SEED_BYTES = 32
_HEX = re.compile(r"[0-9a-f]{64}")


def new_seed() -> bytes:
    """Return 256 bits from the system's source of randomness."""
    return secrets.token_bytes(SEED_BYTES)


def parse_seed(text: str) -> bytes:
    """Return the seed that 64 hexadecimal digits write.

    Raises:
        UserError: They are not that, or all alike; the message does not hold them.
    """
    digits = "".join(text.split()).lower()
    if not _HEX.fullmatch(digits):
        raise UserError(
            "The seed is not 64 hexadecimal digits (256 bits).",
            remedy="Leave the seed out and one is made, or draw one with: openssl rand -hex 32",
        )
    if len(set(digits)) < 4:
        raise UserError(
            "The seed has been made up: it holds fewer than four different digits.",
            remedy="Draw one with: openssl rand -hex 32",
        )
    return bytes.fromhex(digits)


def commitment(seed: bytes) -> str:
    """Return the hash of a seed, published before the first allocation.

    It tells nothing of the seed, and the seed cannot be exchanged for another later. It is the same
    in every trial, so that a seed that is used twice is seen.
    """
    return hashlib.sha256(b"oarlock allocation seed\0" + seed).hexdigest()


def refuse_reuse(seed: bytes, trial: str, used: Mapping[str, str]) -> None:
    """Refuse a seed that another trial has used.

    Args:
        seed: The seed.
        trial: Name of the trial that wants it.
        used: Names of trials by the commitment of their seed.

    Raises:
        UserError: Another trial has used it: whoever knows that log knows this one.
    """
    other = used.get(commitment(seed))
    if other is not None and other != trial:
        raise UserError(
            f"This seed is that of the trial {other}: whoever can read its allocations could tell "
            f"those of {trial}.",
            remedy="Leave the seed out and a new one is made.",
        )


class Draws:
    """Numbers for one sequence: the same seed and names give the same numbers.

    Args:
        seed: The secret.
        names: What sets this sequence apart from the others of the seed.
    """

    def __init__(self, seed: bytes, *names: str) -> None:
        # Lengths keep ("ab", "c") apart from ("a", "bc").
        label = "".join(f"{len(name.encode())}:{name}" for name in names)
        self._key = hmac.digest(seed, b"oarlock allocation 1\0" + label.encode(), "sha256")

    def below(self, n: int, *at: int) -> int:
        """Return a number from 0 to n - 1, each equally likely, for the place `at`."""
        limit = (1 << 64) - (1 << 64) % n
        attempt = 0
        while True:
            place = ",".join(str(number) for number in (*at, attempt))
            drawn = int.from_bytes(hmac.digest(self._key, place.encode(), "sha256")[:8], "big")
            if drawn < limit:
                return drawn % n
            attempt += 1
