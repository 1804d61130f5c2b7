"""Add, change and end organizations, their services, teams and contacts.

Ending never deletes: an ended organization or service is not shown any more, a contact
holds until a moment. A team has no period of its own; it is removed, and its history
brings it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import (
    clean_agb_code,
    clean_kvk_number,
    clean_postcode,
    clean_ura,
    clean_uzovi,
)
from wijkspil.directory.errors import InvalidEntry
from wijkspil.directory.models import (
    CareTeam,
    ContactPoint,
    HealthcareService,
    Organization,
)
from wijkspil.directory.permissions import check_can_edit_directory
from wijkspil.directory.selectors.history import EntryKind
from wijkspil.directory.selectors.logical_ids import list_parts
from wijkspil.directory.selectors.search_areas import get_point_of_postcode
from wijkspil.directory.selectors.targets_of_entries import (
    get_new_organization_target,
    get_organization_edit_target,
    get_service_edit_target,
)
from wijkspil.directory.services.editing import (
    apply_values,
    end_period,
    lock_entry,
    recorded,
    save_entry,
)
from wijkspil.directory.types import ContactSystem

#: Most members of one profession in a team; more is a slip of the finger.
MAX_MEMBERS = 999


@dataclass(frozen=True)
class OrganizationDetails:
    """What an editor fills in of an organization."""

    name: str
    type: str
    agb_code: str = ""
    ura: str = ""
    kvk_number: str = ""


@dataclass(frozen=True)
class ServiceDetails:
    """What an editor fills in of a service."""

    name: str
    description: str = ""
    specialty: str = ""
    tasks: Sequence[str] = ()
    languages: Sequence[str] = ()
    insurers: Sequence[str] = ()
    care_laws: Sequence[str] = ()
    opening_hours: Sequence[Mapping[str, Any]] = ()
    is_open_on_holidays: bool = False
    postcode: str = ""


@dataclass(frozen=True)
class TeamDetails:
    """What an editor fills in of a team: members per profession."""

    name: str
    composition: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ContactDetails:
    """What an editor fills in of a contact; without an area it holds everywhere."""

    audience: str
    purpose: str
    system: str
    value: str
    person_name: str = ""
    area_id: int | None = None


# --- organizations


def add_organization(
    *,
    actor: Actor,
    details: OrganizationDetails,
    part_of_id: int | None = None,
    fhir_id: str = "",
) -> Organization:
    """Add an organization, or a part of one; ``fhir_id`` is the id its sender chose.

    Raises
    ------
    NotPermitted
        If the actor edits no region, and not the organization it is part of.
    UnknownEntry
        If there is no organization ``part_of_id``.
    InvalidEntry
        If a field breaks a rule, or a code belongs to another organization.
    """
    check_can_edit_directory(
        actor,
        get_new_organization_target()
        if part_of_id is None
        else get_organization_edit_target(part_of_id),
    )
    values = _organization_values(details) | _logical_id(fhir_id)
    with recorded(actor):
        organization = Organization(**values, part_of_id=part_of_id, is_fictional=True)
        save_entry(organization)
    return organization


def change_organization(
    *,
    actor: Actor,
    organization_id: int,
    version: int | None,
    details: OrganizationDetails,
) -> None:
    """Change an organization as it was at ``version``.

    Raises
    ------
    UnknownEntry, NotPermitted, InvalidEntry
        As for ``add_organization``, or when there is no such organization.
    AlreadyChanged
        If somebody changed it after that version.
    """
    _check_organization(actor, organization_id)
    values = _organization_values(details)
    with recorded(actor):
        entry = lock_entry(EntryKind.ORGANIZATION, organization_id, version=version)
        apply_values(entry, values)


def end_organization(
    *, actor: Actor, organization_id: int, version: int | None
) -> None:
    """End an organization: it and its services are not shown any more."""
    _check_organization(actor, organization_id)
    with recorded(actor):
        entry = lock_entry(EntryKind.ORGANIZATION, organization_id, version=version)
        apply_values(entry, {"is_active": False})


def reactivate_organization(
    *, actor: Actor, organization_id: int, version: int | None
) -> None:
    """Show an ended organization again: the inverse of ``end_organization``."""
    _check_organization(actor, organization_id)
    with recorded(actor):
        entry = lock_entry(EntryKind.ORGANIZATION, organization_id, version=version)
        apply_values(entry, {"is_active": True})


def place_organization(
    *, actor: Actor, organization_id: int, part_of_id: int | None, version: int | None
) -> None:
    """Make an organization part of another one, or of none.

    Raises
    ------
    UnknownEntry, NotPermitted
        As for ``change_organization``, of both organizations.
    InvalidEntry
        If it would become a part of itself.
    """
    _check_organization(actor, organization_id)
    if part_of_id is not None:
        _check_organization(actor, part_of_id)
    with recorded(actor):
        entry = lock_entry(EntryKind.ORGANIZATION, organization_id, version=version)
        if entry.part_of_id == part_of_id:
            return
        if part_of_id in {organization_id, *list_parts([organization_id])}:
            raise InvalidEntry(
                {
                    "part_of": [
                        _("%(name)s cannot be a part of itself. Choose another.")
                        % {"name": entry.name}
                    ]
                }
            )
        apply_values(entry, {"part_of_id": part_of_id})


# --- services


def add_service(
    *,
    actor: Actor,
    organization_id: int,
    care: str,
    details: ServiceDetails,
    fhir_id: str = "",
) -> HealthcareService:
    """Add a service to an organization. Its kind of care does not change later.

    ``fhir_id`` is the logical id that its sender chose.
    """
    _check_organization(actor, organization_id)
    values = _service_values(details) | _logical_id(fhir_id)
    with recorded(actor):
        service = HealthcareService(
            organization_id=organization_id,
            care=care,
            is_fictional=True,
            **values,
            **_place(values["postcode"]),
        )
        save_entry(service)
    return service


def change_service(
    *, actor: Actor, service_id: int, version: int | None, details: ServiceDetails
) -> None:
    """Change a service as it was at ``version``; errors as ``change_organization``."""
    _check_service(actor, service_id)
    values = _service_values(details)
    with recorded(actor):
        entry = lock_entry(EntryKind.SERVICE, service_id, version=version)
        if entry.postcode != values["postcode"]:
            values |= _place(values["postcode"])
        apply_values(entry, values)


def end_service(*, actor: Actor, service_id: int, version: int | None) -> None:
    """End a service: it is not shown, covers nothing and takes no reports."""
    _check_service(actor, service_id)
    with recorded(actor):
        entry = lock_entry(EntryKind.SERVICE, service_id, version=version)
        apply_values(entry, {"is_active": False})


def reactivate_service(*, actor: Actor, service_id: int, version: int | None) -> None:
    """Show an ended service again: the inverse of ``end_service``."""
    _check_service(actor, service_id)
    with recorded(actor):
        entry = lock_entry(EntryKind.SERVICE, service_id, version=version)
        apply_values(entry, {"is_active": True})


def place_service(
    *,
    actor: Actor,
    service_id: int,
    postcode: str,
    lon: float | None,
    lat: float | None,
    version: int | None,
) -> None:
    """Say where a service is: a postcode, and a point where the sender knows it.

    Without a point (WGS84 degrees) it is that of the postcode.

    Raises
    ------
    UnknownService, NotPermitted, AlreadyChanged
        As for ``change_service``.
    InvalidEntry
        If the postcode breaks a rule, or the point lies outside the earth.
    """
    _check_service(actor, service_id)
    point: dict[str, float | None] = {}
    if lon is not None and lat is not None:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise InvalidEntry(
                {
                    "lat": [
                        _("%(lat)s, %(lon)s is not a point in degrees WGS84.")
                        % {"lat": lat, "lon": lon}
                    ]
                }
            )
        point = {"lon": lon, "lat": lat}
    try:
        postcode = clean_postcode(postcode) if postcode.strip() else ""
    except InvalidValue as error:
        raise InvalidEntry({"postcode": [str(error)]}) from error
    with recorded(actor):
        entry = lock_entry(EntryKind.SERVICE, service_id, version=version)
        if not point and (entry.postcode != postcode or entry.lon is None):
            point = _place(postcode)
        apply_values(entry, {"postcode": postcode, **point})


# --- teams


def add_team(*, actor: Actor, service_id: int, details: TeamDetails) -> CareTeam:
    """Add a named team to a service."""
    _check_service(actor, service_id)
    with recorded(actor):
        team = CareTeam(service_id=service_id, **_team_values(details))
        save_entry(team)
    return team


def change_team(
    *, actor: Actor, team_id: int, version: int | None, details: TeamDetails
) -> None:
    """Change a team as it was at ``version``; errors as ``change_organization``."""
    with recorded(actor):
        entry = lock_entry(EntryKind.TEAM, team_id, version=version)
        _check_service(actor, entry.service_id)
        apply_values(entry, _team_values(details))


def remove_team(*, actor: Actor, team_id: int, version: int | None) -> None:
    """Remove a team; its history brings it back."""
    with recorded(actor):
        entry = lock_entry(EntryKind.TEAM, team_id, version=version)
        _check_service(actor, entry.service_id)
        entry.delete()


# --- contacts


def add_contact(
    *, actor: Actor, service_id: int, details: ContactDetails, at: datetime
) -> ContactPoint:
    """Add a contact to a service; it holds from ``at``."""
    _check_service(actor, service_id)
    values = _contact_values(details)
    with recorded(actor):
        contact = ContactPoint(service_id=service_id, valid_from=at, **values)
        save_entry(contact)
    return contact


def change_contact(
    *, actor: Actor, contact_id: int, version: int | None, details: ContactDetails
) -> None:
    """Change a contact as it was at ``version``; errors as ``change_organization``."""
    values = _contact_values(details)
    with recorded(actor):
        entry = lock_entry(EntryKind.CONTACT, contact_id, version=version)
        _check_service(actor, entry.service_id)
        apply_values(entry, values)


def end_contact(
    *, actor: Actor, contact_id: int, version: int | None, at: datetime
) -> None:
    """End a contact at ``at``: from then on nobody sees it."""
    with recorded(actor):
        entry = lock_entry(EntryKind.CONTACT, contact_id, version=version)
        _check_service(actor, entry.service_id)
        end_period(entry, at=at)


# --- what they share


def _check_organization(actor: Actor, organization_id: int) -> None:
    check_can_edit_directory(actor, get_organization_edit_target(organization_id))


def _check_service(actor: Actor, service_id: int) -> Target:
    target = get_service_edit_target(service_id)
    check_can_edit_directory(actor, target)
    return target


def _logical_id(fhir_id: str) -> dict[str, str]:
    return {"fhir_id": fhir_id} if fhir_id else {}


def _organization_values(details: OrganizationDetails) -> dict[str, Any]:
    refused: dict[str, list[str]] = {}
    values: dict[str, Any] = {"name": details.name.strip(), "type": details.type}
    for name, clean in (
        ("agb_code", clean_agb_code),
        ("ura", clean_ura),
        ("kvk_number", clean_kvk_number),
    ):
        text = getattr(details, name).strip()
        try:
            values[name] = clean(text) if text else ""
        except InvalidValue as error:
            refused[name] = [str(error)]
    if refused:
        raise InvalidEntry(refused)
    return values


def _service_values(details: ServiceDetails) -> dict[str, Any]:
    refused: dict[str, list[str]] = {}
    values = asdict(details)
    for name in ("name", "description", "specialty"):
        values[name] = values[name].strip()
    for name in ("tasks", "languages", "insurers", "care_laws"):
        values[name] = list(dict.fromkeys(values[name]))
    values["opening_hours"] = [dict(line) for line in details.opening_hours]
    try:
        postcode = details.postcode.strip()
        values["postcode"] = clean_postcode(postcode) if postcode else ""
    except InvalidValue as error:
        refused["postcode"] = [str(error)]
    try:
        values["insurers"] = [clean_uzovi(code) for code in values["insurers"]]
    except InvalidValue as error:
        refused["insurers"] = [str(error)]
    if refused:
        raise InvalidEntry(refused)
    return values


def _place(postcode: str) -> dict[str, float | None]:
    lon, lat = get_point_of_postcode(postcode) or (None, None)
    return {"lon": lon, "lat": lat}


def _team_values(details: TeamDetails) -> dict[str, Any]:
    for profession, count in details.composition.items():
        if not 0 < count <= MAX_MEMBERS:
            raise InvalidEntry(
                {
                    "composition": [
                        _("%(n)s × %(profession)s: give a number from 1 to %(most)s.")
                        % {"n": count, "profession": profession, "most": MAX_MEMBERS}
                    ]
                }
            )
    return {"name": details.name.strip(), "composition": dict(details.composition)}


def _contact_values(details: ContactDetails) -> dict[str, Any]:
    values = asdict(details)
    values["value"] = details.value.strip()
    values["person_name"] = details.person_name.strip()
    try:
        _check_contact_value(details.system, values["value"])
    except ValidationError:
        raise InvalidEntry(
            {"value": [_REFUSED_VALUE[details.system]() % {"value": values["value"]}]}
        ) from None
    return values


def _check_contact_value(system: str, value: str) -> None:
    if system == ContactSystem.PHONE:
        check_phone(value)
    elif system == ContactSystem.EMAIL:
        validate_email(value)
    elif system in (ContactSystem.WEB, ContactSystem.FHIR):
        URLValidator(schemes=["https"])(value)


def check_phone(value: str) -> None:
    """Raise ``ValidationError`` unless the text can be dialled: 3 to 15 digits."""
    digits = [sign for sign in value if sign.isascii() and sign.isdigit()]
    if not 3 <= len(digits) <= 15 or set(value) - set("0123456789 +-()."):
        raise ValidationError(_("This is not a phone number."))


_REFUSED_VALUE = {
    ContactSystem.PHONE.value: lambda: _(
        "“%(value)s” is not a phone number. Write it as 070 123 45 67."
    ),
    ContactSystem.EMAIL.value: lambda: _(
        "“%(value)s” is not an e-mail address. Write it as team@example.nl."
    ),
    ContactSystem.WEB.value: lambda: _(
        "“%(value)s” is not a web address. Write it as https://www.example.nl."
    ),
    ContactSystem.FHIR.value: lambda: _(
        "“%(value)s” is not an address of a FHIR endpoint. Begin with https://."
    ),
}
