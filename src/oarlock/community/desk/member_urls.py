"""Addresses of `desk` for everybody: reports, appeals, decisions, conversations, help."""

from __future__ import annotations

from django.urls import path, re_path

from oarlock.community.desk import member_views as views

urlpatterns = [
    re_path(
        r"^report/(?P<kind>text|person)/(?P<name>[\w.-]{3,24})$",
        views.report_new,
        name="report-new",
    ),
    path("reports", views.my_reports, name="reports"),
    path("reports/<str:public_id>", views.report, name="report"),
    re_path(
        r"^appeal/(?P<kind>text|report|decision)/(?P<public_id>\w{14})$",
        views.appeal_new,
        name="appeal-new",
    ),
    path("appeals/<str:public_id>", views.appeal, name="appeal"),
    path("decisions", views.decisions, name="decisions"),
    path("conversations", views.conversations, name="conversations"),
    path("conversations/<str:public_id>", views.conversation, name="conversation"),
    path("help", views.help_page, name="help"),
    path("help-worker.js", views.help_worker, name="help-worker"),
]
