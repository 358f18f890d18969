"""What every answer tells the browser, beside what Django and the content security policy say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

#: Nothing here needs any of these; a script that got in shall not have them either.
PERMISSIONS_POLICY = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation",
        "gyroscope", "magnetometer", "microphone", "midi", "payment", "usb",
    )
)  # fmt: skip


@receiver(user_logged_out)
def _note(sender: object, request: HttpRequest, **_more: Any) -> None:
    request.signed_out = True  # type: ignore[attr-defined]


class HeadersMiddleware:
    """Keeps private pages out of caches, and clears the device when somebody signs out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        user = getattr(request, "user", None)
        signed_in = user is not None and user.is_authenticated
        left = getattr(request, "signed_out", False)
        # The API signs in by token and the account pages hold addresses before anybody is in.
        if signed_in or left or request.path.startswith(("/account/", "/api/", "/me/")):
            add_never_cache_headers(response)
        if left and not signed_in:
            # Drafts that the server has not got, and pages that the back button would show.
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response
