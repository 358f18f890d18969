from __future__ import annotations

from django.apps import AppConfig


class TextsConfig(AppConfig):
    name = "oarlock.community.texts"
    label = "texts"
