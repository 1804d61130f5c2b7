"""Follow requests: in full for who has a part in them, a profile for who was asked.

Who the client is stands apart (Patient, Consent, hand-over): given only to who may see
it, and every time written in the trail.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from wijkspil.accounts.types import Actor
from wijkspil.fhir.errors import unknown_resource
from wijkspil.fhir.exchange.mapping.bundle import EntryText, to_bundle
from wijkspil.fhir.exchange.mapping.codes import REQUEST_NUMBER
from wijkspil.fhir.exchange.mapping.people import consent_id
from wijkspil.fhir.exchange.mapping.searching import (
    Maker,
    identifier,
    ids,
    is_falling,
    links_of,
    moment,
    read_conditions,
    read_page,
    reference,
    words,
)
from wijkspil.fhir.exchange.mapping.service_request import (
    STATUS_OF,
    Names,
    to_profile,
    to_service_request,
)
from wijkspil.fhir.exchange.selectors.keys import list_logical_ids
from wijkspil.fhir.exchange.selectors.placed import list_identifiers, patient_id_of
from wijkspil.fhir.exchange.selectors.requests import find_request, search_requests
from wijkspil.fhir.exchange.types import Condition, Seen
from wijkspil.fhir.types import Answer, Call, Resource, etag_of, http_date_of, tick_of
from wijkspil.referrals.permissions import can_see_patient
from wijkspil.referrals.selectors.basis import list_consents
from wijkspil.referrals.selectors.inbox import get_question
from wijkspil.referrals.selectors.requests import get_request, team_target
from wijkspil.referrals.selectors.versions import (
    get_profile_version,
    get_request_version,
)


def see_request(call: Call, number: str = "") -> Seen:
    """Return what who asks may see of a request.

    Raises
    ------
    FhirError
        404 if not even that it exists.
    """
    seen = find_request(call.actor, number or call.id)
    if seen is None:
        raise unknown_resource(call.type, number or call.id)
    return seen


def to_request(call: Call, seen: Seen) -> Resource:
    """Return a request as who asks may see it."""
    if not (seen.steers or seen.answers):
        assert seen.offer_id is not None
        version, changed_at = get_profile_version(seen.offer_id)
        question = get_question(seen.offer_id, at=call.at)
        return to_profile(question, version=version, changed_at=changed_at)
    row = get_request(seen.request_id)
    version, changed_at = get_request_version(seen.request_id)
    found = list_logical_ids(
        organizations=[
            row.requester_organization_id,
            row.preferred_organization_id,
            row.known_organization_id,
            *row.refused_organizations,
        ],
        services=[row.placed_service_id],
    )
    is_released = row.submitted_at is not None and can_see_patient(
        call.actor, row, team_target(row)
    )
    names = Names(
        patient_id=patient_id_of(row.number)[0] if is_released else "",
        requester=found.organizations.get(row.requester_organization_id or 0, ""),
        preferred=found.organizations.get(row.preferred_organization_id or 0, ""),
        known=found.organizations.get(row.known_organization_id or 0, ""),
        refused=[
            found.organizations[pk]
            for pk in row.refused_organizations
            if pk in found.organizations
        ]
        if seen.steers
        else (),
        placed=found.services.get(row.placed_service_id or 0, ""),
        consents=[
            consent_id(row.number, consent.pk) for consent in list_consents(row.pk)
        ]
        if is_released
        else (),
        identifiers=list_identifiers(row.number, own_organizations(call.actor)),
    )
    return to_service_request(row, names, version=version, changed_at=changed_at)


def read_request(call: Call) -> Answer:
    """Return a request as who asks may see it."""
    return _answer(call, to_request(call, see_request(call)))


def answer_with_request(
    call: Call,
    number: str,
    *,
    status: int,
    extensions: Sequence[Resource] = (),
) -> Answer:
    """Answer a write with the request as it is now, and where it lies."""
    resource = to_request(call, see_request(call, number))
    resource["extension"] = [*resource.get("extension", []), *extensions]
    return _answer(call, resource, status=status)


def search(call: Call) -> Answer:
    """Return the requests that fit, newest change first."""
    conditions = read_conditions(call, REQUEST_PARAMETERS)
    page = read_page(call)
    found, total = search_requests(
        call.actor, conditions, page, is_falling=is_falling(call, "_lastUpdated")
    )
    entries = [
        EntryText(
            f"{call.base_url}/ServiceRequest/{one.number}",
            _dump(to_request(call, see_request(call, one.number))),
            {"search": {"mode": "match"}},
        )
        for one in found
    ]
    last = None
    if found and len(found) == page.count:
        last = tick_of(found[-1].changed_at), found[-1].number
    return Answer(
        text=to_bundle(
            "searchset", entries, links=links_of(call, page, last), total=total
        )
    )


def own_organizations(actor: Actor) -> list[int]:
    """Return the organizations an actor acts for."""
    return [g.organization_id for g in actor.grants if g.organization_id is not None]


def _answer(call: Call, resource: Resource, *, status: int = HTTPStatus.OK) -> Answer:
    version = resource["meta"]["versionId"]
    headers = {
        "ETag": etag_of(version),
        "Last-Modified": http_date_of(resource["meta"]["lastUpdated"]),
    }
    if status == HTTPStatus.OK and call.headers.get("If-None-Match") == etag_of(
        version
    ):
        return Answer(text="", status=HTTPStatus.NOT_MODIFIED, headers=headers)
    if status == HTTPStatus.CREATED:
        headers["Location"] = (
            f"{call.base_url}/{resource['resourceType']}/{resource['id']}"
            f"/_history/{version}"
        )
    return Answer(text=_dump(resource), status=status, headers=headers)


def _dump(resource: Resource) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"))


def _status(name: str, value: str) -> Condition:
    """Weigh the status as the reader sees it: of a question its own."""
    wanted = value.split(",")
    ours = [own for own, theirs in STATUS_OF.items() if theirs in wanted]
    question = [
        own
        for own, theirs in (("open", "active"), ("accepted", "active"))
        if theirs in wanted
    ]
    is_closed = "unknown" in wanted
    return Condition(
        f"CASE WHEN t.offer_id IS NULL THEN t.status = ANY(%({name})s) "
        f"ELSE o.status = ANY(%({name}q)s) OR (%({name}c)s AND "
        "o.status NOT IN ('open', 'accepted')) END",
        {name: ours, f"{name}q": question, f"{name}c": is_closed},
    )


def _own_number(name: str, value: str) -> Condition:
    """Weigh the number of the request, or that of the organization that asked."""
    number = identifier(f"'{REQUEST_NUMBER}'", "t.number")(name, value)
    placed = identifier("p.system", "p.value")(f"{name}p", value)
    return Condition(
        f"({number.sql}) OR EXISTS (SELECT 1 FROM fhir_placedidentifier p "
        f"WHERE p.number = t.number AND p.organization_id = ANY(%(asked_by)s) "
        f"AND ({placed.sql}))",
        {**number.values, **placed.values},
    )


#: Search parameters of ServiceRequest.
REQUEST_PARAMETERS: Mapping[str, Maker] = {
    "_id": ids("t.number"),
    "_lastUpdated": moment("c.tick", in_ticks=True),
    "identifier": _own_number,
    "requisition": words("t.number"),
    "status": _status,
    "requester": reference("'Organization/' || q.fhir_id", "Organization"),
    "performer": reference("'HealthcareService/' || s.fhir_id", "HealthcareService"),
    "authored": moment("t.submitted_at"),
}
