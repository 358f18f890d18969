"""Whoever becomes the demo's supporter finds skills to look at, whatever day it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from oarlock.coach import CodedReply, skill_by_month
from oarlock.coder import Coder, ReplyCodes
from oarlock.community.demo.loader import thread_files
from oarlock.community.demo.views import PARTS

HANDLE = next(part.handle for part in PARTS if part.name == "supporter")


@pytest.fixture(scope="module")
def replies() -> list[tuple[float, ReplyCodes]]:
    """Returns the codes of the supporter's replies, each with how many days ago it was written."""
    coder = Coder.load()
    return [
        (thread["days_ago"] - reply["after_hours"] / 24, coder.code(reply["body"].strip()))
        for _group, threads in thread_files()
        for thread in threads
        for reply in thread.get("reply", ())
        if reply["by"] == HANDLE
    ]


@pytest.mark.parametrize("day", range(0, 366, 15))
def test_a_month_of_the_demo_supporter_has_enough_to_show(
    day: int, replies: list[tuple[float, ReplyCodes]]
) -> None:
    today = date(2027, 1, 1) + timedelta(days=day)
    months = skill_by_month(
        CodedReply.of(codes, today - timedelta(days=max(0, round(ago)))) for ago, codes in replies
    )
    best = max(sum(measure.enough for measure in month.measures) for month in months)
    assert best >= 2
