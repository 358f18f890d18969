"""Pages of the place itself: welcome, errors, health."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache

from oarlock.community.ops import state
from oarlock.community.ops.limits import typed
from oarlock.community.ops.metrics import exposition
from oarlock.community.roles import everybody


@everybody
def welcome(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("home")
    return render(request, "welcome.html")


@everybody
def live(request: HttpRequest) -> JsonResponse:
    """Say that the process answers."""
    return JsonResponse({"status": "ok"})


@everybody
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether the place can be used, for load balancers and watchers; 503 where it cannot."""
    problems = []
    try:
        now = state.look()
        if state.waiting_migrations():
            problems.append("migrations")
        if not now.worker_alive:
            problems.append("worker")
        if now.n_alarms_failed:
            problems.append("alarms")
        if now.n_unscreened:
            problems.append("unscreened")
    except DatabaseError:
        problems.append("database")
    # Without tables or a worker nobody would see a person at risk.
    down = {"database", "migrations", "worker"} & set(problems)
    status = "down" if down else "degraded" if problems else "ok"
    return JsonResponse({"status": status, "problems": problems}, status=503 if down else 200)


@everybody
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Give the metrics to who has the token; without a token set, to this machine alone."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    local = request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
    if not (constant_time_compare(given, token) if token else local and not settings.HTTPS):
        raise Http404
    return HttpResponse(exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a form that was open too long or came from elsewhere; give back what was typed."""
    return render(request, "stale_form.html", {"kept": typed(request)}, status=403)
