"""The page of a thread, and replying on it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from oarlock.community import access
from oarlock.community.coaching.switch import is_coached
from oarlock.community.roles import MemberRequest, members, staff
from oarlock.community.support import actions, drafts, queries, threads
from oarlock.community.support.after import first_words
from oarlock.community.support.forms import ReplyForm
from oarlock.community.support.models import Mood, Post, Reply, draft_place
from oarlock.community.support.views.writing import add_refusal, refused
from oarlock.community.texts.models import Text


@members
@require_GET
def thread(request: MemberRequest, public_id: str) -> HttpResponse:
    post = access.thread(request.user, public_id)
    to = _answered(request, post, request.GET.get("to", ""))
    hidden = post.anonymous or post.text.state != Text.State.SHOWN
    actions.note_reading(by=request.user, text=post.text, group=post.group, hidden=hidden)
    return _page(request, post, to)


def _answered(request: MemberRequest, post: Post, public_id: str) -> Reply | None:
    """Return the reply of this thread that is being answered, if there is one."""
    if not public_id:
        return None
    reply = access.reply(request.user, public_id.replace("\x00", ""))
    if reply.post_id != post.pk:
        raise Http404
    return reply


def _page(
    request: MemberRequest, post: Post, to: Reply | None, form: ReplyForm | None = None
) -> HttpResponse:
    by = request.user
    place = draft_place(post, to)
    draft = drafts.find(by, place)
    if form is None:
        hidden = post.anonymous and post.text.author_id == by.pk
        initial: dict[str, Any] = {"anonymous": hidden, **drafts.initial(draft)}
        form = ReplyForm(initial={**initial, "key": drafts.key_of(draft)})
    reading = threads.read(by, post, start=_id(request, "from"), branch=_id(request, "branch"))
    shown = post.text.state == Text.State.SHOWN
    takes_replies = shown and not post.text.locked and post.closed_at is None
    return render(
        request,
        "support/thread.html",
        {
            "thread": reading,
            "post": post,
            "group": post.group,
            "form": form,
            "to": to,
            "place": place,
            "draft": draft,
            "takes_replies": takes_replies and post.group.archived_at is None,
            "is_member": access.is_member(by, post.group),
            "coached": is_coached(by, post),
            "start": _id(request, "from"),
            "moods": Mood,
            "mood_after": Mood(post.mood_after).label if post.mood_after in Mood else "",
            "ratings": range(1, 6),
            "sent": _id(request, "sent"),
        },
        status=422 if form.errors else 200,
    )


def _id(request: MemberRequest, name: str) -> str:
    value = request.GET.get(name, "")
    return value if value.isalnum() and value.isascii() else ""


@members
@require_POST
def reply(request: MemberRequest, public_id: str) -> HttpResponse:
    try:
        post = access.thread(request.user, public_id)
        to = _answered(request, post, request.POST.get("to", ""))
    except Http404:
        return refused(request, _("What you were answering is not here any more."), 404)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _page(request, post, to, form)
    try:
        written = actions.write_reply(
            by=request.user,
            post=post,
            parent=to,
            coached=is_coached(request.user, post),
            **form.cleaned_data,
        )
    except (ValidationError, PermissionDenied) as error:
        add_refusal(form, error)
        why = str(error) if isinstance(error, PermissionDenied) else ""
        try:
            # As it is now: it may have gone while the words were screened.
            post = access.thread(request.user, public_id)
            to = _answered(request, post, request.POST.get("to", ""))
        except Http404:
            return refused(request, why or _("What you were answering is not here any more."), 404)
        if post.text.state == Text.State.DELETED:
            return refused(request, why)
        return _page(request, post, to, form)
    if written.text.state != Text.State.SHOWN or first_words(written.text):
        return redirect("text-sent", public_id=written.text.public_id)
    place = threads.place_of(request.user, written)
    written_id = written.text.public_id
    return redirect(
        f"{reverse('thread', args=[public_id])}{place}&sent={written_id}#reply-{written_id}"
    )


@members
@require_GET
def find_reply(request: MemberRequest, public_id: str) -> HttpResponse:
    """Lead to the page of the thread on which a reply shows."""
    found = access.reply(request.user, public_id)
    address = reverse("thread", args=[found.post.text.public_id])
    return redirect(f"{address}{threads.place_of(request.user, found)}#reply-{public_id}")


@staff("safety")
@require_GET
def history(request: MemberRequest, public_id: str) -> HttpResponse:
    """Show what a text said before; of a deleted one only while a case is open."""
    text = access.text_with_history(request.user, public_id)
    post = text.post if text.kind == Text.Kind.POST else text.reply.post
    actions.note_reading(by=request.user, text=text, group=post.group, hidden=True)
    return render(
        request, "support/history.html", {"text": text, "versions": queries.history(text)}
    )
