"""A small guided conversation between the safety staff and the person a case is about."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oarlock.community import access
from oarlock.community.accounts.models import User
from oarlock.community.audit.actions import record
from oarlock.community.desk.intake import restart_clock
from oarlock.community.desk.models import Case, Contact
from oarlock.community.desk.reasons import MINUTES
from oarlock.community.notices.actions import tell
from oarlock.community.texts import door
from oarlock.community.texts.models import Text

#: Ways to begin, to change before sending. They ask, they do not judge.
OPENERS = (
    gettext_lazy(
        "Hello, I am part of the team here. I read what you wrote and wanted to ask how you are "
        "right now."
    ),
    gettext_lazy(
        "What you wrote made me wonder whether you think about ending your life. You can tell me, "
        "also if it is only a thought."
    ),
    gettext_lazy("Is somebody near you whom you could be with tonight?"),
    gettext_lazy("What has helped you, even a little, when it was like this before?"),
)


def write_to_person(*, by: User, case: Case, body: str, key: str = "") -> Contact:
    """Send a message of staff to the person a case is about.

    Raises:
        ValidationError: The person has left, or the case is about nobody.
    """
    case = access.case(by, case.public_id)
    person = case.about
    if person is None or not person.is_active:
        raise ValidationError(_("This person has left."), code="gone")

    def attach(text: Text) -> None:
        Contact.objects.create(text=text, case=case, from_staff=True, at=text.created_at)
        tell(
            to=person,
            kind="message",
            target=f"message:{case.public_id}",
            key=f"message {text.public_id}",
        )
        record("case.contacted", by=by, target=str(case))

    text = door.receive(by=by, kind=Text.Kind.MESSAGE, body=body, key=key, attach=attach)
    return text.contact


def answer(*, by: User, case: Case, body: str, safety: str = "", key: str = "") -> Contact:
    """Answer the staff; the case waits for "I have it" again, at once if the person is not safe."""
    case = access.conversation(by, case.public_id)
    if safety and safety not in Contact.Safety:
        raise ValidationError(_("Choose one of the answers that are offered."))
    if not body.strip() and safety:
        body = str(Contact.Safety(safety).label)

    def attach(text: Text) -> None:
        Contact.objects.create(
            text=text, case=case, from_staff=False, safety=safety, at=text.created_at
        )
        _wake(case, safety)
        record("case.answered", by=by, target=str(case))

    text = door.receive(by=by, kind=Text.Kind.MESSAGE, body=body, key=key, attach=attach)
    return text.contact


def _wake(case: Case, safety: str) -> None:
    case = Case.objects.select_for_update().get(pk=case.pk)
    if safety == Contact.Safety.UNSAFE:
        case.grade = 1
        case.needs_second = True
    elif safety == Contact.Safety.UNSURE:
        case.grade = min(case.grade, 2)
    restart_clock(case, timezone.now() + timedelta(minutes=MINUTES[case.grade]))
