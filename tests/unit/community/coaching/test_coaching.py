"""The coach beside the box: what it shows, when it is silent, what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from oarlock.codebook import CODES
from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import User
from oarlock.community.coaching import care, skills, switch
from oarlock.community.coaching.models import Care, Suggestion
from oarlock.community.coaching.segments import segments
from oarlock.community.desk.models import Case
from oarlock.community.groups.models import Group
from oarlock.community.notices.models import Notice
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.models import Post, Reply
from oarlock.community.texts.models import CodedSentence, Screening

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
DRAFT = "You should just go for a run. Have you tried yoga? It will all be fine, I promise!"


@pytest.fixture
def post(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> Post:
    ash = person("ash")
    join(ash, group)
    return write_post(by=ash, group=group, body="i failed the exam and i feel like a failure")


@pytest.fixture
def kim(person: Callable[..., User], group: Group, join: Callable[..., Any]) -> User:
    user: User = person("kim")
    join(user, group)
    return user


def review(browser: Client, post: Post, draft: str = DRAFT, **more: str) -> Any:
    place = f"post:{post.text.public_id}"
    return browser.post("/coach/review", {"place": place, "body": draft, **more})


def test_feedback_tints_each_sentence_and_suggests_at_most_two_things(
    kim: User, post: Post, sign_in: SignIn
) -> None:
    page = review(sign_in(kim), post).content.decode()
    assert page.count("<details class=") == 3
    assert 1 <= page.count('class="suggestion"') <= 2
    assert "machine" in page
    assert Suggestion.objects.filter(by=kim).count() == page.count('class="suggestion"')


def test_nothing_of_a_draft_is_kept(kim: User, post: Post, sign_in: SignIn) -> None:
    review(sign_in(kim), post, "You should buy a xylophone.")
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert "xylophone" not in str(cursor.fetchall())


def test_what_is_put_away_stays_away(kim: User, post: Post, sign_in: SignIn) -> None:
    browser = sign_in(kim)
    review(browser, post)
    first = Suggestion.objects.order_by("pk")[0]
    place = f"post:{post.text.public_id}"
    answer = browser.post(
        "/coach/dismiss",
        {"place": place, "body": DRAFT, "suggestion": first.rule},
        headers={"accept": "text/fragment"},
    )
    assert answer.status_code == 200
    assert f'value="{first.rule}"' not in answer.content.decode()
    first.refresh_from_db()
    assert first.dismissed_at is not None
    assert first.model_version
    unknown = browser.post("/coach/dismiss", {"place": place, "suggestion": "nothing"})
    assert unknown.status_code == 400


def test_without_javascript_the_draft_comes_back_with_what_the_coach_says(
    kim: User, post: Post, sign_in: SignIn
) -> None:
    place = f"post:{post.text.public_id}"
    page = sign_in(kim).post("/coach/check", {"place": place, "body": DRAFT, "key": "k1"})
    text = page.content.decode()
    assert "It will all be fine, I promise!</textarea>" in text
    assert '<input type="hidden" name="key" value="k1">' in text
    assert 'class="suggestion"' in text
    assert Reply.objects.count() == 0


def test_the_coach_of_a_post_that_one_may_not_see_is_not_there(
    kim: User, post: Post, sign_in: SignIn, person: Callable[..., User]
) -> None:
    accounts.block(by=post.text.author, other=kim)
    assert review(sign_in(kim), post).status_code == 404
    assert review(Client(), post).status_code == 403
    other = Client()
    other.force_login(person("lou"))
    assert other.post("/coach/review", {"place": "x", "body": "y"}).status_code == 404


@pytest.mark.parametrize("who", ["place", "group", "person", "arm", "poster"])
def test_the_coach_is_silent_where_it_is_off(
    who: str,
    kim: User,
    post: Post,
    sign_in: SignIn,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    match who:
        case "place":
            settings.COACH = False
        case "group":
            Group.objects.update(coach_on=False)
        case "person":
            User.objects.filter(pk=kim.pk).update(coach_on=False)
        case "arm":
            monkeypatch.setattr(switch, "silencers", [lambda by, group: by == kim])
    writer = post.text.author if who == "poster" else kim
    answer = review(sign_in(writer), post)
    assert answer.status_code == 200
    assert answer.content.strip() == b""
    assert not Suggestion.objects.exists()
    thread = sign_in(writer).get(f"/threads/{post.text.public_id}").content.decode()
    assert "data-coach=" not in thread


def test_reply_box_has_the_coach_beside_it(kim: User, post: Post, sign_in: SignIn) -> None:
    page = sign_in(kim).get(f"/threads/{post.text.public_id}").content.decode()
    assert 'data-coach="/coach/review"' in page
    assert "Check my draft" in page


def test_suggestions_are_tied_to_the_reply_that_came_of_them(
    kim: User, post: Post, sign_in: SignIn
) -> None:
    review(sign_in(kim), post)
    reply = write_reply(by=kim, post=post, body="that sounds so hard")
    assert set(Suggestion.objects.values_list("text", flat=True)) == {reply.pk}


def test_segments_put_the_draft_together_again() -> None:
    from oarlock.community.coaching.reviewing import coach

    draft = "  hey 😔 i hear you.\n\nwhat would help?? "
    pieces = segments(draft, coach().review(draft))
    assert "".join(piece.text for piece in pieces) == draft
    assert [p.sentence is not None for p in pieces].count(True) >= 2


def coded(reply: Reply, code: str, n: int) -> None:
    probabilities = [0.9 if c.name == code else 0.1 / 14 for c in CODES]
    CodedSentence.objects.bulk_create(
        CodedSentence(
            text=reply.text, version=1, start=k * 10, end=k * 10 + 9, code=code, probability=0.9,
            probabilities=probabilities, reliable=True, model_version="test",
        )
        for k in range(n)
    )  # fmt: skip


def test_own_skills_come_with_ranges_and_without_others(
    kim: User, post: Post, sign_in: SignIn
) -> None:
    few = write_reply(by=kim, post=post, body="a")
    coded(few, "Open Question", 2)
    page = sign_in(kim).get("/coach/skills").content.decode()
    assert "not enough yet" in page
    many = write_reply(by=kim, post=post, body="b")
    coded(many, "Open Question", 20)
    many = write_reply(by=kim, post=post, body="c")
    coded(many, "Simple Reflection", 20)
    (month,) = skills.by_month(kim)
    measures = {m.name: m for m in month.measures}
    assert measures["open questions"].enough
    assert measures["open questions"].measure.low < measures["open questions"].measure.high
    assert skills.by_month(post.text.author) == ()


def test_a_hard_thread_asks_afterwards_how_one_is(kim: User, post: Post, sign_in: SignIn) -> None:
    Screening.objects.create(text=post.text, version=1, risk="active", screener_version="test")
    write_reply(by=kim, post=post, body="i am here")
    assert Notice.objects.filter(to=kim, kind="debrief").count() == 1
    browser = sign_in(kim)
    assert "That was a hard thread" in browser.get("/coach/threads").content.decode()
    one = Care.objects.get(by=kim)
    assert browser.post(f"/coach/debriefs/{one.pk}", {"feeling": "?"}).status_code == 400
    browser.post(f"/coach/debriefs/{one.pk}", {"feeling": "talk"})
    assert Case.objects.get(kind="supporter-debrief").about == kim
    browser.post(f"/coach/debriefs/{one.pk}", {"feeling": "talk"})
    assert Case.objects.filter(kind="supporter-debrief").count() == 1
    assert "That was a hard thread" not in browser.get("/coach/threads").content.decode()


def test_debrief_of_somebody_else_is_not_there(
    kim: User, post: Post, sign_in: SignIn, person: Callable[..., User]
) -> None:
    one = Care.objects.create(post=post, by=kim, debrief_at=timezone.now())
    assert sign_in(person("lou")).post(f"/coach/debriefs/{one.pk}").status_code == 404


def test_saying_yes_and_passing_on(kim: User, post: Post, sign_in: SignIn) -> None:
    browser = sign_in(kim)
    address = f"/coach/threads/{post.text.public_id}"
    browser.post(f"{address}/take")
    assert [c.post for c in care.looked_after(kim)] == [post]
    browser.post(f"{address}/give-back")
    assert not care.looked_after(kim).exists()
    assert sign_in(post.text.author).post(f"{address}/take").status_code == 400


def test_skills_page_asks_the_database_once_however_much_was_written(
    kim: User, post: Post, django_assert_max_num_queries: Any
) -> None:
    for day in range(5):
        reply = write_reply(by=kim, post=post, body=f"word {day}")
        coded(reply, "Affirm", 3)
        reply.text.created_at = timezone.now() - timedelta(days=40 * day)
        reply.text.save()
    with django_assert_max_num_queries(1):
        assert len(skills.by_month(kim)) >= 4


def test_draft_that_would_hurt_gets_one_answer_and_no_writing_tips(
    kim: User, post: Post, screener: Any, found: Any, sign_in: SignIn
) -> None:
    screener.found["nobody cares"] = found(kinds={"insult": 0.9}, hurts=True)
    page = review(sign_in(kim), post, "kill yourself nobody cares").content.decode()
    assert page.count('class="suggestion"') == 1
    assert "Leave this out" in page
    assert "oars" not in page
    assert "Put this away" not in page
    assert "Leave this out" not in review(sign_in(kim), post).content.decode()
