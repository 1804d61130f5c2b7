"""An example of each body that a supplier sends most, for the OpenAPI description.

Everybody in them is invented. A test sends each through the schema it is for.
"""

from typing import Any

_NEED: dict[str, Any] = {
    "postcode": "2512AB",
    "tasks": ["stockings", "medication"],
    "partsOfDay": ["morning"],
    "firstVisitOn": "2026-11-25",
    "urgency": "days",
    "urgencyReason": "discharge",
}
#: Name of a schema -> what may be sent.
EXAMPLES: dict[str, dict[str, Any]] = {
    "NeedIn": {**_NEED, "age": 83},
    "RequestIn": {
        "need": _NEED,
        "requester": {"name": "Transferpunt", "phone": "070 000 0001"},
        "patient": {
            "name": "J. Jansen (verzonnen)",
            "birthDate": "1943-02-03",
            "address": "Dorpsstraat 1, Ons Dorp",
            "phone": "06 0000 0000",
        },
        "consent": {"decision": "agreed", "givenBy": "client"},
    },
    "FirstVisitIn": {"firstVisitOn": "2026-11-27", "reason": "discharge-later"},
    "ChangedNeedIn": {
        "tasks": ["stockings", "wound"],
        "partsOfDay": ["morning", "evening"],
        "reason": "worse",
    },
    "CloseIn": {"reason": "not-needed"},
    "DeclineIn": {"reason": "no-room", "roomAgainOn": "2026-12-01"},
    "HoursIn": {"hoursPerWeek": 3.5, "reviewOn": "2027-01-04"},
    "CapacityIn": {
        "newClients": 2,
        "sizeBand": "to-5",
        "partsOfDay": ["morning", "evening"],
        "hoursPerWeek": 8,
    },
    "DutyIn": {
        "areaKind": "wijk",
        "areaCode": "WK051801",
        "personName": "N. Acht (verzonnen)",
        "phone": "06 0000 0001",
        "validFrom": "2026-11-25T23:00:00+01:00",
        "validUntil": "2026-11-26T07:00:00+01:00",
    },
    "EndpointIn": {
        "url": "https://system.example/wijkspil",
        "topics": ["referrals.accepted", "referrals.no-team"],
    },
    "OwnListIn": {
        "status": "limited",
        "reason": "full",
        "placesPerMonth": 8,
        "conditions": {"postcodes": ["2512"]},
    },
    "ParticipationIn": {"freePlaces": 2, "maxInflow": 10},
    "AnswerIn": {"answer": "no", "reason": "emergency"},
}


def add_examples(schema: dict[str, Any]) -> None:
    """Put the examples beside the schemas of a description; changes it."""
    schemas = schema["components"]["schemas"]
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]
