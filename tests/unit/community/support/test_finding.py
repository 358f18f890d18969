"""Home, search, own lists and people: what is found, and what stays hidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from oarlock.community.accounts.models import Block, Mute, Role, User
from oarlock.community.groups.models import Group
from oarlock.community.support import search, search_index
from oarlock.community.support.actions import delete, edit, write_post, write_reply
from oarlock.community.support.models import Bookmark, Post
from oarlock.community.texts.models import Text

People = Callable[..., User]
SignIn = Callable[[User], Client]


@pytest.fixture
def ash(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("ashling")
    join(user, group)
    return user


@pytest.fixture
def kim(person: People, group: Group, join: Callable[..., Any]) -> User:
    user = person("kim")
    join(user, group)
    return user


def found(by: User, query: str) -> set[str]:
    return {hit.thing.text.body for hit in search.search(by, query)}


def test_search_finds_posts_and_replies_by_the_beginnings_of_all_words(
    ash: User, kim: User, group: Group
) -> None:
    post = write_post(by=ash, group=group, title="Exams", body="I cannot sleep at night")
    write_reply(by=kim, post=post, body="sleeping was hard for me")
    assert found(kim, "SLEEP") == {"I cannot sleep at night", "sleeping was hard for me"}
    assert found(kim, "exam sleep") == {"I cannot sleep at night"}
    assert found(kim, "sleep dragons") == set()


@pytest.mark.parametrize("query", ["'", "sleep' | 'x", "sleep:* & !x", '"sleep" OR', "sleep NOT ("])
def test_search_takes_marks_of_query_languages_as_no_words(
    ash: User, group: Group, query: str
) -> None:
    write_post(by=ash, group=group, body="I cannot sleep or x not")
    search.search(ash, query)
    assert found(ash, "sleep'") == {"I cannot sleep or x not"}


def test_search_follows_edits_and_deletions(ash: User, group: Group) -> None:
    post = write_post(by=ash, group=group, body="about dragons")
    edit(by=ash, text=post.text, body="about bicycles", version=1)
    assert found(ash, "dragons") == set()
    assert found(ash, "bicycles") == {"about bicycles"}
    post.text.refresh_from_db()
    delete(by=ash, text=post.text)
    assert found(ash, "bicycles") == set()


def test_search_shows_nothing_that_one_may_not_see(
    ash: User, kim: User, person: People, group: Group, closed_group: Group, join: Any
) -> None:
    lou = person("lou")
    join(lou, group)
    join(lou, closed_group)
    write_post(by=lou, group=closed_group, body="dragons of the closed group")
    post = write_post(by=lou, group=group, body="dragons of the open group")
    write_reply(by=lou, post=post, body="dragons in a reply")
    hidden = write_post(by=lou, group=group, body="dragons that are hidden")
    Text.objects.filter(pk=hidden.pk).update(state="hidden")
    seen = {"dragons of the open group", "dragons in a reply"}
    assert found(ash, "dragons") == seen
    assert len(found(lou, "dragons")) == 4
    Mute.objects.create(by=kim, other=lou)
    assert found(kim, "dragons") == set()
    Block.objects.create(by=lou, other=ash)
    assert found(ash, "dragons") == set()


def test_searching_a_handle_reveals_no_anonymous_post(
    ash: User, kim: User, group: Group, sign_in: SignIn
) -> None:
    write_post(by=ash, group=group, body="a secret", anonymous=True)
    assert found(kim, "ashling") == set()
    page = sign_in(kim).post("/search", {"q": "secret"}).content.decode()
    assert "a secret" in page
    assert "Anonymous" in page
    assert "ashling" not in page


def test_search_folds_what_the_reader_folds(
    ash: User, kim: User, group: Group, sign_in: SignIn
) -> None:
    write_post(by=ash, group=group, title="Mum", body="dragons took her", warnings=["death"])
    kim.folded_warnings = ["death"]
    kim.save()
    page = sign_in(kim).post("/search", {"q": "dragons"}).content.decode()
    assert "Folded" in page
    assert "took her" not in page
    assert "Mum" not in page


def test_search_asks_for_words_and_keeps_them_out_of_the_address(
    ash: User, sign_in: SignIn, django_assert_max_num_queries: Any, group: Group
) -> None:
    browser = sign_in(ash)
    assert browser.get("/search?q=dragons").context["hits"] is None
    empty = browser.post("/search", {"q": "? 😔"})
    assert empty.status_code == 422
    assert "at least two letters" in empty.content.decode()
    for n in range(40):
        write_post(by=ash, group=group, body=f"dragons {n}")
    with django_assert_max_num_queries(18):
        page = browser.post("/search", {"q": "dragons"})
    assert len(page.context["hits"]) == search.RESULTS
    assert "These are the newest" in page.content.decode()


def test_search_that_takes_too_long_says_so(
    ash: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(words: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr(search, "_postgres", slow)
    monkeypatch.setattr(search, "_sqlite", slow)
    answer = sign_in(ash).post("/search", {"q": "dragons"})
    assert answer.status_code == 422
    assert "took too long" in answer.content.decode()


def test_search_looks_through_the_newest_texts_first_and_misses_no_old_one(
    ash: User, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(7):
        write_post(by=ash, group=group, body=f"dragons {n}")
        write_post(by=ash, group=group, body="something else")
    monkeypatch.setattr(search, "SPANS", (3, 6, None))
    newest_first = [hit.excerpt for hit in search.search(ash, "dragons")]
    assert newest_first == [f"dragons {n}" for n in range(6, -1, -1)]
    monkeypatch.setattr(search, "CANDIDATES", 2)
    assert [hit.excerpt for hit in search.search(ash, "dragons")] == newest_first[:2]


def test_search_uses_the_index_of_the_database(ash: User, group: Group) -> None:
    write_post(by=ash, group=group, body="about dragons")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
            plan = search.matching(["dragons"]).order_by().explain()
            assert "support_search" in plan
        else:
            cursor.execute("SELECT count(*) FROM support_search")
            assert cursor.fetchone() == (1,)
            cursor.execute("INSERT INTO support_search(support_search) VALUES ('integrity-check')")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its index itself")
def test_search_survives_a_migration_that_rebuilds_the_table_of_texts(
    ash: User, group: Group
) -> None:
    write_post(by=ash, group=group, body="dragons before")
    with connection.cursor() as cursor:
        for name in search_index.TRIGGERS:
            cursor.execute(f"DROP TRIGGER {name}")
    write_post(by=ash, group=group, body="dragons meanwhile")
    search_index.keep()
    write_post(by=ash, group=group, body="dragons after")
    assert found(ash, "dragons") == {"dragons before", "dragons meanwhile", "dragons after"}


def test_home_puts_posts_that_wait_first_for_who_offers_support(
    ash: User, kim: User, group: Group, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    old = write_post(by=ash, group=group, title="Old one", body="x")
    Post.objects.filter(pk=old.pk).update(active_at=timezone.now() - timedelta(hours=5))
    write_post(by=ash, group=group, title="New one", body="x")
    answered = write_post(by=ash, group=group, title="Answered one", body="x")
    write_reply(by=kim, post=answered, body="hi")
    for n in range(6):
        write_post(by=kim, group=group, title=f"Own {n}", body="x")
    browser = sign_in(kim)
    assert not browser.get("/home").context["home"].waiting
    kim.offers_support = True
    kim.save()
    with django_assert_max_num_queries(20):
        home = browser.get("/home").context["home"]
    assert [row.heading for row in home.waiting] == ["Old one", "New one"]
    assert [row.heading for row in home.own] == [f"Own {n}" for n in (5, 4, 3, 2, 1)]


def test_home_of_somebody_new_shows_the_way_to_the_groups(person: People, sign_in: SignIn) -> None:
    page = sign_in(person("new")).get("/home").content.decode()
    assert "You are in no group yet" in page
    assert 'href="/groups/"' in page


def test_own_posts_show_in_every_state_but_deleted(
    ash: User, group: Group, sign_in: SignIn
) -> None:
    posts = [write_post(by=ash, group=group, title=f"Title {n}", body="x") for n in range(3)]
    Text.objects.filter(pk=posts[0].pk).update(state="held")
    Text.objects.filter(pk=posts[1].pk).update(state="deleted")
    page = sign_in(ash).get("/mine").content.decode()
    assert "Title 0" in page
    assert "Waits for a moderator" in page
    assert "Title 1" not in page


def test_bookmark_of_what_one_may_not_see_any_more_is_left_out(
    ash: User, kim: User, group: Group, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, title="Kept", body="x")
    Bookmark.objects.create(by=kim, post=post)
    browser = sign_in(kim)
    assert "Kept" in browser.get("/bookmarks").content.decode()
    Block.objects.create(by=ash, other=kim)
    assert "Kept" not in browser.get("/bookmarks").content.decode()


def test_person_page_tells_handle_groups_in_common_and_open_posts_alone(
    ash: User, kim: User, group: Group, closed_group: Group, join: Any, sign_in: SignIn
) -> None:
    ash.country = "IE"
    ash.save()
    join(ash, closed_group)
    write_post(by=ash, group=group, title="Under my handle", body="x")
    write_post(by=ash, group=group, title="In secret", body="x", anonymous=True)
    write_post(by=ash, group=closed_group, title="Closed circle", body="x")
    page = sign_in(kim).get("/people/ashling").content.decode()
    assert "Under my handle" in page
    # Ids and tokens inside the tags are drawn at random.
    read = re.sub(r"<[^>]*>", " ", page.split("<main", 1)[1].split("</main")[0])
    for private in ("In secret", "Closed circle", "Grief", "example.org", " 22 ", "Ireland"):
        assert private not in read
    own = sign_in(ash).get("/people/ashling").content.decode()
    assert "In secret" not in own
    assert sign_in(kim).get("/people/nobody").status_code == 404


def test_person_is_blocked_from_the_own_page_and_met_again(
    ash: User, kim: User, sign_in: SignIn
) -> None:
    browser = sign_in(kim)
    page = browser.get("/people/ashling").content.decode()
    assert 'action="/people/ashling/block"' in page
    browser.post("/people/ashling/block")
    assert browser.get("/people/ashling").status_code == 404
    browser.post("/people/ashling/unblock")
    browser.post("/people/ashling/mute")
    assert 'action="/people/ashling/unmute"' in browser.get("/people/ashling").content.decode()


def test_staff_without_safety_role_reads_no_handle_of_an_anonymous_post(
    ash: User, group: Group, person: People, sign_in: SignIn
) -> None:
    post = write_post(by=ash, group=group, body="a secret", anonymous=True)
    page = sign_in(person("opal", Role.OPERATOR)).get(f"/threads/{post.text.public_id}")
    assert "ashling" not in page.content.decode()
