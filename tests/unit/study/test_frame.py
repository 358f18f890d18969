"""The frame of a small community in which everything that happened is known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fake_coder import FakeCoder
from oarlock.corpus.schema import schema
from oarlock.errors import UserError
from oarlock.study import frame
from oarlock.study.outcomes import Windows
from oarlock.study.selection import Selection

START = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
SAD = "I feel so depressed and anxious, I cannot get out of bed"
Rows = dict[str, list[dict[str, Any]]]


def at(hours: float) -> dt.datetime:
    return START + dt.timedelta(hours=hours)


def reply(name: str, by: str, hours: float, text: str, post: str = "p1", **more: Any) -> Any:
    return {
        "reply_id": name, "post_id": post, "user_id": by, "written_at": at(hours), "text": text,
        **more,
    }  # fmt: skip


def community() -> Rows:
    """Ana asks, Ben and Cem answer, Ana likes, thanks and follows; Dot's post is about a bike."""
    return {
        "users": [{"user_id": u, "joined_at": at(-48)} for u in ("ana", "ben", "cem", "dot")]
        + [{"user_id": "bot", "is_bot": True}],
        "posts": [
            {"post_id": "p1", "user_id": "ana", "written_at": at(0), "text": SAD},
            {"post_id": "p2", "user_id": "dot", "written_at": at(1), "text": "A red bicycle"},
            {"post_id": "p3", "user_id": "ana", "written_at": at(40), "text": SAD},
        ],
        "replies": [
            reply("r1", "ben", 1, "That sounds hard. What helped before?"),
            reply("r2", "cem", 2, "Go for a run."),
            reply("r3", "ana", 3, "Thank you for asking about it, that helped", parent_id="r1"),
            reply("r4", "bot", 4, "Welcome!"),
            reply("r5", "ben", 5, "It is red.", post="p2"),
            reply("r6", "ben", 41, "How are you today?", post="p3"),
            reply("r7", "ana", 42, "thanks", post="p3"),
            reply("late", "cem", 24 * 60, "Years later.", post="p3"),
        ],
        "reactions": [
            {"text_id": "r1", "user_id": "ana", "kind": "like", "at": at(2)},
            {"text_id": "r2", "user_id": "dot", "kind": "like", "at": at(3)},
        ],
        "person_follows": [{"follower_id": "ana", "followed_id": "ben", "at": at(6)}],
        "moods": [
            {"user_id": "ana", "mood": "sad", "at": at(0)},
            {"user_id": "ana", "mood": "calm", "at": at(8)},
        ],
    }


def written(folder: Path, rows: Rows) -> Path:
    folder.mkdir()
    for name, of in rows.items():
        loose = pa.schema([field.with_nullable(True) for field in schema(name)])
        pq.write_table(pa.Table.from_pylist(of, schema=loose), folder / f"{name}.parquet")
    return folder


def built(tmp_path: Path, rows: Rows, name: str = "a", **more: Any) -> tuple[frame.Built, Any]:
    found = frame.build(written(tmp_path / name, rows), tmp_path / f"{name}-out", **more)
    return found, pd.read_parquet(found.path).set_index("reply_id").sort_index()


def test_outcomes_are_what_the_poster_did_afterwards(tmp_path: Path) -> None:
    _, rows = built(tmp_path, community())
    assert list(rows.index) == ["late", "r1", "r2", "r6"]
    outcomes = rows[["y_liked", "y_followed", "y_specific_thanks", "y_general_thanks"]]
    assert outcomes.loc["r1"].tolist() == [1, 1, 1, 0]
    assert outcomes.loc["r2"].tolist() == [0, 0, 0, 0]  # Dot's like is not Ana's
    assert outcomes.loc["r6", "y_general_thanks"] == 1
    assert pd.isna(outcomes.loc["r6", "y_followed"])  # followed already
    assert outcomes.loc["late"].isna().all()  # the corpus ends within the window
    assert rows.loc[["r1", "r2"], "y_mood_improved"].tolist() == [1, 1]
    assert rows.loc["r1", "f_delay_hours"] == 1
    assert rows.loc["r1", "severity"] == "general"


def test_a_shorter_window_sees_less(tmp_path: Path) -> None:
    _, rows = built(tmp_path, community(), windows=Windows(followed_days=0.1))
    assert rows.loc["r1", "y_followed"] == 0


