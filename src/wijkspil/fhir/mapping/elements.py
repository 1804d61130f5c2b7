"""What of a resource is the directory's own, and what others may feed.

Three ways, per element of a type:

- ``OWNED``: the directory has a field for it. It is written through the services of
  the directory and always shown from its table; it is never kept in FedElements.
- ``JOINED``: a list of which the directory has some items and others may feed more.
  Fed items come first and as they were sent; items of the directory follow unless one
  of the same kind was fed (the same code, number, address or system).
- every other element is shown as it was fed; if it was not fed, as the directory
  makes it.

A feed therefore keeps ``split(type, incoming, own)``: everything but what is owned and
but the items the directory shows by itself, so that sending back what was read keeps
nothing twice. ``own`` is the resource as the mapper makes it without fed elements.
"""

from collections.abc import Callable, Mapping
from typing import Any

from wijkspil.fhir.mapping.codes import (
    CONTACT_AREA,
    CONTACT_AUDIENCE,
    CONTACT_USE,
    PARTICIPANT_TYPE,
)
from wijkspil.fhir.types import DirectoryType, Resource

#: Elements that every resource has and that are never fed.
ALWAYS_OWNED = frozenset({"resourceType", "id"})

OWNED: Mapping[str, frozenset[str]] = {
    DirectoryType.ORGANIZATION: frozenset({"active", "name", "partOf"}),
    DirectoryType.HEALTHCARE_SERVICE: frozenset({"active", "name", "providedBy"}),
    DirectoryType.LOCATION: frozenset(),
    DirectoryType.CARE_TEAM: frozenset({"name", "managingOrganization"}),
    DirectoryType.ENDPOINT: frozenset(),
    DirectoryType.ORGANIZATION_AFFILIATION: frozenset(),
}


def _key_of_coded(item: Mapping[str, Any]) -> object:
    return frozenset(
        (coding.get("system"), coding.get("code")) for coding in item.get("coding", ())
    )


def _key_of_identifier(item: Mapping[str, Any]) -> object:
    return (item.get("system"), item.get("value"), _is_custodians(item))


def _is_custodians(item: Mapping[str, Any]) -> bool:
    """Whether an identifier is the one that its custodian assigned."""
    assigner = (item.get("assigner") or {}).get("identifier") or {}
    return any(
        coding.get("system") == PARTICIPANT_TYPE and coding.get("code") == "custodian"
        for coding in (assigner.get("type") or {}).get("coding", ())
    )


def _key_of_telecom(item: Mapping[str, Any]) -> object:
    ours = {CONTACT_AUDIENCE, CONTACT_USE, CONTACT_AREA}
    return (
        item.get("system"),
        item.get("value"),
        repr([e for e in item.get("extension", ()) if e.get("url") in ours]),
    )


def _key_of_extension(item: Mapping[str, Any]) -> object:
    return item.get("url")


def _key_of_reference(item: Mapping[str, Any]) -> object:
    identifier = item.get("identifier") or {}
    return (
        item.get("reference"),
        identifier.get("system"),
        identifier.get("value"),
        repr(item.get("extension")),
    )


def _key_of_eligibility(item: Mapping[str, Any]) -> object:
    return _key_of_coded(item.get("code") or {})


_Key = Callable[[Mapping[str, Any]], object]

JOINED: Mapping[str, Mapping[str, _Key]] = {
    DirectoryType.ORGANIZATION: {
        "identifier": _key_of_identifier,
        "type": _key_of_coded,
        "extension": _key_of_extension,
        "telecom": _key_of_telecom,
    },
    DirectoryType.HEALTHCARE_SERVICE: {
        "identifier": _key_of_identifier,
        "type": _key_of_coded,
        "extension": _key_of_extension,
        "telecom": _key_of_telecom,
        "coverageArea": _key_of_reference,
        "endpoint": _key_of_reference,
        "characteristic": _key_of_coded,
        "eligibility": _key_of_eligibility,
        "program": _key_of_coded,
        "communication": _key_of_coded,
    },
    DirectoryType.CARE_TEAM: {
        "identifier": _key_of_identifier,
        "extension": _key_of_extension,
        "telecom": _key_of_telecom,
    },
}

#: Extensions of which the directory's own item wins over a fed one of the same url.
_OWN_WINS = frozenset({"extension"})


def join(type_: str, own: Resource, fed: Mapping[str, Any] | None) -> Resource:
    """Return a resource of the directory with what was fed beside it (pure)."""
    if not fed:
        return own
    joined = JOINED.get(type_, {})
    owned = OWNED.get(type_, frozenset()) | ALWAYS_OWNED
    made: Resource = {}
    for name in dict.fromkeys([*own, *fed]):
        if name in owned or name not in fed:
            if name in own:
                made[name] = own[name]
        elif name in joined and name in own:
            made[name] = _join_items(name, own[name], fed[name], joined[name])
        elif name == "meta" and name in own:
            made[name] = _join_meta(own[name], fed[name])
        else:
            made[name] = fed[name]
    return made


def _join_items(
    name: str, own: list[Resource], fed: list[Resource], key: _Key
) -> list[Resource]:
    if name in _OWN_WINS:
        urls = {key(item) for item in own}
        return [*(item for item in fed if key(item) not in urls), *own]
    known = {key(item) for item in fed}
    has_custodian = any(_is_custodians(item) for item in fed)
    return [
        *fed,
        *(
            item
            for item in own
            if key(item) not in known and not (has_custodian and _is_custodians(item))
        ),
    ]


def _join_meta(own: Resource, fed: Mapping[str, Any]) -> Resource:
    """Return labels and profiles of both; version and moment are always ours."""
    made = dict(own)
    for name in ("profile", "security", "tag"):
        items = [*fed.get(name, ())]
        items += [item for item in own.get(name, ()) if item not in items]
        if items:
            made[name] = items
    return made


def split(type_: str, incoming: Mapping[str, Any], own: Resource) -> Resource:
    """Return what a feed keeps of a resource that came in (see module docstring)."""
    owned = OWNED.get(type_, frozenset()) | ALWAYS_OWNED
    joined = JOINED.get(type_, {})
    kept: Resource = {}
    for name, value in incoming.items():
        if name in owned or (name.startswith("_") and name[1:] in owned):
            continue
        if name == "meta":
            value = {n: v for n, v in value.items() if n not in _VERSIONED}
        elif name in joined and isinstance(value, list):
            value = [item for item in value if item not in own.get(name, ())]
        elif name in own and own[name] == value:
            continue
        if value not in ({}, []):
            kept[name] = value
    return kept


_VERSIONED = frozenset({"versionId", "lastUpdated"})
