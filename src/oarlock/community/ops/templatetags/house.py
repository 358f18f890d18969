"""Template tags that every page may use."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def shown_handle(thing: object, viewer: object) -> str:
    """Return the name that `viewer` reads above a post or a reply (see `accounts.names`)."""
    from oarlock.community.accounts.names import name_for

    return name_for(thing, viewer)
