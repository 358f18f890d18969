"""Other people: who they are here."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from oarlock.community import access
from oarlock.community.accounts.models import Mute
from oarlock.community.groups.queries import in_common
from oarlock.community.roles import MemberRequest, members
from oarlock.community.support import links, queries


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
