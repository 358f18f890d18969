"""The e-mail digest: that there is something new, and nothing else."""

from __future__ import annotations

import contextlib
import logging
import zoneinfo
from collections import Counter
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import task

from oarlock.community.accounts.models import User
from oarlock.community.notices.models import Letter, Notice

log = logging.getLogger("oarlock.notices")

EVERY = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}


def is_quiet(person: User, now: datetime) -> bool:
    """Return whether the person's quiet hours are on, in their own time zone, over midnight too."""
    if person.quiet_from is None or person.quiet_to is None:
        return False
    zone = zoneinfo.ZoneInfo(person.time_zone or settings.TIME_ZONE)
    here: time = now.astimezone(zone).time()
    if person.quiet_from <= person.quiet_to:
        return person.quiet_from <= here < person.quiet_to
    return here >= person.quiet_from or here < person.quiet_to


def write_letters(now: datetime | None = None) -> int:
    """Make the digests that are due and queue them; return their number."""
    now = now or timezone.now()
    waiting = (
        Notice.objects.filter(read_at=None, mailed_at=None, to__is_active=True)
        .exclude(to__digest="never")
        .values_list("to", flat=True)
        .distinct()
    )
    n = 0
    for person in User.objects.filter(pk__in=waiting).iterator():
        every = EVERY.get(person.digest)
        if every is None or not person.email or is_quiet(person, now):
            continue
        last = Letter.objects.filter(to=person).order_by("-made_at").first()
        if last is not None and last.made_at > now - every:
            continue
        n += _write(person, now)
    return n


def _write(person: User, now: datetime) -> int:
    key = f"{person.pk} {now:%Y-%m-%d}"
    try:
        with transaction.atomic():
            new = Notice.objects.select_for_update().filter(to=person, read_at=None, mailed_at=None)
            counts = Counter(new.values_list("kind", flat=True))
            letter = Letter.objects.create(to=person, key=key, counts=counts, made_at=now)
            new.update(mailed_at=now)
            send.enqueue(letter.pk)
    except IntegrityError:
        return 0
    return 1


@task()
def send(pk: int) -> bool:
    """Send one digest; a letter that another worker has taken is left alone."""
    taken = Letter.objects.filter(pk=pk, tried_at=None).update(tried_at=timezone.now())
    letter = Letter.objects.select_related("to").filter(pk=pk).first()
    if not taken or letter is None or not letter.to.is_active or not letter.to.email:
        return False
    with translation.override(letter.to.language or settings.LANGUAGE_CODE):
        body = render_to_string(
            "notices/digest.txt",
            {"n": sum(letter.counts.values()), "origin": settings.ORIGIN},
        )
        mail = EmailMessage(subject=_("Something new for you"), body=body, to=[letter.to.email])
    connection = get_connection()
    try:
        connection.open()
    except OSError:
        # No server answered, so nothing has left this machine: it is tried again.
        Letter.objects.filter(pk=pk).update(tried_at=None)
        raise
    try:
        # From here on a failure may come after the letter was taken: it is not sent again.
        mail.connection = connection
        mail.send()
    finally:
        with contextlib.suppress(OSError):
            connection.close()
    Letter.objects.filter(pk=pk).update(sent_at=timezone.now())
    return True
