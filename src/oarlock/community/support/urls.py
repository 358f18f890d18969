"""Addresses of `support`."""

from __future__ import annotations

from django.urls import path

from oarlock.community.support.views import gestures, lists, people, threads, writing

urlpatterns = [
    path("home", lists.home, name="home"),
    path("mine", lists.mine, name="my-posts"),
    path("bookmarks", lists.bookmarks, name="bookmarks"),
    path("search", lists.search, name="search"),
    path("drafts", writing.drafts, name="drafts"),
    path("drafts/save", writing.save_draft, name="draft-save"),
    path("drafts/discard", writing.discard_draft, name="draft-discard"),
    path("groups/<slug:slug>/write", writing.new_post, name="post-new"),
    path("threads/<public_id:public_id>", threads.thread, name="thread"),
    path("threads/<public_id:public_id>/reply", threads.reply, name="reply-new"),
    path("threads/<public_id:public_id>/close", gestures.close, name="thread-close"),
    path("threads/<public_id:public_id>/follow", gestures.follow, name="thread-follow"),
    path("threads/<public_id:public_id>/bookmark", gestures.bookmark, name="thread-bookmark"),
    path("threads/<public_id:public_id>/mood", gestures.mood, name="thread-mood"),
    path("replies/<public_id:public_id>", threads.find_reply, name="reply"),
    path("replies/<public_id:public_id>/helped", gestures.helped, name="reply-helped"),
    path("texts/<public_id:public_id>/sent", writing.sent, name="text-sent"),
    path("texts/<public_id:public_id>/edit", writing.edit, name="text-edit"),
    path("texts/<public_id:public_id>/delete", writing.delete, name="text-delete"),
    path("texts/<public_id:public_id>/react", gestures.react, name="text-react"),
    path("texts/<public_id:public_id>/history", threads.history, name="text-history"),
    path("people/<handle:handle>", people.person, name="person"),
]
