"""Change a neighborhood alliance (hecht wijkverband): its contact and its members.

Which wijken it holds is not changed here: that is the region it is made of.
"""

from dataclasses import asdict, dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import InvalidEntry
from wijkspil.directory.models import AllianceMember
from wijkspil.directory.permissions import check_can_edit_alliance
from wijkspil.directory.selectors.history import EntryKind
from wijkspil.directory.selectors.targets_of_entries import get_alliance_target
from wijkspil.directory.services.coverage import lock_service
from wijkspil.directory.services.editing import (
    apply_values,
    lock_entry,
    recorded,
    save_entry,
)
from wijkspil.directory.services.organizations import check_phone


@dataclass(frozen=True)
class AllianceDetails:
    """Name, and the contact for complex care (a function, not a private person)."""

    name: str
    complex_care_name: str = ""
    complex_care_phone: str = ""


def change_alliance(
    *, actor: Actor, alliance_id: int, version: int | None, details: AllianceDetails
) -> None:
    """Change name or contact as it was at ``version``.

    Raises
    ------
    UnknownEntry, NotPermitted, InvalidEntry
        If there is no such alliance, it lies outside the actor's regions, or a field
        breaks a rule.
    AlreadyChanged
        If somebody changed it after that version.
    """
    check_can_edit_alliance(actor, get_alliance_target(alliance_id))
    values = {name: text.strip() for name, text in asdict(details).items()}
    if values["complex_care_phone"]:
        try:
            check_phone(values["complex_care_phone"])
        except ValidationError:
            raise InvalidEntry(
                {
                    "complex_care_phone": [
                        _("“%(value)s” is not a phone number.")
                        % {"value": values["complex_care_phone"]}
                    ]
                }
            ) from None
    with recorded(actor):
        entry = lock_entry(EntryKind.ALLIANCE, alliance_id, version=version)
        apply_values(entry, values)


def add_member(
    *, actor: Actor, alliance_id: int, service_id: int, role: str
) -> AllianceMember:
    """Let a service take part in an alliance.

    Raises
    ------
    UnknownEntry, UnknownService, NotPermitted, InvalidEntry
        As for ``change_alliance``; the service must be active.
    OverlapsAnother
        If it already has this role there.
    """
    check_can_edit_alliance(actor, get_alliance_target(alliance_id))
    with recorded(actor):
        lock_service(service_id)
        member = AllianceMember(
            alliance_id=alliance_id, service_id=service_id, role=role
        )
        save_entry(member)
    return member


def remove_member(*, actor: Actor, member_id: int, version: int | None) -> None:
    """Let a service take no part any more; its history brings it back."""
    with recorded(actor):
        entry = lock_entry(EntryKind.ALLIANCE_MEMBER, member_id, version=version)
        check_can_edit_alliance(actor, get_alliance_target(entry.alliance_id))
        entry.delete()
