"""A bound on what a request may send, before anything of it is kept.

Django looks at the size when a view reads a form; by then the server has written the whole body to
its disk. This stands in front of it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

WORDS = "This is more than one page may send. Nothing was kept. Go back and send a shorter text."
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Too long</title>'
    '<link rel="stylesheet" href="/static/oarlock/oarlock.css"></head>'
    '<body><main class="page"><h1>That was too long</h1>'
    f"<p>{WORDS}</p></main></body></html>"
)


class _TooLongError(Exception):
    """More came than is let in."""


class BodyLimit:
    """An ASGI application that lets no larger body through to another one."""

    def __init__(self, app: App, *, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _announced(scope) > self.limit:
            await _refuse(scope, send)
            return
        came, begun = 0, False

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self.limit:
                raise _TooLongError
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _TooLongError:
            if not begun:
                await _refuse(scope, send)


def _announced(scope: MutableMapping[str, Any]) -> int:
    """Return the length that the request says it has; 0 where it says none that can be read."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0
    return 0


async def _refuse(scope: MutableMapping[str, Any], send: Send) -> None:
    is_api = scope["path"].startswith("/api/")
    body = json.dumps({"detail": WORDS}) if is_api else _PAGE
    kind = b"application/json" if is_api else b"text/html; charset=utf-8"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body.encode())).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"content-security-policy", b"default-src 'none'; style-src 'self'"),
        # What is still on its way is not read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
