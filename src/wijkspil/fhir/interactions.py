"""Which interactions exist, per type: the table the dispatcher and metadata share."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.db import connection
from django.utils.translation import gettext_noop

from wijkspil.core.audit import record_call
from wijkspil.core.errors import WijkspilError
from wijkspil.core.models import AuditEvent
from wijkspil.fhir.errors import refuse, to_fhir_error
from wijkspil.fhir.exchange.interactions import EXCHANGE, ON_HEALTHCARE_SERVICE
from wijkspil.fhir.exchange.services.placing import is_placing, place_bundle
from wijkspil.fhir.mapping.conformance import CONFORMANCE_TYPES
from wijkspil.fhir.scopes import check_scope
from wijkspil.fhir.services import conformance, feeding, provenance
from wijkspil.fhir.services.batch import answer_bundle
from wijkspil.fhir.services.history import list_history
from wijkspil.fhir.services.metadata import tell_capabilities
from wijkspil.fhir.services.reading import read
from wijkspil.fhir.services.searching import search
from wijkspil.fhir.services.storing import FED_TYPES
from wijkspil.fhir.subscriptions import registering
from wijkspil.fhir.types import Answer, Call, DirectoryType

Interaction = Callable[[Call], Answer]

#: FHIR's names of interactions (http://hl7.org/fhir/restful-interaction).
_DIRECTORY: dict[str, Interaction] = {
    "read": read,
    "vread": read,
    "search-type": search,
    "history-instance": list_history,
    "history-type": list_history,
}

#: Of the types that other systems feed.
_FEED: dict[str, Interaction] = {
    "create": feeding.create,
    "update": feeding.update,
    "patch": feeding.patch,
}

#: Definitions of this server: fixed, so without versions.
_CONFORMANCE: Mapping[str, Interaction] = {
    "read": conformance.read,
    "search-type": conformance.search,
}

#: type -> interaction -> what answers it. The empty type is the whole system.
INTERACTIONS: Mapping[str, Mapping[str, Interaction]] = {
    **{
        type_.value: _DIRECTORY
        | {"delete": feeding.delete}
        | (_FEED if type_ in FED_TYPES else {})
        | ({"create": provenance.create} if type_ is DirectoryType.PROVENANCE else {})
        | (dict(ON_HEALTHCARE_SERVICE) if type_ == "HealthcareService" else {})
        for type_ in DirectoryType
    },
    **dict.fromkeys(CONFORMANCE_TYPES, _CONFORMANCE),
    **EXCHANGE,
    "Subscription": {
        "create": registering.create,
        "read": registering.read,
        "update": registering.update,
        "delete": registering.end,
        "search-type": registering.search,
        "$status": registering.tell_status,
    },
    "": {
        "capabilities": lambda call: tell_capabilities(call, INTERACTIONS),
        "batch": lambda call: (
            place_bundle(call, perform)
            if is_placing(call.body)
            else answer_bundle(call, perform)
        ),
        "search-system": search,
        "history-system": list_history,
    },
}

_ACTIONS = {
    "create": AuditEvent.Action.CREATE,
    "update": AuditEvent.Action.UPDATE,
    "patch": AuditEvent.Action.UPDATE,
    "delete": AuditEvent.Action.DELETE,
}


def _writes(call: Call, code: str) -> bool:
    """Whether a system changes something; the feed counts its own writes itself."""
    if not call.actor.is_professional:
        return False
    return code in _ACTIONS or (code.startswith("$") and call.method == "POST")


def perform(call: Call, interaction: Interaction | None = None) -> Answer:
    """Answer a call within its scopes, and write that it was asked (NEN 7513).

    ``interaction`` answers it instead of what the table says: part of a bundle.

    Raises
    ------
    FhirError
        For every refusal, of whichever room; that is written as well.
    """
    code = code_of(call)
    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    try:
        check_scope(call, code)
        if call.type in EXCHANGE and _writes(call, code):
            feeding.take_turn(call.actor, at=call.at)
        answer = (interaction or find_interaction(call))(call)
        status = answer.status
        return answer
    except WijkspilError as error:
        refusal = to_fhir_error(error)
        status = refusal.status
        raise refusal from error
    finally:
        if not connection.needs_rollback:
            record_call(
                at=call.at,
                actor_label=call.actor.label,
                action=_ACTIONS.get(code, AuditEvent.Action.READ),
                entity_type=f"FHIR {call.type}".strip(),
                entity_id=call.id or "-",
                purpose=f"FHIR {code}",
                detail={
                    "status": int(status),
                    "parameters": [name for name, _value in call.params],
                },
            )


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
    code = code_of(call)
    if code not in known:
        raise refuse(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "not-supported",
            gettext_noop("%(type)s has no “%(code)s” here. See /fhir/metadata."),
            type=call.type or "The server",
            code=code,
        )
    return known[code]


def code_of(call: Call) -> str:
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
