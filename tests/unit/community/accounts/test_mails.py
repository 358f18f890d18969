"""No e-mail of an account tells the handle to whoever reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from oarlock.community.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/account/password/reset/", {"email": "post@example.org"}),
        ("/account/email/", {"action_add": "", "email": "new@example.org"}),
        ("/account/email/", {"action_send": "", "email": "post@example.org"}),
    ],
)
def test_mails_about_the_account_hold_no_handle(
    person: Callable[..., User], address: str, form: dict[str, str]
) -> None:
    user = person("heron.77")
    User.objects.filter(pk=user.pk).update(email="post@example.org")
    user.emailaddress_set.update(email="post@example.org", verified="send" not in str(form))  # type: ignore[attr-defined]
    browser = Client()
    if "reset" not in address:
        password = {"password": "a long enough pass phrase"}
        browser.post("/account/login/", {"login": "post@example.org", **password})
        browser.post("/account/reauthenticate/", password)
    browser.post(address, form)
    assert mail.outbox
    for message in mail.outbox:
        assert "Hello from" in message.body
        assert "heron" not in f"{message.subject} {message.body}".lower()
