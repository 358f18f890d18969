"""The door of the demo: one click to be somebody. There is nothing behind it outside the demo."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from oarlock.community.accounts.models import User
from oarlock.community.demo import REPORT_NAME
from oarlock.community.roles import everybody


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody one can be, what they do, and where they start."""

    name: str
    handle: str
    title: str | Promise
    words: str | Promise
    start: str


PARTS = (
    Part("seeker", "paperboat", _("A seeker"),
         _("Write a post, get replies, say what helped, find help at once."), "home"),
    Part("supporter", "fernweh", _("A supporter"),
         _("Answer somebody, with the coach beside the box. See your own skills."), "threads"),
    Part("moderator", "mod_ines", _("A moderator"),
         _("Work the queue: reports, held texts, posts that wait."), "desk"),
    Part("clinician", "dr_amara", _("A clinician"),
         _("Read what the screening marked as a risk, and reach the person."), "desk"),
    Part("supervisor", "sup_noor", _("A supervisor"),
         _("Both queues, the rota, second readings, the audit log."), "desk"),
    Part("operator", "ops_wren", _("An operator"),
         _("Roles and the state of the place. No text of anybody."), "staff-list"),
    Part("researcher", "res_haruki", _("A researcher"),
         _("Nothing of a person; exports of those who consented."), "home"),
)  # fmt: skip


def _only_in_the_demo() -> None:
    if not settings.DEMO:
        raise Http404


@everybody
def choose(request: HttpRequest) -> HttpResponse:
    _only_in_the_demo()
    has_report = (settings.HOME / REPORT_NAME).exists()
    return render(request, "demo/choose.html", {"parts": PARTS, "has_report": has_report})


@everybody
@require_POST
def be(request: HttpRequest, name: str) -> HttpResponse:
    """Sign in as one of the demo's people."""
    _only_in_the_demo()
    part = next((part for part in PARTS if part.name == name), None)
    person = User.objects.filter(handle=part.handle).first() if part else None
    if part is None or person is None:
        raise Http404
    logout(request)
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    try:
        return redirect(reverse(part.start))
    except NoReverseMatch:
        return redirect("home")


@everybody
def report(request: HttpRequest) -> HttpResponse:
    """Show the corpus report that was made from the demo's own threads."""
    _only_in_the_demo()
    path = settings.HOME / REPORT_NAME
    if not path.exists():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type="text/html; charset=utf-8")
    # The page is one file with its own styles and scripts inside; it loads nothing from elsewhere.
    response._csp_replace = {  # type: ignore[attr-defined]
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "script-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "font-src": ["data:"],
    }
    return response
