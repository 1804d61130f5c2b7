"""Store a resource that came in, and give back the version that this made.

What the directory has a field for goes through its services; the rest is kept beside
it. The directory decides what may change and by whom. Locks, always in this order: the
logical id, the identifiers (by name), the row of the directory, the resource. Who
waited sees what was stored in the meantime, so of two writers on one version the second
is refused.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db import connection
from django.utils.translation import gettext_noop

from wijkspil.accounts.types import Actor
from wijkspil.core.prepared import fetch_row, fetch_rows
from wijkspil.directory.errors import InvalidCapacity, InvalidEntry
from wijkspil.directory.permissions import can_edit_directory
from wijkspil.directory.selectors.history import EntryKind
from wijkspil.directory.selectors.logical_ids import (
    OrganizationKeys,
    ServiceKeys,
    find_organization,
    find_organization_by_number,
    find_service,
    is_of_alliance,
)
from wijkspil.directory.selectors.targets_of_entries import get_new_organization_target
from wijkspil.directory.services.capacity import report_capacity
from wijkspil.directory.services.editing import lock_entry
from wijkspil.directory.services.organizations import (
    ServiceDetails,
    add_organization,
    add_service,
    change_organization,
    change_service,
    end_organization,
    end_service,
    place_organization,
    place_service,
    reactivate_organization,
    reactivate_service,
)
from wijkspil.directory.types import CapacitySource
from wijkspil.fhir.errors import FhirError, Issue, refuse
from wijkspil.fhir.mapping.codes import CAPACITY
from wijkspil.fhir.mapping.coding import find_care, find_organization_type
from wijkspil.fhir.mapping.elements import split
from wijkspil.fhir.mapping.from_location import Place, from_location
from wijkspil.fhir.mapping.from_organization import from_organization
from wijkspil.fhir.mapping.from_service import (
    UnclearRoom,
    drop_translated,
    find_capacity,
    from_capacity,
    from_service,
)
from wijkspil.fhir.mapping.references import id_of, numbers_of
from wijkspil.fhir.mapping.registry import make_resource
from wijkspil.fhir.mapping.terms import Terms
from wijkspil.fhir.permissions import (
    act_for,
    check_can_feed,
    find_owner,
    have_same_owner,
)
from wijkspil.fhir.selectors.criteria import word
from wijkspil.fhir.services.rendering import render_now
from wijkspil.fhir.services.validation import check_resource, is_custodians
from wijkspil.fhir.types import DirectoryType, Resource

#: Types that other systems may feed.
FED_TYPES = (
    DirectoryType.ORGANIZATION,
    DirectoryType.LOCATION,
    DirectoryType.ENDPOINT,
    DirectoryType.HEALTHCARE_SERVICE,
    DirectoryType.ORGANIZATION_AFFILIATION,
)

#: Space of our advisory locks on what is fed (the clock uses another form).
_LOCK_SPACE = 7_301


@dataclass(frozen=True)
class Stored:
    """The version of a resource after a write."""

    type: str
    id: str
    version: int
    tick: int
    body: str
    is_new: bool
    is_changed: bool


def store(
    *,
    actor: Actor,
    at: datetime,
    type_: str,
    id_: str,
    resource: Resource,
    if_match: str = "",
    in_bundle: Collection[tuple[str, str]] = (),
) -> Stored:
    """Store a resource under a logical id, new or not; in the caller's transaction.

    ``if_match`` is the version the sender had, or "". References may be to what is here
    or ``in_bundle``. A resource that is equal to what is here makes no version.

    Raises
    ------
    FhirError
        400 and 422 as ``check_resource``; 404 or 412 for ``if_match``; 409 if one of
        its identifiers, or its id, is that of another resource.
    NotPermitted
        If the actor may not feed what belongs to its owner, as it is or was.
    WijkspilError
        As the services of the directory.
    """
    lock_names([f"{type_}/{id_}", *_names_of(type_, resource)])
    _lock_row(type_, id_)
    before = get_state(type_, id_)
    _check_version(type_, id_, before, if_match)
    current = json.loads(before.body) if before and before.body else None
    check_resource(
        resource,
        type_=type_,
        id_=id_,
        current=current,
        in_bundle=in_bundle,
    )
    actor = act_for(actor, type_, at=at)
    _check_own_pages(type_, id_)
    if before is not None and not before.is_live:
        raise refuse(
            HTTPStatus.CONFLICT,
            "deleted",
            gettext_noop(
                "%(type)s/%(id)s was removed here. An id is not used again: send it "
                "under another id."
            ),
            type=type_,
            id=id_,
        )
    if current is not None and not have_same_owner(type_, current, resource):
        check_can_feed(actor, type_, current)
    check_can_feed(actor, type_, resource)
    _check_identifiers(type_, id_, resource)
    write = _Write(
        actor=actor,
        at=at,
        id=id_,
        resource=resource,
        current=current,
    )
    _WRITERS[type_](write)
    render_now([(type_, id_)])
    after = get_state(type_, id_)
    assert after is not None
    return Stored(
        type=type_,
        id=id_,
        version=after.version,
        tick=after.tick,
        body=after.body,
        is_new=before is None,
        is_changed=before is None or before.version != after.version,
    )


def store_whole(*, actor: Actor, at: datetime, resource: Resource) -> Stored:
    """Store a checked resource without a row of ours, whole and for the first time.

    In the caller's transaction, which has checked that it may be.
    """
    type_, id_ = resource["resourceType"], resource["id"]
    _WRITERS[type_](_Write(actor=actor, at=at, id=id_, resource=resource, current=None))
    render_now([(type_, id_)])
    after = get_state(type_, id_)
    assert after is not None
    return Stored(
        type=type_,
        id=id_,
        version=after.version,
        tick=after.tick,
        body=after.body,
        is_new=True,
        is_changed=True,
    )


def store_copy(*, actor: Actor, at: datetime, resource: Resource, origin: str) -> None:
    """Store a resource of another directory, in the caller's transaction.

    That directory answers for it: its profile and references are not checked, and what
    it refers to may come later. What cannot be a row of ours yet is kept whole. Room,
    coverage and contacts of it are shown as they came, beside what is added here.

    Raises
    ------
    WijkspilError
        If there is a row of ours for it that cannot become this.
    """
    type_, id_ = resource["resourceType"], resource["id"]
    lock_names([f"{type_}/{id_}"])
    _lock_row(type_, id_)
    write = _Write(
        actor=actor, at=at, id=id_, resource=resource, current=None, origin=origin
    )
    _WRITERS.get(type_, _write_fed(type_))(write)


@dataclass(frozen=True)
class State:
    """A resource as it is here; ``is_live``: a row stands for it."""

    version: int
    tick: int
    body: str
    is_live: bool


def get_state(type_: str, id_: str) -> State | None:
    """Return a resource as it is here, its row locked; rendered if it was not yet."""
    row = fetch_row(_STATE, {"type": type_, "id": id_})
    if row is not None and row[2] is None:
        render_now([(type_, id_)])
        row = fetch_row(_STATE, {"type": type_, "id": id_})
    return State(row[0], row[1], row[2] or "", row[3] is not None) if row else None


_STATE = """
SELECT r.version, r.tick, v.body, r.own_id
  FROM fhir_resource r LEFT JOIN fhir_version v USING (type, fhir_id, version)
 WHERE r.type = %(type)s AND r.fhir_id = %(id)s FOR UPDATE OF r
