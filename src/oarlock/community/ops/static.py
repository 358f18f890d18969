"""Static files, in one piece: what WhiteNoise hands out piece by piece suits WSGI alone."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


def in_one_piece(response: FileResponse) -> HttpResponse:
    """Return an answer with a file's content in it.

    Under ASGI Django reads a file whole all the same, and warns of it at every file.
    """
    content = b"".join(response)
    whole = HttpResponse(content, status=response.status_code)
    whole.headers = response.headers
    response.close()
    return whole


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, whose files are no streams."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        return in_one_piece(WhiteNoiseMiddleware.serve(static_file, request))
