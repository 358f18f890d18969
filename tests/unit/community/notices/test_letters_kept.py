"""A digest is tried again where nothing has left, and never sent twice."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from typing import Any

import pytest

from oarlock.community.accounts.models import User
from oarlock.community.notices import digest
from oarlock.community.notices.models import Letter


@pytest.fixture
def letter(person: Callable[..., User], settings: Any) -> Letter:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    return Letter.objects.create(to=person("ash"), key="one", counts={"reply": 1})


class Server:
    """A mail server that does what the test wants at each step."""

    sent: list[str]
    at_hello: Exception | None = None
    at_words: Exception | None = None

    def __init__(self, *args: object, **kwargs: object) -> None:
        if Server.at_hello is not None:
            raise Server.at_hello

    def sendmail(self, _from: str, to: list[str], _words: object) -> None:
        if Server.at_words is not None:
            raise Server.at_words
        Server.sent.append(to[0])

    def quit(self) -> None:
        raise smtplib.SMTPServerDisconnected

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> type[Server]:
    monkeypatch.setattr(smtplib, "SMTP", Server)
    Server.sent, Server.at_hello, Server.at_words = [], None, None
    return Server


@pytest.mark.parametrize(
    "trouble", [TimeoutError(), ConnectionRefusedError(), smtplib.SMTPConnectError(421, b"busy")]
)
def test_letter_is_tried_again_where_no_server_answered(
    letter: Letter, server: type[Server], trouble: Exception
) -> None:
    server.at_hello = trouble
    with pytest.raises(type(trouble)):
        digest.send.func(letter.pk)
    server.at_hello = None
    assert digest.send.func(letter.pk)
    assert server.sent == [letter.to.email]
    letter.refresh_from_db()
    assert letter.sent_at is not None


def test_letter_that_may_have_been_taken_is_not_sent_again(
    letter: Letter, server: type[Server]
) -> None:
    server.at_words = TimeoutError()
    with pytest.raises(TimeoutError):
        digest.send.func(letter.pk)
    server.at_words = None
    assert not digest.send.func(letter.pk)
    assert server.sent == []
