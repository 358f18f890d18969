"""Whom somebody does not want to meet."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from oarlock.community.accounts.models import Block, Mute, User
from oarlock.community.audit.actions import record


def block(*, by: User, other: User, on: bool = True) -> None:
    """Block somebody: neither meets the other any more. Or end that.

    Only who has blocked can end it; a block of the other side stands.
    """
    if by.pk == other.pk:
        raise PermissionDenied
    with transaction.atomic():
        if on:
            _row, changed = Block.objects.get_or_create(by=by, other=other)
        else:
            changed = bool(Block.objects.filter(by=by, other=other).delete()[0])
        if changed:
            name = "person.blocked" if on else "person.unblocked"
            record(name, by=by, target=f"person:{other.public_id}")


def mute(*, by: User, other: User, on: bool = True) -> None:
    """Stop seeing what somebody writes, without their noticing; or end that."""
    if by.pk == other.pk:
        raise PermissionDenied
    with transaction.atomic():
        if on:
            _row, changed = Mute.objects.get_or_create(by=by, other=other)
        else:
            changed = bool(Mute.objects.filter(by=by, other=other).delete()[0])
        if changed:
            name = "person.muted" if on else "person.unmuted"
            record(name, by=by, target=f"person:{other.public_id}")
