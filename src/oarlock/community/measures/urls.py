"""Addresses of `measures`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.measures import views

urlpatterns = [
    path("", views.index, name="measures"),
    path("<public_id:public_id>", views.start, name="measure"),
    path("<public_id:public_id>/<int:number>", views.item, name="measure-item"),
    path("<public_id:public_id>/help", views.help_first, name="measure-help"),
    path("<public_id:public_id>/end", views.end, name="measure-end"),
]
