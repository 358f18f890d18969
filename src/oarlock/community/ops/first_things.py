"""What an empty place starts with: an agreement and a few groups, which the operator can change."""

from __future__ import annotations

from django.db import transaction

from oarlock.community.accounts.models import Agreement
from oarlock.community.groups.models import Group, Topic

AGREEMENT = {
    "en": (
        "Be kind. Write about yourself, and listen to others.\n"
        "Keep names, numbers and addresses out of it: yours and those of others.\n"
        "Do not tell anybody to hurt themselves or others. Do not ask for meetings or money.\n"
        "Supporters are peers, not therapists. A computer reads every text first and can be wrong; "
        "our team reads what it marks.\n"
        "If we think that somebody's life is in danger, we do what we can to get help to them.\n"
        "You can take your texts with you, and you can delete your account, at any time."
    ),
    "de": (
        "Sei freundlich. Schreib über dich selbst und hör anderen zu.\n"
        "Lass Namen, Nummern und Adressen weg: deine und die von anderen.\n"
        "Fordere niemanden auf, sich oder andere zu verletzen. Frag nicht nach Treffen oder Geld.\n"
        "Wer hier hilft, ist deinesgleichen, kein Therapeut. Ein Computer liest jeden Text zuerst "
        "und kann irren; unser Team liest, was er markiert.\n"
        "Wenn wir glauben, dass ein Leben in Gefahr ist, holen wir Hilfe, so gut wir können.\n"
        "Du kannst deine Texte mitnehmen und dein Konto löschen, jederzeit."
    ),
}

GROUPS = (
    ("low-mood", "Low mood", Topic.LOW_MOOD, "For days that are grey and heavy."),
    ("anxiety", "Anxiety", Topic.ANXIETY, "Worry, panic, and getting through the day with them."),
    (
        "exams-and-study",
        "Exams and study",
        Topic.STUDY,
        "Deadlines, marks, and what they do to us.",
    ),
    ("loneliness", "Loneliness", Topic.LONELINESS, "For when nobody seems to be there."),
)


@transaction.atomic
def lay_out() -> None:
    """Put them there if there is no agreement and no group at all."""
    if not Agreement.objects.exists():
        Agreement.objects.create(version="2026-11", body=AGREEMENT)
    if not Group.objects.exists():
        for slug, name, topic, about in GROUPS:
            Group.objects.create(slug=slug, name=name, topic=topic, about=about)
