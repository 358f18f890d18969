"""Only those who consented, under pseudonyms that no second export shares, and masked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from oarlock.community.accounts import actions as accounts
from oarlock.community.accounts.models import User
from oarlock.community.groups.models import Group
from oarlock.community.ops.export import export, generalise
from oarlock.community.support.actions import write_post, write_reply
from oarlock.community.support.gestures import follow
from oarlock.community.support.models import Helped, Reaction
from oarlock.community.texts.models import CodedSentence
from oarlock.corpus import tables
from oarlock.errors import UserError

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread(
    person: Callable[..., User], group: Group, join: Callable[..., Any]
) -> tuple[User, User, User]:
    people = person("ashley.b"), person("kim_k"), person("lou99")
    for one in people:
        join(one, group)
    ash, kim, lou = people
    post = write_post(
        by=ash, group=group, title="hi", body="write to me: ash@example.org, says kim_k"
    )
    reply = write_reply(by=kim, post=post, body="call 0123 456 7890 or see https://a.example/x")
    write_reply(by=lou, post=post, body="i never said yes")
    Helped.objects.create(reply=reply, rating=4)
    Reaction.objects.create(text=reply.text, by=ash, kind="thanks")
    CodedSentence.objects.create(
        text=reply.text, version=1, start=0, end=10, code="Direct", probability=0.7,
        reliable=True, model_version="test",
    )  # fmt: skip
    for one in (ash, kim):
        accounts.set_consent(by=one, given=True, version="1")
    return people


def test_export_holds_consented_rows_and_passes_its_own_checks(
    thread: tuple[User, User, User], tmp_path: Path
) -> None:
    facts = export(tmp_path / "out", k=1)
    found = tables.read(tmp_path / "out")
    assert facts["n_rows"] == {
        "users": 2, "posts": 1, "replies": 1, "reactions": 1, "follows": 0, "codes": 1,
        "measures": 0, "answers": 0,
    }  # fmt: skip
    (reply,) = found["replies"].to_pylist()
    assert (reply["helped"], reply["rating"], reply["coached"]) == (True, 4, False)
    assert reply["post_id"] == found["posts"]["post_id"][0].as_py()
    everything = " ".join(str(table.to_pylist()) for table in found.values())
    for secret in ("ash@example.org", "0123", "a.example", "kim_k", "ashley", "never said yes"):
        assert secret not in everything
    assert "×" in reply["text"]
    assert len(reply["text"]) == len("call 0123 456 7890 or see https://a.example/x")
    book = json.loads((tmp_path / "out" / "codebook.json").read_text())
    assert book["tables"]["replies"]["helped"]["about"]


def test_pseudonyms_differ_from_export_to_export(
    thread: tuple[User, User, User], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        export(tmp_path / name, k=1)
    a, b = (set(tables.read(tmp_path / n)["users"]["user_id"].to_pylist()) for n in ("a", "b"))
    assert len(a) == len(b) == 2
    assert not a & b


def test_withdrawn_and_erased_people_are_absent(
    thread: tuple[User, User, User], tmp_path: Path
) -> None:
    ash, kim, _ = thread
    accounts.set_consent(by=kim, given=False, version="1")
    assert export(tmp_path / "a", k=1)["n_rows"]["replies"] == 0
    accounts.erase(by=ash, keep_texts=True)
    assert export(tmp_path / "b", k=1)["n_rows"]["users"] == 0


def test_reply_to_somebody_who_did_not_consent_stands_alone(
    thread: tuple[User, User, User], tmp_path: Path
) -> None:
    accounts.set_consent(by=thread[0], given=False, version="1")
    export(tmp_path / "a", k=1)
    (reply,) = tables.read(tmp_path / "a")["replies"].to_pylist()
    assert reply["post_id"] is None


def test_quasi_identifiers_are_blanked_until_everybody_is_one_of_k() -> None:
    def row(age_band: str, country: str, offers_support: bool = False) -> dict[str, Any]:
        return {"age_band": age_band, "country": country, "offers_support": offers_support}

    rows = [row("18-20", "DE") for _ in range(5)] + [row("27-29", "DE", True) for _ in range(3)]
    rows += [row("18-20", c) for c in ("SE", "FR", "PT")]
    rows += [row("30-32", "SE"), row("33-35", "DE")]
    report = generalise(rows, 3)
    assert rows[0] == row("18-20", "DE")
    assert [r["country"] for r in rows].count(None) == 3
    assert len(rows) == 11
    assert report["k"] == 3
    assert report["people_left_out"] == 2
    assert report["blanked"] == {"age_band": 0, "country": 3, "offers_support": 0}


def test_people_who_stay_below_k_are_left_out_with_their_texts(
    thread: tuple[User, User, User], tmp_path: Path
) -> None:
    facts = export(tmp_path / "a", k=3)
    assert facts["k_anonymity"]["people_left_out"] == 2
    assert set(facts["n_rows"].values()) == {0}
    assert export(tmp_path / "c", k=2)["n_rows"]["users"] == 2


def test_word_of_the_poster_takes_the_consent_of_the_poster(
    thread: tuple[User, User, User], tmp_path: Path
) -> None:
    accounts.set_consent(by=thread[0], given=False, version="1")
    export(tmp_path / "a", k=1)
    (reply,) = tables.read(tmp_path / "a")["replies"].to_pylist()
    assert (reply["helped"], reply["rating"]) == (None, None)


def test_anonymous_texts_cannot_be_joined_with_named_ones(
    thread: tuple[User, User, User], group: Group, tmp_path: Path
) -> None:
    ash, _, _ = thread
    hidden = [
        write_post(by=ash, group=group, body=f"nameless {n}", anonymous=True) for n in range(2)
    ]
    write_reply(by=ash, post=hidden[0], body="me again", anonymous=True)
    follow(by=ash, post=hidden[0])
    export(tmp_path / "a", k=1)
    found = tables.read(tmp_path / "a")
    posts = {row["text"]: row["user_id"] for row in found["posts"].to_pylist() if row["anonymous"]}
    (again,) = (row for row in found["replies"].to_pylist() if row["anonymous"])
    named = set(found["users"]["user_id"].to_pylist())
    assert len({*posts.values()}) == 2
    assert not named & {*posts.values()}
    assert again["user_id"] == posts["nameless 0"]
    assert found["follows"].num_rows == 0


def test_folder_that_exists_is_left_alone(thread: tuple[User, User, User], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="exists already"):
        export(tmp_path)


@pytest.mark.parametrize(
    ("table", "column", "change", "words"),
    [
        ("replies", "user_id", lambda v: "nobody", "no row of users"),
        ("posts", "wanted", lambda v: "gold", "not in the codebook"),
        ("users", "user_id", lambda v: "same", "there twice"),
        ("codes", "end", lambda v: 0, "ends before"),
    ],
)
def test_check_names_what_is_wrong_and_no_value(
    thread: tuple[User, User, User],
    tmp_path: Path,
    table: str,
    column: str,
    change: Any,
    words: str,
) -> None:
    export(tmp_path / "a", k=1)
    found = tables.read(tmp_path / "a")
    rows = [{**row, column: change(row[column])} for row in found[table].to_pylist()]
    found[table] = pa.Table.from_pylist(rows, schema=tables.schema(table))
    with pytest.raises(UserError, match=words) as caught:
        tables.check(found)
    assert "gold" not in str(caught.value)


def test_damaged_file_is_named(thread: tuple[User, User, User], tmp_path: Path) -> None:
    export(tmp_path / "a", k=1)
    path = tmp_path / "a" / "replies.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"replies\.parquet: damaged"):
        tables.read(tmp_path / "a")
