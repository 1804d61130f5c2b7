"""Patient and Consent: for who may see the client, and each time in the trail."""

import json
from http import HTTPStatus

from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.fhir.errors import FhirError, refuse, unknown_resource
from wijkspil.fhir.exchange.mapping.bundle import EntryText, to_bundle
from wijkspil.fhir.exchange.mapping.people import to_consent, to_patient
from wijkspil.fhir.exchange.mapping.searching import links_of, read_page
from wijkspil.fhir.exchange.selectors.keys import list_logical_ids
from wijkspil.fhir.exchange.selectors.placed import (
    find_staged,
    find_used,
    list_staged,
    patient_id_of,
)
from wijkspil.fhir.exchange.selectors.requests import find_request
from wijkspil.fhir.exchange.services.staging import (
    answer_with_patient,
    client_of,
    key_of,
    log_staged,
    versions_of,
)
from wijkspil.fhir.types import Answer, Call, Resource, etag_of, tick_of
from wijkspil.referrals.permissions import can_create_request
from wijkspil.referrals.selectors.basis import list_consents
from wijkspil.referrals.selectors.requests import get_request
from wijkspil.referrals.services.disclosure import show_patient


def read_patient(call: Call) -> Answer:
    """Return who the client of a request is, or who was sent ahead; logged.

    With a version that version.
    """
    if call.is_known and can_create_request(call.actor):
        row = find_staged(client_of(call), call.id, at=call.at)
        if row is not None:
            version = _version(call, row.version)
            log_staged(call, row, AuditEvent.Action.READ)
            return answer_with_patient(call, row, status=HTTPStatus.OK, version=version)
    resource = to_released_patient(call, call.id, purpose="fhir.patient")
    if call.version not in {"", resource["meta"]["versionId"]}:
        raise unknown_resource("Patient", f"{call.id}/_history/{call.version}")
    headers = {"ETag": etag_of(resource["meta"]["versionId"])}
    return Answer(text=_dump(resource), headers=headers)


def to_released_patient(call: Call, fhir_id: str, *, purpose: str) -> Resource:
    """Return who the client of a request is to who may see it, and log it.

    Raises
    ------
    FhirError
        404 if it is not here, or not for who asks.
    """
    used = find_used(fhir_id)
    number, version = used or (fhir_id, 1)
    seen = find_request(call.actor, number)
    if seen is None or patient_id_of(number)[0] != fhir_id:
        raise unknown_resource("Patient", fhir_id)
    try:
        patient = show_patient(
            actor=call.actor, request_id=seen.request_id, purpose=purpose, at=call.at
        )
    except NotPermitted:
        raise unknown_resource("Patient", fhir_id) from None
    if patient is None:
        raise unknown_resource("Patient", fhir_id)
    request = get_request(seen.request_id)
    return to_patient(patient, request, fhir_id=fhir_id, version=version)


def search_patients(call: Call) -> Answer:
    """Return what this system sent ahead, newest first; by identifier or id.

    Clients of requests are not searched for: follow the request.
    """
    client = client_of(call)
    keys: list[str] | None = None
    wanted: set[str] | None = None
    for name, value in call.params:
        if name == "identifier" and value:
            keys = []
            for one in value.split(","):
                system, bar, code = one.rpartition("|")
                keys.append(key_of(client, system if bar else None, code))
        elif name == "_id":
            wanted = set(value.split(","))
        elif name not in {"_count", "_cursor", "_format", "_sort", "_total"}:
            raise _unknown_parameter(name)
    page = read_page(call)
    rows = [
        row
        for row in list_staged(client, at=call.at, keys=keys)
        if wanted is None or row.fhir_id in wanted
    ]
    rest = rows
    if page.after is not None:
        rest = [
            row
            for row in rows
            if (-tick_of(row.changed_at), row.fhir_id) > (-page.after[0], page.after[1])
        ]
    shown = rest[: page.count]
    for row in shown:
        log_staged(call, row, AuditEvent.Action.READ)
    last = (
        (tick_of(shown[-1].changed_at), shown[-1].fhir_id)
        if shown and len(shown) == page.count
        else None
    )
    return Answer(
        text=to_bundle(
            "searchset",
            (
                EntryText(
                    f"{call.base_url}/Patient/{row.fhir_id}",
                    _dump(versions_of(row)[-1]),
                    {"search": {"mode": "match"}},
                )
                for row in shown
            ),
            links=links_of(call, page, last),
            total=len(rows),
        )
    )


