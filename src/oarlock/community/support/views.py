"""Pages of posts and replies: parse, check access, act, render."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from oarlock.community import access
from oarlock.community.roles import members


@members
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "support/home.html", {"groups": access.groups(request.user)})
