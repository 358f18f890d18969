"""How accounts differ from allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.translation import gettext as _

from oarlock.community.accounts import handles


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Return the handle as it is kept, if it is nobody else's and passes for nobody else's."""
        return str(super().clean_username(handles.clean(username), shallow))

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: Any = None
    ) -> Any:
        """Return the mail with a subject that tells nothing to who looks over a shoulder."""
        message = super().render_mail(template_prefix, email, context, headers)
        message.subject = _("Your account")
        return message
