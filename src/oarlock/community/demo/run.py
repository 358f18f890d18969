"""The demo: an empty folder becomes a living community, with a report of its own threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

Report = Callable[[str, int, int], None]


def configure(home: Path, *, port: int) -> None:
    """Point the settings at the demo's own folder; before anything of Django is imported."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ |= {
        "OARLOCK_DEMO": "yes",
        "OARLOCK_HOME": str(home),
        "OARLOCK_DATABASE_URL": "",
        "OARLOCK_ORIGIN": f"http://localhost:{port}",
    }


def fill(report: Report) -> dict[str, int]:
    """Load the made-up people and threads, unless they are there; return how many there are."""
    from oarlock.community.accounts.models import User
    from oarlock.community.demo.loader import load
    from oarlock.community.support.models import Post, Reply

    if User.objects.exists():
        return {
            "people": User.objects.count(),
            "threads": Post.objects.count(),
            "replies": Reply.objects.count(),
        }
    return load(report)


def write_report(report: Report) -> Path:
    """Code the replies of the demo and write the page of their MI profile; return its path."""
    from django.conf import settings

    from oarlock.coder import Coder
    from oarlock.coder.files.replies import Item
    from oarlock.community.demo import REPORT_NAME
    from oarlock.community.support.models import Reply
    from oarlock.report.page import render
    from oarlock.report.profile import profile
    from oarlock.report.reliability import load_reliability
    from oarlock.report.sources import code_replies

    path = Path(settings.HOME) / REPORT_NAME
    if path.exists():
        return path
    rows = Reply.objects.filter(text__state="shown").select_related(
        "text__author", "post__text", "post__group"
    )
    items = tuple(
        Item(
            number,
            row.text.public_id,
            row.text.body,
            row.post.text.body,
            {
                "thread_id": row.post.text.public_id,
                "supporter_id": row.text.author.handle if row.text.author else "",
                "group": row.post.group.name,
                "time": row.at.isoformat(),
            },
        )
        for number, row in enumerate(rows.order_by("at"), start=1)
    )
    title = "the demo's own threads"
    coded = code_replies(
        Coder.load(),
        items,
        title,
        with_text=True,
        progress=lambda done: report("coding", done, len(items)),
    )
    page = render(
        profile(coded),
        title=title,
        note="Every person and every text of this community is made up; nothing in it is advice.",
        reliability=load_reliability(coded.model_version),
        with_text=True,
    )
    partial = path.with_suffix(".partial")
    partial.write_text(page, "utf-8")
    os.replace(partial, path)
    return path
