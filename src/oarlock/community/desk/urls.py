"""Addresses of `desk` for staff; those for members are in `member_urls`."""

from __future__ import annotations

from django.urls import path, re_path

from oarlock.community.desk import team_views, views

urlpatterns = [
    path("", views.queue, name="desk"),
    path("cases/<str:public_id>", views.case, name="case"),
    path("cases/<str:public_id>/<slug:do>", views.act, name="case-act"),
    path("rota", team_views.rota, name="rota"),
    path("rota/<int:pk>/remove", team_views.remove_shift, name="shift-remove"),
    path("audit", team_views.audit, name="audit"),
    path("outside", team_views.outside, name="outside"),
    re_path(
        r"^outside/(?P<public_id>\w{14})/(?P<do>seek|give)$",
        team_views.outside_act,
        name="outside-act",
    ),
]