"""


# --- locks and refusals


def lock_names(names: Iterable[str]) -> None:
    """Lock ids, identifiers or searches, in this order, until the transaction ends."""
    with connection.cursor() as cursor:
        for name in [*dict.fromkeys(names)]:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_SPACE, name]
            )


def _names_of(type_: str, resource: Any) -> list[str]:
    """Return the identifiers that only one resource can have, as names to lock by."""
    if not isinstance(resource, dict):
        return []
    return sorted(
        f"{type_}|{system}|{value}" for system, value in list_own_identifiers(resource)
    )


def list_own_identifiers(resource: Resource) -> list[tuple[str, str]]:
    """Return (system, value) of identifiers that only one resource can have."""
    identifiers = resource.get("identifier")
    if not isinstance(identifiers, list):
        return []
    return [
        (str(identifier["system"]), str(identifier["value"]))
        for identifier in identifiers
        if isinstance(identifier, dict) and _is_custodians(identifier)
    ]


def _is_custodians(identifier: Mapping[str, Any]) -> bool:
    try:
        return is_custodians(identifier)
    except (AttributeError, TypeError):
        return False  # no identifier at all: the structure is refused later


def _lock_row(type_: str, id_: str) -> None:
    """Lock the row of the directory, as its own services do first."""
    if type_ == DirectoryType.ORGANIZATION and (own := find_organization(id_)):
        lock_entry(EntryKind.ORGANIZATION, own.id, version=None)
    elif type_ == DirectoryType.HEALTHCARE_SERVICE and (service := find_service(id_)):
        lock_entry(EntryKind.SERVICE, service.id, version=None)


def _check_version(type_: str, id_: str, before: State | None, if_match: str) -> None:
    if not if_match:
        return
    wanted = if_match.strip().removeprefix("W/").strip('"')
    if before is None or (wanted != "*" and wanted != str(before.version)):
        raise refuse(
            HTTPStatus.PRECONDITION_FAILED,
            "conflict",
            gettext_noop(
                "%(type)s/%(id)s was changed: you had version %(wanted)s, it is now "
                "%(version)s. Read it, make your change on that, and send it again."
            ),
            type=type_,
            id=id_,
            wanted=wanted[:40],
            version=before.version if before else 0,
        )


def _check_own_pages(type_: str, id_: str) -> None:
    if type_ in {
        DirectoryType.ORGANIZATION,
        DirectoryType.ORGANIZATION_AFFILIATION,
    } and is_of_alliance(id_):
        raise refuse(
            HTTPStatus.FORBIDDEN,
            "forbidden",
            gettext_noop(
                "Alliances and their members are kept on the pages of this directory."
            ),
        )


def _check_identifiers(type_: str, id_: str, resource: Resource) -> None:
    """Refuse an identifier that is another resource's: one thing is here once."""
    for system, value in list_own_identifiers(resource):
        for other in find_by_identifier(type_, system, value):
            if other != id_ and not _may_be_shared(type_, system):
                raise refuse(
                    HTTPStatus.CONFLICT,
                    "duplicate",
                    gettext_noop(
                        "The identifier “%(value)s” is that of %(type)s/%(other)s. "
                        "Change that one."
                    ),
                    expression=f"{type_}.identifier",
                    headers=[("Content-Location", f"{type_}/{other}")],
                    value=value[:80],
                    type=type_,
                    other=other,
                )


