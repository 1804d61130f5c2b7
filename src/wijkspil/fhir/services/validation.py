"""Whether a resource that comes in is FHIR R4, and meets the Dutch profile.

First the structure, by the models of ``fhir.resources`` (its R4B: equal to R4 for the
types of a directory); then each rule of hl7.fhir.nl.gf 0.10.0 as one small function;
then whether what it refers to is here. Everything that is wrong is said at once.

An update may not make a resource worse, but what was wrong before does not stop it: a
practice of which nobody knows the URA can still tell its room.
"""

import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from importlib import import_module
from typing import Any

from django.utils.translation import gettext_noop

from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_agb_code, clean_kvk_number, clean_ura
from wijkspil.core.prepared import fetch_rows
from wijkspil.fhir.errors import FhirError, Issue, refuse
from wijkspil.fhir.mapping.codes import (
    CARE,
    ORGANIZATION_ROLE,
    ORGANIZATION_TYPE,
    OWN_ORGANIZATION_TYPE,
    PARTICIPANT_TYPE,
    PAYLOAD_TYPE,
    SERVICE_TYPE,
)
from wijkspil.fhir.mapping.references import (
    FHIR_ID,
    numbers_of,
    register_of,
    split_reference,
    walk_references,
)
from wijkspil.fhir.types import DirectoryType, Resource

#: Most issues that are told of at once.
MAX_ISSUES = 100

_Rule = Callable[[Resource], Iterable[Issue]]


def check_resource(
    resource: Any,
    *,
    type_: str,
    id_: str = "",
    current: Resource | None = None,
    in_bundle: Collection[tuple[str, str]] = (),
) -> None:
    """Check a resource before it is stored.

    ``current`` is what is here now. References may be to what is here or ``in_bundle``.
    One query if it refers to anything.

    Raises
    ------
    FhirError
        400 if it is not the resource that the address says; 422 with all issues.
    """
    check_address(resource, type_=type_, id_=id_)
    issues = [*_find_unstorable(resource, type_)]
    if not issues:
        issues = list(find_structure_issues(resource, type_))
    if not issues:
        before = set(_find_profile_issues(current, type_)) if current else set()
        issues = [
            issue
            for issue in _find_profile_issues(resource, type_)
            if issue not in before
        ]
        issues += _find_missing(resource, type_, current, in_bundle)
    if issues:
        raise FhirError(HTTPStatus.UNPROCESSABLE_ENTITY, issues[:MAX_ISSUES])


def check_address(resource: Any, *, type_: str, id_: str = "") -> None:
    """Check that a body is the resource that the address says.

    Raises
    ------
    FhirError
        400 if it is another one, or none.
    """
    if not isinstance(resource, dict) or "resourceType" not in resource:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "structure",
            gettext_noop("Send one FHIR resource of type %(type)s as JSON."),
            type=type_,
        )
    if resource["resourceType"] != type_:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop("The address says %(type)s, the resource says %(other)s."),
            expression=f"{type_}.resourceType",
            type=type_,
            other=str(resource["resourceType"])[:40],
        )
    if id_ and resource.get("id") != id_:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop(
                "The address says id “%(id)s”, the resource says “%(other)s”. They "
                "must be the same."
            ),
            expression=f"{type_}.id",
            id=id_,
            other=str(resource.get("id", ""))[:64],
        )
    if id_ and not FHIR_ID.fullmatch(id_):
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop(
                "“%(id)s” cannot be an id: use 1 to 64 letters, digits, - and dots."
            ),
            expression=f"{type_}.id",
            id=id_[:80],
        )


# --- structure


def find_structure_issues(resource: Resource, type_: str) -> Iterator[Issue]:
    """Give what is not FHIR R4 in a resource, with its place as FHIRPath."""
    from pydantic import ValidationError  # heavy: only who writes waits for it

    try:
        made = _model(type_).model_validate(resource)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            yield _to_issue(found, _to_path(type_, found["loc"]))
        return
    yield from _find_loose(resource, json.loads(made.model_dump_json()), type_)


