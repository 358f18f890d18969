"""The page of a thread: who sees what, replies, gaps, gestures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts.models import Block, Mute, Role, User
from oarlock.community.desk.intake import open_case
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group, Membership
from oarlock.community.support import actions, events, gestures
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Bookmark, Follow, Helped, Post, Reaction, Reply
from oarlock.community.texts.models import Text

People = Callable[..., User]
SignIn = Callable[[User], Client]


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ash")
    join(user, group)
    return user


@pytest.fixture
def kim(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("kim")
    join(user, group)
    return user


@pytest.fixture
def post(ash: User, group: Group) -> Post:
    return write_post(by=ash, group=group, title="Nights", body="i lie awake")


def address(post: Post) -> str:
    return f"/threads/{post.text.public_id}"


def read(browser: Client, post: Post) -> str:
    answer = browser.get(address(post))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_reply_shows_in_the_thread_and_answers_it(kim: User, post: Post, sign_in: SignIn) -> None:
    browser = sign_in(kim)
    form = {"body": "that sounds long <b>", "key": "k1"}
    answer = browser.post(f"{address(post)}/reply", form, follow=True)
    assert "that sounds long &lt;b&gt;" in answer.content.decode()
    browser.post(f"{address(post)}/reply", form)
    assert Reply.objects.count() == 1
    post.refresh_from_db()
    assert post.answered_at is not None


def test_answer_to_an_answer_joins_its_branch(ash: User, kim: User, post: Post) -> None:
    first = write_reply(by=kim, post=post, body="one")
    second = write_reply(by=ash, post=post, body="two", parent=first)
    third = write_reply(by=kim, post=post, body="three", parent=second)
    assert (second.parent, third.parent) == (first, first)


def test_reply_of_a_stranger_to_the_group_is_given_back(
    person: People, post: Post, sign_in: SignIn
) -> None:
    browser = sign_in(person("sam"))
    answer = browser.post(f"{address(post)}/reply", {"body": "my long words"})
    assert answer.status_code == 422
    assert "Join this group first" in answer.content.decode()
    assert "my long words" in answer.content.decode()
    assert not Reply.objects.exists()


@pytest.mark.parametrize("gone", ["deleted", "hidden", "held"])
def test_reply_to_a_post_that_is_gone_gives_the_words_back(
    kim: User, post: Post, sign_in: SignIn, gone: str
) -> None:
    Text.objects.update(state=gone)
    answer = sign_in(kim).post(f"{address(post)}/reply", {"body": "my long words"})
    assert answer.status_code == 404
    assert "my long words" in answer.content.decode()
    assert not Reply.objects.exists()


def test_answer_to_a_deleted_reply_gives_the_words_back(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    reply = write_reply(by=kim, post=post, body="one")
    actions.delete(by=kim, text=reply.text)
    form = {"body": "my long words", "to": reply.text.public_id}
    answer = sign_in(ash).post(f"{address(post)}/reply", form)
    assert "my long words" in answer.content.decode()
    assert Reply.objects.count() == 1


def test_answer_to_a_reply_of_another_thread_is_refused(
    ash: User, kim: User, group: Group, post: Post, sign_in: SignIn
) -> None:
    other = write_post(by=kim, group=group, body="another")
    reply = write_reply(by=ash, post=other, body="one")
    form = {"body": "words", "to": reply.text.public_id}
    assert sign_in(kim).post(f"{address(post)}/reply", form).status_code == 404
    assert Reply.objects.count() == 1


def test_held_post_tells_its_author_why_and_until_when_and_nobody_else_sees_it(
    ash: User, kim: User, group: Group, screener: Any, sign_in: SignIn, person: People
) -> None:
    moss = person("moss", Role.MODERATOR, last_login=timezone.now())
    screener.broken = True
    browser = sign_in(ash)
    sent = browser.post("/groups/low-mood/write", {"body": "dark words"}, follow=True)
    page = sent.content.decode()
    assert "automatic check did not work" in page
    assert "We expect to have read it by" in page
    post = Post.objects.get()
    assert "We expect to have read it by" in read(browser, post)
    assert sign_in(kim).get(address(post)).status_code == 404
    assert "dark words" not in sign_in(kim).get("/groups/low-mood").content.decode()
    assert "dark words" in read(sign_in(moss), post)


def test_held_post_promises_no_time_where_nobody_is_there_to_keep_it(
    ash: User, group: Group, screener: Any, sign_in: SignIn
) -> None:
    screener.broken = True
    form = {"body": "dark words"}
    page = sign_in(ash).post("/groups/low-mood/write", form, follow=True).content.decode()
    assert "automatic check did not work" in page
    assert "We expect to have read it by" not in page
    assert "1 hour" not in page
    assert "we promise no time" in page


def test_post_that_a_program_hid_says_so_until_a_person_decides(
    ash: User, group: Group, screener: Any, found: Any, sign_in: SignIn
) -> None:
    screener.found["words"] = found(kinds={"hate": 0.9})
    post = write_post(by=ash, group=group, body="words")
    page = read(sign_in(ash), post)
    assert "A program has hidden this until a person reads it" in page
    assert "A moderator has hidden this" not in page
    post.text.cases.update(state="closed")
    assert "A moderator has hidden this" in read(sign_in(ash), post)


def test_hidden_reply_shows_to_its_author_with_the_reason_alone(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    reply = write_reply(by=kim, post=post, body="get over it")
    Text.objects.filter(pk=reply.text.pk).update(state="hidden", locked=True)
    page = read(sign_in(kim), post)
    assert "A moderator has hidden this" in page
    assert "A moderator has locked this" in page
    assert "get over it" not in read(sign_in(ash), post)


def test_deleted_reply_leaves_a_gap_and_its_answers(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    reply = write_reply(by=kim, post=post, body="words to regret")
    write_reply(by=ash, post=post, body="thank you", parent=reply)
    browser = sign_in(kim)
    assert browser.get(f"/texts/{reply.text.public_id}/delete").status_code == 200
    browser.post(f"/texts/{reply.text.public_id}/delete")
    page = read(sign_in(ash), post)
    assert "words to regret" not in page
    assert "There was a reply here" in page
    assert "thank you" in page
    assert browser.get(f"/texts/{reply.text.public_id}/edit").status_code == 404


def test_deleted_post_leaves_its_replies_readable(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    reply = write_reply(by=kim, post=post, body="i hear you")
    actions.delete(by=ash, text=post.text)
    for user in (ash, kim):
        page = read(sign_in(user), post)
        assert "has deleted it" in page
        assert "i hear you" in page
        assert "i lie awake" not in page
        assert "Nights" not in page
    assert "Nights" not in sign_in(kim).get("/groups/low-mood").content.decode()
    actions.delete(by=kim, text=reply.text)
    assert sign_in(kim).get(address(post)).status_code == 404


def test_only_the_author_deletes(kim: User, post: Post, sign_in: SignIn) -> None:
    assert sign_in(kim).post(f"/texts/{post.text.public_id}/delete").status_code == 404
    with pytest.raises(PermissionDenied):
        actions.delete(by=kim, text=post.text)


def test_blocked_people_are_absent_both_ways(
    ash: User, kim: User, person: People, group: Group, join: Any, post: Post, sign_in: SignIn
) -> None:
    sam = person("sam")
    join(sam, group)
    theirs = write_post(by=kim, group=group, title="Of kim", body="hello")
    reply = write_reply(by=kim, post=post, body="reply of kim")
    write_reply(by=sam, post=post, body="answer of sam", parent=reply)
    gestures.react(by=kim, text=post.text, kind="me-too")
    Block.objects.create(by=ash, other=kim)
    for one, other in ((ash, theirs), (kim, post)):
        browser = sign_in(one)
        assert browser.get(address(other)).status_code == 404
        assert other.text.title not in browser.get("/groups/low-mood").content.decode()
        assert (
            browser.post(f"/texts/{other.text.public_id}/react", {"give": "thanks"}).status_code
            == 404
        )
        assert browser.post(f"{address(other)}/follow").status_code == 404
    for user, other in ((ash, "kim"), (kim, "ash")):
        assert sign_in(user).get(f"/people/{other}").status_code == 404
    page = read(sign_in(ash), post)
    assert "reply of kim" not in page
    assert "answer of sam" in page
    assert "kim" not in page
    # A count names nobody; one that changed with a block would.
    assert "Me too 1" in page
    with pytest.raises(PermissionDenied):
        write_reply(by=ash, post=theirs, body="hello")
    with pytest.raises(PermissionDenied):
        write_reply(by=ash, post=post, body="hello", parent=reply)


def test_muted_person_is_folded_out_for_the_one_who_muted_alone(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    write_reply(by=kim, post=post, body="reply of kim")
    Mute.objects.create(by=ash, other=kim)
    assert "reply of kim" not in read(sign_in(ash), post)
    assert "reply of kim" in read(sign_in(kim), post)


def test_content_with_a_warning_is_folded_for_who_asked_for_it(
    ash: User, kim: User, group: Group, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, title="Mum", body="she died", warnings=["death"])
    before = read(sign_in(kim), post)
    assert '<details class="fold">' not in before
    kim.folded_warnings = ["death"]
    kim.save()
    browser = sign_in(kim)
    assert '<details class="fold">' in read(browser, post)
    listed = browser.get("/groups/low-mood").content.decode()
    assert "Mum" not in listed
    assert "she died" not in listed
    assert "Death and grief" in listed
    assert "Mum" in sign_in(ash).get("/groups/low-mood").content.decode()


@pytest.mark.parametrize("warned", [False, True])
def test_reply_with_risk_is_folded_for_who_asked_for_it_and_nobody_else(
    warned: bool, ash: User, kim: User, group: Group, screener: Any, found: Any, sign_in: SignIn
) -> None:
    screener.found["dark"] = found(risk="active")
    post = write_post(by=ash, group=group, body="hello", warnings=["suicide"] if warned else [])
    reply = write_reply(by=ash, post=post, body="dark words")
    write_reply(by=ash, post=post, body="light words")
    fold, browser = '<details class="fold">', sign_in(kim)
    assert fold not in read(browser, post)
    kim.folded_warnings = ["suicide"]
    kim.save()
    page = read(browser, post)
    # Under the warning of the whole thread, post and replies fold once, and no reply again.
    assert page.count(fold) == (2 if warned else 1)
    if not warned:
        assert page.index(fold) < page.index("dark words") < page.index("</details>")
        assert not page.index(fold) < page.index("light words") < page.index("</details>")
    assert fold not in read(sign_in(ash), post)
    hit = browser.post("/search", {"q": "words dark"}).content.decode()
    assert "dark words" not in hit
    assert "Folded" in hit
    actions.edit(by=ash, text=reply.text, body="light again", version=1)
    assert read(browser, post).count(fold) == (2 if warned else 0)


def test_anonymous_post_shows_its_handle_to_safety_staff_alone(
    ash: User, kim: User, group: Group, person: People, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, body="secret", anonymous=True)
    write_reply(by=ash, post=post, body="one more thing", anonymous=True)
    page = read(sign_in(kim), post)
    assert "Anonymous" in page
    assert "ash" not in page
    assert "wrote the post" in page
    assert "ash (anonymous to peers)" in read(sign_in(person("moss", Role.MODERATOR)), post)


def test_reply_under_the_handle_does_not_tell_who_posted_anonymously(
    ash: User, kim: User, group: Group, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, body="secret", anonymous=True)
    assert sign_in(ash).get(address(post)).context["form"]["anonymous"].value() is True
    write_reply(by=ash, post=post, body="me under my handle")
    page = read(sign_in(kim), post)
    assert "me under my handle" in page
    assert "wrote the post" not in page


def test_reaction_is_given_and_taken_back(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    where = f"/texts/{post.text.public_id}/react"
    browser = sign_in(kim)
    browser.post(where, {"give": "me-too"})
    browser.post(where, {"give": "me-too"})
    assert Reaction.objects.count() == 1
    assert "Me too 1" in read(sign_in(ash), post)
    browser.post(where, {"take": "me-too"})
    assert not Reaction.objects.exists()
    assert browser.post(where, {"give": "love"}, follow=True).status_code == 200
    assert sign_in(ash).post(where, {"give": "thanks"}).status_code == 403
    assert not Reaction.objects.exists()


def test_poster_alone_says_what_helped(ash: User, kim: User, post: Post, sign_in: SignIn) -> None:
    reply = write_reply(by=kim, post=post, body="i hear you")
    where = f"/replies/{reply.text.public_id}/helped"
    assert sign_in(kim).post(where, {"rating": "5"}).status_code == 403
    assert not Helped.objects.exists()
    browser = sign_in(ash)
    browser.post(where, {"rating": "9"})
    assert not Helped.objects.exists()
    browser.post(where, {"rating": ""})
    assert Helped.objects.get().rating is None
    browser.post(where, {"rating": "4"})
    assert Helped.objects.get().rating == 4
    assert "They gave it 4 of 5" in read(sign_in(kim), post)
    browser.post(where, {"on": "no"})
    assert not Helped.objects.exists()


def test_poster_is_asked_for_the_mood_once_there_is_an_answer(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    browser = sign_in(ash)
    assert "How do you feel now" not in read(browser, post)
    assert browser.post(f"{address(post)}/mood", {"mood": "calm"}).status_code == 403
    write_reply(by=kim, post=post, body="i hear you")
    assert "How do you feel now" in read(browser, post)
    assert "How do you feel now" not in read(sign_in(kim), post)
    assert sign_in(kim).post(f"{address(post)}/mood", {"mood": "calm"}).status_code == 403
    browser.post(f"{address(post)}/mood", {"mood": "great"})
    browser.post(f"{address(post)}/mood", {"mood": "calm"})
    post.refresh_from_db()
    assert post.mood_after == "calm"
    assert "you felt: Calm" in read(browser, post)


def test_thread_is_followed_bookmarked_and_left_again(
    kim: User, post: Post, sign_in: SignIn
) -> None:
    browser = sign_in(kim)
    for what, model in (("follow", Follow), ("bookmark", Bookmark)):
        browser.post(f"{address(post)}/{what}", {"on": "yes"})
        browser.post(f"{address(post)}/{what}", {"on": "yes"})
        assert model.objects.filter(by=kim, post=post).count() == 1  # type: ignore[attr-defined]
    assert "Nights" in browser.get("/bookmarks").content.decode()
    for what, model in (("follow", Follow), ("bookmark", Bookmark)):
        browser.post(f"{address(post)}/{what}", {"on": "no"})
        assert not model.objects.exists()  # type: ignore[attr-defined]


def test_poster_alone_closes_the_thread(ash: User, kim: User, post: Post, sign_in: SignIn) -> None:
    assert sign_in(kim).post(f"{address(post)}/close").status_code == 403
    sign_in(ash).post(f"{address(post)}/close", {"on": "yes"})
    answer = sign_in(kim).post(f"{address(post)}/reply", {"body": "too late"})
    assert answer.status_code == 422
    assert "too late" in answer.content.decode()
    sign_in(ash).post(f"{address(post)}/close", {"on": "no"})
    write_reply(by=kim, post=post, body="now")


@pytest.mark.parametrize(
    "what",
    [
        "threads/{post}/reply",
        "threads/{post}/close",
        "threads/{post}/follow",
        "threads/{post}/bookmark",
        "threads/{post}/mood",
        "texts/{post}/react",
        "replies/{reply}/helped",
        "drafts/save",
        "drafts/discard",
    ],
)
def test_changing_address_refuses_get(
    ash: User, kim: User, post: Post, sign_in: SignIn, what: str
) -> None:
    reply = write_reply(by=kim, post=post, body="one")
    where = what.format(post=post.text.public_id, reply=reply.text.public_id)
    assert sign_in(ash).get(f"/{where}").status_code == 405


@pytest.mark.parametrize("forged", ["aaaaaaaaaaaaaa", "1", "../etc", "aaaaaaaaaaaa%00a"])
def test_forged_id_finds_nothing(ash: User, sign_in: SignIn, forged: str) -> None:
    browser = sign_in(ash)
    for page in ("threads/{}", "replies/{}", "texts/{}/edit", "texts/{}/delete", "texts/{}/sent"):
        assert browser.get("/" + page.format(forged)).status_code == 404


def test_thread_asks_the_same_number_of_queries_however_long_it_is(
    ash: User, kim: User, post: Post, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        reply = write_reply(by=kim, post=post, body=f"reply {n}")
        write_reply(by=ash, post=post, body=f"answer {n}", parent=reply)
    browser = sign_in(ash)
    with django_assert_max_num_queries(20):
        page = read(browser, post)
    assert "answer 11" in page


def test_long_thread_and_long_branch_are_read_in_pages(
    ash: User, kim: User, post: Post, sign_in: SignIn
) -> None:
    tops = [write_reply(by=kim, post=post, body=f"reply-{n:02d}-") for n in range(23)]
    answers = [
        write_reply(by=ash, post=post, body=f"answer-{n:02d}-", parent=tops[0]) for n in range(23)
    ]
    browser = sign_in(kim)
    first = read(browser, post)
    assert "reply-19-" in first
    assert "reply-20-" not in first
    assert "answer-19-" in first
    assert "answer-20-" not in first
    assert f"?branch={tops[0].text.public_id}" in first
    assert f"?from={tops[20].text.public_id}" in first
    for reply, words in ((tops[22], "reply-22-"), (answers[22], "answer-22-")):
        page = browser.get(f"/replies/{reply.text.public_id}", follow=True)
        assert words in page.content.decode()


def test_history_is_for_safety_staff_and_of_deleted_texts_while_a_case_is_open(
    ash: User, kim: User, post: Post, sign_in: SignIn, person: People
) -> None:
    actions.edit(by=ash, text=post.text, body="second words", version=1)
    where = f"/texts/{post.text.public_id}/history"
    moss = person("moss", Role.MODERATOR)
    mo = sign_in(moss)
    # In an open group, staff with neither a case nor the group reads what any member reads.
    assert mo.get(where).status_code == 404
    assert where not in mo.get(f"/threads/{post.text.public_id}").content.decode()
    Membership.objects.create(group=post.group, person=moss, moderates=True)
    assert "i lie awake" in mo.get(where).content.decode()
    assert where in mo.get(f"/threads/{post.text.public_id}").content.decode()
    assert sign_in(ash).get(where).status_code == 403
    assert sign_in(person("op", Role.OPERATOR)).get(where).status_code == 403
    actions.delete(by=ash, text=post.text)
    assert mo.get(where).status_code == 404
    open_case(
        queue=Case.Queue.MODERATION,
        origin=Case.Origin.REPORT,
        kind="insult",
        grade=3,
        minutes=60,
        text=post.text,
    )
    assert mo.get(where).status_code == 200


def test_other_apps_are_told_of_what_peers_see_inside_the_transaction(
    ash: User, kim: User, group: Group, screener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(events, "on_post", [lambda *, post: told.append(post)])
    monkeypatch.setattr(events, "on_reply", [lambda *, reply: told.append(reply)])
    post = write_post(by=ash, group=group, body="hello", key="k")
    write_post(by=ash, group=group, body="hello", key="k")
    reply = write_reply(by=kim, post=post, body="hi")
    assert told == [post, reply]
    screener.broken = True
    held = write_post(by=ash, group=group, body="held")
    assert told == [post, reply]
    Text.objects.filter(pk=held.pk).update(state="shown")
    held.text.refresh_from_db()
    actions.released(text=held.text)
    assert told == [post, reply, held]


def test_text_is_not_kept_where_an_app_that_is_told_fails(
    ash: User, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*, post: Post) -> None:
        raise RuntimeError

    monkeypatch.setattr(events, "on_post", [fail])
    with pytest.raises(RuntimeError):
        write_post(by=ash, group=group, body="hello")
    assert not Text.objects.exists()
