"""Who calls: a bearer token, its person's standing, and its scopes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security import HttpBearer

from oarlock.community.accounts.models import User
from oarlock.community.api.models import Scope, Token
from oarlock.community.ops.limits import WINDOWS, over_limit

READ_WINDOWS = ((60, 240),)


class Bearer(HttpBearer):
    """Lets a token with the scope of the method act as its person.

    Staff pages have no counterpart here: a token of staff sees what a member sees of the API, and
    cases, reports of others and audit rows need a browser with a second factor.
    """

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        now = timezone.now()
        row = (
            Token.objects.select_related("by")
            .filter(digest=Token.digest_of(token), expires_at__gt=now)
            .first()
        )
        if row is None or not row.by.is_active:
            return None
        by = row.by
        if by.is_staff:
            raise HttpError(403, "Staff accounts work in the browser, with a second factor.")
        needed = Scope.READ if request.method in {"GET", "HEAD"} else Scope.WRITE
        if needed not in row.scopes:
            raise HttpError(403, f"This token lacks the scope {needed.value}.")
        windows = READ_WINDOWS if needed == Scope.READ else WINDOWS
        if over_limit(f"api-{needed.value}:{by.pk}", windows):
            raise HttpError(429, "Too many requests. Wait a minute.")
        if not by.has_agreed():
            raise HttpError(403, "The community agreement has changed. Accept it in the browser.")
        if row.used_at is None or (now - row.used_at).total_seconds() > 3600:
            Token.objects.filter(pk=row.pk).update(used_at=now)
        request.user = by
        return by


def caller(request: Any) -> User:
    """Return the person whom the token stands for."""
    user: User = request.auth
    return user
