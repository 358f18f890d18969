"""Writing a post, keeping drafts, changing words: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Draft, Post, Reply
from oarlock.community.support.views import writing
from oarlock.community.texts.models import Text

People = Callable[..., User]
SignIn = Callable[[User], Client]
WRITE = "/groups/low-mood/write"


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


@pytest.fixture
def browser(ash: User, sign_in: SignIn) -> Client:
    return sign_in(ash)


def save(browser: Client, **fields: Any) -> Any:
    answer = browser.post("/drafts/save", fields, headers={"Accept": "application/json"})
    return answer.status_code, json.loads(answer.content) if answer.status_code != 404 else None


def test_post_is_sent_with_all_that_was_chosen_and_says_what_happens_next(
    browser: Client, group: Group
) -> None:
    form = {
        "title": "Nights",
        "body": "i lie awake",
        "mood": "tired",
        "wanted": "knowledge",
        "warnings": ["death", "suicide"],
        "anonymous": "on",
        "key": "k1",
    }
    answer = browser.post(WRITE, form, follow=True)
    assert "What happens next" in answer.content.decode()
    post = Post.objects.get()
    assert (post.mood_before, post.wanted, post.anonymous) == ("tired", "knowledge", True)
    assert post.warnings == ["death", "suicide"]
    again = browser.post(WRITE, {**form, "body": "other words"}, follow=True)
    assert "sent already" in again.content.decode()
    assert Text.objects.get().body == "i lie awake"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"body": ""}, "nothing to read"),
        ({"body": " \u200b\x00"}, "nothing to read"),
        ({"body": "a" * 20_001}, "1 character too long"),
        ({"title": "t" * 121}, "at most 120"),
        ({"mood": "great"}, "not one of the available"),
        ({"warnings": ["x"]}, "not one of the available"),
    ],
)
def test_refused_post_gives_back_what_was_typed(
    browser: Client, bad: dict[str, Any], words: str
) -> None:
    form = {"title": "My title", "body": "my words", **bad}
    answer = browser.post(WRITE, form)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert str(form["title"]) in page
    assert not Text.objects.exists()


def test_markup_and_direction_in_every_field_stay_words(browser: Client, group: Group) -> None:
    bad = "<script>alert(1)</script>\u202e"
    browser.post(WRITE, {"title": bad, "body": bad})
    page = browser.get(f"/threads/{Text.objects.get().public_id}").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page


def test_key_of_a_reply_does_not_send_a_post(browser: Client, ash: User, group: Group) -> None:
    post = write_post(by=ash, group=group, body="hello")
    write_reply(by=ash, post=post, body="hi", key="k1")
    answer = browser.post(WRITE, {"body": "my words", "key": "k1"})
    assert answer.status_code == 422
    assert "my words" in answer.content.decode()
    assert Post.objects.count() == 1


def test_stranger_to_the_group_is_asked_to_join_and_keeps_the_words(
    person: People, sign_in: SignIn, group: Group
) -> None:
    browser = sign_in(person("sam"))
    assert browser.get(WRITE)["Location"] == "/groups/low-mood"
    answer = browser.post(WRITE, {"body": "my words"})
    assert answer.status_code == 422
    assert "my words" in answer.content.decode()
    assert "Join this group first" in answer.content.decode()
    assert not Text.objects.exists()


def test_post_to_a_group_that_is_gone_gives_the_words_back(browser: Client, group: Group) -> None:
    answer = browser.post("/groups/none/write", {"body": "my words"})
    assert answer.status_code == 404
    assert "my words" in answer.content.decode()


def test_draft_is_saved_by_script_comes_back_and_is_gone_when_sent(
    browser: Client, ash: User, group: Group
) -> None:
    fields = {
        "place": "group:low-mood",
        "key": "k1",
        "body": "half a thou\x00ght",
        "warnings": ["death"],
        "anonymous": "on",
        "csrfmiddlewaretoken": "x",
    }
    status, told = save(browser, **fields)
    assert (status, told["state"]) == (200, "saved")
    draft = Draft.objects.get()
    assert draft.fields == {"body": "half a thought", "warnings": ["death"], "anonymous": "on"}
    page = browser.get(WRITE)
    assert "half a thought" in page.content.decode()
    assert page.context["form"]["key"].value() == "k1"
    assert page.context["form"]["anonymous"].value() is True
    assert "half a thought" in browser.get("/drafts").content.decode()
    browser.post(WRITE, {"body": "half a thought", "key": "k1"})
    assert not Draft.objects.exists()
    # The page that was left saves once more, late.
    assert save(browser, **fields) == (200, {"state": "sent", "saved_at": ""})
    assert not Draft.objects.exists()


def test_draft_is_saved_without_a_script(browser: Client, group: Group) -> None:
    form = {"place": "group:low-mood", "key": "k1", "body": "half a thought"}
    answer = browser.post("/drafts/save", form, follow=True)
    assert "Saved as a draft" in answer.content.decode()
    assert "half a thought" in answer.content.decode()
    browser.post("/drafts/discard", {"place": "group:low-mood"})
    assert not Draft.objects.exists()


def test_emptied_draft_is_dropped(browser: Client, group: Group) -> None:
    save(browser, place="group:low-mood", key="k", body="words")
    assert save(browser, place="group:low-mood", key="k", body=" ")[1]["state"] == "empty"
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "place", ["", "group:none", "post:aaaaaaaaaaaaaa", "x:y", "group:low-mood\x00", "group:" * 99]
)
def test_draft_of_a_forged_place_is_refused(browser: Client, group: Group, place: str) -> None:
    assert save(browser, place=place, key="k", body="words")[0] == 404
    assert not Draft.objects.exists()
    answer = browser.post("/drafts/save", {"place": place, "body": "my words"})
    assert answer.status_code == 404
    assert "my words" in answer.content.decode()


def test_draft_far_too_long_is_refused_and_given_back(browser: Client, group: Group) -> None:
    fields = {"place": "group:low-mood", "key": "k", "body": "a" * 40_001}
    status, told = save(browser, **fields)
    assert (status, told["state"]) == (422, "refused")
    assert "a" * 40_001 in browser.post("/drafts/save", fields).content.decode()
    assert not Draft.objects.exists()


def test_draft_is_seen_by_its_author_alone(
    browser: Client, person: People, sign_in: SignIn, group: Group, join: Callable[..., Any]
) -> None:
    save(browser, place="group:low-mood", key="k", body="half a thought")
    kim = person("kim")
    join(kim, group)
    other = sign_in(kim)
    for page in ("/drafts", WRITE, "/home"):
        assert "half a thought" not in other.get(page).content.decode()


def test_draft_of_a_reply_outlives_its_thread(
    browser: Client, ash: User, person: People, group: Group, join: Callable[..., Any]
) -> None:
    kim = person("kim")
    join(kim, group)
    post = write_post(by=kim, group=group, body="hello")
    save(browser, place=f"post:{post.text.public_id}", key="k", body="half a reply")
    thread = f"/threads/{post.text.public_id}"
    assert "half a reply" in browser.get(thread).content.decode()
    Text.objects.update(state="deleted")
    page = browser.get("/drafts").content.decode()
    assert "half a reply" in page
    assert thread not in page


def test_edit_changes_words_warnings_and_handle(browser: Client, ash: User, group: Group) -> None:
    post = write_post(by=ash, group=group, title="One", body="first words")
    where = f"/texts/{post.text.public_id}/edit"
    assert "first words" in browser.get(where).content.decode()
    form = {"title": "Two", "body": "second", "warnings": ["death"], "anonymous": "on"}
    assert browser.post(where, {**form, "version": 1}).status_code == 302
    post.refresh_from_db()
    post.text.refresh_from_db()
    assert (post.text.title, post.text.body, post.text.version) == ("Two", "second", 2)
    assert (post.warnings, post.anonymous) == (["death"], True)
    stale = browser.post(where, {**form, "body": "third", "version": 1})
    assert stale.status_code == 422
    assert "another window" in stale.content.decode()
    assert "third" in stale.content.decode()
    assert Text.objects.get().body == "second"


def test_edit_of_a_locked_or_deleted_text_gives_the_words_back(
    browser: Client, ash: User, group: Group
) -> None:
    post = write_post(by=ash, group=group, body="first words")
    where = f"/texts/{post.text.public_id}/edit"
    Text.objects.update(locked=True)
    locked = browser.post(where, {"body": "second words", "version": 1})
    assert "locked" in locked.content.decode()
    assert "second words" in locked.content.decode()
    Text.objects.update(locked=False, state="deleted")
    gone = browser.post(where, {"body": "second words", "version": 1})
    assert gone.status_code == 404
    assert "second words" in gone.content.decode()
    assert Text.objects.get().body == "first words"


def test_edit_that_is_held_leaves_the_counts_of_the_thread(
    ash: User,
    person: People,
    group: Group,
    join: Callable[..., Any],
    sign_in: SignIn,
    screener: Any,
) -> None:
    kim = person("kim")
    join(kim, group)
    post = write_post(by=ash, group=group, body="hello")
    reply = write_reply(by=kim, post=post, body="hi")
    screener.broken = True
    where = f"/texts/{reply.text.public_id}/edit"
    answer = sign_in(kim).post(where, {"body": "worse", "version": 1}, follow=True)
    assert "so a person reads it first" in answer.content.decode()
    post.refresh_from_db()
    assert (post.n_replies, post.answered_at) == (0, None)


def test_edit_of_somebody_elses_text_is_not_there(
    ash: User, person: People, group: Group, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, body="hello")
    browser = sign_in(person("kim"))
    where = f"/texts/{post.text.public_id}/edit"
    assert browser.get(where).status_code == 404
    assert browser.post(where, {"body": "mine now", "version": 1}).status_code == 404
    assert Text.objects.get().body == "hello"


def test_reply_with_first_words_for_its_writer_leads_to_them(
    ash: User, person: People, group: Group, join: Any, sign_in: SignIn, monkeypatch: Any
) -> None:
    from oarlock.community.support.views import threads

    for module in (threads, writing):
        monkeypatch.setattr(module, "first_words", lambda text: {"words": ["You matter."]})
    post = write_post(by=ash, group=group, body="hello")
    kim = person("kim")
    join(kim, group)
    where = f"/threads/{post.text.public_id}/reply"
    page = sign_in(kim).post(where, {"body": "me too"}, follow=True).content.decode()
    assert "You matter." in page
    assert Reply.objects.count() == 1
    sent = f"/texts/{Reply.objects.get().text.public_id}/sent"
    assert sign_in(ash).get(sent).status_code == 404


def test_forms_of_a_browser_pass_the_check_against_forged_requests(
    ash: User, group: Group, sign_in: SignIn
) -> None:
    # A browser tells the origin of a form only where the policy of the page lets it.
    page = sign_in(ash).get(WRITE)
    assert page["Referrer-Policy"] == "same-origin"
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ash)
    browser.get(WRITE)
    form = {"body": "my words", "csrfmiddlewaretoken": browser.cookies["csrf"].value}
    for origin, status in (("http://testserver", 302), ("null", 403), ("http://evil.test", 403)):
        answer = browser.post(WRITE, form, headers={"Origin": origin})
        assert answer.status_code == status
    assert "my words" in answer.content.decode()
    assert Text.objects.count() == 1


def test_words_of_somebody_signed_out_meanwhile_are_given_back(
    client: Client, group: Group
) -> None:
    answer = client.post(WRITE, {"title": "My title", "body": "my words"})
    assert answer.status_code == 403
    assert "Nothing was sent" in answer.content.decode()
    assert "my words" in answer.content.decode()
    assert not Text.objects.exists()
    assert client.post("/groups/low-mood/join")["Location"].startswith("/account/login/")
