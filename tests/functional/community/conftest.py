"""A real server with the demo in it, and a Chromium that looks at its pages: one of each."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

HERE = Path(__file__).parent
PHONE, DESKTOP = (360, 800), (1280, 900)
#: Light needs all rules; dark changes nothing but colours.
RULES = {"rules": {"target-size": {"enabled": True}}}
COLOURS = {"runOnly": ["color-contrast"]}
#: What the tests know about the newcomer, and populate.py too.
PASSWORD = "seven quiet green kettles"
ROLES = ("seeker", "supporter", "moderator", "clinician", "supervisor", "operator", "researcher")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


# --- the server ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """The running server.

    Attributes:
        origin: Where it answers.
        home: Its OARLOCK_HOME.
        known: Ids and names of what populate.py has made.
    """

    origin: str
    home: Path
    known: dict[str, str]

    def letters(self) -> list[str]:
        """Return the letters that were sent, the oldest first."""
        files = sorted((self.home / "outbox").glob("*.log"), key=lambda p: p.stat().st_mtime_ns)
        return [file.read_text("utf-8") for file in files]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The demo, served as an operator serves it, worker and all."""
    home, port = tmp_path_factory.mktemp("place") / "home", _free_port()
    own = {k: v for k, v in os.environ.items() if not k.startswith(("OARLOCK_", "DJANGO_"))}
    made = subprocess.run(
        [sys.executable, str(HERE / "populate.py"), str(home), str(port)],
        env=own, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    origin = f"http://localhost:{port}"
    env = {**own, "OARLOCK_DEMO": "yes", "OARLOCK_HOME": str(home), "OARLOCK_ORIGIN": origin}
    log = (home.parent / "server.log").open("w+")
    server = subprocess.Popen(
        [sys.executable, "-m", "oarlock", "serve", "--port", str(port)],
        env=env, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not _answers(f"{origin}/health/live"):
            assert server.poll() is None, (home.parent / "server.log").read_text()[-3000:]
            assert time.monotonic() < deadline, "the server did not answer within a minute"
            time.sleep(0.2)
        yield Place(origin, home, json.loads(made.stdout.splitlines()[-1]))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
        log.close()


# --- the browser --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright, which brings none of its own."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("needs playwright and axe-playwright-python: make setup", pytrace=False)
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        shown = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        # Playwright keeps a loop running in this thread until it ends: Django would refuse the
        # database to every test that comes after in the same process.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
            yield shown
        shown.close()


@pytest.fixture(scope="session")
def axe_script() -> str:
    from axe_playwright_python.sync_playwright import Axe

    return str(Axe().axe_script)


@dataclass
class Eyes:
    """A page of the browser, and what went wrong on it.

    Attributes:
        page: Playwright's page.
        scripts: Whether the page may run JavaScript; axe needs it.
        complaints: Errors on the console, and requests that left the place.
    """

    page: Any
    place: Place
    axe_script: str
    scripts: bool = True
    complaints: list[str] = field(default_factory=list)
    #: Addresses that may be left for: the weather page of quick exit.
    abroad: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.route(re.compile(rf"^(?!{re.escape(self.place.origin)}/|data:)"), self._stop)

    def _heard(self, message: Any) -> None:
        # Chromium logs a page that is refused on purpose (403, 404, 422) as a failed resource.
        own = message.text.startswith("Failed to load resource") and (
            message.location.get("url", "").split("#")[0] == self.page.url.split("#")[0]
        )
        if message.type in {"error", "warning"} and not own:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _stop(self, route: Any) -> None:
        if self.abroad and route.request.url.startswith(self.abroad):
            route.fulfill(body="<title>Weather</title><h1>Weather</h1>", content_type="text/html")
            return
        self.complaints.append(f"{self.page.url} asks for {route.request.url}")
        route.abort()

    def go(self, path: str) -> Any:
        return self.page.goto(self.place.origin + path)

    def press(self, name: str, **more: Any) -> None:
        """Press the button with this name."""
        self.page.get_by_role("button", name=name, **more).first.click()

    def follow(self, name: str, **more: Any) -> None:
        """Follow the link with this name."""
        self.page.get_by_role("link", name=name, **more).first.click()

    def reads(self, words: str) -> None:
        """Wait until the page says these words, where a person can see them."""
        self.page.get_by_text(words).filter(visible=True).first.wait_for()

    def look(self, name: str = "") -> None:
        """Look at the page on a phone and a desktop, in light and dark, and keep pictures."""
        size = self.page.viewport_size
        found = []
        for width, height in (PHONE, DESKTOP):
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.evaluate("scrollTo(0, 0)")  # What lies under the sticky head is no finding.
            if name:
                self._picture(f"{name}-{width}")
            if self.scripts:
                found += self.problems(RULES)
                found += [f"at {width} px: {wide}" for wide in self.too_wide()]
        if self.scripts:
            self.page.emulate_media(color_scheme="dark")
            found += [f"dark: {problem}" for problem in self.problems(COLOURS)]
            self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(size)
        assert found == [], f"{self.page.url}: " + "\n".join(found)
        assert self.complaints == []

    def problems(self, options: dict[str, Any]) -> list[str]:
        """Return the rules of axe that the page breaks, each with where."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(self.axe_script)
        # A focused field scrolls into sight and puts links under the sticky head.
        self.page.evaluate(
            "() => { document.activeElement?.blur(); scrollTo(0, 0);"
            " return new Promise(done => requestAnimationFrame(() => setTimeout(done, 80))); }"
        )
        broken = self.page.evaluate(
            "o => axe.run(document, {...o, resultTypes: ['violations']}).then(r => r.violations)",
            options,
        )
        return [
            f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
            for rule in broken
            for node in rule["nodes"][:4]
        ]

    def too_wide(self) -> list[str]:
        """Return what makes the page scroll sideways."""
        return list(
            self.page.evaluate(
                "() => { const w = document.documentElement.clientWidth;"
                " if (document.documentElement.scrollWidth <= w) return [];"
                " return [...document.querySelectorAll('body *')].filter(e =>"
                " !e.closest('.table') && e.getBoundingClientRect().right > w + 1)"
                ".map(e => e.outerHTML.slice(0, 120)); }"
            )
        )

    def _picture(self, name: str) -> None:
        if folder := os.environ.get("OARLOCK_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


Open = Callable[..., Eyes]


@pytest.fixture(scope="session")
def signed_in(chromium: Any, place: Place) -> Callable[[str], dict[str, Any] | None]:
    """Returns the cookies of a role, got once through the door of the demo."""
    kept: dict[str, Any] = {}

    def cookies(role: str) -> dict[str, Any] | None:
        if role == "stranger":
            return None
        if role not in kept:
            context = chromium.new_context()
            page = context.new_page()
            if role == "newcomer":
                page.goto(f"{place.origin}/account/login/")
                page.get_by_label("Email").fill("new_here@demo.invalid")
                page.get_by_label("Password").fill(PASSWORD)
                page.locator("main button.main").click()
            else:
                page.goto(f"{place.origin}/demo/")
                page.locator(f"form[action$='/as/{role}'] button").click()
            page.wait_for_url(re.compile(r"/(home|desk|coach|staff)"))
            if role == "newcomer":  # Some pages ask for the password once more.
                page.goto(f"{place.origin}/account/reauthenticate/?next=/home")
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_label("Password").press("Enter")
                page.wait_for_url("**/home")
            kept[role] = context.storage_state()
            context.close()
        return dict(kept[role])

    return cookies


@pytest.fixture
def be(
    chromium: Any,
    place: Place,
    axe_script: str,
    signed_in: Callable[[str], dict[str, Any] | None],
) -> Iterator[Open]:
    """Opens a browser window as somebody; what went wrong in it fails the test at the end."""
    opened: list[Eyes] = []
    contexts: list[Any] = []

    def make(role: str = "stranger", *, size: tuple[int, int] = DESKTOP, **more: Any) -> Eyes:
        context = chromium.new_context(
            storage_state=signed_in(role),
            viewport={"width": size[0], "height": size[1]},
            color_scheme=more.pop("color_scheme", "light"),
            reduced_motion="reduce",  # Colours in the middle of a change would be measured.
            **more,
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        eyes = Eyes(context.new_page(), place, axe_script, more.get("java_script_enabled", True))
        opened.append(eyes)
        return eyes

    yield make
    for context in contexts:
        context.close()
    assert [complaint for eyes in opened for complaint in eyes.complaints] == []


def path_of(url: str) -> str:
    return urlsplit(url).path
