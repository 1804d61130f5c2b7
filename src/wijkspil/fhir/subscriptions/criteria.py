"""What a subscription asks for, and whether a version is that.

Two forms. R4: ``criteria`` is a search, as in ``Task?owner=HealthcareService/x``. The
Subscriptions R5 Backport (hl7.fhir.uv.subscriptions-backport 1.1): ``criteria`` is a
topic, and filters of that form narrow it. A filter compares codes and references; it
has no modifiers and no prefixes, so that what it matches can be told in advance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import refuse
from wijkspil.fhir.mapping.codes import OWN
from wijkspil.fhir.types import DirectoryType, Resource

TASK = "Task"
TASK_TOPIC = f"{OWN}/SubscriptionTopic/task-changed"
DIRECTORY_TOPIC = f"{OWN}/SubscriptionTopic/directory-changed"

#: topic -> types of which a change is told.
TOPICS: Mapping[str, tuple[str, ...]] = {
    TASK_TOPIC: (TASK,),
    DIRECTORY_TOPIC: tuple(type_.value for type_ in DirectoryType),
}

#: type -> filter -> where its value stands.
_PATHS: Mapping[str, Mapping[str, str]] = {
    TASK: {
        "owner": "owner",
        "requester": "requester",
        "status": "status",
        "focus": "focus",
        "based-on": "basedOn",
        "business-status": "businessStatus",
        "code": "code",
    },
    DirectoryType.HEALTHCARE_SERVICE: {
        "organization": "providedBy",
        "active": "active",
        "service-type": "type",
        "location": "location",
        "identifier": "identifier",
    },
    DirectoryType.ORGANIZATION: {
        "active": "active",
        "partof": "partOf",
        "type": "type",
        "identifier": "identifier",
    },
    DirectoryType.LOCATION: {
        "organization": "managingOrganization",
        "status": "status",
        "identifier": "identifier",
    },
    DirectoryType.ENDPOINT: {
        "organization": "managingOrganization",
        "status": "status",
        "connection-type": "connectionType",
        "identifier": "identifier",
    },
    DirectoryType.ORGANIZATION_AFFILIATION: {
        "primary-organization": "organization",
        "participating-organization": "participatingOrganization",
        "active": "active",
        "identifier": "identifier",
    },
    DirectoryType.CARE_TEAM: {"status": "status", "identifier": "identifier"},
}


@dataclass(frozen=True)
class Filter:
    """A type, and values of which one must be there, per parameter."""

    type: str
    values: tuple[tuple[str, tuple[str, ...]], ...]


def read_filters(criteria: str, narrowing: Sequence[str]) -> tuple[str, list[Filter]]:
    """Return (topic, filters) of what was asked; the topic is empty for a search.

    Raises
    ------
    FhirError
        422 if the topic, type or filter is not known, with those that are.
    """
    if criteria in TOPICS:
        filters = [read_filter(text) for text in narrowing]
        for one in filters:
            if one.type not in TOPICS[criteria]:
                raise _refuse(
                    gettext_noop("The topic tells of %(known)s, not of “%(type)s”."),
                    known=", ".join(TOPICS[criteria]),
                    type=one.type,
                )
        known = {one.type for one in filters}
        filters += [
            Filter(type_, ()) for type_ in TOPICS[criteria] if type_ not in known
        ]
        return criteria, filters
    if criteria.startswith(("http://", "https://")):
        raise _refuse(
            gettext_noop("“%(criteria)s” is no topic here. Choose from: %(known)s."),
            criteria=criteria[:200],
            known=", ".join(TOPICS),
        )
    return "", [read_filter(criteria)]


def read_filter(text: str) -> Filter:
    """Return a filter from text such as ``Task?status=requested,accepted``.

    Raises
    ------
    FhirError
        422 as for ``read_filters``.
    """
    type_, _mark, query = text.partition("?")
    paths = _PATHS.get(type_)
    if paths is None:
        raise _refuse(
            gettext_noop("“%(type)s” cannot be followed. Choose from: %(known)s."),
            type=type_[:60],
            known=", ".join(sorted(_PATHS)),
        )
    values = []
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in paths or not value:
            raise _refuse(
                gettext_noop(
                    "“%(name)s” is no filter for %(type)s. Choose from: %(known)s."
                ),
                name=f"{name}={value}"[:120],
                type=type_,
                known=", ".join(sorted(paths)),
            )
        values.append((name, tuple(value.split(","))))
    return Filter(type_, tuple(values))


def _refuse(message: str, **values: Any) -> Exception:
    return refuse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "value",
        message,
        expression="Subscription.criteria",
        **values,
    )


def matches(filters: Sequence[Filter], resource: Resource) -> bool:
    """Whether a resource is what one of the filters asks for."""
    return any(
        one.type == resource["resourceType"]
        and all(
            any(_has(resource.get(_PATHS[one.type][name]), value) for value in values)
            for name, values in one.values
        )
        for one in filters
    )


def _has(element: Any, value: str) -> bool:
    """Whether an element is, or holds, a code or reference as it is searched for."""
    if isinstance(element, list):
        return any(_has(item, value) for item in element)
    if isinstance(element, bool):
        return value == str(element).lower()
    if isinstance(element, str):
        return value in {element, f"|{element}"}
    if not isinstance(element, dict):
        return False
    if "coding" in element:
        return _has(element["coding"], value)
    if "reference" in element:
        reference = str(element["reference"])
        return reference == value or reference.endswith(f"/{value}")
    code = element.get("code", element.get("value"))
    system, bar, wanted = value.rpartition("|")
    if bar:
        return element.get("system", "") == system and wanted in {"", code}
    return bool(code == value)
