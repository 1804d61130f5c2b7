"""Compositions with the names of eOverdracht: advance notice, and nursing hand-over.

The advance notice goes to every team that is asked and holds no identity. The hand-over
holds it: for the team that took the client, who asked and the coordinator; each reading
is in the trail.
"""

import json
from http import HTTPStatus

from wijkspil.fhir.errors import FhirError, refuse, unknown_resource
from wijkspil.fhir.exchange.mapping.bundle import EntryText, to_bundle
from wijkspil.fhir.exchange.mapping.composition import (
    to_advance_notice,
    to_nursing_handoff,
)
from wijkspil.fhir.exchange.mapping.task import read_task_id
from wijkspil.fhir.exchange.selectors.placed import patient_id_of
from wijkspil.fhir.exchange.selectors.requests import find_request
from wijkspil.fhir.exchange.selectors.tasks import find_task
from wijkspil.fhir.exchange.services.following_people import (
    consents_of,
    to_released_patient,
)
from wijkspil.fhir.exchange.services.following_requests import to_request
from wijkspil.fhir.types import Answer, Call, Resource, etag_of
from wijkspil.referrals.selectors.inbox import get_question
from wijkspil.referrals.selectors.versions import (
    get_profile_version,
    get_request_version,
)


def read_composition(call: Call) -> Answer:
    """Return an advance notice, or the hand-over; the latter is logged."""
    resource = _composition(call)
    headers = {"ETag": etag_of(resource["meta"]["versionId"])}
    return Answer(text=_dump(resource), headers=headers)


def search_compositions(call: Call) -> Answer:
    """Return the Composition with an id: there is nothing else to search by."""
    asked = dict(call.params)
    if set(asked) - {"_id", "_format", "_count"} or "_id" not in asked:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "not-supported",
            "“%(name)s” cannot be searched by here. See /fhir/metadata.",
            name=next(iter(set(asked) - {"_id"}), "_id")[:60],
        )
    entries = []
    for id_ in asked["_id"].split(","):
        resource = _find(call, id_)
        if resource is not None:
            entries.append(
                EntryText(
                    f"{call.base_url}/Composition/{id_}",
                    _dump(resource),
                    {"search": {"mode": "match"}},
                )
            )
    return Answer(text=to_bundle("searchset", entries, total=len(entries)))


def tell_document(call: Call) -> Answer:
    """Return a Composition with all it refers to, as one document Bundle."""
    composition = _composition(call)
    seen = find_request(call.actor, read_task_id(call.id)[0])
    assert seen is not None
    request = to_request(call, seen)
    resources = [composition, request]
    if read_task_id(call.id)[1] is None:
        patient_id, _version = patient_id_of(seen.number)
        resources += [
            to_released_patient(call, patient_id, purpose="fhir.handover"),
            *consents_of(call, seen.number),
        ]
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": _urn(call, composition)},
        "timestamp": composition["meta"]["lastUpdated"],
        "entry": [
            {
                "fullUrl": f"{call.base_url}/{one['resourceType']}/{one['id']}",
                "resource": one,
            }
            for one in resources
        ],
    }
    return Answer(text=_dump(bundle))


def _urn(call: Call, composition: Resource) -> str:
    version = composition["meta"]["versionId"]
    return f"{call.base_url}/Composition/{composition['id']}/_history/{version}"


def _composition(call: Call) -> Resource:
    found = _find(call, call.id)
    if found is None:
        raise unknown_resource("Composition", call.id)
    return found


def _find(call: Call, id_: str) -> Resource | None:
    number, offer_id = read_task_id(id_)
    if offer_id is not None:
        return _advance_notice(call, id_, offer_id)
    seen = find_request(call.actor, number)
    if seen is None or not (seen.steers or seen.answers):
        return None
    patient_id, _version = patient_id_of(seen.number)
    try:
        patient = to_released_patient(call, patient_id, purpose="fhir.handover")
    except FhirError:
        return None
    version, changed_at = get_request_version(seen.request_id)
    return to_nursing_handoff(
        to_request(call, seen), patient, version=version, changed_at=changed_at
    )


def _advance_notice(call: Call, id_: str, offer_id: int) -> Resource | None:
    seen = find_task(call.actor, id_)
    if seen is None:
        return None
    version, changed_at = get_profile_version(offer_id)
    question = get_question(offer_id, at=call.at)
    return to_advance_notice(question, version=version, changed_at=changed_at)


def _dump(resource: Resource) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
