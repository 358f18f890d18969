"""Writing: a post, its drafts, what happens after sending, changing and deleting."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from oarlock.community import access
from oarlock.community.roles import MemberRequest, members
from oarlock.community.support import actions
from oarlock.community.support import drafts as drafting
from oarlock.community.support.after import first_words
from oarlock.community.support.forms import EditPostForm, EditReplyForm, PostForm
from oarlock.community.support.models import Wanted
from oarlock.community.texts.models import Text

form_page = require_http_methods(["GET", "HEAD", "POST"])


def refused(request: MemberRequest, why: str, status: int = 403) -> HttpResponse:
    """Give back what was typed where its page is gone meanwhile."""
    kept = {name: request.POST[name] for name in drafting.WORDS if request.POST.get(name)}
    return render(request, "support/refused.html", {"why": why, "kept": kept}, status=status)


def add_refusal(form: forms.Form, error: ValidationError | PermissionDenied) -> None:
    """Put what the door said beside the words; who may not write reads it above the form."""
    if isinstance(error, ValidationError):
        form.add_error("body", error)
    else:
        form.add_error(None, str(error) or _("This cannot be sent now."))


@members
@form_page
def new_post(request: MemberRequest, slug: str) -> HttpResponse:
    try:
        group = access.group(request.user, slug)
    except Http404:
        if request.method != "POST":
            raise
        return refused(request, _("This group is not here any more."), 404)
    place = f"group:{slug}"
    draft = drafting.find(request.user, place)
    if request.method != "POST":
        if not access.is_member(request.user, group):
            messages.info(request, _("Join this group first. Then you can post in it."))
            return redirect("group", slug=slug)
        initial: dict[str, Any] = {"wanted": Wanted.HEARD, **drafting.initial(draft)}
        form = PostForm(initial={**initial, "key": drafting.key_of(draft)})
    else:
        form = PostForm(request.POST)
        if form.is_valid():
            fields = form.cleaned_data
            again = drafting.was_sent(request.user, fields["key"])
            fields["wanted"] = fields["wanted"] or Wanted.HEARD
            try:
                post = actions.write_post(by=request.user, group=group, **fields)
            except (ValidationError, PermissionDenied) as error:
                add_refusal(form, error)
            else:
                if again:
                    messages.info(request, _("This was sent already. You can change it below."))
                    return redirect("thread", public_id=post.text.public_id)
                return redirect("text-sent", public_id=post.text.public_id)
    return render(
        request,
        "support/write.html",
        {"group": group, "form": form, "place": place, "draft": draft},
        status=422 if form.errors else 200,
    )


@members
@require_GET
def sent(request: MemberRequest, public_id: str) -> HttpResponse:
    """Say in plain words what happens next with a text that was just sent."""
    text = access.own_entry(request.user, public_id)
    return render(
        request, "support/sent.html", {"text": text, "place": _place(text), **first_words(text)}
    )


def _place(text: Text) -> str:
    """Return the place of the draft that this text was."""
    if text.kind == Text.Kind.POST:
        return f"group:{text.post.group.slug}"
    return text.reply.draft_place


@members
@require_GET
def drafts(request: MemberRequest) -> HttpResponse:
    return render(request, "support/drafts.html", {"drafts": drafting.own(request.user)})


@members
@require_POST
def save_draft(request: MemberRequest) -> HttpResponse:
    """Keep a draft; answers a script with JSON and a button with the page it came from."""
    place, key = request.POST.get("place", ""), request.POST.get("key", "")
    by_script = request.headers.get("Accept", "").startswith("application/json")
    try:
        draft = drafting.save(
            by=request.user, place=place, fields=dict(request.POST.lists()), key=key
        )
    except ValidationError as error:
        if by_script:
            return JsonResponse({"state": "refused", "why": error.messages[0]}, status=422)
        return refused(request, error.messages[0], 422)
    except Http404:
        if by_script:
            raise
        return refused(request, _("The place of this draft is gone."), 404)
    gone = "sent" if drafting.was_sent(request.user, key) else "empty"
    if by_script:
        saved_at = draft.saved_at.isoformat() if draft else ""
        return JsonResponse({"state": "saved" if draft else gone, "saved_at": saved_at})
    if draft:
        messages.success(request, _("Saved as a draft. Nobody else can read it."))
    _label, url = drafting.where(request.user, place)
    return redirect(url)


@members
@require_POST
def discard_draft(request: MemberRequest) -> HttpResponse:
    drafting.discard(by=request.user, place=request.POST.get("place", "")[:60].replace("\x00", ""))
    messages.success(request, _("The draft is gone."))
    return redirect("drafts")


@members
@form_page
def edit(request: MemberRequest, public_id: str) -> HttpResponse:
    try:
        text = access.own_entry(request.user, public_id)
    except Http404:
        if request.method != "POST":
            raise
        return refused(request, _("What you were changing is not here any more."), 404)
    is_post = text.kind == Text.Kind.POST
    thing = text.post if is_post else text.reply
    kind = EditPostForm if is_post else EditReplyForm
    if request.method == "POST":
        form: forms.Form = kind(request.POST)
        if form.is_valid():
            try:
                actions.edit(by=request.user, text=text, **form.cleaned_data)
            except (ValidationError, PermissionDenied) as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("Your change is saved."))
                text.refresh_from_db()
                said = text.state == Text.State.HELD or first_words(text)
                return redirect("text-sent" if said else _page(text), public_id)
    else:
        form = kind(
            initial={
                "title": text.title,
                "body": text.body,
                "warnings": getattr(thing, "warnings", []),
                "anonymous": thing.anonymous,
                "version": text.version,
            }
        )
    return render(
        request,
        "support/edit.html",
        {"text": text, "form": form, "page": _page(text)},
        status=422 if form.errors else 200,
    )


def _page(text: Text) -> str:
    return "thread" if text.kind == Text.Kind.POST else "reply"


@members
@form_page
def delete(request: MemberRequest, public_id: str) -> HttpResponse:
    """Ask whether the person is sure, then delete."""
    text = access.own_entry(request.user, public_id)
    if request.method != "POST":
        return render(request, "support/delete.html", {"text": text, "page": _page(text)})
    actions.delete(by=request.user, text=text)
    messages.success(request, _("Deleted. Nobody here reads it any more."))
    if text.kind == Text.Kind.REPLY:
        return redirect("thread", public_id=text.reply.post.text.public_id)
    return redirect("group", slug=text.post.group.slug)
