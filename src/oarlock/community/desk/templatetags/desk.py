"""Words of the desk in templates."""

from __future__ import annotations

import re

from django import template
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from oarlock.community.desk.reasons import FOUND, REPORT

register = template.Library()

KINDS = {
    "unscreened": _("Screening failed: unread"),
    "unread language": _("In a language that screening cannot read"),
    "unanswered": _("Unanswered post"),
    "appeal": _("Appeal"),
}

#: Of a name as `desk.policy.name` makes it: "suicide: active, someone else".
_PARTS = re.compile(r"[^:,\s](?:[^:,]*[^:,\s])?")


@register.filter
def case_kind(kind: str) -> str:
    """Return the kind of a case in words."""
    if kind in REPORT:
        return str(REPORT[kind].label)
    if kind in KINDS:
        return str(KINDS[kind])
    return capfirst(_PARTS.sub(lambda part: str(FOUND.get(part[0], part[0])), kind))
