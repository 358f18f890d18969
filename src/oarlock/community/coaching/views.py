"""The coach's pages: feedback on a draft, own skills, threads looked after, debriefs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oarlock.community import access
from oarlock.community.coaching import care, reviewing, skills
from oarlock.community.coaching.models import Care
from oarlock.community.coaching.segments import segments
from oarlock.community.notices import watch
from oarlock.community.roles import MemberRequest, members
from oarlock.community.support.queries import row


@members
@require_POST
def review(request: MemberRequest) -> HttpResponse:
    """Return the feedback on a draft as a piece of a page, while somebody writes."""
    return render(request, "coaching/feedback.html", _context(request))


@members
@require_POST
def check(request: MemberRequest) -> HttpResponse:
    """Show the feedback on a page of its own, for who uses no JavaScript."""
    kept = {
        name: value
        for name, value in request.POST.items()
        if name not in {"body", "csrfmiddlewaretoken", "place"}
    }
    context = _context(request)
    return render(request, "coaching/check.html", {**context, "kept": kept})


def _context(request: MemberRequest) -> dict[str, object]:
    place = reviewing.place_of(request.user, request.POST.get("place", ""))
    draft = request.POST.get("body", "").replace("\r\n", "\n")
    feedback = (
        reviewing.review(by=request.user, place=place, draft=draft) if draft.strip() else None
    )
    return {
        "feedback": feedback,
        "segments": segments(draft, feedback) if feedback else [],
        "suggestions": [
            (s, draft[s.start : s.end]) for s in (feedback.suggestions if feedback else ())
        ],
        "place": place,
        "draft": draft,
    }


@members
@require_POST
def dismiss(request: MemberRequest) -> HttpResponseBase:
    place = reviewing.place_of(request.user, request.POST.get("place", ""))
    suggestion = request.POST.get("suggestion", "")
    if not reviewing.dismiss(by=request.user, place=place, suggestion=suggestion):
        return HttpResponseBadRequest()
    if request.htmx or request.headers.get("Accept") == "text/fragment":
        return render(request, "coaching/feedback.html", _context(request))
    if "body" in request.POST:
        return check(request)
    return redirect("thread", place.post.text.public_id)


@members
def own_skills(request: MemberRequest) -> HttpResponse:
    return render(request, "coaching/skills.html", {"months": skills.by_month(request.user)})


@members
def threads(request: MemberRequest) -> HttpResponse:
    """List the threads that somebody looks after, and those that wait for a yes."""
    rows = list(care.looked_after(request.user))
    return render(
        request,
        "coaching/threads.html",
        {
            "taken": [(one, row(request.user, one.post)) for one in rows if one.accepted_at],
            "asked": [(one, row(request.user, one.post)) for one in rows if not one.accepted_at],
            "debriefs": care.debriefs(request.user),
        },
    )


@members
@require_POST
def take(request: MemberRequest, public_id: str) -> HttpResponse:
    post = access.post(request.user, public_id)
    if post.text.author_id == request.user.pk or not access.is_member(request.user, post.group):
        return HttpResponseBadRequest()
    watch.take(by=request.user, post=post)
    return redirect("thread", public_id)


@members
@require_POST
def give_back(request: MemberRequest, public_id: str) -> HttpResponse:
    post = access.post(request.user, public_id)
    watch.give_back(by=request.user, post=post)
    messages.success(request, _("Thank you for saying so. Somebody else will be asked."))
    return redirect("threads")


@members
@require_POST
def debrief(request: MemberRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Care, pk=pk, by=request.user)
    feeling = request.POST.get("feeling", "")
    if feeling not in care.FEELINGS:
        return HttpResponseBadRequest()
    care.debrief(by=request.user, care=one, feeling=feeling)
    messages.success(
        request,
        _("Somebody of the team will write to you within a day.")
        if feeling == "talk"
        else _("Thank you. Be kind to yourself tonight."),
    )
    return redirect("threads")
