"""Pages of the safety staff: the queue, and the page of a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.desk import actions, closing, forms, measures, queries, rota, talk
from oarlock.community.desk.intake import open_cases
from oarlock.community.desk.models import Case
from oarlock.community.desk.reasons import GRADES, WHY
from oarlock.community.measures.queries import risk_answers
from oarlock.community.roles import MemberRequest, staff


@staff("safety")
@require_GET
def queue(request: MemberRequest) -> HttpResponse:
    form = forms.QueueForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    page = queries.queue(by=request.user, after=request.GET.get("after", ""), **wanted)
    kept = request.GET.copy()
    kept.pop("after", None)
    return render(
        request,
        "desk/queue.html",
        {
            "form": form,
            "rows": [
                (case, queries.clock(case), glimpse)
                for case, glimpse in zip(page.rows, queries.glimpses(page.rows), strict=True)
            ],
            "after": page.after,
            "kept": kept.urlencode(),
            "trouble": queries.trouble(),
            "on_duty": rota.now_on_duty(),
            "filtered": any(wanted.values()),
        },
    )


class Act(NamedTuple):
    """One thing to do with a case: the form that asks for it, the action, what is said then."""

    form: type[forms.CaseForm]
    action: Callable[..., Any]
    said: Any


ACTS: dict[str, Act] = {
    "take": Act(forms.NothingForm, actions.acknowledge, gettext_lazy("You have it now.")),
    "assign": Act(forms.ToForm, actions.assign, gettext_lazy("Assigned.")),
    "hand-over": Act(forms.HandOverForm, actions.hand_over, gettext_lazy("Handed over.")),
    "note": Act(forms.NoteForm, actions.add_note, gettext_lazy("Note added.")),
    "grade": Act(forms.GradeForm, actions.regrade, gettext_lazy("Grade changed.")),
    "clinicians": Act(
        forms.ReasonNoteForm, actions.pass_to_clinicians, gettext_lazy("The clinicians have it.")
    ),
    "write": Act(forms.WriteForm, talk.write_to_person, gettext_lazy("Sent.")),
    "show": Act(forms.VersionForm, measures.show, gettext_lazy("Others can see the text.")),
    "hide": Act(forms.TermForm, measures.hide, gettext_lazy("The text is hidden.")),
    "lock": Act(forms.TermForm, measures.lock, gettext_lazy("The text is locked.")),
    "unlock": Act(forms.NothingForm, measures.unlock, gettext_lazy("The text is unlocked.")),
    "warn": Act(forms.WhyForm, measures.warn, gettext_lazy("The person is warned.")),
    "suspend": Act(forms.SuspendForm, measures.suspend, gettext_lazy("The person is suspended.")),
    "readmit": Act(forms.NothingForm, measures.readmit, gettext_lazy("The suspension has ended.")),
    "close": Act(forms.CloseForm, closing.close, ""),
    "agree": Act(forms.VersionForm, closing.agree, gettext_lazy("The case is closed.")),
    "disagree": Act(forms.ReasonNoteForm, closing.disagree, gettext_lazy("The case goes on.")),
    "reopen": Act(forms.ReasonNoteForm, actions.reopen, gettext_lazy("The case is open again.")),
}


def _page(
    request: MemberRequest, case: Case, bound: dict[str, forms.CaseForm], status: int = 200
) -> HttpResponse:
    by = request.user
    text = case.text if queries.may_read_text(case) else None
    blank = {
        name.replace("-", "_"): act.form(case=case, by=by, auto_id=f"{name}-%s")
        for name, act in ACTS.items()
    }
    return render(
        request,
        "desk/case.html",
        {
            "case": case,
            "clock": queries.clock(case),
            "grade": GRADES[case.grade],
            "thread": queries.thread(case.text),
            "text": text,
            "versions": list(text.versions.all()) if text else [],
            "screening": queries.screening(text),
            "risk_answers": risk_answers(case),
            "reports": queries.reports_of(case),
            "appeal": queries.appeal_of(case),
            "recent": queries.recent_texts(case),
            "others": [(c, queries.clock(c)) for c in queries.other_cases(by, case)],
            "notes": list(case.notes.select_related("by")),
            "decisions": [(d, WHY.get(d.reason, "")) for d in case.decisions.select_related("by")],
            "talk": queries.talk(case),
            "openers": talk.OPENERS,
            "forms": {**blank, **bound},
            "mine": case.assigned_to_id == by.pk,
            "can_agree": case.awaits_second and case.closed_by_id != by.pk,
            "same_text": closing.same_text(case),
            "others_open": case.text is not None
            and open_cases(case.text).exclude(pk=case.pk).exists(),
        },
        status=status,
    )


@staff("safety")
@require_GET
def case(request: MemberRequest, public_id: str) -> HttpResponse:
    found = access.case(request.user, public_id)
    actions.note_reading(by=request.user, case=found)
    return _page(request, found, {})


@staff("safety")
@require_POST
def act(request: MemberRequest, public_id: str, do: str) -> HttpResponse:
    found = access.case(request.user, public_id)
    if do not in ACTS:
        raise Http404
    wanted = ACTS[do]
    form = wanted.form(request.POST, case=found, by=request.user, auto_id=f"{do}-%s")
    stale = False
    if form.is_valid():
        try:
            done = wanted.action(by=request.user, case=found, **form.values())
        except ValidationError as error:
            form.add_error(None, error)
            stale = getattr(error, "code", "") == "stale"
        else:
            messages.success(request, wanted.said or _closed(bool(done)))
            return _after(request.user, public_id)
    for words in form.non_field_errors():
        messages.error(request, str(words))
    found = access.case(request.user, public_id)
    if stale and isinstance(form, forms.VersionForm):
        form.show_newest(found)
    return _page(request, found, {do.replace("-", "_"): form}, status=422)


def _closed(done: bool) -> str:
    if done:
        return _("The case is closed.")
    return _("Somebody else has to read it and agree. Then it is closed.")


def _after(by: User, public_id: str) -> HttpResponse:
    """Go back to the case, or to the queue where it has moved out of sight."""
    if access.cases(by).filter(public_id=public_id).exists():
        return redirect("case", public_id)
    return redirect("desk")