def _may_be_shared(type_: str, system: str) -> bool:
    """A legal person (KVK) may have several organizations, each with its URA."""
    return type_ == DirectoryType.ORGANIZATION and "kvk_number" in numbers_of(
        [{"system": system, "value": "-"}]
    )


def find_by_identifier(type_: str, system: str, value: str) -> list[str]:
    """Return the ids of resources with an identifier (one to three queries)."""
    identifier = {"system": system, "value": value}
    rows = fetch_rows(
        """
        SELECT fhir_id FROM fhir_fedelements
         WHERE type = %(type)s AND elements @> %(pattern)s::jsonb
        UNION
        SELECT fhir_id FROM fhir_searchentry
         WHERE type = %(type)s AND terms @@ %(term)s::tsquery
         ORDER BY 1 LIMIT 3
        """,
        {
            "type": type_,
            "pattern": json.dumps({"identifier": [identifier]}),
            "term": word(Terms(type_, "identifier").of_system(system, value)),
        },
    )
    found = [row[0] for row in rows]
    if type_ == DirectoryType.ORGANIZATION:
        numbers = numbers_of([{"system": system, "value": value}])
        own = find_organization_by_number(**numbers) if numbers else None
        if own is not None and own.fhir_id not in found:
            found.append(own.fhir_id)
    return found


