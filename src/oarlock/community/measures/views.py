"""The pages of questionnaires. No page and no title names the questionnaire."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from oarlock.community import access
from oarlock.community.desk import words
from oarlock.community.measures import actions, catalogue, queries
from oarlock.community.measures.models import Administration, Answer
from oarlock.community.notices.actions import read_about
from oarlock.community.roles import MemberRequest, members
from oarlock.trial.instruments import Instrument

State = Administration.State


def _found(request: MemberRequest, public_id: str) -> tuple[Administration, Instrument]:
    administration = access.administration(request.user, public_id)
    instrument = catalogue.find(administration.instrument)
    if instrument is None:
        raise Http404
    return administration, instrument


@members
@require_GET
def index(request: MemberRequest) -> HttpResponse:
    waiting, over = queries.own(request.user)
    return render(request, "measures/index.html", {"waiting": waiting, "over": over})


@members
@require_GET
def start(request: MemberRequest, public_id: str) -> HttpResponse:
    """Say what is asked and who reads it; lead back to where somebody stopped."""
    administration, instrument = _found(request, public_id)
    read_about(by=request.user, targets=[str(administration)])
    state = administration.state_at(timezone.now())
    answers = administration.answers.filter(answered_at__isnull=False)
    return render(
        request,
        "measures/start.html",
        {
            "administration": administration,
            "instrument": instrument,
            "state": state,
            "n_answered": answers.count(),
            "next": actions.next_item(administration, instrument),
            "has_risk": bool(instrument.risks),
        },
        status=410 if state in {State.CLOSED, State.OFF} else 200,
    )


@members
@require_http_methods(["GET", "HEAD", "POST"])
def item(request: MemberRequest, public_id: str, number: int) -> HttpResponse:
    """One question."""
    administration, instrument = _found(request, public_id)
    if not 1 <= number <= instrument.n_items:
        raise Http404
    if request.method == "POST":
        return _answered(request, administration, instrument, number)
    if administration.state_at(timezone.now()) != State.OPEN:
        return redirect("measure", public_id)
    kept = actions.show(by=request.user, administration=administration, item=number)
    return _question(request, administration, instrument, number, kept)


def _question(
    request: MemberRequest,
    administration: Administration,
    instrument: Instrument,
    number: int,
    kept: Answer | None,
    error: str = "",
) -> HttpResponse:
    asked, language = queries.item_of(instrument, number)
    return render(
        request,
        "measures/item.html",
        {
            "administration": administration,
            "instrument": instrument,
            "item": asked,
            "wording_language": language,
            "kept": kept,
            "error": error,
        },
        status=422 if error else 200,
    )


def _answered(
    request: MemberRequest, administration: Administration, instrument: Instrument, number: int
) -> HttpResponse:
    given = request.POST.get("answer", "")
    skips = "skip" in request.POST
    if not skips and not (given.isascii() and given.isdigit() and len(given) < 4):
        kept = administration.answers.filter(item=number).first()
        error = _("Choose an answer, or skip the question.")
        return _question(request, administration, instrument, number, kept, error)
    _asked, language = queries.item_of(instrument, number)
    try:
        taken = actions.answer(
            by=request.user,
            administration=administration,
            item=number,
            value=None if skips else int(given),
            language=language,
        )
    except ValidationError as refusal:
        return _question(request, administration, instrument, number, None, refusal.messages[0])
    return _on(request, _next_page(administration, taken))


def _next_page(administration: Administration, taken: actions.Taken) -> str:
    own = [administration.public_id]
    if taken.risk:
        return reverse("measure-help", args=own)
    if not taken.kept:
        return reverse("measure", args=own)
    if taken.next_item is None:
        return reverse("measure-end", args=own)
    return reverse("measure-item", args=[*own, taken.next_item])


def _on(request: MemberRequest, page: str) -> HttpResponse:
    """Lead on: a script, which has held the answer while the connection was away, by JSON."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"next": page})
    return redirect(page)


@members
@require_GET
def help_first(request: MemberRequest, public_id: str) -> HttpResponse:
    """What somebody reads at once whose answer tells of danger."""
    administration, instrument = _found(request, public_id)
    grade = next((risk.grade for risk in instrument.risks), "")
    if not administration.risk_answers.exists():
        return redirect("measure", public_id)
    is_open = administration.state_at(timezone.now()) == State.OPEN
    return render(
        request,
        "measures/help.html",
        {
            "administration": administration,
            "said": words.for_answer(grade, request.user),
            "emergency": words.emergency(words.country_of(request.user)),
            "next": actions.next_item(administration, instrument) if is_open else None,
        },
    )


@members
@require_GET
def end(request: MemberRequest, public_id: str) -> HttpResponse:
    administration, instrument = _found(request, public_id)
    if administration.state_at(timezone.now()) != State.FINISHED:
        return redirect("measure", public_id)
    return render(
        request,
        "measures/end.html",
        {
            "administration": administration,
            "instrument": instrument,
            "more": queries.own(request.user)[0],
            "emergency": words.emergency(words.country_of(request.user)),
        },
    )
