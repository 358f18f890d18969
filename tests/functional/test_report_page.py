"""The report in a real browser: quiet, narrow enough for a phone, readable in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fake_coder import FakeCoder
from oarlock.report.demo import made_up_forum
from oarlock.report.page import render
from oarlock.report.profile import profile
from oarlock.report.reliability import load_reliability
from oarlock.report.sources import code_replies

# WCAG 2.2, 1.4.3: relative luminance of the two colours of every piece of text.
CONTRASTS = """
const lum = c => { const [r, g, b] = c.map(v => { v /= 255;
  return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
  return .2126 * r + .7152 * g + .0722 * b; };
const parse = s => { const m = s.match(/[\\d.]+/g).map(Number); return m; };
const ground = e => { for (; e; e = e.parentElement) {
  const c = parse(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !e.getClientRects().length) continue;
  const style = getComputedStyle(e);
  const own = e.namespaceURI.includes('svg') ? style.fill : style.color;
  const [a, b] = [lum(parse(own).slice(0, 3)), lum(ground(e))];
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) found.push([walker.currentNode.data.slice(0, 30), ratio]);
}
return found;
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shown = made_up_forum()
    coded = code_replies(FakeCoder(), shown.replies, "demo", with_text=True)
    path = tmp_path_factory.mktemp("report") / "report.html"
    text = render(
        profile(coded, n_resamples=50),
        title=shown.title,
        reliability=load_reliability("standard"),
        with_text=True,
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def show(browser: Any, page: Path) -> Iterator[Any]:
    """Opens the page at a width in a colour scheme and hands the browser over."""

    def at(width: int, scheme: str = "light", media: str = "") -> Any:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        browser.get(page.as_uri())
        browser.execute_script(
            "for (const e of document.querySelectorAll('details')) e.open = true"
        )
        return browser

    browser.get_log("browser")
    yield at
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.mark.browser
def test_page_asks_for_nothing_and_complains_of_nothing(show: Any) -> None:
    shown = show(1280)
    assert shown.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert shown.get_log("browser") == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_page_does_not_scroll_sideways(show: Any, width: int) -> None:
    shown = show(width)
    assert shown.execute_script("return document.documentElement.scrollWidth") <= width
    outside = shown.execute_script(
        "const w = document.documentElement.clientWidth;"
        "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll') &&"
        " e.getBoundingClientRect().right > w + 1 && e.getClientRects().length)"
        ".map(e => e.tagName + ' ' + (e.textContent || '').slice(0, 30))"
    )
    assert outside == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 360, 500, 767, 768, 1280])
def test_a_table_that_goes_on_sideways_says_so(show: Any, width: int) -> None:
    tables = show(width).execute_script(
        "return [...document.querySelectorAll('.scroll')].map(e => {"
        " const cue = e.previousElementSibling;"
        " return [e.getAttribute('aria-label'), e.scrollWidth > e.clientWidth + 1,"
        "  !!cue && cue.matches('.cue') && cue.getClientRects().length > 0]; })"
    )
    assert len(tables) == 7
    assert [name for name, overflows, has_cue in tables if overflows and not has_cue] == []
    if width >= 360:
        assert [name for name, overflows, has_cue in tables if has_cue and not overflows] == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_text_has_enough_contrast(show: Any, width: int, scheme: str) -> None:
    assert show(width, scheme).execute_script(CONTRASTS) == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_letters_in_figures_are_large_enough_to_read(show: Any, width: int) -> None:
    smallest = show(width).execute_script(
        "return Math.min(...[...document.querySelectorAll('figure svg text')]"
        ".filter(e => e.getClientRects().length && e.textContent)"
        ".map(e => { const s = e.ownerSVGElement; return parseFloat(getComputedStyle(e).fontSize)"
        " * s.getBoundingClientRect().width / s.viewBox.baseVal.width; }))"
    )
    assert smallest >= 10


@pytest.mark.browser
def test_one_drawing_of_each_figure_is_shown(show: Any) -> None:
    for width in (360, 1280):
        shown = show(width).execute_script(
            "return [...document.querySelectorAll('figure [role=img]')].map(e =>"
            " [...e.querySelectorAll('svg')].filter(s => s.getClientRects().length).length)"
        )
        assert shown
        assert set(shown) == {1}


@pytest.mark.browser
def test_keyboard_reaches_the_profile_first_and_every_part(show: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    shown = show(1280)
    body = shown.find_element("tag name", "body")
    body.send_keys(Keys.TAB)
    first = shown.switch_to.active_element
    assert first.get_attribute("href").endswith("#main")
    assert first.is_displayed()
    n_stops = shown.execute_script(
        "return document.querySelectorAll('a[href], summary, [tabindex=\"0\"]').length"
    )
    seen = set()
    for _ in range(n_stops):
        seen.add(shown.switch_to.active_element.id)
        shown.switch_to.active_element.send_keys(Keys.TAB)
    assert len(seen) == n_stops


@pytest.mark.browser
def test_light_dark_and_print_differ_as_they_should(show: Any) -> None:
    def ground(scheme: str, media: str = "") -> str:
        shown = show(1280, scheme, media)
        return str(shown.execute_script("return getComputedStyle(document.body).backgroundColor"))

    assert ground("light") == "rgb(245, 247, 246)"
    assert ground("dark") == "rgb(17, 24, 27)"
    assert ground("dark", "print") == "rgb(255, 255, 255)"
    shown = show(1280, "light", "print")
    assert not shown.find_element("css selector", "nav").is_displayed()
