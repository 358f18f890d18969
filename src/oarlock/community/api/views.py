"""The page of tokens."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from oarlock.community.api import actions
from oarlock.community.api.models import Scope
from oarlock.community.roles import MemberRequest, View, members


def _fresh(view: View) -> View:
    """Ask for the password: a key outlives the moment in which a phone lay open."""
    checked: View = reauthentication_required()(view)
    return checked


@members
@_fresh
@never_cache
def tokens(request: MemberRequest) -> HttpResponse:
    """List one's tokens, and make one; its key is shown once."""
    key = ""
    if request.method == "POST":
        try:
            key = actions.make_token(
                by=request.user,
                name=request.POST.get("name", ""),
                scopes=request.POST.getlist("scopes"),
            )
        except ValidationError as error:
            messages.error(request, error.messages[0])
    return render(
        request,
        "api/tokens.html",
        {"tokens": request.user.tokens.all(), "key": key, "scopes": Scope},
    )


@members
@require_POST
def take_back(request: MemberRequest, pk: int) -> HttpResponse:
    if actions.take_back(by=request.user, pk=pk):
        messages.success(request, _("The app has no access any more."))
    return redirect("tokens")