def test_flow_counts_what_each_exclusion_took(tmp_path: Path) -> None:
    found, _ = built(tmp_path, community())
    out = {step.name: (step.n_posts_out, step.n_replies_out) for step in found.flow}
    assert (out["other-topic"], out["bot"], out["self-reply"]) == ((1, 1), (0, 1), (0, 2))
    assert found.flow[-1].n_replies == found.n_replies == 4
    kept, _ = built(tmp_path, community(), "b", selection=Selection(mental_health=False))
    assert kept.n_replies == 5


def test_past_of_people_holds_nothing_from_the_reply_on(tmp_path: Path) -> None:
    """Whatever is planted from the moment of a reply on, nothing told of the past changes."""
    _, before = built(tmp_path, community())
    leak = community()
    leak["posts"] += [{"post_id": f"q{n}", "user_id": "ben", "written_at": at(1 + n), "text": SAD}
                      for n in range(5)]  # fmt: skip
    leak["replies"] += [reply(f"s{n}", "ben", 1 + n, "hi", post="p2") for n in range(5)]
    leak["reactions"] += [
        {"text_id": "r1", "user_id": f"x{n}", "kind": "like", "at": at(1 + n)} for n in range(5)
    ]
    leak["person_follows"] += [
        {"follower_id": f"x{n}", "followed_id": "ben", "at": at(1 + n)} for n in range(5)
    ]
    _, after = built(tmp_path, leak, "leak")
    past = [name for name in before if name.startswith(("f_replier_", "f_poster_"))]
    assert len(past) > 15
    pd.testing.assert_series_equal(before.loc["r1", past], after.loc["r1", past])
    assert after.loc["r6", "f_replier_n_replies"] == before.loc["r6", "f_replier_n_replies"] + 5
    assert after.loc["r6", "f_replier_n_followers"] == 6


def test_codes_of_each_sentence_become_columns(tmp_path: Path) -> None:
    found, rows = built(tmp_path, community(), coder=FakeCoder())
    assert found.coder_version == "standard-test"
    assert rows.loc["r1", "n_sentences"] == 2
    assert rows.loc["r1", "n_open_question"] == 1
    assert rows.loc["r1", "p_open_question"] > 0.9
    assert rows.filter(regex="^p_").max().max() <= 1


def test_what_a_platform_lacks_is_missing_and_said(tmp_path: Path) -> None:
    rows = {name: of for name, of in community().items() if name in ("users", "posts", "replies")}
    found, cells = built(tmp_path, rows)
    assert found.lacks["y_liked"] == "the corpus has no table reactions"
    assert cells["y_liked"].isna().all()
    assert cells.loc["r1", "y_specific_thanks"] == 1
    assert cells.loc["r1", "y_any"] == 1


def test_interrupted_frame_goes_on_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "BATCH", 1)
    _, whole = built(tmp_path, community(), coder=FakeCoder())
    coded: list[str] = []

    class Dies(FakeCoder):
        def code_many(self, replies: Any, contexts: Any = None, batch_size: Any = None) -> Any:
            if len(coded) == 2:
                raise KeyboardInterrupt
            coded.extend(replies)
            return super().code_many(replies, contexts)

    folder, out = written(tmp_path / "b", community()), tmp_path / "b-out"
    with pytest.raises(KeyboardInterrupt):
        frame.build(folder, out, coder=Dies())
    assert not (out / "frame.parquet").exists()
    frame.build(folder, out, coder=FakeCoder())
    again = pd.read_parquet(out / "frame.parquet").set_index("reply_id").sort_index()
    pd.testing.assert_frame_equal(again, whole)


def test_frame_is_made_anew_when_the_corpus_has_changed(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "a", community()), tmp_path / "out"
    assert frame.build(folder, out).n_replies == 4
    more = community()
    more["replies"].append(reply("r8", "cem", 6, "I hear you."))
    for file in folder.iterdir():
        file.unlink(missing_ok=True) if file.is_file() else None
    folder.rename(tmp_path / "old")
    assert frame.build(written(tmp_path / "a", more), out).n_replies == 5


def test_folder_without_replies_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "a", {"posts": community()["posts"]})
    with pytest.raises(UserError, match=r"replies\.parquet: not found"):
        frame.build(folder, tmp_path / "out")
