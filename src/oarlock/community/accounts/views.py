"""Pages about the own account, and the people pages of operators."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from oarlock.community import access
from oarlock.community.accounts import actions
from oarlock.community.accounts.export import personal_export
from oarlock.community.accounts.forms import BreakForm, EraseForm, PreferencesForm, RoleForm
from oarlock.community.accounts.models import Agreement, Role, User
from oarlock.community.roles import MemberRequest, View, everybody, members, staff

#: Version of the words that ask for consent to research; a change asks everybody again.
CONSENT_VERSION = "2026-11"


def _fresh(view: View) -> View:
    """Ask for the password again before something that cannot be undone."""
    checked: View = reauthentication_required()(view)
    return checked


@everybody
def agreement(request: HttpRequest) -> HttpResponse:
    current = Agreement.current()
    if request.method == "POST" and isinstance(request.user, User) and current is not None:
        actions.accept_agreement(by=request.user, agreement=current)
        return redirect("home")
    body = current.body if current else {}
    words = body.get(get_language() or "en") or body.get("en", "")
    to_accept = isinstance(request.user, User) and not request.user.has_agreed()
    return render(
        request,
        "accounts/agreement.html",
        {"agreement": current, "lines": words.splitlines(), "to_accept": to_accept},
    )


@members
def preferences(request: MemberRequest) -> HttpResponse:
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        response = redirect("preferences")
        if "language" in form.changed_data:
            response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response
    return render(request, "accounts/preferences.html", {"form": form, "break_form": BreakForm()})


@members
@require_POST
def take_break(request: MemberRequest) -> HttpResponse:
    form = BreakForm(request.POST)
    if form.is_valid():
        actions.take_break(by=request.user, until=form.until())
        messages.success(
            request,
            _("You are on a break. Nobody will ask you for anything.")
            if form.until()
            else _("Welcome back."),
        )
    return redirect("preferences")


@members
def people(request: MemberRequest) -> HttpResponse:
    """List whom one has blocked and muted."""
    return render(
        request,
        "accounts/people.html",
        {
            "blocks": request.user.blocks.select_related("other"),
            "mutes": request.user.mutes.select_related("other"),
        },
    )


@members
@require_POST
def relate(request: MemberRequest, handle: str, what: str) -> HttpResponse:
    """Block, unblock, mute or unmute somebody."""
    if what in {"unblock", "unmute"}:
        other = User.objects.people().filter(handle__iexact=handle).first()
    else:
        other = access.person(request.user, handle)
    if other is not None:
        try:
            getattr(actions, what)(by=request.user, other=other)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("person", handle=handle)
    messages.success(request, _("Done. They are not told."))
    return redirect("people-list")


@members
@never_cache
def own_data(request: MemberRequest) -> HttpResponse:
    """Show consent, export and erasure."""
    consent = request.user.consents.order_by("-at", "-pk").first()
    return render(request, "accounts/data.html", {"consent": consent})


@members
@require_POST
def consent(request: MemberRequest) -> HttpResponse:
    given = request.POST.get("given") == "yes"
    actions.set_consent(by=request.user, given=given, version=CONSENT_VERSION)
    messages.success(
        request,
        _("Thank you. You can change your mind at any time.")
        if given
        else _("Your texts are not used for research."),
    )
    return redirect("own-data")


@members
@_fresh
@never_cache
def export(request: MemberRequest) -> HttpResponse:
    response = JsonResponse(personal_export(request.user), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@members
@_fresh
@never_cache
def erase(request: MemberRequest) -> HttpResponse:
    form = EraseForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        keep = form.cleaned_data["keep_texts"] == "keep"
        try:
            actions.erase(by=request.user, keep_texts=keep)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            logout(request)
            return redirect("erased")
    return render(request, "accounts/erase.html", {"form": form})


@everybody
def erased(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/erased.html")


@staff("people")
def staff_list(request: MemberRequest) -> HttpResponse:
    """List staff, and find one person by handle to change their role. No e-mail, no texts."""
    found: User | None = None
    if wanted := request.GET.get("handle", "").strip():
        found = User.objects.people().filter(handle__iexact=wanted).first()
        if found is None:
            messages.error(request, _("Nobody has that handle."))
    context: dict[str, Any] = {
        "staff": User.objects.people().exclude(role=Role.MEMBER).order_by("role", "handle"),
        "found": found,
        "form": RoleForm(initial={"role": found.role}) if found else None,
    }
    return render(request, "accounts/staff.html", context)


@staff("people")
@require_POST
def set_role(request: MemberRequest, handle: str) -> HttpResponse:
    person = access.person(request.user, handle)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            actions.set_role(by=request.user, person=person, role=Role(form.cleaned_data["role"]))
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, _("Saved. They have to sign in again."))
    return redirect("staff-list")


@staff("people")
@require_POST
def sign_out(request: MemberRequest, handle: str) -> HttpResponse:
    actions.sign_out(by=request.user, person=access.person(request.user, handle))
    messages.success(request, _("They are signed out everywhere, and their apps too."))
    return redirect("staff-list")
