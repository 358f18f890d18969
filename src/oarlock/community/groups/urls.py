"""Addresses of `groups`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.groups import views

urlpatterns = [
    path("groups/", views.index, name="group-list"),
    path("groups/new", views.new, name="group-new"),
    path("groups/<slug:slug>", views.group, name="group"),
    path("groups/<slug:slug>/join", views.join, name="group-join"),
    path("groups/<slug:slug>/leave", views.leave, name="group-leave"),
    path("groups/<slug:slug>/ask", views.ask, name="group-ask"),
    path("groups/<slug:slug>/requests", views.requests, name="group-requests"),
    path("groups/<slug:slug>/requests/<handle:handle>", views.answer, name="group-request-answer"),
    path("groups/<slug:slug>/edit", views.edit, name="group-edit"),
    path("groups/<slug:slug>/moderators", views.moderators, name="group-moderators"),
    path("groups/<slug:slug>/archive", views.archive, name="group-archive"),
]
