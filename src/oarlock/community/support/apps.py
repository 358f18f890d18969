from __future__ import annotations

from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "oarlock.community.support"
    label = "support"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from oarlock.community.support import search_index

        post_migrate.connect(search_index.keep, sender=self, dispatch_uid="support.search_index")
