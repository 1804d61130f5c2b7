"""Who may feed which resource: the organization it belongs to, and its mandates.

A system feeds what belongs to its own organization and to the parts of it. With an
OrganizationAffiliation a care provider lets another organization's system feed for it
(hl7.fhir.nl.gf, care-services, "Security"); that affiliation only the provider itself
can make. What the right to edit is, the directory decides (``directory.edit``): here
only is found whom a resource belongs to. Deny by default.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from wijkspil.accounts.types import Actor, Grant, Role, Target
from wijkspil.core.prepared import fetch_row, fetch_rows
from wijkspil.directory.permissions import check_can_edit_directory
from wijkspil.directory.selectors.logical_ids import (
    OrganizationKeys,
    find_organization,
    find_organization_by_number,
    get_organization_keys,
    list_parts,
)
from wijkspil.directory.selectors.targets_of_entries import (
    get_new_organization_target,
    get_organization_edit_target,
)
from wijkspil.fhir.mapping.references import (
    id_of,
    is_in_force,
    numbers_of,
)
from wijkspil.fhir.types import DirectoryType, Resource

#: Element that says which organization a resource belongs to.
OWNER: Mapping[str, str] = {
    DirectoryType.LOCATION: "managingOrganization",
    DirectoryType.HEALTHCARE_SERVICE: "providedBy",
    DirectoryType.ENDPOINT: "managingOrganization",
    DirectoryType.ORGANIZATION_AFFILIATION: "organization",
}
#: Mandates of the Dutch guide (CodeSystem nl-gf-authorization-type-cs) and the types
#: they give; None is every type but the affiliation itself.
_MANDATES: Mapping[str, frozenset[str] | None] = {
    "lrza-careprovider-admin": None,
    "lrza-endpoint-admin": frozenset({DirectoryType.ENDPOINT.value}),
}
_MANDATE_SYSTEM = "nl-gf-authorization-type-cs"
#: An organization of another system may be part of one of another system, and so on.
_DEEPEST = 5


def act_for(actor: Actor, type_: str, *, at: datetime) -> Actor:
    """Return the actor with the organizations it may feed this type for.

    Four queries for a provider's system, none for others.
    """
    own = {
        grant.organization_id
        for grant in actor.grants
        if grant.role == Role.PROVIDER_SYSTEM and grant.organization_id is not None
    }
    if not own:
        return actor
    reached = own | list_parts(own)
    if type_ != DirectoryType.ORGANIZATION_AFFILIATION:
        mandated = {
            giver
            for organization_id in own
            for giver in _list_mandates(organization_id, type_, at=at)
        }
        reached |= mandated | (list_parts(mandated) if mandated else frozenset())
    return replace(
        actor,
        grants=(
            *actor.grants,
            *(
                Grant(Role.PROVIDER_SYSTEM, organization_id=organization_id)
                for organization_id in sorted(reached - own)
            ),
        ),
    )


def check_can_feed(actor: Actor, type_: str, resource: Resource) -> None:
    """Check that the actor may feed what belongs to the owner of a resource.

    ``actor`` as ``act_for`` made it.

    Raises
    ------
    NotPermitted
        If not; also if nobody here owns it and the actor edits no region.
    """
    check_can_edit_directory(actor, get_target(type_, resource))


def have_same_owner(type_: str, one: Resource, other: Resource) -> bool:
    """Whether two versions of a resource say the same of whom they belong to."""
    element = OWNER.get(type_, "partOf")
    return bool(one.get(element) == other.get(element))


def get_target(type_: str, resource: Resource) -> Target:
    """Return where a feed of a resource lands: its owner, or any region."""
    if type_ == DirectoryType.ORGANIZATION:
        owner = find_organization(resource.get("id", "")) or find_owner(
            resource.get("partOf")
        )
    else:
        owner = find_owner(resource.get(OWNER[type_]))
    if owner is None:
        return get_new_organization_target()
    return get_organization_edit_target(owner.id)


def find_owner(reference: Mapping[str, Any] | None) -> OrganizationKeys | None:
    """Return the organization of ours that a reference leads to, or None.

    By its logical id, its registered number, or as what it is a part of.
    """
    for _step in range(_DEEPEST):
        if not reference:
            return None
        fhir_id = id_of(reference, DirectoryType.ORGANIZATION)
        if not fhir_id:
            numbers = numbers_of([reference.get("identifier") or {}])
            return find_organization_by_number(**numbers) if numbers else None
        if (found := find_organization(fhir_id)) is not None:
            return found
        row = fetch_row(_PART_OF, {"id": fhir_id})
        reference = row[0] if row else None
    return None


_PART_OF = """
SELECT (elements->'partOf')::json FROM fhir_fedelements
 WHERE type = 'Organization' AND fhir_id = %(id)s
"""


def _list_mandates(organization_id: int, type_: str, *, at: datetime) -> frozenset[int]:
    """Return the organizations that let this one feed a type for them."""
    keys = get_organization_keys(organization_id)
    if keys is None:
        return frozenset()
    rows = fetch_rows(_AFFILIATIONS, {"patterns": [json.dumps(p) for p in _to(keys)]})
    givers = set()
    for (elements,) in rows:
        named = elements.get("participatingOrganization") or {}
        if not (
            is_in_force(elements, at=at)
            and _gives(elements, type_)
            and _is_named(named, keys)
        ):
            continue
        giver = find_owner(elements.get("organization"))
        if giver is not None:
            givers.add(giver.id)
    return frozenset(givers)


#: Only what was fed here, by whom may: what was copied from another directory gives
#: no rights in this one.
_AFFILIATIONS = """
SELECT elements::json FROM fhir_fedelements
 WHERE type = 'OrganizationAffiliation' AND origin NOT LIKE 'http%%'
   AND elements @> ANY(%(patterns)s::jsonb[])
"""


def _to(keys: OrganizationKeys) -> list[Resource]:
    """Return how an affiliation can name this organization as taking part."""
    named: list[Resource] = [{"reference": f"Organization/{keys.fhir_id}"}]
    named += [
        {"identifier": {"value": number}}
        for number in (keys.ura, keys.kvk_number)
        if number
    ]
    return [{"active": True, "participatingOrganization": name} for name in named]


def _is_named(reference: Mapping[str, Any], keys: OrganizationKeys) -> bool:
    """Whether a reference is to this organization: its number in its own register."""
    if reference.get("reference"):
        return id_of(reference, DirectoryType.ORGANIZATION) == keys.fhir_id
    numbers = numbers_of([reference.get("identifier") or {}])
    return any(
        number and number == numbers.get(name)
        for name, number in (("ura", keys.ura), ("kvk_number", keys.kvk_number))
    )


def _gives(elements: Resource, type_: str) -> bool:
    for concept in elements.get("code", ()):
        for coding in concept.get("coding", ()):
            if not str(coding.get("system", "")).endswith(_MANDATE_SYSTEM):
                continue
            types = _MANDATES.get(coding.get("code", ""), frozenset())
            if types is None or type_ in types:
                return True
    return False
