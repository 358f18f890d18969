"""The second factor: a code works once, also while the clock of the phone is a little off."""

from __future__ import annotations

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from django.core.cache import cache


class _Once:
    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        # allauth remembers a code for one period; with a tolerance it is good for longer.
        lives = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 2)
        key = f"second-factor:{self.user.pk}:{''.join(code.split())}"  # type: ignore[attr-defined]
        if not cache.add(key, 1, timeout=lives):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_Once, forms.AuthenticateForm):  # type: ignore[misc]
    """Asks for a code while signing in."""


class ReauthenticateForm(_Once, forms.ReauthenticateForm):  # type: ignore[misc]
    """Asks for a code before something that cannot be undone."""
