"""Home, own posts, bookmarks, search."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from oarlock.community.roles import MemberRequest, members
from oarlock.community.support import queries
from oarlock.community.support import search as finding
from oarlock.community.support.forms import SearchForm


@members
@require_GET
def home(request: MemberRequest) -> HttpResponse:
    return render(request, "support/home.html", {"home": queries.home(request.user)})


@members
@require_GET
def mine(request: MemberRequest) -> HttpResponse:
    page = queries.own_posts(request.user, before=request.GET.get("before", ""))
    return render(request, "support/mine.html", {"page": page})


@members
@require_GET
def bookmarks(request: MemberRequest) -> HttpResponse:
    page = queries.bookmarked(request.user, before=request.GET.get("before", ""))
    return render(request, "support/bookmarks.html", {"page": page})


@members
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: MemberRequest) -> HttpResponse:
    """Search. The words are posted, so that no address and no history of a browser keeps them."""
    form = SearchForm(request.POST or None)
    hits = None
    if request.method == "POST" and form.is_valid():
        if finding.words(form.cleaned_data["q"]):
            try:
                hits = finding.search(request.user, form.cleaned_data["q"])
            except finding.TooSlowError:
                form.add_error("q", _("This took too long. Add a word, or a rarer one."))
        else:
            form.add_error("q", _("Type a word of at least two letters or digits."))
    status = 422 if form.errors else 200
    return render(
        request,
        "support/search.html",
        {"form": form, "hits": hits, "full": hits is not None and len(hits) == finding.RESULTS},
        status=status,
    )
