"""Joining with a code from a letter, the core flows without JavaScript, and leaving for good."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

PHONE = (360, 800)
PASSPHRASE = "nine slow orange trams"
Open = Callable[..., Any]


def _join(eyes: Any, place: Any, handle: str) -> None:
    n_letters = len(place.letters())
    eyes.go("/")
    eyes.follow("Join")
    page = eyes.page
    eyes.look("join")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("Email").fill(f"{handle}@mail.invalid")
    page.get_by_label("Password").fill(PASSPHRASE)
    page.get_by_label("Month of birth").select_option("3")
    page.get_by_label("Year of birth").fill(str(date.today().year - 22))  # noqa: DTZ011
    page.get_by_label("Country").select_option("IE")
    page.get_by_label("I have read the community agreement").check()
    page.locator("main button.main").click()
    page.wait_for_url("**/confirm-email/**")
    eyes.look("join-code")
    letters = place.letters()[n_letters:]
    assert len(letters) == 1
    assert "Subject: Your account" in letters[0]
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", letters[0], re.MULTILINE)
    assert code is not None, letters[0]
    page.get_by_label("Code").fill(code[1])
    page.get_by_label("Code").press("Enter")
    page.wait_for_url("**/home")


def _erase(eyes: Any, handle: str) -> None:
    page = eyes.page
    eyes.go("/me/data")
    eyes.follow("Erase my account")
    page.get_by_label("Password").fill(PASSPHRASE)
    eyes.look("erase-password")
    page.get_by_label("Password").press("Enter")
    page.get_by_label("Type your handle").fill(handle)
    eyes.look("erase")
    eyes.press("Erase my account for good")
    eyes.reads("Your account is gone")
    eyes.look("erased")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_new_person_joins_writes_answers_and_leaves(scripts: bool, be: Open, place: Any) -> None:
    handle = "wren_tide" if scripts else "quiet_oar"
    eyes = be("stranger", size=PHONE, java_script_enabled=scripts)
    page = eyes.page
    _join(eyes, place, handle)
    eyes.look("new-home")
    eyes.follow("See the groups")
    eyes.look("groups")
    eyes.follow("Low mood")
    eyes.press("Join the group")
    eyes.look("group")
    eyes.follow("Write a post")
    page.get_by_label("What is on your mind?").fill(f"First words of {handle}.")
    eyes.press("Post")
    eyes.reads("What happens next")
    eyes.follow("See the thread")
    eyes.reads(f"First words of {handle}.")

    eyes.go(f"/threads/{place.known['post']}")
    page.get_by_label("Your reply").fill("It sounds like a heavy week. What helps a little?")
    if scripts:
        page.locator(".oars").wait_for()
        assert page.get_by_role("button", name="Check my draft").is_hidden()
    else:
        eyes.press("Check my draft")
        eyes.reads("Nothing has been sent.")
        page.locator(".oars").wait_for()
    eyes.look("check" if not scripts else "")
    page.get_by_role("button", name=re.compile("^Send")).first.click()
    eyes.reads("It sounds like a heavy week.")

    _erase(eyes, handle)
    eyes.go("/home")
    assert "/account/login/" in page.url
    other = be("seeker")
    other.go(f"/threads/{place.known['post']}")
    assert other.page.get_by_text(handle).count() == 0


def test_somebody_too_young_is_told_kindly_and_gets_no_account(be: Open, place: Any) -> None:
    eyes = be("stranger", size=PHONE)
    page = eyes.page
    n_letters = len(place.letters())
    eyes.go("/account/signup/")
    page.get_by_label("Handle").fill("small_boat")
    page.get_by_label("Email").fill("small_boat@mail.invalid")
    page.get_by_label("Password").fill(PASSPHRASE)
    page.get_by_label("Month of birth").select_option("3")
    page.get_by_label("Year of birth").fill(str(date.today().year - 14))  # noqa: DTZ011
    page.get_by_label("Country").select_option("IE")
    page.get_by_label("I have read the community agreement").check()
    page.locator("main button.main").click()
    eyes.reads("This community is for people of 18 to 29.")
    eyes.look("join-too-young")
    assert len(place.letters()) == n_letters
