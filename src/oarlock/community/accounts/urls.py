"""Addresses of `accounts`, beside those of allauth."""

from __future__ import annotations

from django.urls import path, re_path

from oarlock.community.accounts import views

urlpatterns = [
    path("agreement", views.agreement, name="agreement"),
    path("me/preferences", views.preferences, name="preferences"),
    path("me/break", views.take_break, name="take-break"),
    path("me/people", views.people, name="people-list"),
    re_path(
        r"^people/(?P<handle>[\w.-]{3,24})/(?P<what>block|unblock|mute|unmute)$",
        views.relate,
        name="relate",
    ),
    path("me/data", views.own_data, name="own-data"),
    path("me/data/consent", views.consent, name="consent"),
    path("me/data/export", views.export, name="export-own"),
    path("me/data/erase", views.erase, name="erase"),
    path("erased", views.erased, name="erased"),
    path("staff", views.staff_list, name="staff-list"),
    path("staff/<str:handle>/sign-out", views.sign_out, name="sign-out"),
    path("staff/<str:handle>/role", views.set_role, name="set-role"),
]
