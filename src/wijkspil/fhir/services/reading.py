"""Read one resource of the directory, in its newest or an earlier version."""

from http import HTTPStatus

from wijkspil.fhir.errors import unknown_resource
from wijkspil.fhir.selectors.versions import NotRendered, get_body
from wijkspil.fhir.services.rendering import render_pending
from wijkspil.fhir.types import Answer, Call, etag_of, http_date_of


def read(call: Call) -> Answer:
    """Return a resource; with ``call.version`` that version of it.

    Raises
    ------
    FhirError
        404 if there is none.
    """
    version = int(call.version) if call.version.isdecimal() else None
    if call.version and (version is None or version > 2**31 - 1):
        raise unknown_resource(call.type, f"{call.id}/_history/{call.version}")
    try:
        found = _find(call, version)
    except NotRendered:
        render_pending()
        found = _find(call, version)
    if found is None:
        raise unknown_resource(call.type, call.id)
    number, tick, body = found
    headers = {"ETag": etag_of(number), "Last-Modified": http_date_of(tick)}
    if call.headers.get("If-None-Match") == etag_of(number):
        return Answer(text="", status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Answer(text=body, headers=headers)


def _find(call: Call, version: int | None) -> tuple[int, int, str] | None:
    return get_body(call.type, call.id, is_public=not call.is_known, version=version)
