"""Words of the desk in templates."""

from __future__ import annotations

from django import template
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from oarlock.community.desk.reasons import REPORT

register = template.Library()

KINDS = {
    "unscreened": _("Screening failed: unread"),
    "unread language": _("In a language that screening cannot read"),
    "unanswered": _("Unanswered post"),
    "appeal": _("Appeal"),
}


@register.filter
def case_kind(kind: str) -> str:
    """Return the kind of a case in words; what screening found has plain names already."""
    if kind in REPORT:
        return str(REPORT[kind].label)
    return str(KINDS.get(kind, capfirst(kind)))
