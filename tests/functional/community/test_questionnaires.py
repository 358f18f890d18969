"""Answering a questionnaire on a phone: with the connection cut, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PHONE = (360, 800)
Open = Callable[..., Any]


def test_an_answer_given_while_the_connection_is_cut_arrives_when_it_is_back(
    be: Open, place: Any
) -> None:
    eyes = be("seeker", size=PHONE)
    page, start = eyes.page, f"/questions/{place.known['cut']}"
    eyes.go(start)
    eyes.look("questions-start")
    eyes.follow("Begin")
    page.get_by_label("Several days").check()
    eyes.press("Next")
    page.wait_for_url(f"**{start}/2")
    page.get_by_label("Nearly every day").check()
    page.context.set_offline(True)
    eyes.press("Next")
    eyes.reads("No connection. Your answer stays on this page")
    assert page.get_by_label("Nearly every day").is_checked()
    eyes.complaints.clear()  # The browser says that it is offline.
    page.context.set_offline(False)
    page.wait_for_url(f"**{start}/3")
    # The page is lost before an answer: what was kept is kept.
    page.context.set_offline(True)
    with pytest.raises(Exception, match="DISCONNECTED"):
        page.reload()
    page.context.set_offline(False)
    eyes.complaints.clear()
    eyes.go(start)
    eyes.reads("You have answered 2 of 7")
    eyes.follow("Go on")
    page.wait_for_url(f"**{start}/3")
    eyes.look("questions-item")
    eyes.follow("Back")
    assert page.get_by_label("Nearly every day").is_checked()


def test_questions_are_answered_and_a_risk_answer_leads_to_help_without_javascript(
    be: Open, place: Any
) -> None:
    eyes = be("seeker", size=PHONE, java_script_enabled=False)
    page, start = eyes.page, f"/questions/{place.known['asked']}"
    eyes.go(f"{start}/1")
    eyes.press("Next")
    eyes.reads("Choose an answer, or skip the question.")
    page.get_by_label("Not at all").check()
    eyes.press("Next")
    page.wait_for_url(f"**{start}/2")
    page.go_back()
    assert page.get_by_label("Not at all").is_checked()
    eyes.go(f"{start}/9")
    page.get_by_label("Nearly every day").check()
    eyes.press("Next")
    page.wait_for_url(f"**{start}/help")
    assert page.locator("main a[href^='tel:']").count() >= 2
    eyes.follow("Go on with the questions")
    page.wait_for_url(f"**{start}/2")
