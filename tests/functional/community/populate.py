"""Fills a demo for the browser tests and prints, as JSON, what the tests need to find in it.

Run by the fixture `place` in a process of its own: `python populate.py HOME PORT`.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

from oarlock.community.demo import run

PASSWORD = "seven quiet green kettles"


def main(home: Path, port: int) -> dict[str, str]:
    run.configure(home, port=port)
    from oarlock.community.ops.prepare import prepare, setup

    setup()
    prepare()
    run.fill(lambda *_: None)

    from django.utils import timezone

    from oarlock.community.accounts.models import Acceptance, Agreement, User
    from oarlock.community.api.actions import make_token
    from oarlock.community.desk import closing, measures, reports, talk
    from oarlock.community.desk.models import Case
    from oarlock.community.groups import actions as groups
    from oarlock.community.groups.models import Group, Membership
    from oarlock.community.measures import actions as questionnaires
    from oarlock.community.support.actions import write_post, write_reply

    def who(handle: str) -> User:
        return User.objects.get(handle=handle)

    seeker, supporter = who("paperboat"), who("fernweh")
    moderator = who("mod_ines")
    open_group = Group.objects.get(slug="low-mood")
    closed = Group.objects.filter(open=False).exclude(memberships__person=seeker).first()
    assert closed is not None
    for person in (seeker, supporter):
        Membership.objects.get_or_create(group=open_group, person=person)

    # Somebody who signs in with a password, as the door of the demo does not.
    newcomer = User(handle="new_here", email="new_here@demo.invalid", country="IE")
    newcomer.birth_year, newcomer.birth_month = timezone.localdate().year - 21, 1
    newcomer.set_password(PASSWORD)
    newcomer.save()
    newcomer.emailaddress_set.create(email=newcomer.email, verified=True, primary=True)  # type: ignore[attr-defined]
    agreement = Agreement.current()
    assert agreement is not None
    Acceptance.objects.create(by=newcomer, agreement=agreement)
    groups.ask(by=newcomer, group=closed, body="I would like to read along.")

    # A thread of its own, in which nothing depends on the words of the demo.
    post = write_post(
        by=seeker, group=open_group, title="a calm thread", body="It has been a long week.",
        warnings=["death"],
    )  # fmt: skip
    reply = write_reply(by=supporter, post=post, body="That sounds tiring. What was hardest?")
    unkind = write_reply(by=who("driftwood27"), post=post, body="Just go for a walk.")
    write_reply(by=seeker, post=post, parent=reply, body="The waiting, I think.")

    # What the desk and the person of a case see, from the report to the appeal.
    made = reports.report(by=seeker, text=unkind.text, reason="other", words="It hurt to read.")
    case = made.case
    assert case is not None
    talk.write_to_person(by=moderator, case=case, body="How did you mean this?")
    about = reports.report(by=supporter, text=post.text, reason="other").case
    assert about is not None
    talk.write_to_person(by=moderator, case=about, body="We read your post. How are you?")
    measures.warn(by=moderator, case=about, reason="other")
    closing.close(by=moderator, case=about, outcome=Case.Outcome.WARNED)
    about.refresh_from_db()
    appeal = reports.appeal(by=seeker, against=about, words="Please look again.")
    hidden = write_post(by=seeker, group=open_group, body="Words that somebody will hide.")
    over = reports.report(by=supporter, text=hidden.text, reason="other").case
    assert over is not None
    measures.hide(by=moderator, case=over, reason="other")
    risk = reports.report(by=supporter, person=who("softlanding"), reason="worried").case
    assert risk is not None
    asked = {}
    now = timezone.now()
    for name, instrument in (("asked", "phq-9"), ("ruler", "ruler-readiness"),
                             ("done", "ruler-confidence"), ("cut", "gad-7")):  # fmt: skip
        asked[name] = questionnaires.administer(
            by=None, person=seeker, instrument=instrument, wave="tests", source="tests",
            opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1),
        )  # fmt: skip
    questionnaires.answer(by=seeker, administration=asked["asked"], item=9, value=1)
    questionnaires.answer(by=seeker, administration=asked["done"], item=1, value=5)
    make_token(by=seeker, name="My phone", scopes=["read"])
    return {
        "slug": open_group.slug,
        **{name: one.public_id for name, one in asked.items()},
        "closed": closed.slug,
        "handle": "fernweh",
        "seeker": seeker.handle,
        "post": post.text.public_id,
        "reply": reply.text.public_id,
        "report": made.public_id,
        "case": case.public_id,
        "risk": risk.public_id,
        "about": about.public_id,
        "hidden": hidden.text.public_id,
        "appeal": appeal.public_id,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
