from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "oarlock.community.audit"
    label = "audit"