# --- one writer per type


@dataclass(frozen=True)
class _Write:
    actor: Actor
    at: datetime
    id: str
    resource: Resource
    current: Resource | None
    #: The directory it is a copy of; empty: fed by the actor.
    origin: str = ""


def _write_organization(write: _Write) -> None:
    resource = write.resource
    row = find_organization(write.id)
    if row is None and not find_organization_type(resource.get("type", ())):
        _keep(DirectoryType.ORGANIZATION, write, _without_id(resource))
        return
    parent = _find_parent(write)
    if row is None and write.origin and parent is None and resource.get("partOf"):
        _keep(DirectoryType.ORGANIZATION, write, _without_id(resource))
        return
    if row is None:
        with _InFhir(_ORGANIZATION_PLACES):
            added = add_organization(
                actor=write.actor,
                details=from_organization(resource),
                part_of_id=parent.id if parent else None,
                fhir_id=write.id,
            )
        row = find_organization(added.fhir_id)
        assert row is not None
    else:
        _change_organization(write, row, parent)
    _set_active(
        row,
        resource.get("active") is not False,
        lambda: end_organization(
            actor=write.actor, organization_id=row.id, version=None
        ),
        lambda: reactivate_organization(
            actor=write.actor, organization_id=row.id, version=None
        ),
    )
    own = _own_part("organization", row.id, write.id)
    kept = split(DirectoryType.ORGANIZATION, resource, own)
    kept = _drop_own_numbers(kept, row)
    _keep(DirectoryType.ORGANIZATION, write, _without_own_meta(kept, own))


def _find_parent(write: _Write) -> OrganizationKeys | None:
    part_of = write.resource.get("partOf")
    if not part_of:
        return None
    fhir_id = id_of(part_of, DirectoryType.ORGANIZATION)
    parent = find_organization(fhir_id) if fhir_id else find_owner(part_of)
    if parent is None and not write.origin:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop("The organization it is part of gives no care here itself."),
            expression="Organization.partOf",
        )
    return parent


def _change_organization(
    write: _Write, row: OrganizationKeys, parent: OrganizationKeys | None
) -> None:
    numbers = {
        "ura": row.ura,
        "kvk_number": row.kvk_number,
        "agb_code": row.agb_code,
    }
    sent = numbers_of(write.resource.get("identifier", ()))
    is_editor = can_edit_directory(write.actor, get_new_organization_target())
    for name, number in sent.items():
        if numbers[name] and numbers[name] != number and not is_editor:
            raise refuse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "business-rule",
                gettext_noop(
                    "This organization is known by number %(known)s. Only the editor "
                    "of the directory changes it to %(number)s."
                ),
                expression="Organization.identifier",
                known=numbers[name],
                number=number,
            )
    with _InFhir(_ORGANIZATION_PLACES):
        change_organization(
            actor=write.actor,
            organization_id=row.id,
            version=None,
            details=from_organization(write.resource, type_=row.type, numbers=numbers),
        )
        place_organization(
            actor=write.actor,
            organization_id=row.id,
            part_of_id=parent.id if parent else None,
            version=None,
        )


def _drop_own_numbers(kept: Resource, row: OrganizationKeys) -> Resource:
    """Leave out bare registered numbers: those we show from our own fields."""
    if "identifier" not in kept:
        return kept
    identifiers = [
        identifier
        for identifier in kept["identifier"]
        if not (
            set(identifier) <= {"system", "value", "use"}
            and numbers_of([identifier]).items()
            <= {
                "ura": row.ura,
                "kvk_number": row.kvk_number,
                "agb_code": row.agb_code,
            }.items()
            and numbers_of([identifier])
        )
    ]
    return {n: v for n, v in kept.items() if n != "identifier"} | (
        {"identifier": identifiers} if identifiers else {}
    )


