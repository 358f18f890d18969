"""Static files under ASGI: whole, with their headers, and without a warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oarlock.community.ops.static import StaticFilesMiddleware


@pytest.mark.django_db
def test_a_static_file_is_no_stream_and_keeps_its_headers(tmp_path: Path, settings: Any) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "plain.css").write_text("p { color: teal; }", "ascii")
    here = StaticFilesMiddleware(lambda _request: None)
    file = here.files["/static/plain.css"]

    class Request:
        method = "GET"
        META: dict[str, str] = {}  # noqa: RUF012

    response = here.serve(file, Request())  # type: ignore[arg-type]
    assert not response.streaming
    assert response.content == b"p { color: teal; }"
    assert response["Content-Type"].startswith("text/css")
    assert "Cache-Control" in response
    Request.META = {"HTTP_RANGE": "bytes=0-3"}
    part = here.serve(file, Request())  # type: ignore[arg-type]
    assert (part.status_code, part.content) == (206, b"p { ")
