"""Fetching against a server on this machine: checked, resumed, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from oarlock.corpus import fetch as fetching
from oarlock.corpus.datasets import DataFile, Dataset, datasets, find_dataset
from oarlock.corpus.fetch import LOCK, fetch
from oarlock.errors import UserError

CONTENT = bytes(range(256)) * 2000
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Home(ThreadingHTTPServer):
    """A home that can lie about its content and cut the connection."""

    daemon_threads = True
    content = CONTENT
    cuts = 0
    status = 200
    location = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/data.csv"


class _Handler(BaseHTTPRequestHandler):
    server: Home

    def do_GET(self) -> None:
        home = self.server
        home.ranges.append(self.headers.get("Range"))
        if home.status == 302:
            self.send_response(302)
            self.send_header("Location", home.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if home.status != 200:
            self.send_error(home.status)
            return
        tag = f'"{hashlib.md5(home.content).hexdigest()}"'
        start = 0
        if self.headers.get("Range") and self.headers.get("If-Range") == tag:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(home.content) - start))
        self.end_headers()
        body = home.content[start:]
        if home.cuts:
            home.cuts -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def home() -> Iterator[Home]:
    server = Home()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def dataset(url: str, sha256: str | None = None) -> Dataset:
    file = DataFile("data.csv", url, sha256)
    return Dataset("demo", "A demo", "none", "nobody", "http://127.0.0.1", False, (file,))


def test_a_file_is_fetched_checked_and_recorded(home: Home, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    seen: list[int] = []
    found = fetch(
        dataset(home.url, sha256),
        tmp_path,
        progress=lambda name, done, total: seen.append(done),
        opener=DIRECT,
    )
    assert found == [fetching.Fetched(tmp_path / "demo" / "data.csv", sha256, False, "shipped")]
    assert found[0].path.read_bytes() == CONTENT
    assert seen[-1] == len(CONTENT)
    assert sha256 in (tmp_path / LOCK).read_text()
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["data.csv"]
    again = fetch(dataset(home.url, sha256), tmp_path, opener=DIRECT)
    assert again[0].was_there
    assert len(home.ranges) == 1


def test_a_wrong_checksum_leaves_nothing(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"SHA-256 begins .* 000000000000 ships with Oarlock"):
        fetch(dataset(home.url, "0" * 64), tmp_path, opener=DIRECT)
    assert list((tmp_path / "demo").iterdir()) == []


def test_a_file_that_changed_since_the_first_download_is_refused(
    home: Home, tmp_path: Path
) -> None:
    path = fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].path
    path.unlink()
    home.content = b"another"
    with pytest.raises(UserError, match="recorded at the first download"):
        fetch(dataset(home.url), tmp_path, opener=DIRECT)
    assert not path.exists()
    path.write_bytes(b"changed by hand")
    with pytest.raises(UserError, match="is not the file that it must be"):
        fetch(dataset(home.url), tmp_path, opener=DIRECT)


def test_what_a_file_was_checked_against_is_told(home: Home, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].checked_by == "nothing"
    assert fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].checked_by == "record"
    (given,) = fetch(dataset(home.url), tmp_path, sha256={"data.csv": sha256}, opener=DIRECT)
    assert given.checked_by == "given"


def test_a_pinned_checksum_holds_from_the_first_download_on(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="000000000000 was given with --sha256") as caught:
        fetch(dataset(home.url), tmp_path, sha256={"data.csv": "0" * 64}, opener=DIRECT)
    assert list((tmp_path / "demo").iterdir()) == []
    assert "accept" not in (caught.value.remedy or "")


def test_a_pinned_checksum_accepts_what_changed_at_its_home(home: Home, tmp_path: Path) -> None:
    fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].path.unlink()
    home.content = b"another"
    new = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(UserError) as caught:
        fetch(dataset(home.url), tmp_path, opener=DIRECT)
    assert f"accept it with --sha256 'data.csv={new}'" in (caught.value.remedy or "")
    fetch(dataset(home.url), tmp_path, sha256={"data.csv": new}, opener=DIRECT)
    assert fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].checked_by == "record"
    assert json.loads((tmp_path / LOCK).read_text("utf-8")) == {home.url: new}


def test_a_pinned_checksum_does_not_replace_one_that_ships(home: Home, tmp_path: Path) -> None:
    shipped = hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(UserError, match="--sha256 is not the SHA-256 that ships"):
        fetch(dataset(home.url, shipped), tmp_path, sha256={"data.csv": "0" * 64}, opener=DIRECT)
    assert home.ranges == []


def test_pins_name_a_file_or_stand_for_the_only_one() -> None:
    one, three = find_dataset("esconv"), find_dataset("epitome")
    pin = "A" * 64
    assert fetching.parse_sha256(one, [pin]) == {"ESConv.json": "a" * 64}
    name = three.files[0].name
    assert fetching.parse_sha256(three, [f"{name}={pin}"]) == {name: "a" * 64}
    with pytest.raises(UserError, match="names no file of epitome"):
        fetching.parse_sha256(three, [pin])
    with pytest.raises(UserError, match="names no file of esconv"):
        fetching.parse_sha256(one, [f"other.json={pin}"])
    with pytest.raises(UserError, match="is no SHA-256"):
        fetching.parse_sha256(one, ["abc"])


def test_a_cut_connection_is_resumed(home: Home, tmp_path: Path) -> None:
    home.cuts = 2
    assert fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].path.read_bytes() == CONTENT
    half = len(CONTENT) // 2
    assert home.ranges == [None, f"bytes={half}-", f"bytes={half + half // 2}-"]


def test_a_second_call_carries_on(home: Home, tmp_path: Path) -> None:
    home.cuts = 3
    with pytest.raises(UserError, match="cut") as caught:
        fetch(dataset(home.url), tmp_path, opener=DIRECT)
    assert "carries on" in (caught.value.remedy or "")
    assert fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].path.read_bytes() == CONTENT
    assert home.ranges[-1] is not None


def test_a_file_that_changed_between_the_calls_is_fetched_from_its_beginning(
    home: Home, tmp_path: Path
) -> None:
    home.cuts = 3
    with pytest.raises(UserError):
        fetch(dataset(home.url), tmp_path, opener=DIRECT)
    home.content = b"new" * 1000
    assert fetch(dataset(home.url), tmp_path, opener=DIRECT)[0].path.read_bytes() == home.content


@pytest.mark.parametrize(("status", "remedy"), [(404, "has moved"), (503, "Try again later")])
def test_a_refusal_of_the_home_is_told(
    home: Home, tmp_path: Path, status: int, remedy: str
) -> None:
    home.status = status
    with pytest.raises(UserError, match=f"data.csv: {status}") as caught:
        fetch(dataset(home.url), tmp_path, opener=DIRECT)
    assert remedy in (caught.value.remedy or "")


def test_a_home_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="connection failed"):
        fetch(dataset("http://127.0.0.1:9/data.csv"), tmp_path, opener=DIRECT)


def test_only_https_leaves_this_machine(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not an https address"):
        fetch(dataset("http://example.org/data.csv"), tmp_path, opener=DIRECT)


def test_a_redirect_leads_to_https_or_nowhere(home: Home, tmp_path: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), fetching.HttpsRedirects())
    home.status, home.location = 302, "http://example.org/data.csv"
    with pytest.raises(UserError, match="leads on to an address that is not https"):
        fetch(dataset(home.url), tmp_path, opener=opener)
    assert list((tmp_path / "demo").iterdir()) == []

    request = urllib.request.Request("https://example.org/data.csv")
    follow = partial(fetching.HttpsRedirects().redirect_request, request, None, 302, "Found", {})
    with pytest.raises(UserError, match="not https"):
        follow(newurl="http://127.0.0.1/data.csv")
    found = follow(newurl="https://example.com/data.csv")
    assert found is not None
    assert found.full_url == "https://example.com/data.csv"


def test_a_range_that_is_refused_again_and_again_is_told(home: Home, tmp_path: Path) -> None:
    home.status = 416
    with pytest.raises(UserError, match=r"data\.csv: 416") as caught:
        fetch(dataset(home.url), tmp_path, opener=DIRECT)
    assert "Try again later" in (caught.value.remedy or "")
    assert len(home.ranges) == 3


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_certificate_that_is_not_accepted_is_told(tmp_path: Path, wrapped: bool) -> None:
    class Insecure(urllib.request.OpenerDirector):
        def open(self, *_: Any, **__: Any) -> Any:
            error = ssl.SSLCertVerificationError(1, "certificate verify failed")
            error.verify_message = "certificate has expired"
            raise urllib.error.URLError(error) if wrapped else error

    with pytest.raises(UserError, match=r"not accepted \(certificate has expired\)") as caught:
        fetch(dataset("https://example.org/data.csv"), tmp_path, opener=Insecure())
    assert "clock" in (caught.value.remedy or "")


def test_the_papers_say_which_sets_have_a_checksum() -> None:
    text = (Path(__file__).resolve().parents[3] / "SECURITY.md").read_text("utf-8")
    by: dict[str, list[str]] = {}
    for one in datasets().values():
        by.setdefault(one.integrity, []).append(one.name)
    assert by["checksum"] == ["annomi"]
    assert by["first download"] == ["peer-miti", "esconv"]
    assert "For AnnoMI a SHA-256 ships" in text
    assert "Peer-MITI and ESConv name a branch" in text


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        fetch(dataset("http://127.0.0.1:9/x"), tmp_path / "file", opener=DIRECT)


def test_the_registry_is_whole() -> None:
    assert {"annomi", "peer-miti", "epitome", "esconv", "counselchat"} <= set(datasets())
    for one in datasets().values():
        assert one.licence
        assert one.citation
        names = [file.name for file in one.files]
        assert len(set(names)) == len(names) > 0
        for file in one.files:
            assert file.url.startswith("https://raw.githubusercontent.com/")
            assert " " not in file.url
            assert file.sha256 is None or len(file.sha256) == 64
    assert datasets()["annomi"].integrity == "checksum"
    assert datasets()["epitome"].integrity == "commit"
    assert datasets()["esconv"].integrity == "first download"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UserError, match="There is no data set 'x'"):
        find_dataset("x")
    with pytest.raises(UserError, match="cannot be fetched"):
        find_dataset("hlqc")
