"""Addresses of `support`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.support import views

urlpatterns = [path("home", views.home, name="home")]
