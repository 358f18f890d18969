"""Looking after those who look after others: hard threads, and a word afterwards."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.coaching.models import Care
from oarlock.community.desk.intake import open_case
from oarlock.community.desk.models import Case
from oarlock.community.notices.actions import tell
from oarlock.community.support.models import Post, Reply
from oarlock.community.texts.models import Screening

#: Answers to "how are you after this?"; the last one asks for a person of the team.
FEELINGS = ("well", "heavy", "talk")


def is_hard(post: Post) -> bool:
    """Return whether a thread weighs on who answers it: suicidal thoughts, or an urgent case."""
    return (
        Screening.objects.filter(text=post.text).exclude(risk="none").exists()
        or Case.objects.filter(text=post.text, grade__lte=2).exists()
    )


def looked_after(by: User) -> QuerySet[Care]:
    """Return the threads that the person looks after, and those they are asked about."""
    return (
        Care.objects.filter(by=by, ended_at=None)
        .exclude(Q(accepted_at=None) & Q(post__answered_at__isnull=False))
        .select_related("post__text", "post__group")
        .order_by("-accepted_at", "-asked_at")
    )


def after_reply(*, reply: Reply) -> None:
    """Count a reply as looking after the thread; ask for a debrief after one in a hard thread."""
    author = reply.text.author
    if author is None or author.pk == reply.post.text.author_id:
        return
    now = timezone.now()
    care, _new = Care.objects.get_or_create(
        post=reply.post, by=author, defaults={"accepted_at": now}
    )
    if care.accepted_at is None:
        care.accepted_at = now
    # An answered thread no longer waits for this person.
    care.ended_at = care.ended_at or now
    if care.debrief_at is None and is_hard(reply.post):
        care.debrief_at = now
        post_id = reply.post.text.public_id
        tell(to=author, kind="debrief", target=f"post:{post_id}", key=f"debrief {post_id}")
    care.save()


def debriefs(by: User) -> QuerySet[Care]:
    """Return the hard threads that the person has not been asked about yet."""
    return Care.objects.filter(by=by, debrief_at__isnull=False, debriefed_at=None).select_related(
        "post__text", "post__group"
    )


@transaction.atomic
def debrief(*, by: User, care: Care, feeling: str) -> None:
    """Write down that the person was asked; who wants to talk gets a case with the team."""
    if feeling not in FEELINGS or care.by_id != by.pk:
        raise ValueError("feeling")
    if not Care.objects.filter(pk=care.pk, debriefed_at=None).update(debriefed_at=timezone.now()):
        return
    if feeling == "talk":
        open_case(
            queue=Case.Queue.CLINICAL,
            origin=Case.Origin.REPORT,
            kind="supporter-debrief",
            grade=3,
            minutes=24 * 60,
            about=by,
        )
    record("care.debriefed", by=by, target=str(care.post.text), wants_to_talk=feeling == "talk")
