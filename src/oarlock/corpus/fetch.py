"""Public training sets from their own homes: streamed, checked, whole or not at all.

What a file is checked against, the first that there is: the SHA-256 that ships with Oarlock; one
that the caller gives; the record of the first download (`oarlock-data.lock.json`, beside the data).
`Fetched.checked_by` says which it was; `Dataset.integrity` what is known before a download.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from oarlock.corpus.datasets import DataFile, Dataset
from oarlock.errors import UserError

LOCK = "oarlock-data.lock.json"
_BLOCK = 1 << 16
_ATTEMPTS = 3
_TIMEOUT_SECONDS = 60
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Progress = Callable[[str, int, int | None], None]
"""Called with the name of a file, the bytes there, and its size where it is known."""

Check = Literal["shipped", "given", "record", "nothing"]
"""What the SHA-256 of a file was held against."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is there: its path, its checksum, whether it was there before, and its check."""

    path: Path
    sha256: str
    was_there: bool
    checked_by: Check


class HttpsRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect away from https: on the way, anybody could change the file."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the request that a redirect asks for.

        Raises:
            UserError: It leads away from https.
        """
        is_https = urllib.parse.urlsplit(newurl).scheme == "https"
        if not is_https and (req.type == "https" or not _is_safe(newurl)):
            raise UserError(
                f"{req.full_url} leads on to an address that is not https.",
                remedy="The file may have moved: look at its home.",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_safe(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


def fetch(
    dataset: Dataset,
    folder: Path,
    *,
    sha256: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    opener: urllib.request.OpenerDirector | None = None,
) -> list[Fetched]:
    """Download the files of a data set into FOLDER/NAME; those that are there stay.

    Args:
        dataset: What to fetch.
        folder: Where to; made if it is not there.
        sha256: What files must be, by name (lower-case hexadecimal); it replaces the record of an
            earlier download, but not a checksum that ships with Oarlock.
        progress: Called while a file comes in.
        opener: Opens addresses, for tests.

    Raises:
        UserError: The home does not answer, a file is not what it must be, or the disk is full.
            What came in of a file that was cut off is kept, and a second call carries on.
    """
    opener = opener or urllib.request.build_opener(HttpsRedirects())
    target = folder / dataset.name
    try:
        target.mkdir(parents=True, exist_ok=True)
        lock = _read_lock(folder / LOCK)
        done = []
        for file in dataset.files:
            check, expected = _expected(file, (sha256 or {}).get(file.name), lock)
            found = _fetch_file(file, target / file.name, check, expected, progress, opener)
            done.append(found)
            if lock.get(file.url) != found.sha256:
                lock[file.url] = found.sha256
                _write_lock(folder / LOCK, lock)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"{target}: the disk is full.",
                remedy="Free some space and run the same command again: it carries on.",
            ) from None
        raise UserError(
            f"{target} cannot be written: {error.strerror}.",
            remedy="Check the permissions, or choose another folder with --to.",
        ) from None
    return done


def parse_sha256(dataset: Dataset, pins: Sequence[str]) -> dict[str, str]:
    """Return the checksums that somebody pins, by the name of the file.

    Args:
        dataset: The data set that they are for.
        pins: Each "FILE=SHA256", or the SHA-256 alone where the set is one file.

    Raises:
        UserError: One names no file of the set, or is no SHA-256.
    """
    names = [file.name for file in dataset.files]
    result: dict[str, str] = {}
    for pin in pins:
        name, _, value = pin.rpartition("=")
        if not name and len(names) == 1:
            name = names[0]
        if name not in names:
            raise UserError(
                f"--sha256 {pin}: it names no file of {dataset.name}.",
                remedy="Write FILE=SHA256, where FILE is one of: " + ", ".join(names) + ".",
            )
        if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
            raise UserError(
                f"--sha256 for {name}: {value!r} is no SHA-256.",
                remedy="Give its 64 hexadecimal digits, as `sha256sum` prints them.",
            )
        result[name] = value.lower()
    return result


def _expected(
    file: DataFile, given: str | None, lock: Mapping[str, str]
) -> tuple[Check, str | None]:
    if file.sha256 is not None:
        if given not in (None, file.sha256):
            raise UserError(
                f"{file.name}: --sha256 is not the SHA-256 that ships with Oarlock, which begins "
                f"{file.sha256[:12]}.",
                remedy="Leave --sha256 out.",
            )
        return "shipped", file.sha256
    if given is not None:
        return "given", given
    if file.url in lock:
        return "record", lock[file.url]
    return "nothing", None


_KINDS: Mapping[Check, str] = {
    "shipped": "ships with Oarlock",
    "given": "was given with --sha256",
    "record": "was recorded at the first download",
}


def _fetch_file(
    file: DataFile,
    path: Path,
    check: Check,
    expected: str | None,
    progress: Progress | None,
    opener: urllib.request.OpenerDirector,
) -> Fetched:
    if path.exists():
        found = _sha256(path)
        if expected is not None and found != expected:
            raise UserError(
                f"{path} is not the file that it must be: its SHA-256 begins {found[:12]}, but "
                f"{expected[:12]} {_KINDS[check]}.",
                remedy="Move it away and fetch again.",
            )
        return Fetched(path, found, was_there=True, checked_by=check)
    partial = path.with_name(path.name + ".partial")
    _download(file, partial, progress, opener)
    found = _sha256(partial)
    if expected is not None and found != expected:
        partial.unlink()
        accept = (
            f", and if you trust the change, accept it with --sha256 '{file.name}={found}'"
            if check == "record"
            else ""
        )
        raise UserError(
            f"{file.url}: the SHA-256 begins {found[:12]}, but {expected[:12]} {_KINDS[check]}.",
            remedy="The file was damaged on the way or has changed at its home. Try again; if it "
            f"stays so, look at its home{accept}.",
        )
    os.replace(partial, path)
    return Fetched(path, found, was_there=False, checked_by=check)


def _download(
    file: DataFile,
    partial: Path,
    progress: Progress | None,
    opener: urllib.request.OpenerDirector,
) -> None:
    """Streams an address into a partial file, carrying on where an earlier call was cut off."""
    if not _is_safe(file.url):
        raise UserError(f"{file.url} is not an https address.", remedy="Use https.")
    for attempt in range(_ATTEMPTS):
        try:
            _stream(file, partial, progress, opener)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and attempt < _ATTEMPTS - 1:
                partial.unlink(missing_ok=True)
                continue
            remedy = (
                "The file has moved: look at its home."
                if error.code in (404, 410)
                else "Try again later."
            )
            raise UserError(f"{file.url}: {error.code} {error.reason}.", remedy=remedy) from None
        except (
            ssl.SSLError,
            urllib.error.URLError,
            http.client.HTTPException,
            ConnectionError,
            TimeoutError,
        ) as error:
            cause = getattr(error, "reason", None)
            for one in (error, cause):
                if isinstance(one, ssl.SSLError):
                    raise _insecure(file.url, one) from None
            if attempt == _ATTEMPTS - 1:
                reason = getattr(error, "reason", None) or type(error).__name__
                raise UserError(
                    f"{file.url}: the connection failed or was cut ({reason}).",
                    remedy="Check the connection and run the same command again: it carries on.",
                ) from None


def _insecure(url: str, error: ssl.SSLError) -> UserError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return UserError(
            f"{url}: the certificate of the home was not accepted ({error.verify_message}).",
            remedy="Check the clock of this machine and its root certificates (SSL_CERT_FILE names "
            "others), and whether a proxy stands in between.",
        )
    return UserError(
        f"{url}: the secure connection failed ({error.reason or type(error).__name__}).",
        remedy="Try again; if it stays so, look for a proxy in between.",
    )


def _stream(
    file: DataFile,
    partial: Path,
    progress: Progress | None,
    opener: urllib.request.OpenerDirector,
) -> None:
    tag_file = partial.with_name(partial.name + ".etag")
    here = partial.stat().st_size if partial.exists() else 0
    tag = tag_file.read_text("utf-8") if here and tag_file.exists() else ""
    request = urllib.request.Request(file.url, headers={"User-Agent": "oarlock"})
    if here and tag:
        # Without the same tag, the home sends the whole file again.
        request.add_header("Range", f"bytes={here}-")
        request.add_header("If-Range", tag)
    with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
        resumed = answer.status == 206
        if not resumed:
            here = 0
            tag_file.write_text(answer.headers.get("ETag") or "", "utf-8")
        length = answer.headers.get("Content-Length")
        total = here + int(length) if length else None
        with partial.open("ab" if resumed else "wb") as out:
            while block := answer.read(_BLOCK):
                out.write(block)
                here += len(block)
                if progress is not None:
                    progress(file.name, here, total)
            out.flush()
            os.fsync(out.fileno())
    if total is not None and here < total:
        raise ConnectionError
    tag_file.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_lock(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        lock = json.loads(path.read_text("utf-8"))
    except ValueError:
        lock = None
    if not isinstance(lock, dict):
        raise UserError(
            f"{path} is damaged.", remedy="Remove it; the next download is recorded anew."
        )
    return lock


def _write_lock(path: Path, lock: Mapping[str, str]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(dict(sorted(lock.items())), indent=2) + "\n", "utf-8")
    os.replace(partial, path)