@cache
def _model(type_: str) -> Any:
    module = import_module(f"fhir.resources.R4B.{type_.lower()}")
    return getattr(module, type_)


def _to_issue(found: Mapping[str, Any], place: str) -> Issue:
    if found["type"] == "extra_forbidden":
        return Issue("structure", gettext_noop("FHIR R4 has no such element."), place)
    if found["type"] == "missing":
        return Issue("required", gettext_noop("This element is required."), place)
    reason = str(found["msg"]).removeprefix("Value error, ")[:300]
    return Issue("structure", "%(reason)s", place, (("reason", reason),))


def _to_path(type_: str, place: Iterable[Any]) -> str:
    path = type_
    for step in place:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path


def _find_loose(sent: Any, made: Any, place: str) -> Iterator[Issue]:
    """Give what the model forgave: empty elements, and "true" for true."""
    if sent is None or sent in ({}, [], ""):
        yield Issue(
            "structure",
            gettext_noop("An element cannot be empty: leave it out."),
            place,
        )
    elif isinstance(sent, dict) and isinstance(made, dict):
        for name, value in sent.items():
            if name in made or value in ({}, [], "", None):
                yield from _find_loose(value, made.get(name), f"{place}.{name}")
    elif isinstance(sent, list) and isinstance(made, list) and len(sent) == len(made):
        for number, (item, its) in enumerate(zip(sent, made, strict=True)):
            if item is None and its is None:
                continue  # beside an extension of a primitive
            yield from _find_loose(item, its, f"{place}[{number}]")
    elif isinstance(made, bool) != isinstance(sent, bool) or (
        isinstance(sent, str) and isinstance(made, int | float)
    ):
        yield Issue(
            "structure",
            gettext_noop("This value has another type in FHIR: write %(value)s."),
            place,
            (("value", json.dumps(made)),),
        )


