"""Public ids: what URLs and exports carry instead of row numbers, which can be counted."""

from __future__ import annotations

import secrets

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
LENGTH = 14


def public_id() -> str:
    """Return 14 random letters and digits without look-alikes (about 69 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


class PublicIdConverter:
    """The public id in an address."""

    regex = f"[{ALPHABET}]{{{LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class HandleConverter(PublicIdConverter):
    """A handle in an address."""

    regex = r"[\w.\-]{3,24}"
