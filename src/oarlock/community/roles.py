"""Who may do what: the permission matrix, and the decorators that views carry it with.

Every view says who may open it with exactly one of `everybody`, `members` or `staff`. A test walks
all URLs as every role and as a stranger and holds them against this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails

from oarlock.community.accounts.models import STAFF_ROLES, Role, User
from oarlock.community.ops.limits import typed

View = Callable[..., HttpResponseBase]


class MemberRequest(HttpRequest):
    """The request of somebody who is signed in: what views behind `members` and `staff` get."""

    user: User
    htmx: HtmxDetails


MATRIX: Mapping[str, frozenset[Role]] = {
    "moderation": frozenset({Role.MODERATOR, Role.SUPERVISOR}),
    "clinical": frozenset({Role.CLINICIAN, Role.SUPERVISOR}),
    "safety": frozenset({Role.MODERATOR, Role.CLINICIAN, Role.SUPERVISOR}),
    "rota": frozenset({Role.SUPERVISOR}),
    "audit": frozenset({Role.SUPERVISOR, Role.OPERATOR}),
    "groups": frozenset({Role.SUPERVISOR, Role.OPERATOR}),
    "people": frozenset({Role.SUPERVISOR, Role.OPERATOR}),
    "operations": frozenset({Role.OPERATOR}),
    "research": frozenset({Role.RESEARCHER}),
}
"""Roles by permission. Clinicians and moderators read what is in their queue; researchers read
consented exports and no page of a person; operators run the place and read no text."""


def may(user: object, permission: str) -> bool:
    """Return whether the person has the permission; a suspended one has none."""
    return isinstance(user, User) and user.is_active and user.role in MATRIX[permission]


def reads(user: User) -> bool:
    """Return whether the person reads and writes in groups: operators and researchers do not."""
    return not user.is_staff or user.is_safety_staff


def everybody(view: View) -> View:
    """Mark a view that strangers may open."""
    view.access = "everybody"  # type: ignore[attr-defined]
    return view


def members(view: View) -> View:
    """Mark a view for people who are signed in."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            # Signed out while writing: the words must not be lost on the way to the sign-in page.
            if request.method == "POST" and (kept := typed(request)):
                return render(request, "stale_form.html", {"kept": kept}, status=403)
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    checked.access = "members"  # type: ignore[attr-defined]
    return checked


def staff(permission: str) -> Callable[[View], View]:
    """Mark a view for the roles that have a permission."""
    if permission not in MATRIX or not MATRIX[permission] <= STAFF_ROLES:
        raise KeyError(permission)

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request.user, permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        checked.access = permission  # type: ignore[attr-defined]
        return checked

    return decorate