def _write_service(write: _Write) -> None:
    resource = write.resource
    row = find_service(write.id)
    owner = find_owner(resource.get("providedBy"))
    care = find_care(resource.get("type", ()))
    if row is None and (not care or owner is None):
        _keep(DirectoryType.HEALTHCARE_SERVICE, write, _without_id(resource))
        return
    if row is None:
        assert owner is not None
        with _InFhir(_SERVICE_PLACES):
            added = add_service(
                actor=write.actor,
                organization_id=owner.id,
                care=care,
                details=from_service(resource),
                fhir_id=write.id,
            )
        row = find_service(added.fhir_id)
        assert row is not None
    else:
        _check_same_service(row, owner, care)
        with _InFhir(_SERVICE_PLACES):
            change_service(
                actor=write.actor,
                service_id=row.id,
                version=None,
                details=from_service(resource, _details_of(row.id)),
            )
    _set_active(
        row,
        resource.get("active") is not False,
        lambda: end_service(actor=write.actor, service_id=row.id, version=None),
        lambda: reactivate_service(actor=write.actor, service_id=row.id, version=None),
    )
    if not write.origin:
        _tell_room(write, row)
    own = _own_part("service", row.id, write.id)
    fed = split(DirectoryType.HEALTHCARE_SERVICE, resource, own)
    kept = drop_translated(fed)
    if write.origin:
        kept |= _told_of(resource, fed, kept)
    elif _is_own_place(kept.get("location"), write.id):
        del kept["location"]
    _keep(DirectoryType.HEALTHCARE_SERVICE, write, _without_own_meta(kept, own))
    _place_by_locations(write, row, kept.get("location") or ())


def _told_of(resource: Resource, fed: Resource, kept: Resource) -> Resource:
    """Return the room, coverage and contacts that a directory tells of its service.

    Its places are always those of that directory, never ours.
    """
    told = {name: fed[name] for name in ("telecom", "coverageArea") if name in fed}
    told |= {"location": resource["location"]} if "location" in resource else {}
    extensions = [
        *kept.get("extension", ()),
        *(e for e in fed.get("extension", ()) if e.get("url") == CAPACITY),
    ]
    return told | ({"extension": extensions} if extensions else {})


def _check_same_service(
    row: ServiceKeys, owner: OrganizationKeys | None, care: str
) -> None:
    if owner is None or owner.id != row.organization_id:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop(
                "A service stays with its organization. End this one (active: false) "
                "and send a new one."
            ),
            expression="HealthcareService.providedBy",
        )
    if care and care != row.care:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop(
                "A service keeps its kind of care (%(care)s). End this one (active: "
                "false) and send a new one."
            ),
            expression="HealthcareService.type",
            care=row.care,
        )


def _details_of(service_id: int) -> ServiceDetails:
    """Return what the directory has of a service."""
    source = _get_source("service", service_id)["service"]
    return ServiceDetails(
        **{name: source[name] for name in ServiceDetails.__dataclass_fields__}
    )


def _tell_room(write: _Write, row: ServiceKeys) -> None:
    """Report the room that came along, if it says something new."""
    own = find_capacity(write.current or {})
    try:
        room = from_capacity(write.resource, own)
    except UnclearRoom as error:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "value",
            gettext_noop("The room of this service cannot be read: see %(part)s."),
            expression="HealthcareService.extension",
            part=error,
        ) from error
    if room is None:
        return
    try:
        report_capacity(
            actor=write.actor,
            service_id=row.id,
            capacity=room.capacity,
            at=write.at,
            source=CapacitySource.SYSTEM,
        )
    except InvalidCapacity as error:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            "%(reason)s",
            expression="HealthcareService.extension",
            reason=error,
        ) from error


