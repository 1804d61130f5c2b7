"""Say what this server does: the CapabilityStatement, made from what it does.

From the table of interactions and the tables of search parameters; so it cannot
promise what is not there. ``docs/reference/capability-statement.json`` holds a copy
that a test compares.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date

from wijkspil.fhir.exchange.services.following_requests import REQUEST_PARAMETERS
from wijkspil.fhir.exchange.services.following_tasks import TASK_PARAMETERS
from wijkspil.fhir.mapping.codes import OWN
from wijkspil.fhir.mapping.conformance import search_parameter_url
from wijkspil.fhir.mapping.parameters import PARAMETERS, references_of
from wijkspil.fhir.services.storing import FED_TYPES
from wijkspil.fhir.subscriptions.criteria import TOPICS
from wijkspil.fhir.types import FHIR_JSON, Answer, Call, DirectoryType, Resource

#: Changes with what the server does.
DATE = date(2026, 11, 22)
_INTERACTIONS_OF_TYPE = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
_INTERACTIONS_OF_SYSTEM = ("transaction", "batch", "search-system", "history-system")
_DIRECTORY = frozenset(type_.value for type_ in DirectoryType)
#: Parameters of the exchange that are not tokens.
_REFERENCES = frozenset(
    {
        "owner", "requester", "focus", "based-on", "performer", "subject", "patient",
        "part-of",
    }
)  # fmt: skip
_DATES = frozenset({"_lastUpdated", "authored", "authored-on", "modified", "period"})
_OF_EXCHANGE: Mapping[str, Iterable[str]] = {
    "Task": TASK_PARAMETERS,
    "ServiceRequest": REQUEST_PARAMETERS,
    "Patient": ("_id", "identifier"),
    "Subscription": ("_id", "status", "url"),
}
_OPERATION = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition"
_DEFINED_ELSEWHERE = {
    ("Subscription", "$status"): f"{_OPERATION}/backport-subscription-status"
}

Interactions = Mapping[str, Mapping[str, object]]


def tell_capabilities(call: Call, interactions: Interactions) -> Answer:
    """Answer ``/metadata``; the same for everybody."""
    statement = make_statement(interactions, base_url=call.base_url)
    return Answer(text=json.dumps(statement, ensure_ascii=False))


def make_statement(interactions: Interactions, *, base_url: str) -> Resource:
    """Return the CapabilityStatement of the interactions there are."""
    system = interactions[""]
    return {
        "resourceType": "CapabilityStatement",
        "id": "wijkspil",
        "url": f"{OWN}/CapabilityStatement/wijkspil",
        "version": "1.0.0",
        "name": "Wijkspil",
        "title": "Wijkspil: directory and exchange of requests in primary care",
        "status": "active",
        "experimental": True,
        "date": DATE.isoformat(),
        "publisher": "Wijkspil",
        "description": (
            "Directory after IHE mCSD and the Dutch generic function addressing "
            "(hl7.fhir.nl.gf 0.10.0), with room; requests for district nursing as "
            "ServiceRequest and Task. Fictional data only."
        ),
        "kind": "instance",
        "instantiates": [
            "https://profiles.ihe.net/ITI/mCSD/CapabilityStatement/IHE.mCSD.Directory"
        ],
        "software": {"name": "Wijkspil", "version": "1.0.0"},
        "implementation": {"description": "Wijkspil", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": [FHIR_JSON, "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Visitors read what is public. Systems send a token or show a "
                    "certificate; each call is in the trail of access (NEN 7513). "
                    "Nothing is deleted: an inactive status is the way."
                ),
                "security": _security(base_url),
                "resource": [
                    _resource(type_, interactions[type_])
                    for type_ in sorted(interactions)
                    if type_
                ],
                "interaction": [
                    {"code": code}
                    for code in _INTERACTIONS_OF_SYSTEM
                    if (code if code != "transaction" else "batch") in system
                ],
            }
        ],
    }


def _security(base_url: str) -> Resource:
    return {
        "extension": [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/"
                "oauth-uris",
                "extension": [{"url": "token", "valueUri": f"{base_url}/auth/token"}],
            }
        ],
        "cors": False,
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/"
                        "restful-security-service",
                        "code": "SMART-on-FHIR",
                    },
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/"
                        "restful-security-service",
                        "code": "Certificates",
                    },
                ]
            }
        ],
        "description": "SMART Backend Services with a signed request, or mTLS.",
    }


def _resource(type_: str, known: Mapping[str, object]) -> Resource:
    is_fed = type_ in FED_TYPES
    codes = [
        code
        for code in _INTERACTIONS_OF_TYPE
        # In the directory it only tells why it is not done.
        if code in known and not (code == "delete" and type_ in _DIRECTORY)
    ]
    has_versions = "vread" in codes
    found: Resource = {
        "type": type_,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update" if has_versions else "no-version",
        "readHistory": has_versions,
        "updateCreate": is_fed,
        "conditionalCreate": is_fed or type_ == "Patient",
        "conditionalUpdate": is_fed,
        "conditionalDelete": "not-supported",
    }
    if type_ == "Subscription":
        found["extension"] = [
            {
                "url": "http://hl7.org/fhir/uv/subscriptions-backport/"
                "StructureDefinition/capabilitystatement-subscriptiontopic-canonical",
                "valueCanonical": topic,
            }
            for topic in TOPICS
        ]
    includes = [f"{type_}:{name}" for name in references_of(type_)]
    if includes and type_ in _DIRECTORY:
        found["searchInclude"] = ["*", *includes]
        found["searchRevInclude"] = [
            f"{source}:{name}"
            for source in sorted(PARAMETERS)
            for name, parameter in references_of(source).items()
            if type_ in parameter.targets
        ]
    if "search-type" in codes and (parameters := _parameters(type_)):
        found["searchParam"] = parameters
    operations = [
        {
            "name": code[1:],
            "definition": _DEFINED_ELSEWHERE.get(
                (type_, code), f"{OWN}/OperationDefinition/{code[1:]}"
            ),
        }
        for code in sorted(known)
        if code.startswith("$")
    ]
    if operations:
        found["operation"] = operations
    return {name: value for name, value in found.items() if value != []}


def _parameters(type_: str) -> list[Resource]:
    if type_ in PARAMETERS:
        return [
            {
                "name": parameter.name,
                **(
                    {"definition": search_parameter_url(type_, parameter)}
                    if parameter.is_own
                    else {}
                ),
                "type": parameter.kind.value,
            }
            for parameter in PARAMETERS[type_].values()
        ]
    return [
        {"name": name, "type": _kind_of(name)} for name in _OF_EXCHANGE.get(type_, ())
    ]


def _kind_of(name: str) -> str:
    if name in _REFERENCES:
        return "reference"
    if name in _DATES:
        return "date"
    return "uri" if name == "url" else "token"
