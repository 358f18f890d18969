"""What each role comes for, from the door of the demo to the end, on a phone and on a desktop."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

PHONE = (360, 800)
Open = Callable[..., Any]
DRAFT = (
    "You should just call him. It sounds like these three weeks have worn you out. "
    "What would make the call easier for you?"
)


def test_stranger_understands_the_place_and_finds_help(be: Open) -> None:
    eyes = be(size=PHONE)
    eyes.go("/")
    eyes.look("welcome")
    eyes.follow("Help now")
    eyes.reads("Is somebody's life in danger?")
    eyes.look("help")
    assert eyes.page.locator("a[href^='tel:']").count() >= 2


def test_seeker_writes_a_post_and_gets_to_help(be: Open, place: Any) -> None:
    eyes = be("seeker", size=PHONE)
    page = eyes.page
    eyes.go("/home")
    eyes.look("seeker-home")
    eyes.follow("Write in Low mood")
    page.get_by_label("Title").fill("the stairs")
    page.get_by_label("What is on your mind?").fill("I sat on the stairs for an hour today.")
    page.get_by_label("Tired").check()
    page.locator("summary", has_text="Content warnings").click()
    page.get_by_label("Death and grief").check()
    eyes.look("seeker-write")
    eyes.press("Post")
    eyes.reads("What happens next")
    eyes.look("seeker-sent")
    eyes.follow("See the thread")
    eyes.reads("I sat on the stairs for an hour today.")
    eyes.reads("Felt: Tired")
    assert page.locator(".tag.care").first.inner_text() == "Death and grief"
    eyes.look("seeker-thread")
    eyes.follow("Help now")
    eyes.reads("Is somebody's life in danger?")


def test_draft_survives_a_reload_and_a_lost_connection(be: Open, place: Any) -> None:
    eyes = be("seeker", size=PHONE)
    page, status = eyes.page, eyes.page.locator("[data-draft-status]")
    eyes.go(f"/groups/{place.known['slug']}/write")
    page.get_by_label("What is on your mind?").fill("Not finished yet")
    status.get_by_text("Saved as a draft.").wait_for()
    page.reload()
    assert page.get_by_label("What is on your mind?").input_value() == "Not finished yet"
    page.context.set_offline(True)
    page.get_by_label("What is on your mind?").fill("Not finished yet, and now offline")
    status.get_by_text("No connection").wait_for()
    eyes.complaints.clear()  # Chromium says that there is no connection, and there is none.
    page.context.set_offline(False)
    status.get_by_text("Saved as a draft.").wait_for()
    page.reload()
    words = page.get_by_label("What is on your mind?").input_value()
    assert words == "Not finished yet, and now offline"
    eyes.go("/drafts")
    eyes.look("seeker-drafts")
    eyes.press("Throw away")


def test_seeker_reads_what_the_team_decided_and_said(be: Open, place: Any) -> None:
    eyes = be("seeker")
    eyes.go(f"/threads/{place.known['hidden']}")
    eyes.reads("A moderator has hidden this")
    eyes.look("seeker-hidden")
    eyes.go(f"/conversations/{place.known['about']}")
    eyes.reads("We read your post. How are you?")
    eyes.look("seeker-conversation")


def test_supporter_is_coached_while_writing_and_sends(be: Open, place: Any) -> None:
    eyes = be("supporter")
    page = eyes.page
    eyes.go("/coach/threads")
    eyes.look("supporter-threads")
    eyes.go(f"/threads/{place.known['post']}")
    page.get_by_label("Your reply").press_sequentially(DRAFT, delay=2)
    page.locator(".oars").wait_for()
    eyes.look("supporter-coach")
    # A tinted sentence opens from the keyboard and says its name.
    sentence = page.locator(".said > summary").first
    sentence.focus()
    page.keyboard.press("Enter")
    assert page.locator(".said[open] strong").first.inner_text()
    # A suggestion is put away for good.
    suggestions = page.locator(".suggestion")
    suggestions.first.wait_for()
    title = suggestions.first.locator("h3").inner_text()
    suggestions.first.get_by_role("button").click()
    page.locator(".suggestion h3", has_text=title).wait_for(state="detached")
    assert page.get_by_label("Your reply").input_value() == DRAFT
    eyes.press("Send reply")
    eyes.reads("Your reply is there.")
    eyes.reads("What would make the call easier for you?")
    eyes.look("supporter-sent")
    eyes.go("/coach/skills")
    eyes.reads("Only you see this page.")
    eyes.look("supporter-skills")


def test_coach_asks_the_server_once_after_a_pause(be: Open, place: Any) -> None:
    eyes = be("supporter")
    asked: list[str] = []
    eyes.page.on("request", lambda r: asked.append(r.url) if "/coach/review" in r.url else None)
    eyes.go(f"/threads/{place.known['post']}?to={place.known['reply']}")
    eyes.page.get_by_label("Your reply").press_sequentially("That sounds hard for you", delay=5)
    eyes.page.locator(".oars").wait_for()
    assert len(asked) == 1


def test_moderator_takes_a_case_and_closes_it(be: Open, place: Any) -> None:
    eyes = be("moderator")
    eyes.go("/desk/")
    eyes.look("moderator-queue")
    eyes.go(f"/desk/cases/{place.known['case']}")
    eyes.reads("It hurt to read.")
    eyes.press("I have it")
    eyes.reads("you")
    eyes.look("moderator-case")
    eyes.page.get_by_text("Close with an outcome").click()
    outcome = eyes.page.locator("details[open] select, details[open] input[type=radio]").first
    if outcome.evaluate("e => e.tagName") == "SELECT":
        outcome.select_option(index=1)
    else:
        outcome.check()
    eyes.page.locator("details[open] button").first.click()
    eyes.reads("Outcome")
    eyes.look("moderator-closed")


def test_clinician_writes_to_somebody_at_risk(be: Open, place: Any) -> None:
    eyes = be("clinician")
    eyes.go("/desk/")
    eyes.look("clinician-queue")
    eyes.go(f"/desk/cases/{place.known['risk']}")
    eyes.press("I have it")
    eyes.page.get_by_text("Write to the person").click()
    eyes.page.locator("details[open] textarea").first.fill("I read what you wrote. How is tonight?")
    eyes.press("Send")
    eyes.reads("I read what you wrote. How is tonight?")
    eyes.look("clinician-case")


def test_supervisor_plans_the_rota_and_reads_the_audit(be: Open) -> None:
    eyes = be("supervisor")
    for path, name in (("/desk/", "queue"), ("/desk/rota", "rota"), ("/desk/audit", "audit")):
        eyes.go(path)
        eyes.look(f"supervisor-{name}")


def test_operator_gives_a_role_and_reads_no_text(be: Open, place: Any) -> None:
    eyes = be("operator")
    eyes.go("/staff")
    eyes.look("operator-staff")
    eyes.page.get_by_label("Handle", exact=True).fill("softlanding")
    eyes.press("Find")
    eyes.page.get_by_label("Role").select_option("moderator")
    eyes.press("Save the role")
    eyes.page.locator("td", has_text="softlanding").wait_for()
    assert eyes.go(f"/desk/cases/{place.known['case']}").status == 403
    eyes.look("operator-refused")


def test_blocked_people_do_not_see_each_other(be: Open, place: Any) -> None:
    seeker, supporter = be("seeker"), be("supporter")
    seeker.go("/people/fernweh")
    seeker.press("Block")
    seeker.reads("Done. They are not told.")
    seeker.look("seeker-blocked")
    seeker.go(f"/threads/{place.known['post']}")
    assert seeker.page.get_by_text("What was hardest?").count() == 0
    assert supporter.go("/people/paperboat").status == 404
    assert supporter.go(f"/threads/{place.known['post']}").status == 404
    seeker.go("/me/people")
    seeker.press("Unblock fernweh")
    assert supporter.go("/people/paperboat").status == 200


@pytest.mark.parametrize("way", ["button", "escape"])
def test_quick_exit_leaves_nothing_to_go_back_to(way: str, be: Open) -> None:
    eyes = be("seeker", size=PHONE)
    eyes.abroad = "https://www.bbc.co.uk/"
    eyes.go("/home")
    before = eyes.page.evaluate("history.length")
    if way == "button":
        eyes.follow("Leave quickly")
    else:
        eyes.page.keyboard.press("Escape")
        eyes.page.keyboard.press("Escape")
    eyes.page.wait_for_url("https://www.bbc.co.uk/**")
    assert eyes.page.title() == "Weather"
    assert eyes.page.evaluate("history.length") == before


def test_dark_is_dark_by_the_device_and_by_choice(be: Open) -> None:
    def ground(eyes: Any) -> int:
        colour = eyes.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3])

    eyes = be("seeker", color_scheme="dark")
    eyes.go("/home")
    assert ground(eyes) < 150
    eyes.page.emulate_media(color_scheme="light")
    assert ground(eyes) > 600
    eyes.go("/me/preferences")
    eyes.page.get_by_label("Dark", exact=True).check()
    eyes.press("Save", exact=True)
    eyes.reads("Saved.")
    assert ground(eyes) < 150
    eyes.page.get_by_label("As my device").check()
    eyes.press("Save", exact=True)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_language_changes_at_the_foot_of_a_page_and_stays(scripts: bool, be: Open) -> None:
    eyes = be("stranger", java_script_enabled=scripts)
    eyes.go("/help")
    eyes.press("Deutsch")
    assert eyes.page.url.endswith("/help")
    assert eyes.page.locator("html").get_attribute("lang") == "de"
    eyes.go("/")
    assert eyes.page.locator("html").get_attribute("lang") == "de"
    eyes.page.get_by_role("heading", name="Leute, die das kennen, schreiben einander").wait_for()
    eyes.look("welcome-german" if scripts else "")
    eyes.press("English")
    assert eyes.page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize(("role", "path"), [("stranger", "/"), ("seeker", "/home")])
def test_first_page_weighs_less_than_60_kb(role: str, path: str, be: Open) -> None:
    eyes = be(role)
    loaded: list[Any] = []
    eyes.page.on("requestfinished", lambda request: loaded.append(request))
    eyes.go(path)
    eyes.page.wait_for_load_state("networkidle")
    weights = {r.url: sum(r.sizes()[k] for k in ("responseBodySize", "responseHeadersSize"))
               for r in loaded}  # fmt: skip
    assert any(url.endswith(".css") for url in weights)
    assert sum(weights.values()) < 60_000, weights


def test_words_come_back_from_every_refusal(be: Open, place: Any) -> None:
    """A form that is refused, too old, or sent by somebody who is signed out by now."""
    eyes = be("seeker", size=PHONE)
    page = eyes.page
    eyes.go(f"/groups/{place.known['slug']}/write")
    page.get_by_label("What is on your mind?").fill("x" * 20_001)
    eyes.press("Post")
    page.get_by_role("alert").or_(page.locator(".errorlist")).first.wait_for()
    assert page.get_by_label("What is on your mind?").input_value().startswith("xxx")
    eyes.look("refused-too-long")
    eyes.go(f"/groups/{place.known['slug']}/write")
    page.get_by_label("What is on your mind?").fill("kept after all")
    page.context.clear_cookies()
    eyes.press("Post")
    eyes.reads("This page was open for too long")
    assert page.locator("textarea").first.input_value() == "kept after all"
    eyes.look("refused-stale")
    eyes.go("/nowhere")
    eyes.look("not-found")


def test_search_finds_and_says_when_it_does_not(be: Open) -> None:
    eyes = be("seeker")
    eyes.go("/search")
    eyes.page.get_by_label("Words to look for").fill("lecture hall")
    eyes.page.locator("main").get_by_role("button", name="Search").click()
    eyes.page.locator("main h3 a").first.wait_for()
    eyes.look("seeker-search")
    eyes.page.get_by_label("Words to look for").fill("zzxxqq")
    eyes.page.locator("main").get_by_role("button", name="Search").click()
    eyes.reads("Nothing found")
    eyes.look()