def list_patient_history(call: Call) -> Answer:
    """Return the versions of a Patient that was sent ahead, newest first; logged."""
    row = find_staged(client_of(call), call.id, at=call.at)
    if row is None:
        raise unknown_resource("Patient", call.id)
    log_staged(call, row, AuditEvent.Action.READ)
    versions = versions_of(row)
    entries = [
        EntryText(
            f"{call.base_url}/Patient/{row.fhir_id}",
            _dump(version),
            {
                "request": {
                    "method": "PUT" if place else "POST",
                    "url": f"Patient/{row.fhir_id}" if place else "Patient",
                },
                "response": {
                    "status": "200" if place else "201",
                    "etag": etag_of(place + 1),
                    "lastModified": version["meta"]["lastUpdated"],
                },
            },
        )
        for place, version in reversed(list(enumerate(versions)))
    ]
    return Answer(text=to_bundle("history", entries, total=len(entries)))


def read_consent(call: Call) -> Answer:
    """Return what was said to sharing, to who may see the client; logged."""
    number, _dot, pk = call.id.partition(".")
    for resource in consents_of(call, number):
        if resource["id"] == call.id and pk:
            return Answer(text=_dump(resource), headers={"ETag": etag_of(1)})
    raise unknown_resource("Consent", call.id)


def search_consents(call: Call) -> Answer:
    """Return what was said to sharing about the client of one request."""
    asked = dict(call.params)
    patient = asked.get("patient", asked.get("subject", "")).rpartition("/")[2]
    number = asked.get("identifier", "").rpartition("|")[2]
    if patient:
        used = find_used(patient)
        number = used[0] if used else patient
    if not number:
        raise _unknown_parameter(next(iter(asked), "_id"))
    found = consents_of(call, number) if find_request(call.actor, number) else []
    entries = [
        EntryText(
            f"{call.base_url}/Consent/{one['id']}",
            _dump(one),
            {"search": {"mode": "match"}},
        )
        for one in found
    ]
    return Answer(text=to_bundle("searchset", entries, total=len(entries)))


def consents_of(call: Call, number: str) -> list[Resource]:
    """Return what was said about the client of a request; nothing to who may not."""
    seen = find_request(call.actor, number)
    if seen is None:
        return []
    try:
        show_patient(
            actor=call.actor,
            request_id=seen.request_id,
            purpose="fhir.consent",
            at=call.at,
        )
    except NotPermitted:
        return []
    request = get_request(seen.request_id)
    rows = list_consents(seen.request_id)
    if not seen.steers:
        # Whom else the client objects to does not concern the team.
        rows = [row for row in rows if row.organization_id is None]
    found = list_logical_ids(organizations=[row.organization_id for row in rows])
    patient_id, _version_id = patient_id_of(number)
    return [
        to_consent(
            row,
            request,
            patient_id=patient_id,
            organization=found.organizations.get(row.organization_id or 0, ""),
        )
        for row in rows
    ]


def _version(call: Call, newest: int) -> int | None:
    if not call.version:
        return None
    if call.version.isascii() and call.version.isdecimal():
        wanted = int(call.version[:9])
        if 1 <= wanted <= newest:
            return wanted
    raise unknown_resource(call.type, f"{call.id}/_history/{call.version}")


def _unknown_parameter(name: str) -> FhirError:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "not-supported",
        "“%(name)s” cannot be searched by here. See /fhir/metadata.",
        name=name[:60],
    )


def _dump(resource: Resource) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
