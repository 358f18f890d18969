"""Secrets of second factors: not readable in the database, readable with the key, old ones too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from oarlock.community.accounts import sealing
from oarlock.community.accounts.models import Role, User
from oarlock.community.ops import checks

pytestmark = pytest.mark.django_db

People = Callable[..., User]
OTHER = "another key that is long enough to be no guess, at least fifty of them"


@pytest.fixture
def jo(person: People) -> User:
    return person("jo", Role.CLINICIAN)


def open_secret(user: User) -> str:
    """Give somebody a second factor as it was kept before there was a seal; return its secret."""
    secret: str = totp.generate_totp_secret()
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret})
    return secret


def signs_in(user: User, secret: str) -> Client:
    browser = Client()
    browser.post("/account/login/", {"login": user.email, "password": "a long enough pass phrase"})
    code = totp.format_hotp_value(
        totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time())))
    )
    browser.page = browser.post("/account/2fa/authenticate/", {"code": code})  # type: ignore[attr-defined]
    return browser


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_new_secrets_are_sealed_and_their_codes_are_good(jo: User) -> None:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(jo, secret)
    codes = RecoveryCodes.activate(jo)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert kept.count(sealing.MARK) == 2
    assert is_in(signs_in(jo, secret))
    assert codes.validate_code(codes.get_unused_codes()[0])
    assert sealing.n_unreadable() == 0


def test_open_secrets_go_on_working_and_are_sealed_once(jo: User) -> None:
    secret = open_secret(jo)
    Authenticator.objects.create(
        user=jo, type="recovery_codes", data={"migrated_codes": ["11111111", "22222222"]}
    )
    assert is_in(signs_in(jo, secret))
    assert sealing.seal_all() == 2
    kept = [str(data) for data in Authenticator.objects.values_list("data", flat=True)]
    assert not [data for data in kept if secret in data or "11111111" in data]
    assert sealing.seal_all() == 0
    assert [str(data) for data in Authenticator.objects.values_list("data", flat=True)] == kept
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes"))
    assert codes.validate_code("22222222")
    assert not codes.validate_code("22222222")
    assert codes.get_unused_codes() == ["11111111"]


def test_key_of_its_own_takes_over_from_the_secret_key(jo: User, settings: Any) -> None:
    secret = open_secret(jo)
    sealing.seal_all()
    settings.MFA_KEY = OTHER
    assert is_in(signs_in(jo, secret))
    Authenticator.objects.all().delete()
    later = totp.generate_totp_secret()
    totp.TOTP.activate(jo, later)
    settings.SECRET_KEY = "x" * 60
    assert sealing.n_unreadable() == 0
    settings.MFA_KEY = ""
    assert sealing.n_unreadable() == 1


def test_wrong_key_is_told_to_person_and_operator_and_lets_nobody_in(
    jo: User, settings: Any
) -> None:
    secret = open_secret(jo)
    sealing.seal_all()
    assert not [f for f in checks.findings() if "second factors" in f.what]
    settings.SECRET_KEY = OTHER
    browser = signs_in(jo, secret)
    assert not is_in(browser)
    assert "cannot read your second factor" in browser.page.content.decode()  # type: ignore[attr-defined]
    (found,) = [f for f in checks.findings() if "second factors" in f.what]
    assert found.level == "stop"
