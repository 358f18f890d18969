"""Pages of posts and replies: parse, check access, act, render."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from oarlock.community import access
from oarlock.community.roles import MemberRequest, members


@members
def home(request: MemberRequest) -> HttpResponse:
    return render(request, "support/home.html", {"groups": access.groups(request.user)})
