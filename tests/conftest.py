"""What every test stands on: no network, real data where it is, a named remedy where it is not."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

# Where tests run in the background a shell has them ignore Ctrl-C, and what they start with them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Spark would otherwise bind to an outside address.
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

# The environments of training and Spark have no Django and collect no test of the community.
HAS_DJANGO = importlib.util.find_spec("django") is not None
collect_ignore = [] if HAS_DJANGO else ["unit/community", "functional/community"]
if HAS_DJANGO:
    os.environ["DJANGO_SETTINGS_MODULE"] = "oarlock.community.settings"
    # A home of its own: a test never touches the community of the person who runs it.
    os.environ["OARLOCK_HOME"] = tempfile.mkdtemp(prefix="oarlock-test-")
    atexit.register(shutil.rmtree, os.environ["OARLOCK_HOME"], ignore_errors=True)
    os.environ["OARLOCK_DATABASE_URL"] = os.environ.get("OARLOCK_TEST_DATABASE_URL", "")
    import django

    django.setup()

settings.register_profile("oarlock", deadline=None, derandomize=IN_CI)
settings.load_profile("oarlock")


# --- sockets: only loopback -------------------------------------------------------------------

_LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::", socket.gethostname()}
_refused: list[str] = []


def _refuse_outside_sockets(event: str, args: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        family, address = args[0].family, args[1]
        if family not in (socket.AF_INET, socket.AF_INET6):
            return
        host = address[0]
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = args[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host not in _LOCAL_HOSTS and not str(host).startswith("127."):
        _refused.append(f"{event} {host}")
        raise PermissionError(f"a test may only use loopback, not {host}")


sys.addaudithook(_refuse_outside_sockets)


@pytest.fixture(autouse=True)
def _no_outside_sockets() -> Iterator[None]:
    """Fails the test that tried to leave the machine, even where the code swallowed the refusal."""
    _refused.clear()
    yield
    assert not _refused, f"the test tried to reach another machine: {_refused}"


# --- what a test needs and may not find -------------------------------------------------------


def _data_dir() -> Path | None:
    named = os.environ.get("OARLOCK_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if (folder / "mi").is_dir() else None


def _chromium() -> tuple[str, str] | None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def _missing(marker: str) -> str | None:
    """Returns the remedy where what `marker` stands for is not there, else None."""
    if marker == "data" and _data_dir() is None:
        return (
            "a folder with mi/ and support/ as docs/how-to/fetch-data.md lists them, which "
            "`oarlock data fetch` alone does not make; then: OARLOCK_DATA=/path/to/folder make test"
        )
    if marker == "train" and importlib.util.find_spec("torch") is None:
        return "make test-train"
    if marker == "spark" and (
        importlib.util.find_spec("pyspark") is None or shutil.which("java") is None
    ):
        return "apt-get install openjdk-17-jre-headless; make test-spark"
    if marker == "browser" and _chromium() is None:
        return "apt-get install chromium chromium-driver"
    return None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m train` or `-m spark` alone, leaves other files unread: they need other extras."""
    wanted = config.option.markexpr
    if wanted in {"train", "spark"} and collection_path.suffix == ".py":
        return f"pytest.mark.{wanted}" not in collection_path.read_text("utf-8") or None
    return None


_NEEDS = ("data", "train", "spark", "browser")
_FIXTURE_MARKERS = {"oarlock_data": "data", "browser": "browser"}
_not_run: list[tuple[str, str]] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in _FIXTURE_MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in _NEEDS:
        if item.get_closest_marker(marker) and (remedy := _missing(marker)):
            _not_run.append((item.nodeid, remedy))
            message = f"needs {marker}: {remedy}"
            if IN_CI:
                pytest.fail(message, pytrace=False)
            pytest.skip(message)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _not_run:
        return
    terminalreporter.section("tests that could not run here, and what they need")
    for remedy in sorted({remedy for _, remedy in _not_run}):
        terminalreporter.line(remedy)
        for nodeid, its_remedy in _not_run:
            if its_remedy == remedy:
                terminalreporter.line(f"    {nodeid}")


# --- fixtures ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def oarlock_data() -> Path:
    """The folder of the real data (OARLOCK_DATA, else ../shared/data): read, never copied from."""
    folder = _data_dir()
    assert folder is not None  # pytest_runtest_setup has skipped or failed before
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium that can reach no host but this machine."""
    found = _chromium()
    assert found is not None
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    for argument in (
        "--headless=new",
        "--no-sandbox",  # CI runs as root, where Chromium's sandbox refuses to start
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--window-size=1280,1000",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(found[1]))
    yield driver
    driver.quit()
