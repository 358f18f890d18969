from __future__ import annotations

from django.apps import AppConfig


class CoachingConfig(AppConfig):
    name = "oarlock.community.coaching"
    label = "coaching"

    def ready(self) -> None:
        from oarlock.community.coaching.care import after_reply
        from oarlock.community.coaching.reviewing import link_to_reply
        from oarlock.community.support import events

        events.on_reply += [link_to_reply, after_reply]