def _is_own_place(locations: Any, service_id: str) -> bool:
    return (
        locations is not None
        and [id_of(location, DirectoryType.LOCATION) for location in locations]
        == [service_id]
        and not _is_fed(DirectoryType.LOCATION, service_id)
    )


def _is_fed(type_: str, id_: str) -> bool:
    return (
        fetch_row(
            "SELECT 1 FROM fhir_fedelements WHERE type = %(type)s AND fhir_id = %(id)s",
            {"type": type_, "id": id_},
        )
        is not None
    )


def _place_by_locations(
    write: _Write, row: ServiceKeys, locations: Iterable[Mapping[str, Any]]
) -> None:
    """Put a service where the first of its places is that we know."""
    for location in locations:
        elements = _get_fed(
            DirectoryType.LOCATION, id_of(location, DirectoryType.LOCATION)
        )
        if elements is not None:
            _place(write, row.id, from_location(elements))
            return


def _place(write: _Write, service_id: int, place: Place) -> None:
    with _InFhir(_PLACE_PLACES):
        place_service(
            actor=write.actor,
            service_id=service_id,
            postcode=place.postcode,
            lon=place.lon,
            lat=place.lat,
            version=None,
        )


def _write_location(write: _Write) -> None:
    service = find_service(write.id)
    own = _get_own_location(service) if service else None
    if service is None or own is None:
        _keep(DirectoryType.LOCATION, write, _without_id(write.resource))
        for service_id in _list_services_at(write.id):
            _place(write, service_id, from_location(write.resource))
        return
    # The place of a service of ours: the directory keeps where that is.
    owner = find_owner(write.resource.get("managingOrganization"))
    if owner is None or owner.id != service.organization_id:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop("This place belongs to a service of another organization."),
            expression="Location.managingOrganization",
        )
    _place(write, service.id, from_location(write.resource))
    own = _get_own_location(service) or own
    kept = split(DirectoryType.LOCATION, write.resource, own)
    _keep(DirectoryType.LOCATION, write, _without_own_meta(kept, own))


def _get_own_location(service: ServiceKeys) -> Resource | None:
    """Return the Location of a service as the directory shows it, if it shows one."""
    row = fetch_row(_SOURCE_OF["location"], {"id": service.id})
    if row is None:
        return None
    return make_resource(DirectoryType.LOCATION, service.fhir_id, _own_of(row[0]))


def _list_services_at(location_id: str) -> list[int]:
    """Return the services of ours whose first place is a fed Location."""
    rows = fetch_rows(
        """
        SELECT s.id FROM fhir_fedelements e
          JOIN directory_healthcareservice s ON s.fhir_id = e.fhir_id
         WHERE e.type = 'HealthcareService' AND e.elements @> %(pattern)s::jsonb
           AND e.elements->'location'->0->>'reference' = %(reference)s
         ORDER BY s.id
        """,
        {
            "pattern": json.dumps(
                {"location": [{"reference": f"Location/{location_id}"}]}
            ),
            "reference": f"Location/{location_id}",
        },
    )
    return [row[0] for row in rows]


def _write_fed(type_: str) -> Callable[[_Write], None]:
    def write_whole(write: _Write) -> None:
        _keep(type_, write, _without_id(write.resource))

    return write_whole


_WRITERS: Mapping[str, Callable[[_Write], None]] = {
    DirectoryType.ORGANIZATION: _write_organization,
    DirectoryType.LOCATION: _write_location,
    DirectoryType.ENDPOINT: _write_fed(DirectoryType.ENDPOINT),
    DirectoryType.HEALTHCARE_SERVICE: _write_service,
    DirectoryType.ORGANIZATION_AFFILIATION: _write_fed(
        DirectoryType.ORGANIZATION_AFFILIATION
    ),
    DirectoryType.PROVENANCE: _write_fed(DirectoryType.PROVENANCE),
}


# --- what they share


