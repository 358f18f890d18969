from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "oarlock.community.notices"
    label = "notices"

    def ready(self) -> None:
        from oarlock.community.notices.actions import tell_reply
        from oarlock.community.support import events

        events.on_reply.append(tell_reply)
