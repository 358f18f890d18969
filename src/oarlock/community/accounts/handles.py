"""Which handles may be chosen: none that passes for another person's, or for the team's."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from oarlock.community.accounts.models import User

#: As a whole or as a part between dots, hyphens and underscores.
OF_THE_TEAM = frozenset(
    {"admin", "administrator", "clinician", "doctor", "dr", "helpline", "mod", "moderator",
     "oarlock", "official", "operator", "police", "staff", "supervisor", "therapist"}
)  # fmt: skip
#: As a whole only: words that people call themselves by, too.
WHOLE = frozenset({"help", "root", "safety", "security", "support", "system", "team"})
#: Digits that are read as letters.
_READ_AS = str.maketrans("013457", "oieast")


def clean(handle: str) -> str:
    """Return the handle in one form of its letters.

    Raises:
        ValidationError: Letters of several scripts, which look like others, or a name of the team.
    """
    handle = unicodedata.normalize("NFKC", handle)
    if len({_script(c) for c in handle if c.isalpha()}) > 1:
        raise ValidationError(_("Use letters of one script: mixed ones can pass for another name."))
    read = handle.casefold().translate(_READ_AS)
    if read in WHOLE or OF_THE_TEAM & set(re.split(r"[._-]+", read)):
        raise ValidationError(_("This handle sounds like the team. Choose another."))
    # SQLite folds the case of unaccented letters alone.
    if User.objects.filter(handle__in={handle, handle.lower(), handle.upper()}).exists():
        raise ValidationError(_("Somebody has this handle already. Try another."))
    return handle


def _script(letter: str) -> str:
    """Return the script of a letter, the first word of its name; Japanese and Chinese are one."""
    script = unicodedata.name(letter, "unknown").split(" ")[0]
    return "CJK" if script in {"CJK", "HIRAGANA", "KATAKANA"} else script
