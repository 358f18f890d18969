"""Addresses of `ops`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.ops import views

urlpatterns = [
    path("", views.welcome, name="welcome"),
    path("health/live", views.live, name="health-live"),
    path("health/ready", views.ready, name="health-ready"),
    path("metrics", views.metrics, name="metrics"),
    path("csp", views.csp, name="csp"),
]
