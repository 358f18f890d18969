from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "oarlock.community.accounts"
    label = "accounts"

    def ready(self) -> None:
        from oarlock.community.accounts import events, sessions  # noqa: F401 - connect the signals
