"""Decide what a resource of another directory is here, and keep it.

- It keeps its id, if that is free. It is then of that directory: each newer version
  overwrites it, and what we add is kept beside it.
- An organization with the URA or AGB code of one that is here already, or with the KVK
  number of just one, is linked to that one. So is what comes back of our own (we told
  that directory of it, or it has our random id). What is linked is left as it is; only
  references to it are followed.
- An id that something else of ours has by chance ("1") gets another id here; all
  references in the copy lead to that.

What was not followed stands in ``ReplicaConflict``, with the reason.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db import connection
from django.db.models import F

from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import WijkspilError
from wijkspil.directory.selectors.logical_ids import find_organization, find_service
from wijkspil.directory.selectors.registered_numbers import (
    RegisteredNumbers,
    list_by_numbers,
)
from wijkspil.directory.services.editing import recorded
from wijkspil.fhir.errors import FhirError
from wijkspil.fhir.mapping.coding import find_care, find_organization_type
from wijkspil.fhir.mapping.registry import render
from wijkspil.fhir.models import FollowedDirectory, ReplicaConflict, ReplicatedResource
from wijkspil.fhir.selectors.replicas import (
    find_pushed,
    find_taken,
    get_renamed,
    get_source,
    list_promotable,
)
from wijkspil.fhir.services.remote_pages import Entry
from wijkspil.fhir.services.storing import store_copy
from wijkspil.fhir.services.validation import find_structure_issues
from wijkspil.fhir.types import DirectoryType, Resource

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_KEY = tuple[str, str]

#: Element and value by which a resource says that it is no longer in use.
_ENDED: Mapping[str, tuple[str, Any]] = {
    DirectoryType.LOCATION: ("status", "inactive"),
    DirectoryType.ENDPOINT: ("status", "off"),
    DirectoryType.CARE_TEAM: ("status", "inactive"),
}


class Reason:
    """Why something of another directory was not followed."""

    OWN_KEPT = "own-kept"
    OTHER_SOURCE = "other-source"
    SAME_ORGANIZATION = "same-organization"
    ID_TAKEN = "id-taken"
    NOT_STORED = "not-stored"


@dataclass(frozen=True)
class _Place:
    fhir_id: str
    is_linked: bool = False
    reason: str = ""
    detail: str = ""


class Copier:
    """Keeps what comes from one directory, and counts what it did."""

    def __init__(
        self, directory: FollowedDirectory, *, clock: Callable[[], datetime]
    ) -> None:
        self.directory = directory
        self.clock = clock
        self.actor = Actor(
            label=f"replica of {directory.address}"[:120],
            grants=(Grant(Role.ADMINISTRATOR),),
        )
        self.renamed = get_renamed(directory.pk)
        self.stored = self.repeated = self.linked = self.removed = 0

    def store(self, entries: Sequence[Entry], *, load: int) -> None:
        """Keep versions, each resource at most once, in the caller's transaction."""
        held = self._held(entries)
        newer = []
        for entry in entries:
            known = held.get((entry.type, entry.remote_id))
            if known is None or _is_newer(entry, known):
                newer.append(entry)
            else:
                self.repeated += 1
        places = self._place(
            [e for e in newer if (e.type, e.remote_id) not in held and e.content]
        )
        kept: list[ReplicatedResource] = []
        resources: list[Resource] = []
        for entry in newer:
            known = held.get((entry.type, entry.remote_id))
            if entry.content is None:
                if known is not None:
                    self._remove(known, tick=entry.tick)
                continue
            place = (
                places[entry.type, entry.remote_id]
                if known is None
                else _Place(known.fhir_id, known.is_linked, Reason.OWN_KEPT)
            )
            kept.append(self._to_row(entry, place, load))
            if place.is_linked:
                self.linked += 1
            else:
                resources.append(self._to_ours(entry.content, place.fhir_id))
            if place.reason and (place.is_linked or known is None):
                self._note(entry, place)
        self._write(kept)
        self._keep(resources)
        self.stored += len(resources)
        self._mark_seen(entries, held, load)

    def remove_left_behind(self, type_: str, *, load: int) -> None:
        """End what a complete first load no longer had."""
        for known in ReplicatedResource.objects.filter(
            directory=self.directory, type=type_, load__lt=load, is_removed=False
        ):
            self._remove(known, tick=known.tick)

    # --- what is here already

    def _held(self, entries: Sequence[Entry]) -> dict[_KEY, ReplicatedResource]:
        found = ReplicatedResource.objects.filter(
            directory=self.directory,
            type__in={entry.type for entry in entries},
            remote_id__in=[entry.remote_id for entry in entries],
        )
        return {(one.type, one.remote_id): one for one in found}

    def _place(self, entries: Sequence[Entry]) -> dict[_KEY, _Place]:
        if not entries:
            return {}
        ids = [entry.remote_id for entry in entries]
        taken = find_taken({entry.type for entry in entries}, ids)
        pushed = find_pushed(self.directory.address, ids) if taken else set()
        numbers = _NumbersHere([e for e in entries if e.type == "Organization"])
        places: dict[_KEY, _Place] = {}
        for entry in entries:
            key = (entry.type, entry.remote_id)
            is_own = taken.get(key)
            if key in pushed:
                place = _Place(entry.remote_id, is_linked=True)
            elif is_own is False:
                place = _Place(
                    entry.remote_id, is_linked=True, reason=Reason.OTHER_SOURCE
                )
            elif is_own and _is_random(entry.remote_id):
                place = _Place(entry.remote_id, is_linked=True, reason=Reason.OWN_KEPT)
            elif (same := numbers.find(entry)) is not None:
                place = _Place(
                    same.fhir_id,
                    is_linked=True,
                    reason=Reason.SAME_ORGANIZATION,
                    detail=_difference(entry, same),
                )
            elif is_own or not _ID.fullmatch(entry.remote_id):
                place = _Place(self._other_id(entry), reason=Reason.ID_TAKEN)
            else:
                place = _Place(entry.remote_id)
            places[key] = place
            if place.fhir_id != entry.remote_id:
                self.renamed[f"{entry.type}/{entry.remote_id}"] = (
                    f"{entry.type}/{place.fhir_id}"
                )
        return places

    def _other_id(self, entry: Entry) -> str:
        """Return an id for what has one that is taken here: always the same."""
        address = f"{self.directory.address}/{entry.type}/{entry.remote_id}"
        return str(uuid.uuid5(uuid.NAMESPACE_URL, address))

    # --- keep

    def _to_row(self, entry: Entry, place: _Place, load: int) -> ReplicatedResource:
        return ReplicatedResource(
            directory=self.directory,
            type=entry.type,
            remote_id=entry.remote_id,
            fhir_id=place.fhir_id,
            version_id=entry.version_id,
            tick=entry.tick,
            load=load,
            is_linked=place.is_linked,
        )

    def _write(self, rows: Sequence[ReplicatedResource]) -> None:
        ReplicatedResource.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["directory", "type", "remote_id"],
            update_fields=["version_id", "tick", "load", "is_removed"],
        )

    def _mark_seen(
        self,
        entries: Sequence[Entry],
        held: Mapping[_KEY, ReplicatedResource],
        load: int,
    ) -> None:
        """Say of repeats that this load had them too."""
        seen = [
            known.pk
            for entry in entries
            if (known := held.get((entry.type, entry.remote_id))) is not None
            and known.load != load
        ]
        if seen:
            ReplicatedResource.objects.filter(pk__in=seen).update(load=load)

    def _to_ours(self, content: Resource, fhir_id: str) -> Resource:
        ours = {**point_to(content, self.renamed), "id": fhir_id}
        meta = {
            name: value
            for name, value in (ours.pop("meta", None) or {}).items()
            if name not in {"versionId", "lastUpdated"}
        }
        return {**ours, "meta": meta} if meta else ours

    def _remove(self, known: ReplicatedResource, *, tick: int) -> None:
        """End what left the source; it stays, for it may be referred to."""
        if not known.is_removed:
            self.removed += 1
            source = get_source(known.type, known.fhir_id)
            if source is not None and not known.is_linked:
                version, at_tick, elements = source
                rendered = render(
                    known.type,
                    known.fhir_id,
                    version=version,
                    tick=at_tick,
                    source=elements,
                )
                self._keep([self._to_ours(_ended(rendered.resource), known.fhir_id)])
        ReplicatedResource.objects.filter(pk=known.pk).update(
            is_removed=True, tick=max(tick, known.tick)
        )

    def promote(self) -> None:
        """Make rows of what could not be one before: what it refers to is here now."""
        for type_ in (DirectoryType.ORGANIZATION, DirectoryType.HEALTHCARE_SERVICE):
            tried: set[str] = set()
            while found := [
                elements | {"resourceType": type_, "id": fhir_id}
                for fhir_id, elements in list_promotable(
                    type_, origin=self.directory.address
                )
                if fhir_id not in tried and _is_of_ours(type_, elements)
            ]:  # a part of a part follows its parent
                for resource in found:
                    tried.add(resource["id"])
                    self._keep_one(resource)

    def _keep(self, resources: Sequence[Resource]) -> None:
        """Keep resources: rows of the directory one by one, the others together."""
        whole = []
        for resource in resources:
            if "\\u0000" in json.dumps(resource):
                self._refuse(resource, "U+0000")
            elif resource["resourceType"] in _WHOLE:
                whole.append(resource)
            elif not _is_of_ours(resource["resourceType"], resource):
                (whole.append if not self._has_row(resource) else self._keep_one)(
                    resource
                )
            else:
                self._keep_one(resource)
        keep_whole(whole, origin=self.directory.address)

    def _keep_one(self, resource: Resource) -> bool:
        """Keep a resource by the services of the directory; whether that was done.

        What these refuse is kept whole, or left as it was where there is a row.
        """
        type_ = resource["resourceType"]
        issues = list(find_structure_issues(resource, type_))
        try:
            if issues:
                raise FhirError(HTTPStatus.UNPROCESSABLE_ENTITY, issues[:3])
            with recorded(self.actor):
                store_copy(
                    actor=self.actor,
                    at=self.clock(),
                    resource=resource,
                    origin=self.directory.address,
                )
        except WijkspilError as error:
            self._refuse(resource, str(error))
            if not self._has_row(resource):
                keep_whole([resource], origin=self.directory.address)
            return False
        return True

    def _has_row(self, resource: Resource) -> bool:
        if resource["resourceType"] == DirectoryType.ORGANIZATION:
            return find_organization(resource["id"]) is not None
        return find_service(resource["id"]) is not None

    def _refuse(self, resource: Resource, detail: str) -> None:
        self._note(
            Entry(resource["resourceType"], resource["id"], "", None, 0, None),
            _Place(resource["id"], reason=Reason.NOT_STORED, detail=detail),
        )

    def _note(self, entry: Entry, place: _Place) -> None:
        note, is_new = ReplicaConflict.objects.get_or_create(
            directory=self.directory,
            type=entry.type,
            remote_id=entry.remote_id,
            reason=place.reason,
            defaults={
                "fhir_id": place.fhir_id,
                "detail": place.detail,
                "at": self.clock(),
            },
        )
        if not is_new:
            ReplicaConflict.objects.filter(pk=note.pk).update(
                at=self.clock(),
                times=F("times") + 1,
                detail=place.detail or note.detail,
            )


