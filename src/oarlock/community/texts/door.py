"""The one door: a text is cleaned, screened, kept, audited and queued, all or nothing."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community import roles
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk import intake
from oarlock.community.ids import public_id
from oarlock.community.texts import tasks, wording
from oarlock.community.texts.models import IN_THREADS, TO_STAFF, Text, Version
from oarlock.community.texts.screening import Finding, screen, write_down

TITLE_LENGTH = 120


def _may_write(by: User, kind: str) -> None:
    suspended = by.suspended_until is not None and by.suspended_until > timezone.now()
    if not by.is_active or (suspended and kind not in TO_STAFF):
        raise PermissionDenied(_("You cannot write at the moment."))
    if kind not in TO_STAFF and not roles.reads(by):
        raise PermissionDenied(_("People with your role neither read nor write in groups."))


def _clean_title(title: str) -> str:
    return wording.clean(" ".join(title.split()), limit=TITLE_LENGTH) if title.strip() else ""


def receive(
    *,
    by: User,
    kind: Text.Kind,
    body: str,
    title: str = "",
    key: str = "",
    attach: Callable[[Text], object] = lambda _: None,
    settled: Callable[[Text], object] = lambda _: None,
) -> Text:
    """Keep a new text and return it.

    Args:
        by: Author.
        kind: What it is.
        body, title: As they came from the browser.
        key: Of the form; a text with a key that the author has used already is returned as it is.
        attach: Makes what the text belongs to (a post, a reply), inside the same transaction.
        settled: Called last in that transaction, when it is known whether peers see the text.

    Raises:
        ValidationError: The text is empty or too long, in words for the writer.
        PermissionDenied: The author may not write now.
    """
    _may_write(by, kind)
    title, body = _clean_title(title), wording.clean(body)
    key = key[:36] or public_id()
    if (sent := Text.objects.filter(author=by, key=key).first()) is not None:
        return sent
    finding = screen(title, body)

    def keep() -> Text:
        text = Text.objects.create(kind=kind, author=by, title=title, body=body, key=key)
        attach(text)
        _settle(text, finding)
        settled(text)
        record(f"{kind}.written", by=by, target=str(text), state=text.state)
        return text

    try:
        return _all_or_nothing(keep)
    except IntegrityError:
        # The same form came twice at once; the other one is kept.
        sent = Text.objects.filter(author=by, key=key).first()
        if sent is None:
            raise
        return sent


def _all_or_nothing(keep: Callable[[], Text]) -> Text:
    """Run `keep` in a transaction; once more where it collided with somebody else's."""
    try:
        with transaction.atomic():
            return keep()
    except OperationalError as error:
        if connection.in_atomic_block or not _collided(error):
            raise
    with transaction.atomic():
        return keep()


def _collided(error: OperationalError) -> bool:
    """Return whether PostgreSQL gave up a transaction that may well succeed a moment later."""
    return getattr(error.__cause__, "sqlstate", None) in {"40001", "40P01"}


def revise(
    *,
    by: User,
    text: Text,
    body: str,
    title: str | None = "",
    version: int | None = None,
    prepared: Callable[[Text], object] = lambda _: None,
    settled: Callable[[Text], object] = lambda _: None,
) -> Text:
    """Keep a new version of an own text and return it; the old one stays for staff.

    Args:
        title: None leaves it as it is.
        version: The version that the writer saw; an edit of an older one is refused.
        prepared: Changes what the text belongs to, before the policy has its say.
        settled: Called last in the transaction, also when no word has changed.

    Raises:
        ValidationError: Nothing to read, too long, or changed elsewhere meanwhile.
        PermissionDenied: The text is locked or somebody else's.
    """
    _may_write(by, text.kind)
    kept = text.title if title is None else _clean_title(title)
    title, body = kept, wording.clean(body)
    finding = screen(title, body)
    pk = text.pk

    def keep() -> Text:
        text = Text.objects.select_for_update().get(pk=pk)
        if text.author_id != by.pk or text.state == Text.State.DELETED:
            raise PermissionDenied
        if text.locked:
            raise PermissionDenied(_("A moderator has locked this. It cannot be changed now."))
        if version is not None and version != text.version:
            raise ValidationError(
                _("You changed this in another window. Copy your words, reload, and try again."),
                code="stale",
            )
        prepared(text)
        if (title, body) == (text.title, text.body):
            intake.warn_again(text, finding)
            settled(text)
            return text
        Version.objects.create(
            text=text,
            number=text.version,
            title=text.title,
            body=text.body,
            written_at=text.edited_at or text.created_at,
        )
        text.title, text.body = title, body
        text.version += 1
        text.edited_at = timezone.now()
        text.save()
        _settle(text, finding)
        settled(text)
        record(f"{text.kind}.edited", by=by, target=str(text), version=text.version)
        return text

    return _all_or_nothing(keep)


def _settle(text: Text, finding: Finding) -> None:
    """Write down the screening, do what the policy says, and queue the coding."""
    write_down(text, finding)
    text.screened = not finding.failed
    intake.take_in(text, finding)
    text.save(update_fields=["screened", "state", "expected_by"])
    if text.kind in IN_THREADS:
        tasks.code_text.enqueue(text.pk, text.version)
