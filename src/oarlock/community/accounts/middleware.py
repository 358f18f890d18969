"""What a signed-in person has to do before anything else."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from oarlock.community.accounts.models import User

#: Open whatever the account still needs: leaving, help, one's own data, the steps themselves.
OPEN = (
    "/account/", "/agreement", "/help", "/health", "/metrics", "/static/", "/me/data", "/i18n/",
    "/api/", "/demo/",
)  # fmt: skip


class StandingMiddleware:
    """Sends people to what their account still needs: the agreement, or a second factor for staff.

    Also sets the language and the time zone that the person chose.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        if not request.path.startswith(OPEN):
            if not user.is_active:
                return redirect("account_logout")
            if user.is_staff and not settings.DEMO and not is_mfa_enabled(user):
                return redirect("mfa_activate_totp")
            if not user.has_agreed():
                return redirect("agreement")
        # What was chosen at the foot of a page on this device goes first.
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        with timezone.override(zoneinfo.ZoneInfo(user.time_zone) if user.time_zone else None):
            return self.get_response(request)
