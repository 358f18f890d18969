"""The endpoints: each parses, checks access and calls the same action as the page does."""

from __future__ import annotations

from typing import Annotated, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Path, Query, Status

from oarlock import __version__
from oarlock.community import access
from oarlock.community.api import schemas, shapes
from oarlock.community.api.auth import Bearer, caller
from oarlock.community.coaching import reviewing
from oarlock.community.groups import actions as group_actions
from oarlock.community.groups.models import Membership
from oarlock.community.notices import actions as notice_actions
from oarlock.community.notices import queries as notice_queries
from oarlock.community.support import actions, gestures, queries, search, threads

api = NinjaAPI(
    title="Oarlock",
    version=__version__,
    description="What the pages do for members. Make a token under Preferences, Apps.",
    auth=Bearer(),
    docs_url=None,
    urls_namespace="api",
)

Id = Annotated[str, Path(pattern=r"^[2-9a-hjkmnp-z]{14}$")]
Slug = Annotated[str, Path(pattern=r"^[-a-zA-Z0-9_]{1,40}$")]
Before = Annotated[str, Query(max_length=40)]
REFUSALS: dict[int, Any] = {
    400: schemas.Problem,
    401: schemas.Problem,
    403: schemas.Problem,
    404: schemas.Problem,
    409: schemas.Problem,
    429: schemas.Problem,
}


def ok(schema: Any, code: int = 200) -> dict[int, Any]:
    return {code: schema, **REFUSALS}


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    stale = getattr(error, "code", "") == "stale"
    detail = " ".join(error.messages)
    return api.create_response(request, {"detail": detail}, status=409 if stale else 400)


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return api.create_response(request, {"detail": str(error) or "Not allowed."}, status=403)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return api.create_response(request, {"detail": "Not found."}, status=404)


@api.get("/me", response=ok(schemas.Me))
def me(request: HttpRequest) -> Any:
    by = caller(request)
    return schemas.Me(
        handle=by.handle,
        offers_support=by.offers_support,
        coach_on=by.coach_on,
        theme=by.theme,
        language=by.language,
        n_unread=notice_queries.n_unread(by),
    )


@api.get("/groups", response=ok(list[schemas.GroupOut]))
def groups(request: HttpRequest) -> Any:
    by = caller(request)
    mine = set(
        Membership.objects.filter(person=by, state=Membership.State.MEMBER).values_list(
            "group", flat=True
        )
    )
    return [shapes.group(group, member=group.pk in mine) for group in access.groups(by)]


@api.get("/groups/{slug}", response=ok(schemas.GroupOut))
def group(request: HttpRequest, slug: Slug) -> Any:
    by = caller(request)
    one = access.group(by, slug)
    return shapes.group(one, member=access.is_member(by, one))


@api.post("/groups/{slug}/join", response=ok(schemas.GroupOut))
def join(request: HttpRequest, slug: Slug) -> Any:
    """Join an open group; one by request is joined in the browser."""
    by = caller(request)
    one = access.group(by, slug)
    group_actions.join(by=by, group=one)
    return shapes.group(one, member=True)


@api.post("/groups/{slug}/leave", response=ok(schemas.GroupOut))
def leave(request: HttpRequest, slug: Slug) -> Any:
    by = caller(request)
    one = access.group(by, slug)
    group_actions.leave(by=by, group=one)
    return shapes.group(one, member=False)


@api.get("/groups/{slug}/posts", response=ok(schemas.PostPage))
def group_posts(request: HttpRequest, slug: Slug, before: Before = "") -> Any:
    """List threads by last activity; `older` is the `before` of the next page."""
    by = caller(request)
    return shapes.page(queries.group_threads(by, access.group(by, slug), before=before))


@api.post("/groups/{slug}/posts", response=ok(schemas.Written, 201))
def write_post(request: HttpRequest, slug: Slug, post: schemas.PostIn) -> Any:
    by = caller(request)
    written = actions.write_post(
        by=by,
        group=access.group(by, slug),
        body=post.body,
        title=post.title,
        wanted=post.wanted,
        mood=post.mood or "",
        warnings=post.warnings,
        anonymous=post.anonymous,
        key=post.key,
    )
    return Status(201, shapes.written(written.text))


@api.get("/me/posts", response=ok(schemas.PostPage))
def own_posts(request: HttpRequest, before: Before = "") -> Any:
    return shapes.page(queries.own_posts(caller(request), before=before))


@api.get("/me/bookmarks", response=ok(schemas.PostPage))
def bookmarks(request: HttpRequest, before: Before = "") -> Any:
    return shapes.page(queries.bookmarked(caller(request), before=before))