def _find_unstorable(value: Any, place: str, depth: int = 0) -> Iterator[Issue]:
    """Give texts and numbers that JSON allows and no database keeps."""
    if depth > 60:
        yield Issue("structure", gettext_noop("This lies too deep to be read."), place)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _find_unstorable(name, place, depth)
            yield from _find_unstorable(item, f"{place}.{name}", depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _find_unstorable(item, f"{place}[{number}]", depth + 1)
    elif isinstance(value, str):
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            yield Issue(
                "value",
                gettext_noop("This text holds a character that cannot be stored."),
                place.encode("ascii", "replace").decode(),
            )
    elif isinstance(value, float) and not math.isfinite(value):
        yield Issue("value", gettext_noop("This is not a number."), place)


# --- the Dutch profile


def _find_profile_issues(resource: Resource, type_: str) -> Iterator[Issue]:
    for rule in _RULES.get(type_, ()):
        yield from rule(resource)


def _needs(*names: str) -> _Rule:
    """Elements that the profile (or mCSD below it) asks for."""

    def rule(resource: Resource) -> Iterable[Issue]:
        for name in names:
            if resource.get(name) in (None, "", [], {}):
                yield Issue(
                    "required",
                    gettext_noop("%(type)s must have “%(element)s” (%(profile)s)."),
                    f"{resource['resourceType']}.{name}",
                    (
                        ("type", resource["resourceType"]),
                        ("element", name),
                        ("profile", _profile_of(resource)),
                    ),
                )

    return rule


def _has_none_of(*names: str) -> _Rule:
    """Elements that the profile forbids (mCSD: implicitRules, modifierExtension)."""

    def rule(resource: Resource) -> Iterable[Issue]:
        for name in names:
            if name in resource:
                yield Issue(
                    "structure",
                    gettext_noop("%(type)s cannot have “%(element)s” (%(profile)s)."),
                    f"{resource['resourceType']}.{name}",
                    (
                        ("type", resource["resourceType"]),
                        ("element", name),
                        ("profile", _profile_of(resource)),
                    ),
                )

    return rule


def _profile_of(resource: Resource) -> str:
    return f"nl-gf-{resource['resourceType'].lower()}"


def _has_one_custodian(resource: Resource) -> Iterable[Issue]:
    """nl-gf-custodianassignedidentifier: exactly one, with its custodian."""
    found = [
        number
        for number, identifier in enumerate(resource.get("identifier", ()))
        if is_custodians(identifier)
    ]
    if len(found) != 1:
        yield Issue(
            "required",
            gettext_noop(
                "Give exactly one identifier that its custodian assigned: use "
                "“official”, system, value, and assigner.identifier with the URA or "
                "KVK number of the custodian and type “custodian”. Found: %(count)s."
            ),
            f"{resource['resourceType']}.identifier",
            (("count", str(len(found))),),
        )


def is_custodians(identifier: Mapping[str, Any]) -> bool:
    """Whether an identifier is one that its custodian assigned, as the profile says."""
    assigner = (identifier.get("assigner") or {}).get("identifier") or {}
    codings = (assigner.get("type") or {}).get("coding") or []
    return (
        identifier.get("use") == "official"
        and bool(identifier.get("system"))
        and bool(identifier.get("value"))
        and register_of(str(assigner.get("system", ""))) in {"ura", "kvk_number"}
        and bool(assigner.get("value"))
        and len(codings) == 1
        and codings[0].get("system") == PARTICIPANT_TYPE
        and codings[0].get("code") == "custodian"
    )


_CLEAN = {"ura": clean_ura, "kvk_number": clean_kvk_number, "agb_code": clean_agb_code}


def _numbers_are_right(resource: Resource) -> Iterable[Issue]:
    """URA, KVK number and AGB code have the form of their register."""
    for number, identifier in enumerate(resource.get("identifier", ())):
        field = register_of(str(identifier.get("system", "")))
        value = str(identifier.get("value", ""))
        if not field:
            continue
        try:
            is_right = _CLEAN[field](value) == value
        except InvalidValue:
            is_right = False
        if not is_right:
            yield Issue(
                "value",
                gettext_noop("“%(value)s” is not a number of %(system)s."),
                f"{resource['resourceType']}.identifier[{number}].value",
                (("value", value[:40]), ("system", identifier["system"])),
            )


def _has_number_or_parent(resource: Resource) -> Iterable[Issue]:
    """Invariant ura-identifier-or-partof."""
    numbers = numbers_of(resource.get("identifier", ()))
    if not ({"ura", "kvk_number"} & set(numbers) or resource.get("partOf")):
        yield Issue(
            "invariant",
            gettext_noop(
                "An organization has a URA or a KVK number, or is part of another."
            ),
            "Organization.identifier",
        )


def _has_ura_with_endpoint(resource: Resource) -> Iterable[Issue]:
    """Invariant only-ura-identified-organization-can-refer-to-an-endpoint."""
    if resource.get("endpoint") and "ura" not in numbers_of(
        resource.get("identifier", ())
    ):
        yield Issue(
            "invariant",
            gettext_noop("Only an organization with a URA can refer to an Endpoint."),
            "Organization.endpoint",
        )


def _is_coded(element: str, *systems: str) -> _Rule:
    """Invariants nl-gf-*-req: one coding of the systems of the value set."""

    def rule(resource: Resource) -> Iterable[Issue]:
        concepts = resource.get(element) or []
        found = [
            str(coding.get("system", ""))
            for concept in concepts
            for coding in concept.get("coding", ())
            if coding.get("code")
        ]
        if concepts and not any(
            system.endswith(end) for system in found for end in systems
        ):
            yield Issue(
                "code-invalid",
                gettext_noop("“%(element)s” takes at least one code of: %(systems)s."),
                f"{resource['resourceType']}.{element}",
                (("element", element), ("systems", ", ".join(systems))),
            )

    return rule


def _has_active(resource: Resource) -> Iterable[Issue]:
    """OrganizationAffiliation.active 1..1 (false is a value)."""
    if "active" not in resource:
        yield from _needs("active")(resource)


def _has_web_address(resource: Resource) -> Iterable[Issue]:
    """Endpoint.address is the address of a server."""
    address = str(resource.get("address", ""))
    if address and not address.startswith(("https://", "http://", "mailto:", "tel:")):
        yield Issue(
            "value",
            gettext_noop("“%(value)s” is not an address: begin with https://."),
            "Endpoint.address",
            (("value", address[:100]),),
        )


#: Trades, as the guide and its first drafts write the code system.
_SBI = ("cbs.nl/standaard-bedrijfsindeling", "nl-gf-sbi-2025-cs", "nl-gf-sbi-cs")
_NOT_AT_ALL = _has_none_of("implicitRules", "modifierExtension")

_RULES: Mapping[str, tuple[_Rule, ...]] = {
    DirectoryType.ORGANIZATION: (
        _NOT_AT_ALL,
        _needs("name", "type"),
        _has_one_custodian,
        _numbers_are_right,
        _has_number_or_parent,
        _has_ura_with_endpoint,
        _is_coded("type", ORGANIZATION_TYPE, *_SBI, OWN_ORGANIZATION_TYPE),
    ),
    DirectoryType.LOCATION: (
        _NOT_AT_ALL,
        _needs("name", "type", "status", "managingOrganization"),
        _has_one_custodian,
        _is_coded("type", *_SBI, "CodeSystem/v3-RoleCode", CARE),
    ),
    DirectoryType.HEALTHCARE_SERVICE: (
        _NOT_AT_ALL,
        _needs("name", "type", "providedBy"),
        _has_one_custodian,
        _is_coded("type", SERVICE_TYPE, "nl-gf-zorgvragen-cs", "cod163", CARE),
    ),
    DirectoryType.ENDPOINT: (
        _NOT_AT_ALL,
        _needs(
            "status", "connectionType", "payloadType", "address", "managingOrganization"
        ),
        _is_coded("payloadType", PAYLOAD_TYPE, "nl-gf-data-categories-cs"),
        _has_web_address,
    ),
    DirectoryType.ORGANIZATION_AFFILIATION: (
        _NOT_AT_ALL,
        _has_none_of("network"),
        _needs("organization", "participatingOrganization", "code"),
        _has_active,
        _has_one_custodian,
        _is_coded("code", "nl-gf-authorization-type-cs", ORGANIZATION_ROLE),
    ),
}


# --- references


def _find_missing(
    resource: Resource,
    type_: str,
    current: Resource | None,
    in_bundle: Collection[tuple[str, str]],
) -> list[Issue]:
    """Return which resources it refers to are not here (one query)."""
    known = {ref["reference"] for _place, ref in walk_references(current or {}, "")}
    asked: list[tuple[str, tuple[str, str]]] = []
    issues = []
    for place, reference in walk_references(resource, type_):
        text = reference["reference"]
        if text.startswith("#") or "://" in text or text in known:
            continue
        parts = split_reference(text)
        if parts is None:
            issues.append(_missing(place, text))
        elif parts not in in_bundle and parts != (type_, resource.get("id")):
            asked.append((place, parts))
    if not asked:
        return issues
    rows = fetch_rows(
        """
        SELECT DISTINCT a.type, a.id FROM unnest(%(types)s::text[], %(ids)s::text[])
            AS a (type, id)
          JOIN fhir_resource r ON r.type = a.type AND r.fhir_id = a.id
        """,
        {
            "types": [type_ for _place, (type_, _id) in asked],
            "ids": [id_ for _place, (_type, id_) in asked],
        },
    )
    here = set(rows)
    return issues + [
        _missing(place, "/".join(parts)) for place, parts in asked if parts not in here
    ]


def _missing(place: str, text: str) -> Issue:
    return Issue(
        "not-found",
        gettext_noop("“%(reference)s” is not here. Send that first, or in one bundle."),
        f"{place}.reference",
        (("reference", text[:120]),),
    )
