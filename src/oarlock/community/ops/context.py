"""What every template knows."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from oarlock.community.accounts.models import User
from oarlock.community.notices import queries


def site(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of every page shows: the place, its languages, the person's news."""
    user = request.user
    return {
        "site_name": settings.SITE_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "age_min": settings.AGE_MIN,
        "age_max": settings.AGE_MAX,
        "answer_hours": settings.ANSWER_HOURS,
        "languages": settings.LANGUAGES,
        "is_demo": settings.DEMO,
        "theme": getattr(user, "theme", "auto"),
        # Asked for only by pages that show it, and once.
        "n_unread": cache(lambda: queries.n_unread(user) if isinstance(user, User) else 0),
    }
