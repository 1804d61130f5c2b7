"""One address for every FHIR interaction: find out which it is, and answer in FHIR.

``INTERACTIONS`` of ``wijkspil.fhir.interactions`` says which exist per type; the
CapabilityStatement is made from the same table.
"""

import json
import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt

from wijkspil.accounts.requests import get_machine_actor
from wijkspil.core.errors import WijkspilError
from wijkspil.fhir.errors import FhirError, refuse, to_fhir_error
from wijkspil.fhir.interactions import perform
from wijkspil.fhir.mapping.outcomes import to_outcome
from wijkspil.fhir.types import FHIR_JSON, Answer, Call, Resource

_log = logging.getLogger(__name__)

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@csrf_exempt  # a write takes a token, never a cookie
def answer_call(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer one interaction; every refusal is an OperationOutcome.

    English is active meanwhile: the outcome gives each refusal in Dutch as well.
    """
    with translation.override("en"):
        return _answer(request, rest)


def _answer(request: HttpRequest, rest: str) -> HttpResponse:
    try:
        return _to_response(perform(read_call(request, rest)))
    except WijkspilError as error:
        return _refuse(to_fhir_error(error))
    except (InterfaceError, OperationalError) as error:
        _log.warning("FHIR %s %s: %s", request.method, request.path, error)
        return _refuse(
            refuse(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "transient",
                gettext_noop("The database could not be reached. Try again shortly."),
                headers=[("Retry-After", "2")],
            )
        )
    except RequestDataTooBig:
        return _refuse(
            refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too-long",
                gettext_noop("The body is larger than is read here. Send it in parts."),
            )
        )
    except Exception:  # noqa: BLE001 - the edge: also this is answered in FHIR
        _log.exception("FHIR %s %s", request.method, request.path)
        return _refuse(
            refuse(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "exception",
                gettext_noop("Something went wrong here. It was noted; try again."),
            )
        )


def read_call(request: HttpRequest, rest: str) -> Call:
    """Return the interaction that a request asks for.

    Raises
    ------
    FhirError
        If the address or the body cannot be read.
    """
    at = timezone.now()
    if "\0" in rest or "%00" in request.META.get("QUERY_STRING", ""):
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "value",
            gettext_noop("The character NUL cannot be stored. Leave it out."),
        )
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
    patch: list[Any] | None = None
    if request.method == "POST" and operation == "_search":
        params = [*params, *QueryDict(request.body).lists()]
    elif request.method in _WITH_BODY and request.body:
        read = _read_json(request)
        if request.method == "PATCH" and isinstance(read, list):
            patch = read
        else:
            body = _to_body(read)
    return Call(
        actor=get_machine_actor(request, at=at),
        at=at,
        method=request.method or "GET",
        base_url=request.build_absolute_uri("/fhir"),
        type=type_,
        id=id_,
        version=version,
        operation=operation,
        params=tuple((name, value) for name, values in params for value in values),
        headers=request.headers,
        body=body,
        patch=patch,
    )


def _read_json(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "structure",
            gettext_noop("The body is not JSON: %(reason)s."),
            reason=error,
        ) from None


def _to_body(body: Any) -> Resource:
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
