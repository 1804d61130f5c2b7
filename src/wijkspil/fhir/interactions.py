"""Which interactions exist, per type: the table the dispatcher and metadata share."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import refuse
from wijkspil.fhir.services.reading import read
from wijkspil.fhir.types import Answer, Call, DirectoryType

Interaction = Callable[[Call], Answer]

#: FHIR's names of interactions (http://hl7.org/fhir/restful-interaction).
_DIRECTORY: Mapping[str, Interaction] = {
    "read": read,
    "vread": read,
}

#: type -> interaction -> what answers it. The empty type is the whole system.
INTERACTIONS: Mapping[str, Mapping[str, Interaction]] = {
    **{type_.value: _DIRECTORY for type_ in DirectoryType},
    "": {},
}


def find_interaction(call: Call) -> Interaction:
    """Return what answers a call.

    Raises
    ------
    FhirError
        404 for a type that is not here, 405 for an interaction it does not have.
    """
    known = INTERACTIONS.get(call.type)
    if known is None:
        raise refuse(
            HTTPStatus.NOT_FOUND,
            "not-supported",
            gettext_noop("This server has no %(type)s. See /fhir/metadata."),
            type=call.type[:40],
        )
    code = _code_of(call)
    if code not in known:
        raise refuse(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "not-supported",
            gettext_noop("%(type)s has no “%(code)s” here. See /fhir/metadata."),
            type=call.type or "The server",
            code=code,
        )
    return known[code]


def _code_of(call: Call) -> str:
    """Return FHIR's name of the interaction."""
    level = "instance" if call.id else "type" if call.type else "system"
    reads = call.method in {"GET", "HEAD"}
    if call.operation == "_history" and reads:
        return "vread" if call.version else f"history-{level}"
    if call.operation == "metadata" and reads:
        return "capabilities"
    if call.operation == "_search":
        return f"search-{level}"
    if call.operation:
        return call.operation
    if reads:
        return "read" if call.id else f"search-{level}"
    if call.method == "POST":
        return "create" if call.type else "batch"
    return {"PUT": "update", "PATCH": "patch", "DELETE": "delete"}.get(
        call.method, call.method
    )
