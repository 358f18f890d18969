"""Pages of supervisors and operators: rota, audit, cases that need an outside person."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from oarlock.community import access
from oarlock.community.desk import actions, forms, queries
from oarlock.community.desk import rota as shifts
from oarlock.community.roles import MemberRequest, staff


@staff("rota")
def rota(request: MemberRequest) -> HttpResponse:
    form = forms.ShiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            shifts.add(by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Added to the rota."))
            return redirect("rota")
    return render(
        request,
        "desk/rota.html",
        {
            "form": form,
            "on_duty": shifts.now_on_duty(),
            "gaps": shifts.gaps(),
            "shifts": shifts.coming(),
        },
        status=422 if form.errors else 200,
    )


@staff("rota")
@require_POST
def remove_shift(request: MemberRequest, pk: int) -> HttpResponse:
    shifts.remove(by=request.user, pk=pk)
    messages.success(request, _("Taken off the rota."))
    return redirect("rota")


@staff("audit")
@require_GET
def audit(request: MemberRequest) -> HttpResponse:
    form = forms.AuditForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    page = queries.audit(by=request.user, after=request.GET.get("after", ""), **wanted)
    kept = request.GET.copy()
    kept.pop("after", None)
    return render(
        request,
        "desk/audit.html",
        {"form": form, "rows": page.rows, "after": page.after, "kept": kept.urlencode()},
    )


@staff("operations")
@require_GET
def outside(request: MemberRequest) -> HttpResponse:
    cases = access.outside_cases(request.user)
    rows = [(case, queries.clock(case)) for case in cases]
    return render(request, "desk/outside.html", {"rows": rows})


@staff("operations")
@require_POST
def outside_act(request: MemberRequest, public_id: str, do: str) -> HttpResponse:
    case = access.outside_case(request.user, public_id)
    if do == "seek":
        actions.acknowledge_outside(by=request.user, case=case)
        messages.success(request, _("The alarm is quiet for a day."))
        return redirect("outside")
    try:
        actions.give_to_new_supervisor(by=request.user, case=case)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The supervisor can see it now."))
    return redirect("outside")
