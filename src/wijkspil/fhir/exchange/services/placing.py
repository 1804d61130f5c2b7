"""Place a request: as a ServiceRequest with what it needs, or as one transaction."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import FhirError, refuse
from wijkspil.fhir.exchange.mapping.asking import (
    Asked,
    contained_in,
    read_asked,
    read_consent,
    read_patient,
    refused_in,
)
from wijkspil.fhir.exchange.mapping.codes import EXT_CLIENT_LINK, extension
from wijkspil.fhir.exchange.mapping.structure import check_structure
from wijkspil.fhir.exchange.selectors.placed import find_placed
from wijkspil.fhir.exchange.services.following_requests import (
    answer_with_request,
    read_request,
)
from wijkspil.fhir.exchange.services.refusing import check_is_system, fields_as_issues
from wijkspil.fhir.exchange.services.resolving import (
    resolve_organization,
    resolve_service,
    split_reference,
)
from wijkspil.fhir.exchange.services.staging import open_staged, use_staged
from wijkspil.fhir.models import PlacedIdentifier
from wijkspil.fhir.types import Answer, Call, Resource
from wijkspil.referrals.services.requests import change_need, submit_request
from wijkspil.referrals.services.sending import (
    PhoneAgreement,
    complete_requester,
    send_request,
    start_draft,
)
from wijkspil.referrals.types import Submitted

#: Reference -> what was sent with it, or None.
Find = Callable[[str], Resource | None]


def create_request(call: Call) -> Answer:
    """Place the ServiceRequest of the body; as a draft if its status says so.

    With ``If-None-Exist: identifier=system|value`` a request that the organization
    placed before is given back, and nothing is done.
    """
    check_is_system(call)
    body = check_structure(call.body, "ServiceRequest")
    known = _find_known(call)
    if known:
        answer = read_request(replace(call, id=known))
        return Answer(text=answer.text, headers=answer.headers)
    return _place(call, body, lambda reference: contained_in(body, reference))


def is_placing(bundle: Resource | None) -> bool:
    """Whether a bundle is a transaction that places a request."""
    if not bundle or bundle.get("type") != "transaction":
        return False
    entries = bundle.get("entry")
    return isinstance(entries, list) and any(
        isinstance(entry, dict)
        and _type_of(entry) == "ServiceRequest"
        and (entry.get("request") or {}).get("method") == "POST"
        for entry in entries
    )


def place_bundle(call: Call, perform: Callable[[Call], Answer]) -> Answer:
    """Place the ServiceRequest of a transaction with its Patient and Consent.

    All or nothing: it is placed as one resource that contains them. A Task without
    owner may stand in it: the coordination, which there is anyhow.
    """
    bundle = check_structure(call.body, "Bundle")
    entries = bundle["entry"]
    kinds = Counter(_type_of(entry) for entry in entries)
    if set(kinds) - _IN_BUNDLE or any(kinds[one] > 1 for one in _IN_BUNDLE):
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop(
                "A transaction that places a request holds one ServiceRequest with its "
                "Patient and Consent, and at most the coordination Task."
            ),
            expression="Bundle.entry",
        )
    sent = {_type_of(entry): entry for entry in entries}
    if "Task" in sent and sent["Task"]["resource"].get("owner"):
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop(
                "Leave out the owner: who is asked follows from the region's "
                "agreements. Give a preferred provider as performer."
            ),
            expression="Task.owner",
        )
    request = _joined(sent)
    asked = sent["ServiceRequest"]["request"].get("ifNoneExist")
    placed = perform(
        replace(
            call,
            type="ServiceRequest",
            body=request,
            headers={"If-None-Exist": str(asked)} if asked else {},
        )
    )
    return Answer(text=_to_response(entries, placed))


def _joined(sent: Mapping[str, Mapping[str, Any]]) -> Resource:
    """Return the ServiceRequest with what came beside it contained."""
    request = deepcopy(dict(sent["ServiceRequest"]["resource"]))
    contained = list(request.get("contained") or [])
    if "Patient" in sent:
        contained.append({**sent["Patient"]["resource"], "id": "client"})
        request["subject"] = {"reference": "#client"}
    if "Consent" in sent:
        consent = {**sent["Consent"]["resource"], "id": "consent"}
        if "Patient" in sent:
            consent["patient"] = {"reference": "#client"}
        contained.append(consent)
    request["contained"] = contained
    return request


def change_draft(call: Call, body: Resource, request_id: int) -> None:
    """Keep what a draft asks now; still nobody is named in it."""
    subject = str((body.get("subject") or {}).get("reference", ""))
    asked = _read(body, contained_in(body, subject), [])
    with fields_as_issues():
        change_need(
            actor=call.actor,
            request_id=request_id,
            need=asked.need,
            requester=complete_requester(call.actor, asked.requester),
            at=call.at,
        )


def submit_draft(call: Call, body: Resource, request_id: int, number: str) -> Answer:
    """Send a draft that was placed before, now with who it is about and the basis."""
    find: Find = lambda reference: contained_in(body, reference)  # noqa: E731
    patient, staged_id = _patient_of(call, body, find)
    consent = _consent_of(body)
    with fields_as_issues(), transaction.atomic():
        submitted = submit_request(
            actor=call.actor,
            request_id=request_id,
            patient=read_patient(patient),
            consent=read_consent(consent),
            at=call.at,
        )
        if staged_id:
            use_staged(call, staged_id, number)
    return _placed(call, submitted, status=HTTPStatus.OK)


def _place(call: Call, body: Resource, find: Find) -> Answer:
    status = body.get("status")
    if status not in {"draft", "active"} or body.get("intent") != "order":
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop("Place a request with status draft or active, intent order."),
            expression="ServiceRequest.status",
        )
    if status == "draft":
        return _start(call, body, find)
    patient, staged_id = _patient_of(call, body, find)
    basis = _consent_of(body)
    asked = _read(body, patient, refused_in(basis))
    given = read_consent(basis)
    with fields_as_issues(), transaction.atomic():
        submitted = send_request(
            actor=call.actor,
            need=asked.need,
            requester=asked.requester,
            patient=read_patient(patient),
            consent=given,
            at=call.at,
            phone_agreement=None
            if asked.phone_service_id is None
            else PhoneAgreement(asked.phone_service_id, asked.phone_spoke_with),
        )
        _keep_identifiers(call, asked, submitted.number)
        if staged_id:
            use_staged(call, staged_id, submitted.number)
    return _placed(call, submitted, status=HTTPStatus.CREATED)


def _start(call: Call, body: Resource, find: Find) -> Answer:
    """Keep a draft: what and where, and nobody named."""
    subject = str((body.get("subject") or {}).get("reference", ""))
    asked = _read(body, find(subject), [])
    with fields_as_issues(), transaction.atomic():
        draft = start_draft(
            actor=call.actor, need=asked.need, requester=asked.requester, at=call.at
        )
        _keep_identifiers(call, asked, draft.number)
    return answer_with_request(call, draft.number, status=HTTPStatus.CREATED)


def _read(
    body: Resource, patient: Resource | None, refused: list[Mapping[str, Any]]
) -> Asked:
    return read_asked(
        body,
        patient,
        organization=resolve_organization,
        service=resolve_service,
        refused_by_consent=refused,
    )


def _patient_of(call: Call, body: Resource, find: Find) -> tuple[Resource, str]:
    """Return who it is about, and the id if it was sent ahead."""
    reference = body.get("subject") or {}
    found = find(str(reference.get("reference", "")))
    if found is not None and found.get("resourceType") == "Patient":
        return found, ""
    type_, id_ = split_reference(reference)
    if type_ == "Patient":
        return open_staged(call, id_), id_
    raise refuse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "required",
        gettext_noop(
            "Say who it is about: a contained Patient, or one you sent to this server "
            "within the last 24 hours."
        ),
        expression="ServiceRequest.subject",
    )


def _consent_of(body: Resource) -> Resource:
    for one in body.get("contained") or []:
        if one.get("resourceType") == "Consent":
            return dict(one)
    raise refuse(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "required",
        gettext_noop("Say on which basis identity may be shared: a contained Consent."),
        expression="ServiceRequest.contained",
    )


def _keep_identifiers(call: Call, asked: Asked, number: str) -> None:
    organization_id = _organization_of(call)
    if organization_id is None:
        return
    for system, value in asked.identifiers:
        try:
            with transaction.atomic():
                PlacedIdentifier.objects.create(
                    organization_id=organization_id,
                    system=system[:200],
                    value=value[:100],
                    number=number,
                )
        except IntegrityError:
            raise refuse(
                HTTPStatus.CONFLICT,
                "duplicate",
                gettext_noop(
                    "Your organization placed a request with this identifier before. "
                    "Send If-None-Exist to get that one."
                ),
                expression="ServiceRequest.identifier",
            ) from None


def _find_known(call: Call) -> str | None:
    condition = call.headers.get("If-None-Exist")
    organization_id = _organization_of(call)
    if not condition or organization_id is None:
        return None
    name, _equals, value = condition.lstrip("?").partition("=")
    if name != "identifier" or not value:
        raise _unknown_condition()
    system, _bar, code = value.rpartition("|")
    return find_placed(organization_id, system, code)


def _unknown_condition() -> FhirError:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "not-supported",
        gettext_noop("If-None-Exist takes identifier=system|value."),
    )


def _organization_of(call: Call) -> int | None:
    return next(
        (g.organization_id for g in call.actor.grants if g.organization_id), None
    )


def _placed(call: Call, submitted: Submitted, *, status: int) -> Answer:
    """Answer with the request and, this once, the client's link with its code."""
    link = client_link(call, submitted.link_token, submitted.link_code)
    return answer_with_request(call, submitted.number, status=status, extensions=[link])


