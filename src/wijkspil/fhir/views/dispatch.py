"""One address for every FHIR interaction: find out which it is, and answer in FHIR.

``INTERACTIONS`` of ``wijkspil.fhir.interactions`` says which exist per type; the
CapabilityStatement is made from the same table.
"""

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt

from wijkspil.accounts.requests import get_request_actor
from wijkspil.core.errors import Conflict, NotFound, NotPermitted, WijkspilError
from wijkspil.fhir.errors import FhirError, refuse
from wijkspil.fhir.interactions import find_interaction
from wijkspil.fhir.types import FHIR_JSON, Answer, Call, Resource
from wijkspil.fhir.views.outcomes import to_outcome

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@csrf_exempt  # a write takes a token, never a cookie: see ``_read_actor``
def answer_call(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer one interaction; every refusal is an OperationOutcome."""
    try:
        call = read_call(request, rest)
        return _to_response(find_interaction(call)(call))
    except FhirError as error:
        return _refuse(error)
    except WijkspilError as error:
        return _refuse(_translate(error))
    except RequestDataTooBig:
        return _refuse(
            refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too-long",
                gettext_noop("The body is larger than is read here. Send it in parts."),
            )
        )


def read_call(request: HttpRequest, rest: str) -> Call:
    """Return the interaction that a request asks for.

    Raises
    ------
    FhirError
        If the address or the body cannot be read.
    """
    parts = [part for part in rest.split("/") if part]
    type_, id_, version, operation = "", "", "", ""
    if parts and not parts[0].startswith(("_", "$")) and parts[0] != "metadata":
        type_ = parts.pop(0)
        if parts and not parts[0].startswith(("_", "$")):
            id_ = parts.pop(0)
    if parts:
        operation = parts.pop(0)
        if operation == "_history" and parts:
            version = parts.pop(0)
    if parts:
        raise refuse(
            HTTPStatus.NOT_FOUND,
            "not-found",
            gettext_noop("There is nothing at “%(path)s”."),
            path=rest[:200],
        )
    params = request.GET.lists()
    body: Resource | None = None
    if request.method == "POST" and operation == "_search":
        params = [*params, *QueryDict(request.body).lists()]
    elif request.method in _WITH_BODY and request.body:
        body = _read_body(request)
    return Call(
        actor=get_request_actor(request),
        at=timezone.now(),
        method=request.method or "GET",
        base_url=request.build_absolute_uri("/fhir"),
        type=type_,
        id=id_,
        version=version,
        operation=operation,
        params=tuple((name, value) for name, values in params for value in values),
        headers=request.headers,
        body=body,
    )


def _read_body(request: HttpRequest) -> Resource:
    try:
        body: Any = json.loads(request.body)
    except ValueError as error:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "structure",
            gettext_noop("The body is not JSON: %(reason)s."),
            reason=error,
        ) from None
    if not isinstance(body, dict):
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "structure",
            gettext_noop("The body must be one resource, written as a JSON object."),
        )
    return body


def _to_response(answer: Answer) -> HttpResponse:
    response = HttpResponse(
        answer.text,
        status=answer.status,
        content_type=f"{FHIR_JSON}; charset=utf-8",
    )
    for name, value in answer.headers.items():
        response[name] = value
    return response


def _refuse(error: FhirError) -> HttpResponse:
    return _to_response(
        Answer(
            text=json.dumps(to_outcome(error), ensure_ascii=False),
            status=error.status,
            headers=dict(error.headers),
        )
    )


def _translate(error: WijkspilError) -> FhirError:
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "business-rule"
    headers: list[tuple[str, str]] = []
    if error.code == "unknown-token":
        status, code = HTTPStatus.UNAUTHORIZED, "login"
        headers = [("WWW-Authenticate", "Bearer")]
    elif isinstance(error, NotPermitted):
        status, code = HTTPStatus.FORBIDDEN, "forbidden"
    elif isinstance(error, NotFound):
        status, code = HTTPStatus.NOT_FOUND, "not-found"
    elif isinstance(error, Conflict):
        status, code = HTTPStatus.CONFLICT, "conflict"
    return refuse(status, code, "%(reason)s", headers=headers, reason=error)
