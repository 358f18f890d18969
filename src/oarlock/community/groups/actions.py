"""What people do with groups."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from oarlock.community import access, roles
from oarlock.community.accounts.models import Role, User
from oarlock.community.audit.actions import record
from oarlock.community.groups.models import Group, Membership, Topic
from oarlock.community.notices.actions import tell
from oarlock.community.texts import door, wording
from oarlock.community.texts.models import Text

State = Membership.State
SLUG_LENGTH, ABOUT_LENGTH, GUIDELINES_LENGTH, REQUEST_LENGTH = 34, 300, 4000, 1000
#: Somebody who was refused may ask again after this time.
ASK_AGAIN = timedelta(days=14)
#: Addresses below /groups/ that are no group.
RESERVED_SLUGS = frozenset({"new"})


def _target(group: Group) -> str:
    return f"group:{group.public_id}"


def _must_run_groups(by: User) -> None:
    if not roles.may(by, "groups"):
        raise PermissionDenied


def join(*, by: User, group: Group) -> Membership:
    """Join an open group.

    Raises:
        PermissionDenied: The group is archived, or its moderators say who joins.
    """
    if group.archived_at is not None:
        raise PermissionDenied(_("This group is closed for good. It takes no new members."))
    if not roles.reads(by):
        raise PermissionDenied(_("People with your role neither read nor write in groups."))
    if not group.open and not access.moderates(by, group):
        raise PermissionDenied(_("Ask to join this group. Its moderators answer you."))
    with transaction.atomic():
        membership, _created = Membership.objects.select_for_update().get_or_create(
            group=group, person=by, defaults={"state": State.ASKED}
        )
        if membership.state != State.MEMBER:
            membership.state, membership.at = State.MEMBER, timezone.now()
            membership.save(update_fields=["state", "at"])
            record("group.joined", by=by, target=_target(group))
    return membership


def leave(*, by: User, group: Group) -> None:
    """Leave a group, or take back the wish to join. What the person wrote stays."""
    with transaction.atomic():
        gone, _rows = (
            Membership.objects.filter(group=group, person=by).exclude(state=State.REFUSED).delete()
        )
        if gone:
            record("group.left", by=by, target=_target(group))


def ask(*, by: User, group: Group, body: str, key: str = "") -> Membership:
    """Ask to join a group that is not open; the words go through the door.

    Raises:
        PermissionDenied: The group is open or archived, or the person was refused lately.
        ValidationError: In words for the writer.
    """
    if group.archived_at is not None:
        raise PermissionDenied(_("This group is closed for good. It takes no new members."))
    if not roles.reads(by):
        raise PermissionDenied(_("People with your role neither read nor write in groups."))
    if group.open:
        raise PermissionDenied(_("This group is open. You can join it without asking."))
    existing = Membership.objects.filter(group=group, person=by).first()
    if existing is not None and existing.state != State.REFUSED:
        return existing
    if existing is not None and existing.at > timezone.now() - ASK_AGAIN:
        raise PermissionDenied(_("You have an answer to your last request. Ask again later."))
    body = wording.clean(body, limit=REQUEST_LENGTH)

    def attach(text: Text) -> None:
        Membership.objects.update_or_create(
            group=group,
            person=by,
            defaults={"state": State.ASKED, "request": text, "at": timezone.now()},
        )

    text = door.receive(by=by, kind=Text.Kind.REQUEST, body=body, key=key, attach=attach)
    found = Membership.objects.filter(group=group, person=by).first()
    if found is None or text.kind != Text.Kind.REQUEST:
        raise ValidationError(_("This form was used before. Reload the page and write again."))
    return found


def answer(*, by: User, membership: Membership, accept: bool) -> Membership:
    """Let somebody in who asked, or say no.

    Raises:
        PermissionDenied: Not a moderator of the group, or somebody's own request.
    """
    if not access.moderates(by, membership.group) or membership.person_id == by.pk:
        raise PermissionDenied
    with transaction.atomic():
        membership = Membership.objects.select_for_update().get(pk=membership.pk)
        if membership.state == State.ASKED:
            membership.state = State.MEMBER if accept else State.REFUSED
            membership.at = timezone.now()
            membership.save(update_fields=["state", "at"])
            # A notice names its target in 40 characters.
            fits = len(membership.group.slug) <= SLUG_LENGTH
            tell(
                to=membership.person,
                kind="joined" if accept else "refused",
                target=f"group:{membership.group.slug}" if fits else "",
                key=f"request {membership.request_id or membership.pk}",
            )
            record(
                "group.request-answered",
                by=by,
                target=_target(membership.group),
                person=membership.person.public_id,
                accepted=accept,
            )
    return membership


def edit(*, by: User, group: Group, about: str, guidelines: str) -> Group:
    """Change what a group says about itself.

    Raises:
        PermissionDenied: Neither a moderator of the group nor one who runs groups.
        ValidationError: In words for the writer.
    """
    if not (access.moderates(by, group) or roles.may(by, "groups")):
        raise PermissionDenied
    about, guidelines = _clean(about, guidelines)
    with transaction.atomic():
        group.about, group.guidelines = about, guidelines
        group.save(update_fields=["about", "guidelines"])
        record("group.edited", by=by, target=_target(group))
    return group


def _clean(about: str, guidelines: str) -> tuple[str, str]:
    about = wording.clean(" ".join(about.split()), limit=ABOUT_LENGTH)
    if guidelines.strip():
        guidelines = wording.clean(guidelines, limit=GUIDELINES_LENGTH)
    return about, guidelines.strip()


def create(
    *, by: User, name: str, topic: str, about: str, guidelines: str = "", open_to_all: bool = True
) -> Group:
    """Create a group; its address is made from its name.

    Raises:
        PermissionDenied: Not one who runs groups.
        ValidationError: In words for the writer.
    """
    _must_run_groups(by)
    name = wording.clean(" ".join(name.split()), limit=60)
    about, guidelines = _clean(about, guidelines)
    slug = slugify(name)[:SLUG_LENGTH].strip("-")
    if topic not in Topic:
        raise ValidationError(_("Choose one of the topics that are offered."))
    if not slug or slug in RESERVED_SLUGS:
        raise ValidationError(
            _("Choose another name: with Latin letters or digits for the address.")
        )
    with transaction.atomic():
        group, created = Group.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "topic": topic,
                "about": about,
                "guidelines": guidelines,
                "open": open_to_all,
            },
        )
        if not created:
            raise ValidationError(_("There is a group with this name already. Choose another."))
        record("group.created", by=by, target=_target(group), topic=topic, open=open_to_all)
    return group


def archive(*, by: User, group: Group, archived: bool = True) -> Group:
    """Put a group away, or bring it back. Nothing in it is deleted."""
    _must_run_groups(by)
    with transaction.atomic():
        if (group.archived_at is not None) != archived:
            group.archived_at = timezone.now() if archived else None
            group.save(update_fields=["archived_at"])
            record("group.archived" if archived else "group.restored", by=by, target=_target(group))
    return group


def appoint(*, by: User, group: Group, person: User, moderates: bool) -> None:
    """Make a moderator one of this group's moderators, or end that.

    Raises:
        PermissionDenied: Not one who runs groups.
        ValidationError: The person does not have the role of a moderator.
    """
    _must_run_groups(by)
    if moderates and person.role not in {Role.MODERATOR, Role.SUPERVISOR}:
        raise ValidationError(_("Only people with the role of a moderator can moderate a group."))
    with transaction.atomic():
        if moderates:
            Membership.objects.update_or_create(
                group=group, person=person, defaults={"moderates": True, "state": State.MEMBER}
            )
        else:
            Membership.objects.filter(group=group, person=person).update(moderates=False)
        record(
            "group.appointed" if moderates else "group.dismissed",
            by=by,
            target=_target(group),
            person=person.public_id,
        )