@api.get("/posts/{id}", response=ok(schemas.ThreadOut))
def thread(request: HttpRequest, id: Id, start: Before = "", branch: Before = "") -> Any:  # noqa: A002
    """Return a thread, from the reply `start` on; `branch` gives the answers to one reply."""
    by = caller(request)
    post = access.thread(by, id)
    return shapes.thread(by, threads.read(by, post, start=start, branch=branch))


@api.post("/posts/{id}/replies", response=ok(schemas.Written, 201))
def write_reply(request: HttpRequest, id: Id, reply: schemas.ReplyIn) -> Any:  # noqa: A002
    by = caller(request)
    post = access.thread(by, id)
    parent = access.reply(by, reply.to) if reply.to else None
    written = actions.write_reply(
        by=by,
        post=post,
        body=reply.body,
        parent=parent,
        anonymous=reply.anonymous,
        key=reply.key,
    )
    return Status(201, shapes.written(written.text))


@api.put("/posts/{id}/follow", response=ok(schemas.OnIn))
def follow(request: HttpRequest, id: Id, wanted: schemas.OnIn) -> Any:  # noqa: A002
    by = caller(request)
    gestures.follow(by=by, post=access.post(by, id), on=wanted.on)
    return wanted


@api.put("/posts/{id}/bookmark", response=ok(schemas.OnIn))
def bookmark(request: HttpRequest, id: Id, wanted: schemas.OnIn) -> Any:  # noqa: A002
    by = caller(request)
    gestures.bookmark(by=by, post=access.post(by, id), on=wanted.on)
    return wanted


@api.patch("/texts/{id}", response=ok(schemas.Written))
def edit(request: HttpRequest, id: Id, text: schemas.EditIn) -> Any:  # noqa: A002
    """Change an own text; status 409 where it was changed elsewhere since `version`."""
    by = caller(request)
    changed = actions.edit(
        by=by,
        text=access.own_entry(by, id),
        body=text.body,
        title=text.title,
        version=text.version,
        warnings=text.warnings,
        anonymous=text.anonymous,
    )
    return shapes.written(changed)


@api.delete("/texts/{id}", response=ok(None, 204))
def delete(request: HttpRequest, id: Id) -> Any:  # noqa: A002
    by = caller(request)
    actions.delete(by=by, text=access.own_entry(by, id))
    return Status(204, None)


@api.put("/texts/{id}/reactions/{kind}", response=ok(schemas.OnIn))
def react(request: HttpRequest, id: Id, kind: str, wanted: schemas.OnIn) -> Any:  # noqa: A002
    by = caller(request)
    gestures.react(by=by, text=access.text(by, id), kind=kind, on=wanted.on)
    return wanted


@api.put("/replies/{id}/helped", response=ok(schemas.HelpedIn))
def helped(request: HttpRequest, id: Id, wanted: schemas.HelpedIn) -> Any:  # noqa: A002
    """Say that a reply to one's own post helped, with an optional rating of one to five."""
    by = caller(request)
    gestures.mark_helped(by=by, reply=access.reply(by, id), on=wanted.helped, rating=wanted.rating)
    return wanted


@api.get("/search", response=ok(list[schemas.HitOut]))
def find(request: HttpRequest, q: Annotated[str, Query(max_length=200)]) -> Any:
    try:
        hits = search.search(caller(request), q)
    except search.TooSlowError:
        raise ValidationError("This took too long. Try rarer words.") from None
    return [
        schemas.HitOut(
            post=hit.post.text.public_id,
            reply=hit.thing.text.public_id if hit.is_reply else "",
            excerpt=hit.excerpt,
            folded=hit.folded,
        )
        for hit in hits
    ]


@api.get("/notices", response=ok(list[schemas.NoticeOut]))
def notices(request: HttpRequest) -> Any:
    return [
        schemas.NoticeOut(
            id=line.notice.pk,
            kind=line.notice.kind,
            words=line.words,
            target=line.notice.target,
            at=line.notice.at,
            read=line.notice.read_at is not None,
        )
        for line in notice_queries.latest(caller(request))
    ]


@api.post("/notices/read", response=ok(None, 204))
def read_notices(request: HttpRequest) -> Any:
    notice_actions.read(by=caller(request))
    return Status(204, None)


@api.post("/coach", response=ok(dict[str, Any]))
def coach(request: HttpRequest, wanted: schemas.ReviewIn) -> Any:
    """Return the coach's feedback on a draft of a reply; an empty object where it is off."""
    by = caller(request)
    place = reviewing.place_of(by, wanted.place)
    feedback = reviewing.review(by=by, place=place, draft=wanted.draft)
    return feedback.to_dict() if feedback else {}
