"""Rate limits per person, on changes and on reading. Signing in and joining have allauth's own."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

log = logging.getLogger("oarlock.ops")

#: Changes in so many seconds. Nobody writes faster; a script does.
WINDOWS = ((60, 40), (3600, 500))
#: Drafts and the coach are called while somebody types, and have a window of their own.
TYPING_WINDOWS = ((60, 120),)
TYPING = ("/drafts", "/coach/")
#: Pages in so many seconds: more than anybody reads, less than copying the whole place takes.
READ_WINDOWS = ((60, 240), (3600, 2400))
#: Reading and typing are counted in this process alone, so that neither ever waits for a write.
in_process = LocMemCache("limits", {"OPTIONS": {"MAX_ENTRIES": 50_000}})


def over_limit(
    who: str, windows: tuple[tuple[int, int], ...], counter: BaseCache | None = None
) -> bool:
    """Count one request; return whether it is one too many. A cache that is away limits nobody.

    Args:
        who: Whose, and of what kind.
        windows: Seconds, and the most in them.
        counter: Where it is counted; the shared cache if not given.
    """
    kept = cache if counter is None else counter
    now = int(timezone.now().timestamp())
    try:
        for seconds, most in windows:
            key = f"limit:{who}:{seconds}:{now // seconds}"
            if kept.add(key, 1, timeout=seconds + 5):
                continue
            if kept.incr(key) > most:
                return True
            # Counting up in the database gives the row a short life of its own again.
            kept.touch(key, timeout=seconds + 5)
    except (ValueError, OSError, DatabaseError) as error:
        log.warning("limits.cache_away", extra={"error": type(error).__name__})
    return False


class LimitMiddleware:
    """Refuses what comes too fast, and gives back what was typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        if request.method != "POST":
            # Who has to leave the page or needs help is never held up.
            free = request.path.startswith(("/help", "/account/"))
            if not free and over_limit(f"reads:{request.user.pk}", READ_WINDOWS, in_process):
                return render(request, "429.html", {"kept": {}}, status=429)
        else:
            who = request.user.pk
            if (
                over_limit(f"typing:{who}", TYPING_WINDOWS, in_process)
                if request.path.startswith(TYPING)
                else over_limit(f"person:{who}", WINDOWS)
            ):
                return render(request, "429.html", {"kept": typed(request)}, status=429)
        return self.get_response(request)


def typed(request: HttpRequest) -> dict[str, str]:
    """Return the words of a form that was refused, so that nobody has to write them again."""
    return {
        name: value
        for name, value in request.POST.items()
        if name in {"title", "body"} and isinstance(value, str) and value.strip()
    }
