"""Addresses of the demo; without OARLOCK_DEMO each answers 404."""

from __future__ import annotations

from django.urls import path

from oarlock.community.demo import views

urlpatterns = [
    path("", views.choose, name="demo"),
    path("as/<slug:name>", views.be, name="demo-be"),
    path("report", views.report, name="demo-report"),
]
