"""Pages of groups: parse, check access, act, render."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from oarlock.community import access, roles
from oarlock.community.desk.words import Said, for_writer
from oarlock.community.groups import actions, queries
from oarlock.community.groups.forms import GroupForm, ModeratorForm, NewGroupForm, RequestForm
from oarlock.community.groups.models import Membership
from oarlock.community.roles import MemberRequest, members, staff
from oarlock.community.support.queries import group_threads

form_page = require_http_methods(["GET", "HEAD", "POST"])


@members
@require_GET
def index(request: MemberRequest) -> HttpResponse:
    mine = set(queries.own(request.user).values_list("pk", flat=True))
    return render(
        request,
        "groups/index.html",
        {
            "topics": queries.by_topic(request.user),
            "mine": mine,
            "may_create": roles.may(request.user, "groups"),
        },
    )


@members
@require_GET
def group(request: MemberRequest, slug: str) -> HttpResponse:
    found = access.group(request.user, slug)
    membership = queries.membership(request.user, found)
    moderates = access.moderates(request.user, found)
    page = group_threads(request.user, found, before=request.GET.get("before", ""))
    return render(
        request,
        "groups/group.html",
        {
            "group": found,
            "membership": membership,
            "is_member": membership is not None and membership.state == queries.State.MEMBER,
            "reads": roles.reads(request.user),
            "readable": found.open or access.reads_group(request.user, found),
            "moderates": moderates,
            "runs": roles.may(request.user, "groups"),
            "moderators": queries.moderators(found),
            "page": page,
            "said": _said(membership),
        },
    )


def _said(membership: Membership | None) -> Said | None:
    """Return what the policy says to somebody who asked to join, while the request waits."""
    if membership is None or membership.state != queries.State.ASKED or not membership.request:
        return None
    return for_writer(membership.request)


@members
@require_POST
def join(request: MemberRequest, slug: str) -> HttpResponse:
    found = access.group(request.user, slug)
    actions.join(by=request.user, group=found)
    messages.success(request, _("You are in this group now."))
    return redirect("group", slug=slug)


@members
@require_POST
def leave(request: MemberRequest, slug: str) -> HttpResponse:
    found = access.group(request.user, slug)
    actions.leave(by=request.user, group=found)
    messages.success(request, _("You are not in this group any more. What you wrote there stays."))
    return redirect("group", slug=slug)


@members
@form_page
def ask(request: MemberRequest, slug: str) -> HttpResponse:
    found = access.group(request.user, slug)
    form = RequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.ask(
                by=request.user,
                group=found,
                body=form.cleaned_data["body"],
                key=form.cleaned_data["key"],
            )
        except ValidationError as error:
            form.add_error("body", error)
        except PermissionDenied as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("You have asked to join. A moderator of the group answers you.")
            )
            return redirect("group", slug=slug)
    status = 422 if form.errors else 200
    return render(request, "groups/ask.html", {"group": found, "form": form}, status=status)


@staff("moderation")
@require_GET
def requests(request: MemberRequest, slug: str) -> HttpResponse:
    found = access.moderated_group(request.user, slug)
    waiting = access.join_requests(request.user, found)[:50]
    return render(request, "groups/requests.html", {"group": found, "waiting": waiting})


@staff("moderation")
@require_POST
def answer(request: MemberRequest, slug: str, handle: str) -> HttpResponse:
    found = access.moderated_group(request.user, slug)
    membership = access.join_request(request.user, found, handle)
    accept = request.POST.get("answer") == "yes"
    actions.answer(by=request.user, membership=membership, accept=accept)
    messages.success(request, _("They are in the group.") if accept else _("You said no."))
    return redirect("group-requests", slug=slug)


@members
@form_page
def edit(request: MemberRequest, slug: str) -> HttpResponse:
    found = access.group(request.user, slug)
    if not (access.moderates(request.user, found) or roles.may(request.user, "groups")):
        raise PermissionDenied
    form = GroupForm(
        request.POST or None, initial={"about": found.about, "guidelines": found.guidelines}
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(by=request.user, group=found, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("group", slug=slug)
    status = 422 if form.errors else 200
    return render(request, "groups/edit.html", {"group": found, "form": form}, status=status)


@staff("groups")
@form_page
def new(request: MemberRequest) -> HttpResponse:
    form = NewGroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        try:
            made = actions.create(
                by=request.user,
                name=fields["name"],
                topic=fields["topic"],
                about=fields["about"],
                guidelines=fields["guidelines"],
                open_to_all=not fields["by_request"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The group is there. Choose its moderators now."))
            return redirect("group-moderators", slug=made.slug)
    status = 422 if form.errors else 200
    return render(request, "groups/new.html", {"form": form}, status=status)


@staff("groups")
@form_page
def moderators(request: MemberRequest, slug: str) -> HttpResponse:
    """Appoint the moderators of a group, by handle, and dismiss them."""
    found = access.group(request.user, slug)
    form = ModeratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = access.person(request.user, form.cleaned_data["handle"].strip())
            actions.appoint(
                by=request.user,
                group=found,
                person=person,
                moderates=request.POST.get("dismiss") != "yes",
            )
        except Http404:
            form.add_error("handle", _("There is nobody with this handle."))
        except ValidationError as error:
            form.add_error("handle", error)
        else:
            messages.success(request, _("Saved."))
            return redirect("group-moderators", slug=slug)
    return render(
        request,
        "groups/moderators.html",
        {"group": found, "form": form, "moderators": queries.moderators(found)},
        status=422 if form.errors else 200,
    )


@staff("groups")
@require_POST
def archive(request: MemberRequest, slug: str) -> HttpResponse:
    found = access.group(request.user, slug)
    archived = request.POST.get("archived") != "no"
    actions.archive(by=request.user, group=found, archived=archived)
    messages.success(request, _("Put away.") if archived else _("Brought back."))
    return redirect("group", slug=slug)