def _set_active(
    row: OrganizationKeys | ServiceKeys,
    is_active: bool,
    end: Callable[[], None],
    show_again: Callable[[], None],
) -> None:
    if row.is_active and not is_active:
        end()
    elif is_active and not row.is_active:
        show_again()


_SOURCE_OF = {
    name: f"SELECT source::json FROM fhir_source_{name} WHERE own_id = %(id)s"
    for name in ("organization", "service", "location")
}


def _get_source(name: str, own_id: int) -> Resource:
    row = fetch_row(_SOURCE_OF[name], {"id": own_id})
    assert row is not None
    source: Resource = row[0]
    return source


def _own_of(source: Resource) -> Resource:
    return {name: value for name, value in source.items() if name != "elements"}


def _own_part(name: str, own_id: int, fhir_id: str) -> Resource:
    """Return a resource as the directory shows it without what was fed."""
    type_ = {
        "organization": DirectoryType.ORGANIZATION,
        "service": DirectoryType.HEALTHCARE_SERVICE,
    }[name]
    return make_resource(type_, fhir_id, _own_of(_get_source(name, own_id)))


def _without_id(resource: Resource) -> Resource:
    """Return a resource as it is kept whole: without id, version and moment."""
    return split("", resource, {})


def _without_own_meta(kept: Resource, own: Resource) -> Resource:
    """Leave out labels that the directory gives itself."""
    if "meta" not in kept:
        return kept
    meta = {
        name: [
            item for item in value if item not in (own.get("meta") or {}).get(name, ())
        ]
        if isinstance(value, list)
        else value
        for name, value in kept["meta"].items()
    }
    meta = {name: value for name, value in meta.items() if value != []}
    rest = {name: value for name, value in kept.items() if name != "meta"}
    return rest | ({"meta": meta} if meta else {})


def _get_fed(type_: str, id_: str) -> Resource | None:
    row = fetch_row(
        "SELECT elements::json FROM fhir_fedelements "
        "WHERE type = %(type)s AND fhir_id = %(id)s",
        {"type": type_, "id": id_},
    )
    return row[0] if row else None


def _keep(type_: str, write: _Write, elements: Resource) -> None:
    """Keep what was fed beside the fields of the directory; nothing if it is equal."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO fhir_fedelements (type, fhir_id, elements, origin)
            VALUES (%s, %s, %s::jsonb, %s)
            ON CONFLICT (type, fhir_id) DO UPDATE
               SET elements = excluded.elements, origin = excluded.origin
             WHERE (fhir_fedelements.elements, fhir_fedelements.origin)
                   IS DISTINCT FROM (excluded.elements, excluded.origin)
            """,
            [
                type_,
                write.id,
                json.dumps(elements),
                (write.origin or write.actor.label)[:200],
            ],
        )


# --- refusals of the directory, with their place in the resource

_ORGANIZATION_PLACES = {
    "name": "Organization.name",
    "type": "Organization.type",
    "agb_code": "Organization.identifier",
    "ura": "Organization.identifier",
    "kvk_number": "Organization.identifier",
    "part_of": "Organization.partOf",
}
_SERVICE_PLACES = {
    "name": "HealthcareService.name",
    "description": "HealthcareService.comment",
    "specialty": "HealthcareService.specialty",
    "tasks": "HealthcareService.characteristic",
    "languages": "HealthcareService.communication",
    "insurers": "HealthcareService.eligibility",
    "care_laws": "HealthcareService.program",
    "opening_hours": "HealthcareService.availableTime",
}
_PLACE_PLACES = {"postcode": "Location.address", "lat": "Location.position"}


class _InFhir:
    """Turn a refused field of the directory into issues with their FHIRPath."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = places

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: object, _trace: object) -> None:
        if isinstance(error, InvalidEntry):
            raise FhirError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                [
                    Issue(
                        "business-rule",
                        "%(reason)s",
                        self.places.get(name, ""),
                        (("reason", str(reason)),),
                    )
                    for name, reasons in error.fields.items()
                    for reason in reasons
                ],
            ) from error
