"""Secrets of second factors lie in the database encrypted, with a key that is not in it."""

from __future__ import annotations

import base64
import logging
from functools import cache
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

log = logging.getLogger("oarlock.accounts")

#: Tells a sealed secret from one of before there was a seal; no secret of allauth begins so.
MARK = "sealed-1:"
#: What of an authenticator's data is secret.
_SECRETS = ("secret", "seed", "migrated_codes")


@cache
def _fernet(key: str) -> Fernet:
    # HKDF (RFC 5869): the same key signs sessions, so this one must not be the same.
    derived = HKDF(SHA256(), 32, salt=None, info=b"oarlock second factors").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _keys() -> MultiFernet:
    """Return the key to seal with, and those with which older secrets may have been sealed."""
    given = [key for key in (settings.MFA_KEY, settings.SECRET_KEY) if key]
    return MultiFernet([_fernet(key) for key in given])


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return MARK + _keys().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret; one from before there was a seal as it is.

        Raises:
            ValidationError: It was sealed with another key; in words for who signs in.
        """
        if not encrypted_text.startswith(MARK):
            return encrypted_text
        try:
            return _keys().decrypt(encrypted_text.removeprefix(MARK)).decode()
        except InvalidToken:
            log.error("second_factor.other_key")
            raise ValidationError(
                _("This place cannot read your second factor at the moment. Write to the team."),
                code="key",
            ) from None


def _change(data: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return the data of an authenticator with `change` done to each of its secrets."""
    changed = dict(data)
    for name in _SECRETS:
        value = data.get(name)
        if isinstance(value, list):
            changed[name] = [change(one) for one in value]
        elif value:
            changed[name] = change(value)
    return changed


def seal_all() -> int:
    """Seal the secrets that lie open, and return of how many second factors."""
    adapter = Adapter()

    def seal(secret: str) -> str:
        return secret if secret.startswith(MARK) else adapter.encrypt(secret)

    n = 0
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            # Locked: a recovery code may be used up this moment, which changes the same column.
            one = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if one is not None and (sealed := _change(one.data, seal)) != one.data:
                one.data = sealed
                one.save(update_fields=["data"])
                n += 1
    return n


def n_unreadable() -> int:
    """Return how many second factors the keys of this place cannot read."""
    adapter, n = Adapter(), 0
    for data in Authenticator.objects.values_list("data", flat=True):
        try:
            _change(data, adapter.decrypt)
        except ValidationError:
            n += 1
    return n
