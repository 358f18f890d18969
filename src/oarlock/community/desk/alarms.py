"""The alarm: when nobody has said "I have it" in time, people are called until somebody does."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import urllib.request
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from oarlock.community.accounts.models import Role, User
from oarlock.community.desk.intake import READERS
from oarlock.community.desk.models import WAITING, Alarm, Case
from oarlock.community.desk.rota import on_duty

log = logging.getLogger("oarlock.desk")

#: Minutes until the next alarm, after the first, second … one; then the last of them again.
REPEAT_MINUTES = (5, 10, 20, 40, 60)
#: Supervisors are called from this alarm on.
SUPERVISORS_AT = 2
#: Cases in one run: the rest is due half a minute later.
BATCH = 100
WEBHOOK_SECONDS = 5
#: After a failed call the webhook is left alone this long, so that a dead one holds up nothing.
WEBHOOK_PAUSE = timedelta(seconds=30)
#: A try this recent may still be under way in another worker.
LEASE = timedelta(minutes=1)


class ChannelError(Exception):
    """An alarm did not get through; the job is tried again."""


def _due(now: datetime) -> Q:
    waits = Q(alarmed_at=None)
    for n, minutes in enumerate(REPEAT_MINUTES, start=1):
        last = n == len(REPEAT_MINUTES)
        rounds = Q(alarm_round__gte=n) if last else Q(alarm_round=n)
        waits |= rounds & Q(alarmed_at__lte=now - timedelta(minutes=minutes))
    return WAITING & Q(acknowledge_by__lte=now) & waits


def sound(now: datetime | None = None) -> int:
    """Send the alarms that are due and return their number; two workers send none twice."""
    now = now or timezone.now()
    n = 0
    for case in Case.objects.filter(_due(now)).order_by("grade", "acknowledge_by")[:BATCH]:
        with transaction.atomic():
            same = Case.objects.filter(
                pk=case.pk, alarmed_at=case.alarmed_at, alarm_round=case.alarm_round
            )
            claimed = same.filter(WAITING, acknowledge_by=case.acknowledge_by).update(
                alarmed_at=now, alarm_round=F("alarm_round") + 1
            )
            if not claimed:
                continue
            for channel in _channels():
                alarm = Alarm.objects.create(case=case, channel=channel, round=case.alarm_round + 1)
                send.enqueue(alarm.pk)
                n += 1
        log.warning(_event(case), extra={"case": case.public_id})
    return n


def _event(case: Case) -> str:
    return "case.second_missing" if case.awaits_second else "case.unacknowledged"


def _channels() -> list[str]:
    return [Alarm.Channel.EMAIL, *([Alarm.Channel.WEBHOOK] if settings.ALARM_WEBHOOK else [])]


def recipients(case: Case, number: int) -> list[str]:
    """Return the addresses that an alarm goes to: those on duty first, then supervisors too.

    Whom the case concerns is called by nobody.
    """
    past = {pk for pk in (case.not_for_id, case.about_id) if pk is not None}
    if case.awaits_second and case.closed_by_id is not None:
        # Whoever chose the outcome cannot be the second reader.
        past.add(case.closed_by_id)
    people = User.objects.people().exclude(pk__in=past).exclude(email="")
    if case.queue == Case.Queue.OUTSIDE:
        called = list(people.filter(role=Role.OPERATOR))
    else:
        readers = READERS[Case.Queue(case.queue)]
        called = list(people.filter(pk__in=on_duty(case.queue), role__in=readers))
        if number >= SUPERVISORS_AT or not called:
            called += people.filter(role=Role.SUPERVISOR)
        if number >= SUPERVISORS_AT and case.assigned_to_id is not None:
            called += people.filter(pk=case.assigned_to_id)
        called = called or list(people.filter(role__in=readers))
    addresses = [*(person.email for person in called), *settings.ALARM_EMAILS]
    return list(dict.fromkeys(addresses))


@task(queue_name="alarms", priority=100)
def send(pk: int) -> bool:
    """Send one alarm; return False where it was sent or is not wanted any more."""
    now = timezone.now()
    fresh = Q(tried_at=None) | Q(tried_at__lte=now - LEASE) | Q(failed=True)
    if not Alarm.objects.filter(fresh, pk=pk, sent_at=None).update(tried_at=now, failed=False):
        if Alarm.objects.filter(pk=pk, sent_at=None).exists():
            # Another worker tries right now, or died trying: the job comes back and looks again.
            raise ChannelError("under way")
        return False
    alarm = Alarm.objects.select_related("case").get(pk=pk)
    if alarm.case.state != Case.State.NEW and not alarm.case.awaits_second:
        return False
    try:
        _call(alarm)
    except Exception as error:  # noqa: BLE001 - told as what it is, without its words
        Alarm.objects.filter(pk=pk).update(failed=True)
        # Its message may name an address: only the type is told.
        log.error("alarm.failed", extra={
            "channel": alarm.channel, "case": alarm.case.public_id, "error": type(error).__name__,
        })  # fmt: skip
        raise ChannelError(alarm.channel) from None
    Alarm.objects.filter(pk=pk).update(sent_at=timezone.now(), failed=False)
    return True


def _call(alarm: Alarm) -> None:
    if alarm.channel == Alarm.Channel.EMAIL:
        _mail(alarm)
    else:
        _post(alarm)


def link(case: Case) -> str:
    name = "outside" if case.queue == Case.Queue.OUTSIDE else "case"
    args = [] if case.queue == Case.Queue.OUTSIDE else [case.public_id]
    return settings.ORIGIN + reverse(name, args=args)


def _words(case: Case) -> str:
    told = {"since": f"{case.acknowledge_by:%Y-%m-%d %H:%M}", "link": link(case)}
    if case.awaits_second:
        return (
            _(
                "A case has been waiting for a second reader since %(since)s UTC.\n\n%(link)s\n\n"
                "This message comes again until somebody has read it."
            )
            % told
        )
    return (
        _(
            'A case has been waiting since %(since)s UTC. Nobody has said "I have it" yet.\n\n'
            "%(link)s\n\nThis message comes again until somebody has it."
        )
        % told
    )


def _mail(alarm: Alarm) -> None:
    addresses = recipients(alarm.case, alarm.round)
    if not addresses:
        raise ChannelError("nobody to send to")
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Something is waiting for you")
        body = _words(alarm.case)
    # One message each: nobody reads the address of another.
    failures, away = 0, False
    for address in addresses:
        mark = hashlib.sha256(address.encode()).hexdigest()[:16]
        if mark in alarm.reached:
            continue
        try:
            _send_one(EmailMessage(subject, body, to=[address]))
        except ServerAwayError:
            away = True
            break
        except Exception as error:  # noqa: BLE001 - one bad mailbox must not silence the next
            failures += 1
            log.warning("alarm.refused", extra={
                "case": alarm.case.public_id, "error": type(error).__name__,
            })  # fmt: skip
            continue
        alarm.reached.append(mark)
        Alarm.objects.filter(pk=alarm.pk).update(reached=alarm.reached, tried_at=timezone.now())
    if failures and alarm.reached:
        log.error("alarm.partly", extra={"case": alarm.case.public_id, "count": failures})
    if away or not alarm.reached:
        raise ChannelError("not everybody could be tried" if alarm.reached else "reached nobody")


class ServerAwayError(Exception):
    """There is no mail server to talk to: the other addresses would fail as well."""


def _send_one(mail: EmailMessage) -> None:
    connection = get_connection(fail_silently=False)
    try:
        connection.open()
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing can be sent now
        raise ServerAwayError(type(error).__name__) from None
    try:
        connection.send_messages([mail])
    finally:
        # What was taken is taken, whatever the server says to the goodbye.
        with contextlib.suppress(Exception):
            connection.close()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        """Follow nothing: an answer other than 2xx is a failure."""


def _post(alarm: Alarm) -> None:
    lately = Alarm.objects.filter(
        channel=Alarm.Channel.WEBHOOK, failed=True, tried_at__gt=timezone.now() - WEBHOOK_PAUSE
    )
    if lately.exclude(pk=alarm.pk).exists():
        raise ChannelError("failed a moment ago")
    if not settings.ALARM_WEBHOOK.startswith(("https://", "http://")):
        raise ChannelError("not an address")
    said = {
        "event": _event(alarm.case),
        "case": alarm.case.public_id,
        "queue": alarm.case.queue,
        "alarm": alarm.round,
        "since": alarm.case.acknowledge_by.isoformat(),
        "link": link(alarm.case),
        "text": f"A case is waiting: {link(alarm.case)}",
    }
    request = urllib.request.Request(
        settings.ALARM_WEBHOOK,
        data=json.dumps(said).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(request, timeout=WEBHOOK_SECONDS) as answer:
        if not 200 <= answer.status < 300:
            raise ChannelError("refused")
