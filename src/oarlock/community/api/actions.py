"""Making and taking back tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from oarlock.community.accounts.models import User
from oarlock.community.api.models import Scope, Token
from oarlock.community.audit.actions import record

LIFE = timedelta(days=180)
MOST = 10


@transaction.atomic
def make_token(*, by: User, name: str, scopes: Sequence[str]) -> str:
    """Make a token and return its key, which is shown once.

    Raises:
        ValidationError: No name, no scope, or too many tokens, in words for the person.
    """
    if by.is_staff:
        raise ValidationError(_("Staff accounts work in the browser, with a second factor."))
    wanted = sorted(set(scopes))
    if not name.strip() or not wanted or set(wanted) - set(Scope):
        raise ValidationError(_("Give the app a name, and choose what it may do."))
    if Token.objects.filter(by=by).count() >= MOST:
        raise ValidationError(_("You have ten of them. Take one back first."))
    key = Token.new_key()
    Token.objects.create(
        by=by,
        name=name.strip()[:40],
        digest=Token.digest_of(key),
        scopes=wanted,
        expires_at=timezone.now() + LIFE,
    )
    record("token.made", by=by, target=f"person:{by.public_id}", scopes=wanted)
    return key


@transaction.atomic
def take_back(*, by: User, pk: int) -> bool:
    """Make a token useless; return whether there was one."""
    n, _rows = Token.objects.filter(by=by, pk=pk).delete()
    if n:
        record("token.taken_back", by=by, target=f"person:{by.public_id}")
    return bool(n)
