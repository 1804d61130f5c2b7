"""Which interactions the exchange has, per type."""

from collections.abc import Callable, Mapping

from wijkspil.fhir.exchange.services import (
    acting,
    changing,
    documents,
    following_people,
    following_requests,
    following_tasks,
    placing,
    rooms,
    staging,
)
from wijkspil.fhir.types import Answer, Call

EXCHANGE: Mapping[str, Mapping[str, Callable[[Call], Answer]]] = {
    "Task": {
        "read": following_tasks.read_task,
        "vread": following_tasks.read_task,
        "search-type": following_tasks.search,
        "history-instance": following_tasks.list_history,
        "history-type": following_tasks.list_history,
        "update": acting.update_task,
        "patch": acting.patch_task,
    },
    "ServiceRequest": {
        "read": following_requests.read_request,
        "search-type": following_requests.search,
        "create": placing.create_request,
        "update": changing.update_request,
        "patch": changing.patch_request,
        **dict.fromkeys(changing.OPERATIONS, changing.operate),
        "$new-client-link": changing.renew_link,
    },
    "Patient": {
        "read": following_people.read_patient,
        "vread": following_people.read_patient,
        "search-type": following_people.search_patients,
        "history-instance": following_people.list_patient_history,
        "create": staging.create_patient,
        "update": staging.update_patient,
    },
    "Consent": {
        "read": following_people.read_consent,
        "search-type": following_people.search_consents,
    },
    "Composition": {
        "read": documents.read_composition,
        "search-type": documents.search_compositions,
        "$document": documents.tell_document,
    },
}
#: Joined to what the directory has for the type.
ON_HEALTHCARE_SERVICE: Mapping[str, Callable[[Call], Answer]] = {
    "$check-room": rooms.ask_room,
}
