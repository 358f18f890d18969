"""Addresses of pages that other apps may bring."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse


def optional(name: str, *args: str) -> str:
    """Return the address of a page; empty where no app brings it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def report(kind: str, name: str) -> str:
    """Return where to report a text ("text", public id) or a person ("person", public id)."""
    bare = optional("report-new")
    return (
        optional("report-new", kind, name)
        or optional("report-new", name)
        or (f"{bare}?{kind}={name}" if bare else "")
    )
