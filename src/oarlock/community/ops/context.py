"""What every template knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the name of the place, whether it is the demo, and the theme that the person chose."""
    user = request.user
    return {
        "site_name": settings.SITE_NAME,
        "is_demo": settings.DEMO,
        "theme": getattr(user, "theme", "auto"),
    }
