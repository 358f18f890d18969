"""Addresses of `coaching`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.coaching import views

urlpatterns = [
    path("review", views.review, name="coach-review"),
    path("check", views.check, name="coach-check"),
    path("dismiss", views.dismiss, name="coach-dismiss"),
    path("skills", views.own_skills, name="skills"),
    path("threads", views.threads, name="threads"),
    path("threads/<str:public_id>/take", views.take, name="thread-take"),
    path("threads/<str:public_id>/give-back", views.give_back, name="thread-give-back"),
    path("debriefs/<int:pk>", views.debrief, name="debrief"),
]
