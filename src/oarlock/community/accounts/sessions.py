"""How long somebody stays signed in: by role, since the last page and since signing in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from oarlock.community.accounts.models import User

BEGAN, SEEN = "began_at", "seen_at"
#: The time of the last page is written down no more often than this.
COARSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Ages:
    """How long a session lasts without a page, and at most."""

    idle: timedelta
    whole: timedelta


#: Staff reads what others wrote in their worst hours: their screens lock themselves. Members who
#: are thrown out too often are not there when they need the place; closing the browser ends it.
STAFF = Ages(idle=timedelta(hours=1), whole=timedelta(hours=12))
MEMBER = Ages(idle=timedelta(days=7), whole=timedelta(days=30))


@receiver(user_logged_in)
def _begin(sender: object, request: HttpRequest | None, **_more: Any) -> None:
    if request is not None and hasattr(request, "session"):
        request.session[BEGAN] = request.session[SEEN] = _now()


def _now() -> float:
    return timezone.now().timestamp()


class SessionAgeMiddleware:
    """Ends sessions that are too old; the view then answers as to a stranger.

    Forms of who was signed out this way come back with the words in them (`roles.members`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            ages = STAFF if user.is_staff else MEMBER
            now, session = _now(), request.session
            began, seen = session.get(BEGAN, now), session.get(SEEN, now)
            idle, whole = timedelta(seconds=now - seen), timedelta(seconds=now - began)
            if idle > ages.idle or whole > ages.whole:
                # Not `logout`, which would also clear the words that only this device has.
                session.flush()
                request.user = AnonymousUser()
            elif BEGAN not in session or idle > COARSE:
                session[BEGAN], session[SEEN] = began, now
        return self.get_response(request)


def forget_ended() -> int:
    """Delete sessions that are over, with the addresses they came from; return how many."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    over = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return int(over.delete()[0])
