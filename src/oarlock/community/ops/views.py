"""Pages of the place itself: welcome, errors, health."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

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


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a form that was open too long or came from elsewhere; give back what was typed."""
    kept = {
        name: value
        for name, value in request.POST.items()
        if name in {"title", "body"} and isinstance(value, str) and value.strip()
    }
    return render(request, "stale_form.html", {"kept": kept}, status=403)