def client_link(call: Call, token: str, code: str) -> Resource:
    """Return the extension with the client's private link and its code."""
    path = reverse("referrals:client", args=[token])
    url = call.base_url.removesuffix("/fhir") + path
    return {
        "url": EXT_CLIENT_LINK,
        "extension": [
            extension("address", valueUrl=url),
            extension("code", valueString=code),
        ],
    }


_IN_BUNDLE = frozenset({"ServiceRequest", "Patient", "Consent", "Task"})


def _type_of(entry: Mapping[str, Any]) -> str:
    return str((entry.get("resource") or {}).get("resourceType", ""))


def _to_response(entries: list[Any], placed: Answer) -> str:
    """Return the Bundle that answers a transaction, entry by entry."""
    request = json.loads(placed.text)
    patient = request["subject"]["reference"]
    consents = [info["reference"] for info in request.get("supportingInfo", [])]
    where = {
        "ServiceRequest": f"ServiceRequest/{request['id']}",
        "Task": f"Task/{request['id']}",
        "Patient": patient,
        "Consent": consents[0] if consents else patient,
    }
    answered = []
    for entry in entries:
        type_ = _type_of(entry)
        response = {"status": "201 Created", "location": where[type_]}
        one: Resource = {"response": response}
        if type_ == "ServiceRequest":
            response["etag"] = placed.headers["ETag"]
            one["resource"] = request
        answered.append(one)
    return json.dumps(
        {
            "resourceType": "Bundle",
            "type": "transaction-response",
            "entry": answered,
        },
        ensure_ascii=False,
    )
