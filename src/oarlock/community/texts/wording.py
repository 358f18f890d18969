"""What a text may be: the checks that need no database."""

from __future__ import annotations

import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

#: Marks that turn the reading direction of what follows, beyond the text itself.
_DIRECTION = dict.fromkeys([0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069])


def clean(body: str, *, limit: int | None = None) -> str:
    """Return the text as it is kept: line ends as one character, no control characters.

    Args:
        body: As it came from the browser.
        limit: Longest length in characters; None for that of a post.

    Raises:
        ValidationError: It is empty, shows nothing, or is too long; in words for the writer.
    """
    limit = settings.MAX_TEXT_LENGTH if limit is None else limit
    if len(body) > 2 * limit:
        raise ValidationError(_too_long(len(body), limit), code="long")
    body = body.replace("\r\n", "\n").replace("\r", "\n").translate(_DIRECTION)
    body = "".join(
        c for c in body if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"}
    ).strip()
    if not any(unicodedata.category(c)[0] in "LNSP" for c in body):
        raise ValidationError(_("There is nothing to read yet. Write a few words."), code="empty")
    if len(body) > limit:
        raise ValidationError(_too_long(len(body), limit), code="long")
    return body


def whole(title: str, body: str) -> str:
    """Return title and body as one text, as screening and the coach read them."""
    return f"{title}\n\n{body}" if title else body


def _too_long(length: int, limit: int) -> str:
    over = length - limit
    return ngettext(
        "This is %(over)s character too long. Shorten it, or write it in two parts.",
        "This is %(over)s characters too long. Shorten it, or write it in two parts.",
        over,
    ) % {"over": over}
