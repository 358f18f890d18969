"""The only door to an object that someone may see: everything else asks here.

Each function returns what `by` may see, or raises `Http404`: whoever may not see a thing does not
learn that it exists.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from oarlock.community import roles
from oarlock.community.accounts.models import Block, Mute, User
from oarlock.community.desk.models import Appeal, Case, Contact, Decision, Report
from oarlock.community.groups.models import Group, Membership
from oarlock.community.measures.models import Administration
from oarlock.community.support.models import Post, Reply
from oarlock.community.texts.models import IN_THREADS, Text

SHOWN = Text.State.SHOWN


def strangers_to(by: User) -> set[int]:
    """Return the people whom `by` does not meet: blocked on either side."""
    pairs = Block.objects.filter(Q(by=by) | Q(other=by)).values_list("by_id", "other_id")
    return {other if own == by.pk else own for own, other in pairs}


def shut_out(by: User) -> set[int]:
    """Return who has blocked `by`: all that counts where no handle is shown.

    Blocks and mutes of `by` must change nothing there, or they would tell who is behind it.
    """
    return set(Block.objects.filter(other=by).values_list("by_id", flat=True))


class Blocks:
    """The blocks around one person, looked up once."""

    def __init__(self, by: User) -> None:
        self._strangers, self._shut_out = strangers_to(by), shut_out(by)

    def meets(self, thing: Post | Reply) -> bool:
        """Return whether no block keeps the person from a post or reply."""
        return thing.text.author_id not in (self._shut_out if thing.anonymous else self._strangers)


def meets(by: User, thing: Post | Reply) -> bool:
    """Return whether no block keeps `by` from a post or reply."""
    return Blocks(by).meets(thing)


Things = TypeVar("Things", Post, Reply)


def _without_unseen(found: QuerySet[Things], by: User, *, thread: bool = False) -> QuerySet[Things]:
    """Leave out what blocks and mutes keep from `by`, and with `thread` replies to such posts."""
    pairs = list(Block.objects.filter(Q(by=by) | Q(other=by)).values_list("by_id", "other_id"))
    blockers = {own for own, other in pairs if other == by.pk}
    unseen = blockers | {other for own, other in pairs if own == by.pk}
    unseen |= set(Mute.objects.filter(by=by).values_list("other_id", flat=True))
    for thing in ("", "post__") if thread else ("",):
        author = f"{thing}text__author__in"
        if unseen:
            found = found.exclude(Q(**{f"{thing}anonymous": False, author: unseen}))
        if blockers:
            found = found.exclude(Q(**{author: blockers}))
    return found


def groups(by: User) -> QuerySet[Group]:
    """Return the groups that exist for `by`; archived ones for staff who run or moderate."""
    if by.is_safety_staff or roles.may(by, "groups"):
        return Group.objects.all()
    return Group.objects.filter(archived_at=None)


def group(by: User, slug: str) -> Group:
    return get_object_or_404(groups(by), slug=slug)


def is_member(by: User, of: Group) -> bool:
    mine = Membership.objects.filter(group=of, person=by, state=Membership.State.MEMBER)
    return roles.reads(by) and mine.exists()


def moderates(by: User, of: Group) -> bool:
    """Return whether `by` moderates this group, as its own moderator or as supervisor."""
    return roles.may(by, "rota") or (
        roles.may(by, "moderation")
        and Membership.objects.filter(group=of, person=by, moderates=True).exists()
    )


def moderated_group(by: User, slug: str) -> Group:
    """Return a group that `by` moderates."""
    found = group(by, slug)
    if not moderates(by, found):
        raise PermissionDenied
    return found


def join_requests(by: User, to: Group) -> QuerySet[Membership]:
    """Return who asks to join a group that `by` moderates, oldest first."""
    if not moderates(by, to):
        raise PermissionDenied
    return (
        Membership.objects.select_related("person", "request")
        .filter(group=to, state=Membership.State.ASKED, person__erased_at=None)
        .exclude(person=by)
        .order_by("at", "pk")
    )


def join_request(by: User, to: Group, handle: str) -> Membership:
    return get_object_or_404(join_requests(by, to), person__handle__iexact=handle)


def _in_charge(by: User, group: str = "group", post: str = "pk") -> Q:
    """Return the threads that safety staff looks after, which are open to them with all in them.

    Those are the threads of the groups that they moderate, and those of their open cases.
    """
    if not by.is_safety_staff:
        return Q(pk__in=())
    own = cases(by).exclude(state=Case.State.CLOSED).order_by()
    threads = Q()
    for text in ("text", "text__reply__post"):
        threads |= Q(**{f"{post}__in": own.exclude(**{text: None}).values(text)})
    if not roles.may(by, "moderation"):
        return threads
    mine = Membership.objects.filter(group=OuterRef(group), person=by, moderates=True)
    return threads | Q(Exists(mine))


def looks_after(by: User, posts: Iterable[Post]) -> set[int]:
    """Return which of these posts are in the charge of `by`, see `_in_charge`."""
    pks = [post.pk for post in posts]
    if not by.is_safety_staff or not pks:
        return set()
    return set(Post.objects.filter(_in_charge(by), pk__in=pks).values_list("pk", flat=True))


def reads_group(by: User, of: Group) -> bool:
    """Return whether `by` may read what is written in a group."""
    found = Group.objects.filter(_open_to(by), pk=of.pk)
    return roles.reads(by) and (found.exists() or _moderates_itself(by, of))


def _moderates_itself(by: User, of: Group) -> bool:
    mine = Membership.objects.filter(group=of, person=by, moderates=True)
    return roles.may(by, "moderation") and mine.exists()


def _open_to(by: User, group: str = "") -> Q:
    """Return the groups that `by` reads like everybody: open ones, and closed ones as a member."""
    mine = Membership.objects.filter(
        group=OuterRef(group or "pk"), person=by, state=Membership.State.MEMBER
    )
    prefix = f"{group}__" if group else ""
    return Q(**{f"{prefix}archived_at": None}) & (Q(**{f"{prefix}open": True}) | Q(Exists(mine)))


def _readable(by: User, group: str = "group", post: str = "pk") -> Q:
    """Return the posts that `by` may read: of open groups, and of closed ones as a member.

    Safety staff also reads the threads that it looks after. Operators and researchers read none.
    """
    if not roles.reads(by):
        return Q(pk__in=())
    if by.is_safety_staff:
        return _open_to(by, group) | _in_charge(by, group, post)
    return _open_to(by, group)


def posts(by: User) -> QuerySet[Post]:
    """Return the posts that `by` may see, each with its text, author and group."""
    found = Post.objects.select_related("text", "text__author", "group").filter(_readable(by))
    found = found.exclude(text__state=Text.State.DELETED)
    seen = Q(text__state=SHOWN) | Q(text__author=by)
    if by.is_safety_staff:
        return found.filter(seen | _in_charge(by))
    return _without_unseen(found.filter(seen), by)


def post(by: User, public_id: str) -> Post:
    """Return one post. A muted person's post opens from a link; a blocked person's does not.

    What somebody wrote anonymously opens for everybody whom that person has not blocked.
    """
    found = (
        Post.objects.select_related("text", "text__author", "group")
        .filter(_readable(by), text__public_id=public_id)
        .first()
    )
    if found is None or not _may_see(by, found, Blocks(by), looks_after(by, [found])):
        raise Http404
    return found


def open_threads(by: User, public_ids: Iterable[str]) -> dict[str, Post]:
    """Return by id the posts whose threads `by` may open.

    A deleted post opens for everybody of its group as a gap while replies to it stand: whoever
    renders it shows the text to nobody.
    """
    blocks = Blocks(by)
    found = list(
        Post.objects.select_related("text", "text__author", "group").filter(
            _readable(by), text__public_id__in=set(public_ids)
        )
    )
    own = looks_after(by, found)
    return {
        post.text.public_id: post
        for post in found
        if (
            post.n_replies and blocks.meets(post)
            if post.text.state == Text.State.DELETED
            else _may_see(by, post, blocks, own)
        )
    }


def thread(by: User, public_id: str) -> Post:
    """Return the post of a thread to read, see `open_threads`."""
    found = open_threads(by, [public_id]).get(public_id)
    if found is None:
        raise Http404
    return found


def _may_see(by: User, thing: Post | Reply, blocks: Blocks, own: set[int]) -> bool:
    """Return whether `by` may see a post or reply of a thread that is open to them.

    Args:
        own: The threads that `by` looks after.
    """
    text = thing.text
    if (thing.pk if isinstance(thing, Post) else thing.post_id) in own:
        return True
    if text.state == Text.State.DELETED:
        return False
    if text.author_id == by.pk:
        return True
    return text.state == SHOWN and (by.is_safety_staff or blocks.meets(thing))


def replies(by: User, to: Post) -> QuerySet[Reply]:
    """Return the replies to a post that `by` may see, oldest first; deleted ones leave a gap."""
    found = (
        Reply.objects.select_related("text", "text__author", "helped")
        .filter(post=to)
        .order_by("at", "pk")
    )
    if looks_after(by, [to]):
        return found
    found = found.filter(Q(text__state__in=(SHOWN, Text.State.DELETED)) | Q(text__author=by))
    return found if by.is_safety_staff else _without_unseen(found, by)


def all_replies(by: User) -> QuerySet[Reply]:
    """Return the replies that `by` may see, of all threads; none that is deleted."""
    found = Reply.objects.select_related(
        "text", "text__author", "post", "post__text", "post__group"
    ).filter(_readable(by, "post__group", "post"))
    own = _in_charge(by, "post__group", "post")
    for text in ("text", "post__text"):
        found = found.exclude(**{f"{text}__state": Text.State.DELETED})
        seen = Q(**{f"{text}__state": SHOWN}) | Q(**{f"{text}__author": by})
        found = found.filter(seen | own if by.is_safety_staff else seen)
    return found if by.is_safety_staff else _without_unseen(found, by, thread=True)


def open_replies(by: User, public_ids: Iterable[str]) -> dict[str, Reply]:
    """Return by id the replies that `by` may open, each with its post."""
    blocks = Blocks(by)
    found = list(
        Reply.objects.select_related(
            "text", "text__author", "post", "post__text", "post__group"
        ).filter(text__public_id__in=set(public_ids))
    )
    own = looks_after(by, [reply.post for reply in found])
    seen = [
        reply
        for reply in found
        if reply.text.state != Text.State.DELETED and _may_see(by, reply, blocks, own)
    ]
    threads = open_threads(by, [reply.post.text.public_id for reply in seen]) if seen else {}
    return {r.text.public_id: r for r in seen if r.post.text.public_id in threads}


def reply(by: User, public_id: str) -> Reply:
    found = open_replies(by, [public_id]).get(public_id)
    if found is None:
        raise Http404
    return found


def text(by: User, public_id: str) -> Text:
    """Return the text of a post or a reply that `by` may see."""
    found = (
        Text.objects.select_related("author", "post", "reply").filter(public_id=public_id).first()
    )
    if found is None or found.state == Text.State.DELETED:
        raise Http404
    if found.kind == Text.Kind.POST:
        return post(by, public_id).text
    if found.kind == Text.Kind.REPLY:
        return reply(by, public_id).text
    if found.author_id == by.pk:
        return found
    if Contact.objects.filter(text=found, from_staff=True, case__about=by).exists():
        return found
    raise Http404


def text_with_history(by: User, public_id: str) -> Text:
    """Return a post or reply whose former versions safety staff may read, as they look after it.

    One that was deleted opens only while a case about it is open that `by` may work on.
    """
    found = (
        Text.objects.select_related("author", "post", "reply__post")
        .filter(public_id=public_id, kind__in=IN_THREADS)
        .first()
    )
    if found is None:
        raise Http404
    post = found.post if found.kind == Text.Kind.POST else found.reply.post
    open_cases = cases(by).filter(text=found).exclude(state=Case.State.CLOSED)
    if not looks_after(by, [post]) or (
        found.state == Text.State.DELETED and not open_cases.exists()
    ):
        raise Http404
    return found


def own_text(by: User, public_id: str) -> Text:
    """Return a text that `by` wrote and has not deleted."""
    mine = Text.objects.filter(author=by).exclude(state=Text.State.DELETED)
    return get_object_or_404(mine, public_id=public_id)


def own_entry(by: User, public_id: str) -> Text:
    """Return the text of a post or reply that `by` wrote and has not deleted."""
    found = own_text(by, public_id)
    if found.kind not in IN_THREADS:
        raise Http404
    return found


def person(by: User, handle: str) -> User:
    """Return somebody by handle; blocked people do not exist for each other."""
    found = User.objects.people().filter(handle__iexact=handle).first()
    if found is None or (not by.is_safety_staff and found.pk in strangers_to(by)):
        raise Http404
    return found


def cases(by: User) -> QuerySet[Case]:
    """Return the cases that `by` may work on: those of the own queue, none about oneself.

    An appeal is kept from those who decided what it is against.
    """
    queues = []
    if roles.may(by, "moderation"):
        queues.append(Case.Queue.MODERATION)
    if roles.may(by, "clinical"):
        queues.append(Case.Queue.CLINICAL)
    if roles.may(by, "rota"):
        queues.append(Case.Queue.SUPERVISION)
    return (
        Case.objects.select_related("text", "about", "assigned_to")
        .filter(queue__in=queues)
        .exclude(not_for=by)
        .exclude(about=by)
        .exclude(appeal__against__closed_by=by)
        .exclude(appeal__against__second_by=by)
        .exclude(Exists(Decision.objects.filter(case__appeals__case=OuterRef("pk"), by=by)))
    )


def case(by: User, public_id: str) -> Case:
    return get_object_or_404(cases(by), public_id=public_id)


def deciders(of: Case) -> set[int]:
    """Return who decided what an appeal is against."""
    if of.origin != Case.Origin.APPEAL:
        return set()
    against = of.appeal.against
    own = {against.closed_by_id, against.second_by_id}
    own |= set(against.decisions.values_list("by_id", flat=True))
    return {pk for pk in own if pk is not None}


def outside_cases(by: User) -> QuerySet[Case]:
    """Return the cases for which an operator has to bring in somebody from outside."""
    if not roles.may(by, "operations"):
        return Case.objects.none()
    return Case.objects.filter(queue=Case.Queue.OUTSIDE).exclude(state=Case.State.CLOSED)


def outside_case(by: User, public_id: str) -> Case:
    return get_object_or_404(outside_cases(by), public_id=public_id)


def reports(by: User) -> QuerySet[Report]:
    """Return what `by` reported."""
    return Report.objects.select_related("case").filter(by=by)


def report(by: User, public_id: str) -> Report:
    return get_object_or_404(reports(by), public_id=public_id)


def appeals(by: User) -> QuerySet[Appeal]:
    return Appeal.objects.select_related("case").filter(by=by)


def appeal(by: User, public_id: str) -> Appeal:
    return get_object_or_404(appeals(by), public_id=public_id)


def decisions(by: User) -> QuerySet[Decision]:
    """Return what staff decided about `by` and the texts of `by`."""
    return Decision.objects.select_related("text", "case").filter(person=by)


def decision(by: User, public_id: str) -> Decision:
    return get_object_or_404(decisions(by), public_id=public_id)


def conversations(by: User) -> QuerySet[Case]:
    """Return the cases in which the safety staff has written to `by`."""
    written = Contact.objects.filter(case=OuterRef("pk"), from_staff=True)
    return Case.objects.filter(Exists(written), about=by)


def conversation(by: User, public_id: str) -> Case:
    return get_object_or_404(conversations(by), public_id=public_id)


def administrations(by: User) -> QuerySet[Administration]:
    """Return the questionnaires that `by` was asked to answer; nobody sees those of others."""
    return Administration.objects.filter(person=by)


def administration(by: User, public_id: str) -> Administration:
    return get_object_or_404(administrations(by), public_id=public_id)
