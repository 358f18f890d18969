"""A thread as one reader sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.support import links
from oarlock.community.support.models import Helped, Post, Reaction, Reply
from oarlock.community.support.queries import folds, warning_labels
from oarlock.community.texts.models import Text

#: Branches on a page, and answers of a branch that show before its own page takes over.
BRANCHES, ANSWERS = 20, 20


@dataclass(frozen=True, slots=True)
class Reacted:
    """A reaction with how many gave it and whether the reader did."""

    kind: str
    label: str
    n: int
    mine: bool


@dataclass(slots=True)
class Entry:
    """A post or a reply as the reader sees it.

    Attributes:
        thing: The post or the reply.
        gap: Whether the words are gone (deleted, or not for this reader).
        own: Whether the reader wrote it.
        poster: Whether it is by who started the thread, as far as peers may know.
        handle: Of the author, for a link; empty where it is not to be told.
        more: Whether the branch has further answers on its own page.
        warnings: Of a reply, beyond those of its thread.
        folded: Whether such a warning folds it for the reader, beyond the fold of the thread.
    """

    thing: Post | Reply
    gap: bool
    own: bool
    poster: bool = False
    handle: str = ""
    reactions: Sequence[Reacted] = ()
    helped: Helped | None = None
    answers: list[Entry] = field(default_factory=list)
    more: bool = False
    warnings: Sequence[str] = ()
    folded: bool = False

    @property
    def text(self) -> Text:
        return self.thing.text

    @property
    def report_url(self) -> str:
        return links.report("text", self.text.public_id)

    @property
    def appeal_url(self) -> str:
        return links.optional("appeal-new", self.text.public_id)

    @property
    def shown(self) -> bool:
        return self.text.state == Text.State.SHOWN


@dataclass(frozen=True, slots=True)
class Thread:
    """One page of a thread.

    Attributes:
        later: Public id of the reply that the next page starts with; empty on the last.
        earlier: Whether the page starts somewhere behind the first reply.
        branch: The reply whose answers alone are shown, if any.
        in_charge: Whether the reader looks after the thread, and may read former versions.
    """

    post: Post
    entry: Entry
    replies: Sequence[Entry]
    later: str
    earlier: bool
    branch: Reply | None
    folded: bool
    warnings: Sequence[str]
    poster: bool
    following: bool
    bookmarked: bool
    in_charge: bool


def _from(replies: QuerySet[Reply], start: Reply | None) -> QuerySet[Reply]:
    """Return the replies from a certain one on."""
    if start is None:
        return replies
    return replies.filter(at__gte=start.at).exclude(Q(at=start.at) & Q(pk__lt=start.pk))


def read(by: User, post: Post, *, start: str = "", branch: str = "") -> Thread:
    """Return a page of a thread: branches from `start` on, or the answers in one branch.

    Replies of people whom the reader does not see are left out. One that has answers leaves a gap
    like a deleted one, so that the answers stay readable and the gap tells nothing.
    """
    everything = Reply.objects.select_related("text", "text__author", "helped").filter(post=post)
    visible = access.replies(by, post)
    top = everything.filter(parent=None, text__public_id=branch).first() if branch else None
    first = everything.filter(text__public_id=start).first() if start else None
    if top is not None:
        answers = list(_from(visible.filter(parent=top), first)[: BRANCHES + 1])
        tops, later = [top], answers[BRANCHES:]
        answers = answers[:BRANCHES]
    else:
        with_answers = visible.exclude(parent=None).values("parent")
        seen = visible.filter(parent=None).values("pk")
        found = everything.filter(parent=None).filter(Q(pk__in=seen) | Q(pk__in=with_answers))
        tops = list(_from(found.order_by("at", "pk"), first)[: BRANCHES + 1])
        tops, later = tops[:BRANCHES], tops[BRANCHES:]
        answers = list(
            visible.filter(parent__in=tops)
            .annotate(place=Window(RowNumber(), partition_by=F("parent"), order_by=("at", "pk")))
            .filter(place__lte=ANSWERS + 1)
        )
    kept = {reply.pk for reply in visible.filter(pk__in=[reply.pk for reply in tops])}
    reacted = _reactions(by, [post.text, *(reply.text for reply in (*tops, *answers))])
    entries = {
        reply.pk: _entry(by, post, reply, reacted, gap=reply.pk not in kept) for reply in tops
    }
    for reply in answers:
        parent = entries[reply.parent_id or 0]
        if top is None and len(parent.answers) == ANSWERS:
            parent.more = True
        else:
            parent.answers.append(_entry(by, post, reply, reacted, gap=False))
    return Thread(
        post=post,
        entry=_entry(by, post, post, reacted, gap=False),
        replies=list(entries.values()),
        later=later[0].text.public_id if later else "",
        earlier=first is not None,
        branch=top,
        folded=folds(by, post),
        warnings=warning_labels(post.warnings),
        poster=post.text.author_id == by.pk,
        following=post.follows.filter(by=by).exists(),
        bookmarked=post.bookmarks.filter(by=by).exists(),
        in_charge=bool(access.looks_after(by, [post])),
    )


def _entry(
    by: User,
    post: Post,
    thing: Post | Reply,
    reacted: Mapping[int, Sequence[Reacted]],
    *,
    gap: bool,
) -> Entry:
    author = thing.text.author
    gap = gap or thing.text.state == Text.State.DELETED
    named = author is not None and author.erased_at is None
    open_handle = not thing.anonymous or by.is_safety_staff
    beyond: list[str] = []
    if isinstance(thing, Reply) and not gap:
        beyond = [name for name in thing.warnings if name not in post.warnings]
    return Entry(
        thing=thing,
        gap=gap,
        own=author is not None and author.pk == by.pk,
        # A reply under the handle in an anonymous thread must not tell who started it.
        poster=isinstance(thing, Reply)
        and author is not None
        and author.pk == post.text.author_id
        and thing.anonymous == post.anonymous,
        handle=author.handle if author is not None and named and open_handle and not gap else "",
        reactions=() if gap else reacted.get(thing.text.pk, ()),
        helped=getattr(thing, "helped", None) if isinstance(thing, Reply) and not gap else None,
        warnings=warning_labels(beyond),
        folded=folds(by, thing) and not set(by.folded_warnings).isdisjoint(beyond),
    )


def _reactions(by: User, texts: Iterable[Text]) -> dict[int, list[Reacted]]:
    """Return the reactions by text, without those of people who have blocked the reader.

    They are counted without a name, so blocks of the reader change nothing.
    """
    pks = [text.pk for text in texts]
    counted: dict[int, dict[str, tuple[int, bool]]] = defaultdict(dict)
    rows = (
        Reaction.objects.filter(text__in=pks)
        .exclude(by__in=access.shut_out(by))
        .values_list("text", "kind")
        .annotate(n=Count("pk"), mine=Max("pk", filter=Q(by=by)))
    )
    for text, kind, n, mine in rows:
        counted[text][kind] = (n, mine is not None)
    return {
        pk: [
            Reacted(kind.value, str(kind.label), *counted[pk].get(kind.value, (0, False)))
            for kind in Reaction.Kind
        ]
        for pk in pks
    }


def place_of(by: User, reply: Reply) -> str:
    """Return the query with which the page of the thread shows this reply."""
    if reply.parent is None:
        return f"?from={reply.text.public_id}"
    before = access.replies(by, reply.post).filter(parent=reply.parent)
    if before.filter(Q(at__lt=reply.at) | Q(at=reply.at, pk__lt=reply.pk)).count() < ANSWERS:
        return f"?from={reply.parent.text.public_id}"
    return f"?branch={reply.parent.text.public_id}&from={reply.text.public_id}"
