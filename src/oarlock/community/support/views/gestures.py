"""Buttons of a thread: each is a form that is posted and leads back to where it was."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oarlock.community import access
from oarlock.community.roles import MemberRequest, members
from oarlock.community.support import actions, gestures
from oarlock.community.support.models import Post
from oarlock.community.texts.models import Text


def _back(post_id: str) -> HttpResponse:
    return redirect("thread", public_id=post_id)


def _to_text(text: Text) -> HttpResponse:
    if text.kind == Text.Kind.REPLY:
        return redirect("reply", public_id=text.public_id)
    return _back(text.public_id)


def _on(request: MemberRequest) -> bool:
    return request.POST.get("on") != "no"


@members
@require_POST
def react(request: MemberRequest, public_id: str) -> HttpResponse:
    text = access.text(request.user, public_id)
    try:
        gestures.react(
            by=request.user,
            text=text,
            kind=request.POST.get("give") or request.POST.get("take", ""),
            on="give" in request.POST,
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return _to_text(text)


@members
@require_POST
def helped(request: MemberRequest, public_id: str) -> HttpResponse:
    reply = access.reply(request.user, public_id)
    rating = request.POST.get("rating", "")
    try:
        gestures.mark_helped(
            by=request.user,
            reply=reply,
            on=_on(request),
            rating=int(rating) if rating in {"1", "2", "3", "4", "5"} else (0 if rating else None),
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return _to_text(reply.text)


@members
@require_POST
def mood(request: MemberRequest, public_id: str) -> HttpResponse:
    post = access.post(request.user, public_id)
    try:
        gestures.feel_after(by=request.user, post=post, mood=request.POST.get("mood", ""))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("Thank you for telling."))
    return _back(public_id)


@members
@require_POST
def follow(request: MemberRequest, public_id: str) -> HttpResponse:
    post = access.post(request.user, public_id)
    gestures.follow(by=request.user, post=post, on=_on(request))
    messages.success(
        request, _("You follow this thread.") if _on(request) else _("You do not follow it now.")
    )
    return _back(public_id)


@members
@require_POST
def bookmark(request: MemberRequest, public_id: str) -> HttpResponse:
    post: Post = access.post(request.user, public_id)
    gestures.bookmark(by=request.user, post=post, on=_on(request))
    messages.success(
        request, _("It is in your bookmarks.") if _on(request) else _("The bookmark is gone.")
    )
    return _back(public_id)


@members
@require_POST
def close(request: MemberRequest, public_id: str) -> HttpResponse:
    post = access.post(request.user, public_id)
    actions.close(by=request.user, post=post, closed=_on(request))
    messages.success(
        request,
        _("Your thread is closed to new replies.") if _on(request) else _("Your thread is open."),
    )
    return redirect(reverse("thread", args=[public_id]))
