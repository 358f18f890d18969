"""Rate limits on changes, per person. Signing in and joining have allauth's own."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

log = logging.getLogger("oarlock.ops")

#: Changes in so many seconds. Nobody writes faster; a script does. Drafts and the coach are called
#: while somebody types, and have a window of their own.
WINDOWS = ((60, 40), (3600, 500))
TYPING_WINDOWS = ((60, 120),)
TYPING = ("/drafts", "/coach/")


def over_limit(who: str, windows: tuple[tuple[int, int], ...]) -> bool:
    """Count one change; return whether it is one too many. A cache that is away limits nobody."""
    now = int(timezone.now().timestamp())
    try:
        for seconds, most in windows:
            key = f"limit:{who}:{seconds}:{now // seconds}"
            if cache.add(key, 1, timeout=seconds + 5):
                continue
            if cache.incr(key) > most:
                return True
    except (ValueError, OSError, DatabaseError) as error:
        log.warning("limits.cache_away", extra={"error": type(error).__name__})
    return False


class LimitMiddleware:
    """Refuses changes that come too fast, and gives back what was typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.user.is_authenticated:
            typing = request.path.startswith(TYPING)
            who = f"{'typing' if typing else 'person'}:{request.user.pk}"
            if over_limit(who, TYPING_WINDOWS if typing else WINDOWS):
                return render(request, "429.html", {"kept": typed(request)}, status=429)
        return self.get_response(request)


def typed(request: HttpRequest) -> dict[str, str]:
    """Return the words of a form that was refused, so that nobody has to write them again."""
    return {
        name: value
        for name, value in request.POST.items()
        if name in {"title", "body"} and isinstance(value, str) and value.strip()
    }
