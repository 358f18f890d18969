"""The page of notices."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from oarlock.community.notices import actions, kinds, queries
from oarlock.community.notices.models import Notice
from oarlock.community.roles import MemberRequest, members


@members
def index(request: MemberRequest) -> HttpResponse:
    lines = queries.latest(request.user)
    return render(
        request,
        "notices/index.html",
        {"lines": lines, "unread": any(line.notice.read_at is None for line in lines)},
    )


@members
def go(request: MemberRequest, pk: int) -> HttpResponse:
    """Lead to what a notice is about, and mark it as read."""
    notice = get_object_or_404(Notice, pk=pk, to=request.user)
    actions.read(by=request.user, notice=notice)
    return redirect(kinds.address(notice.kind, notice.target))


@members
@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    actions.read(by=request.user)
    return redirect("notices")
