"""Which name a reader sees above a text."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def name_for(entry: Any, viewer: Any) -> str:
    """Return the author's name as `viewer` may read it.

    Args:
        entry: A post or a reply, with its text and author loaded.
        viewer: The reader. Safety staff reads the handle of an anonymous author too.
    """
    author = entry.text.author
    if author is None or author.erased_at is not None:
        return _("Somebody who has left")
    own = getattr(viewer, "pk", None) == author.pk
    if not entry.anonymous:
        return str(author.handle)
    if own:
        return _("You, anonymously")
    if getattr(viewer, "is_safety_staff", False):
        return _("%(handle)s (anonymous to peers)") % {"handle": author.handle}
    return _("Anonymous")
