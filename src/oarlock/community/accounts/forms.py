"""Forms of accounts."""

from __future__ import annotations

from typing import Any

from django import forms


class JoinForm(forms.Form):
    """What joining asks besides an address, a handle and a password."""

    def signup(self, request: Any, user: Any) -> None:
        user.save()
