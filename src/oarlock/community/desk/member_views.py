"""Pages of members: reports, appeals, what was decided, talking with the team, help."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_countries import countries as country_names

from oarlock.community import access
from oarlock.community.desk import forms, queries, reports, talk, words
from oarlock.community.desk.models import Contact
from oarlock.community.desk.reasons import REPORT, TOLD, WHY
from oarlock.community.roles import MemberRequest, everybody, members
from oarlock.community.texts.models import Text


def _refuse(form: Any, error: ValidationError) -> None:
    form.add_error(None, error)


def _said(text: Text | None) -> words.Said | None:
    """Return what the policy says to the writer of a text that went to the team."""
    return words.for_writer(text) if text is not None else None


@members
def report_new(request: MemberRequest, kind: str, name: str) -> HttpResponse:
    on: dict[str, Any]
    if kind == "text":
        on = {"text": access.text(request.user, name)}
    else:
        on = {"person": access.person(request.user, name)}
    form = forms.ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = reports.report(by=request.user, **on, **form.cleaned_data)
        except ValidationError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("Thank you. A person reads it."))
            return redirect("report", made.public_id)
    return render(
        request, "desk/report_new.html", {"form": form, **on}, status=422 if form.errors else 200
    )


@members
@require_GET
def report(request: MemberRequest, public_id: str) -> HttpResponse:
    found = access.report(request.user, public_id)
    return render(
        request,
        "desk/report.html",
        {
            "report": found,
            "reason": REPORT[found.reason].label if found.reason in REPORT else "",
            "told": TOLD.get(found.outcome, ""),
            "said": _said(found.words) if found.told_at is None else None,
            "appeal": access.appeals(request.user).filter(against=found.case).first(),
        },
    )


@members
@require_GET
def my_reports(request: MemberRequest) -> HttpResponse:
    rows = [
        (made, REPORT[made.reason].label if made.reason in REPORT else "")
        for made in access.reports(request.user)[:100]
    ]
    return render(
        request,
        "desk/reports.html",
        {"rows": rows, "appeals": access.appeals(request.user)[:100]},
    )


@members
def appeal_new(request: MemberRequest, kind: str, public_id: str) -> HttpResponse:
    by = request.user
    if kind == "text":
        case = reports.decided_case(by=by, text=access.own_text(by, public_id))
    elif kind == "report":
        case = reports.decided_case(by=by, report=access.report(by, public_id))
    else:
        case = reports.decided_case(by=by, decision=access.decision(by, public_id))
    if case is None:
        raise Http404
    form = forms.AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = reports.appeal(by=by, against=case, **form.cleaned_data)
        except ValidationError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("Thank you. Somebody else reads it."))
            return redirect("appeal", made.public_id)
    return render(
        request, "desk/appeal_new.html", {"form": form}, status=422 if form.errors else 200
    )


@members
@require_GET
def appeal(request: MemberRequest, public_id: str) -> HttpResponse:
    found = access.appeal(request.user, public_id)
    return render(
        request,
        "desk/appeal.html",
        {
            "appeal": found,
            "told": TOLD.get(found.outcome, ""),
            "said": _said(found.words) if found.told_at is None else None,
        },
    )


@members
@require_GET
def decisions(request: MemberRequest) -> HttpResponse:
    rows = [
        (made, WHY.get(made.reason, ""), reports.decided_case(by=request.user, decision=made))
        for made in access.decisions(request.user)[:100]
    ]
    return render(request, "desk/decisions.html", {"rows": rows})


@members
@require_GET
def conversations(request: MemberRequest) -> HttpResponse:
    rows = access.conversations(request.user).order_by("-opened_at")[:50]
    return render(request, "desk/conversations.html", {"rows": rows})


@members
def conversation(request: MemberRequest, public_id: str) -> HttpResponse:
    case = access.conversation(request.user, public_id)
    form = forms.AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            talk.answer(by=request.user, case=case, **form.cleaned_data)
        except ValidationError as error:
            _refuse(form, error)
        else:
            messages.success(request, _("Sent. The team has been told."))
            return redirect("conversation", case.public_id)
    rows = queries.talk(case)
    mine = [row for row in rows if not row.from_staff and row.safety]
    own = [row.text for row in rows if not row.from_staff]
    unsafe = bool(mine) and mine[-1].safety != Contact.Safety.SAFE
    return render(
        request,
        "desk/conversation.html",
        {
            "case": case,
            "talk": rows,
            "form": form,
            "unsafe": unsafe,
            "said": _said(own[-1]) if own else None,
            "emergency": words.emergency(words.country_of(request.user)),
            "helplines": words.helplines(words.country_of(request.user)) if unsafe else [],
        },
        status=422 if form.errors else 200,
    )


@everybody
@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("country", "").upper()
    known = words.countries()
    country = asked if asked in known else words.country_of(request.user)
    return render(
        request,
        "desk/help.html",
        {
            "country": country,
            "country_name": country_names.name(country) or country,
            "countries": sorted(
                ((code, country_names.name(code) or code) for code in known), key=lambda c: c[1]
            ),
            "helplines": words.helplines(country),
            "emergency": words.emergency(country),
            "barriers": words.barriers(),
            "contact": settings.CONTACT_EMAIL,
        },
    )


@everybody
@require_GET
def help_worker(request: HttpRequest) -> HttpResponse:
    """Return the script that keeps the help page for when there is no connection."""
    files = [static("oarlock/oarlock.css"), static("oarlock/house.js"), static("oarlock/mark.svg")]
    known = words.countries()
    country = words.country_of(request.user)
    page = reverse("help")
    if country in known:
        page += f"?country={country}"
    response = render(
        request,
        "desk/help_worker.js",
        {"page": page, "files": files},
        content_type="text/javascript; charset=utf-8",
    )
    response["Cache-Control"] = "no-cache"
    return response