def _is_of_ours(type_: str, resource: Mapping[str, Any]) -> bool:
    """Whether a resource can be a row of the directory: of a kind worked with here."""
    if type_ == DirectoryType.ORGANIZATION:
        return bool(find_organization_type(resource.get("type") or ()))
    if type_ == DirectoryType.HEALTHCARE_SERVICE:
        return bool(find_care(resource.get("type") or ()))
    return type_ == DirectoryType.LOCATION


class _NumbersHere:
    """Organizations that are here by the numbers that registers gave them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        asked = [_numbers_of(entry.content or {}) for entry in entries]
        self._found = list_by_numbers(
            uras={ura for ura, _agb, _kvk in asked},
            agb_codes={agb for _ura, agb, _kvk in asked},
            kvk_numbers={kvk for _ura, _agb, kvk in asked},
        )

    def find(self, entry: Entry) -> RegisteredNumbers | None:
        """Return the organization with the same number, the surest number first."""
        if entry.type != DirectoryType.ORGANIZATION or not self._found:
            return None
        ura, agb, kvk = _numbers_of(entry.content or {})
        for number, name in ((ura, "ura"), (agb, "agb_code"), (kvk, "kvk_number")):
            same = [one for one in self._found if number == getattr(one, name)]
            if not number or not same:
                continue
            # Locations of one company share its KVK number.
            if len(same) == 1 and not (name == "kvk_number" and _differ(ura, same[0])):
                return same[0]
        return None


def _differ(ura: str, here: RegisteredNumbers) -> bool:
    return bool(ura and here.ura and ura != here.ura)


def _numbers_of(content: Resource) -> tuple[str, str, str]:
    """Return URA, AGB code and KVK number; empty where there is none."""
    found = {"ura": "", "agb": "", "kvk": ""}
    for identifier in content.get("identifier") or ():
        if not isinstance(identifier, dict):
            continue
        system = str(identifier.get("system", "")).casefold()
        for name, marks in _SYSTEMS.items():
            if any(mark in system for mark in marks):
                found[name] = found[name] or str(identifier.get("value", ""))
    return found["ura"], found["agb"], found["kvk"]


#: Systems in use: names and OIDs of the national registers.
_SYSTEMS = {
    "ura": ("namingsystem/ura", "2.16.528.1.1007.3.3"),
    "agb": ("namingsystem/agb", "2.16.840.1.113883.2.4.6.1"),
    "kvk": ("kvk.nl", "2.16.840.1.113883.2.4.3.3", "namingsystem/kvk"),
}


def _difference(entry: Entry, here: RegisteredNumbers) -> str:
    there = str((entry.content or {}).get("name", ""))
    return f"“{there}” / “{here.name}”" if there != here.name else ""


def _is_newer(entry: Entry, known: ReplicatedResource) -> bool:
    """Whether a version comes after the one that is here.

    A later number or a later moment will do: clocks go back, and a server that was
    set back begins its numbers again.
    """
    if entry.content is None:
        return not known.is_removed and entry.tick >= known.tick
    if not entry.version_id and not entry.tick:
        return True
    if entry.version_id == known.version_id:
        return entry.tick > known.tick
    if entry.version is not None and known.version_id.isdecimal():
        return entry.version > int(known.version_id) or entry.tick > known.tick
    return entry.tick >= known.tick


def _is_random(id_: str) -> bool:
    try:
        return str(uuid.UUID(id_)) == id_.lower()
    except ValueError:
        return False


def _ended(resource: Resource) -> Resource:
    name, value = _ENDED.get(resource["resourceType"], ("active", False))
    return {**resource, name: value}


def point_to(content: Any, renamed: Mapping[str, str]) -> Any:
    """Return a resource with its references leading to other ids (pure)."""
    if not renamed:
        return content
    if isinstance(content, list):
        return [point_to(one, renamed) for one in content]
    if not isinstance(content, dict):
        return content
    return {
        name: _pointed(value, renamed)
        if name == "reference" and isinstance(value, str)
        else point_to(value, renamed)
        for name, value in content.items()
    }


def _pointed(reference: str, renamed: Mapping[str, str]) -> str:
    """Return a reference as it is here, whether it was relative or had an address."""
    relative = "/".join(reference.split("/_history/")[0].rsplit("/", 2)[-2:])
    return renamed.get(relative, reference)


#: Kept whole, as they are: the directory has no rows of them.
_WHOLE = frozenset(
    {
        DirectoryType.ENDPOINT,
        DirectoryType.ORGANIZATION_AFFILIATION,
        DirectoryType.CARE_TEAM,
        DirectoryType.PRACTITIONER,
        DirectoryType.PRACTITIONER_ROLE,
        DirectoryType.PROVENANCE,
    }
)

_KEEP_WHOLE = """
INSERT INTO fhir_fedelements (type, fhir_id, elements, origin)
SELECT * FROM unnest(%s::text[], %s::text[], %s::jsonb[], %s::text[])
    ON CONFLICT (type, fhir_id) DO UPDATE
   SET elements = excluded.elements, origin = excluded.origin
 WHERE fhir_fedelements.elements <> excluded.elements
"""


def keep_whole(resources: Sequence[Resource], *, origin: str) -> None:
    """Keep resources of which the directory has no row, as they are."""
    if not resources:
        return
    rows = [
        (
            resource["resourceType"],
            resource["id"],
            json.dumps(
                {n: v for n, v in resource.items() if n not in {"resourceType", "id"}}
            ),
            origin,
        )
        for resource in resources
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_WHOLE, [list(c) for c in zip(*rows, strict=True)])
