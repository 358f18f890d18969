"""Pages of the place itself: welcome, errors, health."""

from __future__ import annotations

import json
import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oarlock.community.ops import state
from oarlock.community.ops.limits import over_limit, typed
from oarlock.community.ops.metrics import exposition
from oarlock.community.roles import everybody

log = logging.getLogger("oarlock.ops")


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


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Explain a request that was refused before any view saw it. Repeats nothing of it."""
    status, words = 400, "refused"
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        status, words = 413, "long"
    elif isinstance(exception, TooManyFilesSent):
        status, words = 413, "file"
    if request.path.startswith("/api/"):
        told = {"refused": "Bad request.", "long": "Too long.", "file": "No files are taken."}
        return JsonResponse({"detail": told[words]}, status=status)
    return render(None, "400.html", {"words": words}, status=status)


#: What a report may name; anything else in it is not looked at.
CSP_DIRECTIVES = frozenset(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]) | {
    "script-src-elem",
    "script-src-attr",
    "style-src-elem",
    "style-src-attr",
}


@everybody
@csrf_exempt
@require_POST
def csp(request: HttpRequest) -> HttpResponse:
    """Count what a browser refused to load. Keeps the name of the rule, no address and no page."""
    if len(request.body) > 10_000 or over_limit("csp", ((60, 60),)):
        return HttpResponse(status=204)
    try:
        report = json.loads(request.body)["csp-report"]
        rule = str(report.get("effective-directive") or report.get("violated-directive"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    if (name := rule.split(" ")[0]) in CSP_DIRECTIVES:
        log.warning("csp.refused", extra={"target": name})
    return HttpResponse(status=204)
