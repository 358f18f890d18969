"""What people do with their accounts, and what staff does with those of others."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community import roles
from oarlock.community.accounts import erasures
from oarlock.community.accounts.models import (
    Acceptance,
    Agreement,
    Block,
    Consent,
    Mute,
    Role,
    User,
)
from oarlock.community.audit.actions import record
from oarlock.community.ids import public_id
from oarlock.errors import UserError


@transaction.atomic
def accept_agreement(*, by: User, agreement: Agreement) -> None:
    _accepted, new = Acceptance.objects.get_or_create(by=by, agreement=agreement)
    if new:
        record("agreement.accepted", by=by, target=_target(by), version=agreement.version)


@transaction.atomic
def block(*, by: User, other: User) -> None:
    """Block somebody: neither sees, answers, matches or messages the other from now on.

    What the other wrote without a handle stays as it was for `by`: anything that changed would
    tell who is behind it.
    """
    from oarlock.community.coaching.models import Care
    from oarlock.community.support.models import Follow, Reply

    if by == other:
        raise ValidationError(_("You cannot block yourself."))
    if other.is_safety_staff:
        raise ValidationError(
            _("You cannot block the safety team. If you worry about one of them, report them.")
        )
    Block.objects.get_or_create(by=by, other=other)
    for one, two in ((by, other), (other, by)):
        follows = Follow.objects.filter(by=one, post__text__author=two)
        cares = Care.objects.filter(by=one, post__text__author=two, ended_at=None)
        notices = one.notices.filter(actor=two, read_at=None)
        if one == by:
            follows = follows.filter(post__anonymous=False)
            cares = cares.filter(post__anonymous=False)
            named = Reply.objects.filter(text__author=two, anonymous=False)
            ids = named.values_list("text__public_id", flat=True)
            notices = notices.filter(
                kind__in=("reply", "answer", "follow"), target__in=[f"reply:{id_}" for id_ in ids]
            )
        follows.delete()
        cares.update(ended_at=timezone.now())
        notices.delete()
    record("person.blocked", by=by, target=_target(other))


@transaction.atomic
def unblock(*, by: User, other: User) -> None:
    Block.objects.filter(by=by, other=other).delete()
    record("person.unblocked", by=by, target=_target(other))


@transaction.atomic
def mute(*, by: User, other: User) -> None:
    """Mute somebody: their texts are out of sight for `by`; they do not notice."""
    if by == other:
        raise ValidationError(_("You cannot mute yourself."))
    Mute.objects.get_or_create(by=by, other=other)
    record("person.muted", by=by, target=_target(other))


@transaction.atomic
def unmute(*, by: User, other: User) -> None:
    Mute.objects.filter(by=by, other=other).delete()
    record("person.unmuted", by=by, target=_target(other))


@transaction.atomic
def set_consent(*, by: User, given: bool, version: str) -> None:
    """Write down a yes or a no to research; the newest row counts, older ones stay as history."""
    Consent.objects.create(by=by, given=given, version=version)
    record("consent.given" if given else "consent.withdrawn", by=by, target=_target(by))


@transaction.atomic
def take_break(*, by: User, until: datetime | None) -> None:
    by.break_until = until
    by.save(update_fields=["break_until"])
    record("break.taken" if until else "break.ended", by=by, target=_target(by))


@transaction.atomic
def set_role(*, by: User, person: User, role: Role) -> None:
    """Give somebody a role. Nobody changes their own; the last of a kind keeps it."""
    if not roles.may(by, "people") or by == person:
        raise PermissionDenied
    if person.role == role:
        return
    _must_not_be_last(person)
    _give_role(person, role, by=by)


def _give_role(person: User, role: str, *, by: User | None) -> None:
    record("role.set", by=by, target=_target(person), old=person.role, new=role)
    changed = person.role != role
    person.role = role
    person.save(update_fields=["role"])
    _sign_out(person)
    if changed:
        _leave_cases(person)


def _must_not_be_last(person: User) -> None:
    """Refuse that the place loses its only operator or its only supervisor."""
    if person.role not in {Role.OPERATOR, Role.SUPERVISOR}:
        return
    # Locked, so that two of them do not go at once.
    holders = User.objects.people().select_for_update().filter(role=person.role)
    if not {one.pk for one in holders.order_by("pk")} - {person.pk}:
        raise ValidationError(_("There has to be somebody else with this role first."))


@transaction.atomic
def sign_out(*, by: User, person: User) -> None:
    """End every session and every key of somebody, whose account may be in other hands."""
    if not roles.may(by, "people"):
        raise PermissionDenied
    _sign_out(person)
    record("person.signed_out", by=by, target=_target(person))


@transaction.atomic
@transaction.atomic
def appoint(*, handle: str, role: str, new_factor: bool = False) -> None:
    """Give somebody a role from the command line of the machine.

    Args:
        handle: Whose.
        role: Name of the role.
        new_factor: Take away the second factor, which is lost: they set up another.

    Raises:
        UserError: Nobody has the handle, or there is no such role.
    """
    if role not in Role:
        raise UserError(f"{role}: no such role.", remedy=f"Use one of {', '.join(Role)}.")
    person = User.objects.people().filter(handle__iexact=handle).first()
    if person is None:
        raise UserError("Nobody has that handle.", remedy="Let them join first; check the name.")
    if new_factor:
        Authenticator.objects.filter(user=person).delete()
        record("person.factor_taken_away", by=None, target=_target(person))
    _give_role(person, role, by=None)


@transaction.atomic
def suspend(*, by: User, person: User, until: datetime | None) -> None:
    """Keep somebody from writing until a time; None ends it. They can still read and get help."""
    if not (roles.may(by, "people") or roles.may(by, "safety")) or person.is_staff:
        raise PermissionDenied
    person.suspended_until = until
    person.save(update_fields=["suspended_until"])
    record("person.suspended" if until else "person.readmitted", by=by, target=_target(person))


@transaction.atomic
def erase(*, by: User, keep_texts: bool) -> None:
    """Erase the own account. Threads stay readable: words stay without a name, or leave a gap.

    What a person's safety requires stays: open cases keep the text that they are about, what was
    said between the person and the team, and the words of reports and appeals, until they are
    closed (`desk.closing.forget_erased` takes them out then). The audit log keeps its rows.

    Raises:
        ValidationError: The place would lose its only operator or its only supervisor.
    """
    _lock_for_erasing(by)
    _must_not_be_last(User.objects.get(pk=by.pk))
    _erase(by, keep_texts=keep_texts)
    record("account.erased", by=None, target=_target(by), kept_texts=keep_texts)


@transaction.atomic
def erase_again(*, person: User, keep_texts: bool) -> None:
    """Erase somebody whom a restore has brought back; see `accounts.erasures`."""
    _lock_for_erasing(person)
    _erase(person, keep_texts=keep_texts)
    record("account.erased", by=None, target=_target(person), kept_texts=keep_texts, again=True)


def _lock_for_erasing(person: User) -> None:
    """Lock what goes: texts, then cases, and only then (in `_erase`) the person.

    That is the order of the door and the desk, which lock a text and its cases and then write rows
    that point to the person. The other way round, each side would wait for the other.
    """
    from oarlock.community.texts.models import Text

    texts = Text.objects.select_for_update().filter(author=person)
    list(texts.order_by("pk").values_list("pk", flat=True))
    _leave_cases(person)


def _erase(by: User, *, keep_texts: bool) -> None:
    from oarlock.community.coaching.models import Suggestion
    from oarlock.community.desk.closing import needed
    from oarlock.community.support.models import Bookmark, Draft, Follow, Post, Reaction, Reply
    from oarlock.community.texts.models import (
        IN_THREADS,
        CodedSentence,
        Screening,
        Text,
        Version,
    )

    person = User.objects.select_for_update().get(pk=by.pk)
    texts = Text.objects.filter(author=person)
    kept = needed(texts)
    Version.objects.filter(text__in=texts).exclude(text__in=kept).delete()
    gone = texts.exclude(pk__in=kept)
    if keep_texts:
        Post.objects.filter(text__in=texts).update(anonymous=True)
        Reply.objects.filter(text__in=texts).update(anonymous=True)
        gone = gone.exclude(Q(kind__in=IN_THREADS) & ~Q(state=Text.State.DELETED))
    else:
        texts.filter(pk__in=kept, kind__in=IN_THREADS).update(state=Text.State.DELETED)
    pks = list(gone.values_list("pk", flat=True))
    CodedSentence.objects.filter(text__in=pks).delete()
    Screening.objects.filter(text__in=pks).delete()
    Text.objects.filter(pk__in=pks).update(
        state=Text.State.DELETED, title="", body="", author=None, language=""
    )
    texts.update(author=None)
    for model in (Draft, Bookmark, Follow, Reaction, Suggestion):
        model.objects.filter(by=person).delete()
    for related in ("memberships", "notices", "letters", "consents", "acceptances", "blocks",
                    "blocked_by", "mutes", "muted_by", "cares", "shifts", "measures"):  # fmt: skip
        getattr(person, related).all().delete()
    EmailAddress.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    _sign_out(person)
    now = timezone.now()
    erased = User(
        pk=person.pk,
        public_id=person.public_id,
        handle=f"gone-{public_id()}",
        joined_at=person.joined_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
        is_active=False,
        erased_at=now,
    )
    erased.set_unusable_password()
    erased.save(force_update=True)
    erasures.add_later(erasures.Erasure(person.public_id, now, keep_texts))


def _leave_cases(person: User) -> None:
    from oarlock.community.desk.actions import leave_all

    leave_all(person)


def _sign_out(person: User) -> None:
    """End every session and every key."""
    person.tokens.all().delete()
    for session in UserSession.objects.filter(user=person):
        session.end()


def _target(person: User) -> str:
    return f"person:{person.public_id}"
