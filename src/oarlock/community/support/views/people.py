"""Other people: who they are here, and not meeting them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from oarlock.community import access
from oarlock.community.accounts.models import Mute
from oarlock.community.groups.queries import in_common
from oarlock.community.roles import MemberRequest, members
from oarlock.community.support import links, people, queries


@members
@require_GET
def person(request: MemberRequest, handle: str) -> HttpResponse:
    found = access.person(request.user, handle)
    return render(
        request,
        "support/person.html",
        {
            "person": found,
            "oneself": found.pk == request.user.pk,
            "groups": in_common(request.user, found),
            "rows": queries.posts_of(request.user, found),
            "muted": Mute.objects.filter(by=request.user, other=found).exists(),
            "report_url": links.report("person", found.public_id),
        },
    )


@members
@require_GET
def hidden(request: MemberRequest) -> HttpResponse:
    """List whom one has blocked or muted: a blocked person's own page does not open."""
    blocks, mutes = queries.hidden_people(request.user)
    return render(request, "support/hidden_people.html", {"blocks": blocks, "mutes": mutes})


@members
@require_POST
def block(request: MemberRequest, handle: str) -> HttpResponse:
    if request.POST.get("on") == "no":
        other = access.blocked_person(request.user, handle)
        people.block(by=request.user, other=other, on=False)
        messages.success(request, _("You can meet each other again."))
    else:
        people.block(by=request.user, other=access.person(request.user, handle))
        messages.success(request, _("You do not meet each other any more. They are not told."))
    return redirect("people-hidden")


@members
@require_POST
def mute(request: MemberRequest, handle: str) -> HttpResponse:
    on = request.POST.get("on") != "no"
    people.mute(by=request.user, other=access.person(request.user, handle), on=on)
    messages.success(
        request,
        _("You do not see what they write now. They are not told.")
        if on
        else _("You see what they write again."),
    )
    return redirect("people-hidden") if on else redirect("person", handle=handle)
