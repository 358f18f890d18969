"""Addresses of `api`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.api import views
from oarlock.community.api.endpoints import api

urlpatterns = [
    path("me/apps", views.tokens, name="tokens"),
    path("me/apps/<int:pk>/take-back", views.take_back, name="token-take-back"),
    path("api/v1/", api.urls),
]
