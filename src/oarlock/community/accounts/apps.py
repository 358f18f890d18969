from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "oarlock.community.accounts"
    label = "accounts"

    def ready(self) -> None:
        from oarlock.community.accounts import events  # noqa: F401 - connects the signals
