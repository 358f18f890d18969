"""Writing the audit log."""

from __future__ import annotations

from oarlock.community.accounts.models import User
from oarlock.community.audit.models import AuditEvent


def record(action: str, *, by: User | None, target: str, **details: object) -> None:
    """Add one row, inside the transaction of the change itself.

    Args:
        action: Dotted name of the action.
        by: Who acts; None for the system.
        target: Kind and public id, "post:abc".
        **details: Facts without any words or scores of a person.
    """
    AuditEvent.objects.create(action=action, by=by, target=target, details=details)
