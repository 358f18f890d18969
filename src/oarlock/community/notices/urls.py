"""Addresses of `notices`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.notices import views

urlpatterns = [
    path("", views.index, name="notices"),
    path("<int:pk>", views.go, name="notice"),
    path("read", views.read_all, name="notices-read"),
]
