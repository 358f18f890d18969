"""What happens to accounts goes into the logs and, where it changes one, into the audit log.

Events and public ids only: a failed attempt says neither which address nor which password.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver

from oarlock.community.accounts.models import User
from oarlock.community.api.models import Token
from oarlock.community.audit.actions import record

log = logging.getLogger("oarlock.accounts")


def _target(person: User) -> str:
    return f"person:{person.public_id}"


@receiver(user_logged_in)
def _signed_in(sender: object, user: User, **_more: Any) -> None:
    log.info("sign_in.done", extra={"target": _target(user)})
    if user.is_staff:
        record("staff.signed_in", by=user, target=_target(user))


@receiver(user_login_failed)
def _failed(sender: object, **_more: Any) -> None:
    log.warning("sign_in.failed")


@receiver(mfa.authentication_failed)
def _code_failed(sender: object, user: User, **_more: Any) -> None:
    log.warning("second_factor.failed", extra={"target": _target(user)})


@receiver([account.password_changed, account.password_reset, account.password_set])
def _password(sender: object, user: User, **_more: Any) -> None:
    """Apps lose their keys with the password: whoever made them may be why it was changed."""
    Token.objects.filter(by=user).delete()
    record("password.changed", by=user, target=_target(user))


@receiver(account.email_changed)
def _address(sender: object, user: User, **_more: Any) -> None:
    record("address.changed", by=user, target=_target(user))


@receiver(mfa.authenticator_added)
def _factor_added(sender: object, user: User, **_more: Any) -> None:
    record("second_factor.added", by=user, target=_target(user))


@receiver(mfa.authenticator_removed)
def _factor_removed(sender: object, user: User, **_more: Any) -> None:
    record("second_factor.removed", by=user, target=_target(user))
