"""People, groups and a screener whose findings the test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from oarlock.community.accounts.models import Acceptance, Agreement, Role, User
from oarlock.community.groups.models import Group, Membership, Topic
from oarlock.community.ops import limits
from oarlock.community.texts import screening
from oarlock.community.texts.screening import Finding

PASSWORD = "a long enough pass phrase"


def finding(**what: Any) -> Finding:
    return Finding(**{"screener_version": "test", **what})


@dataclass
class FakeScreener:
    """Finds what the test puts into `found`, by a word of the text; breaks when told to."""

    found: dict[str, Finding] = field(default_factory=dict)
    broken: bool = False

    def screen(self, text: str) -> Finding:
        if self.broken:
            raise RuntimeError(text)
        return next((v for word, v in self.found.items() if word in text), finding())


@pytest.fixture
def found() -> Callable[..., Finding]:
    """Makes what the screener finds."""
    return finding


@pytest.fixture(autouse=True)
def screener(monkeypatch: pytest.MonkeyPatch) -> FakeScreener:
    fake = FakeScreener()
    monkeypatch.setattr(screening, "screener", lambda: fake)
    return fake


@pytest.fixture(autouse=True)
def _plain_settings(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    limits.in_process.clear()
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A page in another language leaves it behind in its thread."""
    with translation.override("en", deactivate=True):
        yield


@pytest.fixture
def agreement(db: None) -> Agreement:
    return Agreement.objects.get_or_create(version="1", defaults={"body": {"en": "Be kind."}})[0]


@pytest.fixture
def person(agreement: Agreement) -> Callable[..., User]:
    """Makes a person by handle; a member unless a role is given."""

    def make(handle: str, role: Role = Role.MEMBER, **more: Any) -> User:
        user = User(handle=handle, email=f"{handle}@example.org", role=role, **more)
        user.birth_year, user.birth_month = timezone.localdate().year - 22, 1
        user.set_password(PASSWORD)
        user.joined_at = timezone.now() - timedelta(days=30)
        user.save()
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)  # type: ignore[attr-defined]
        Acceptance.objects.create(by=user, agreement=agreement)
        return user

    return make


@pytest.fixture
def group(db: None) -> Group:
    return Group.objects.create(
        slug="low-mood", name="Low mood", about="When days are grey.", topic=Topic.LOW_MOOD
    )


@pytest.fixture
def closed_group(db: None) -> Group:
    return Group.objects.create(
        slug="grief", name="Grief", about="After a loss.", topic=Topic.GRIEF, open=False
    )


@pytest.fixture
def join() -> Callable[..., Membership]:
    def make(user: User, group: Group, **more: Any) -> Membership:
        return Membership.objects.create(person=user, group=group, **more)

    return make


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """Returns a browser in which somebody is signed in, staff with a second factor."""

    def make(user: User) -> Client:
        from allauth.mfa.models import Authenticator

        if user.is_staff:
            Authenticator.objects.get_or_create(
                user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": "x"}}
            )
        client = Client()
        client.force_login(user)
        return client

    return make
