"""The addresses of all pages: one line per app."""

from __future__ import annotations

from django.urls import include, path, register_converter

from oarlock.community.ids import HandleConverter, PublicIdConverter

register_converter(PublicIdConverter, "public_id")
register_converter(HandleConverter, "handle")

urlpatterns = [
    path("", include("oarlock.community.ops.urls")),
    path("", include("oarlock.community.support.urls")),
    path("", include("oarlock.community.groups.urls")),
    path("", include("oarlock.community.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("notices/", include("oarlock.community.notices.urls")),
    path("questions/", include("oarlock.community.measures.urls")),
    path("coach/", include("oarlock.community.coaching.urls")),
    path("", include("oarlock.community.api.urls")),
    path("demo/", include("oarlock.community.demo.urls")),
    path("desk/", include("oarlock.community.desk.urls")),
    path("", include("oarlock.community.desk.member_urls")),
]

handler400 = "oarlock.community.ops.views.bad_request"
