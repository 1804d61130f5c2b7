"""Ask where there is room, before anything personal is sent."""

import json
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from wijkspil.directory.selectors.care_teams import CarePlace
from wijkspil.fhir.exchange.mapping.outputs import Given
from wijkspil.fhir.exchange.mapping.structure import check_structure
from wijkspil.fhir.exchange.selectors.keys import LogicalIds, list_logical_ids
from wijkspil.fhir.exchange.services.refusing import check_is_system, fields_as_issues
from wijkspil.fhir.exchange.services.resolving import resolve_organization
from wijkspil.fhir.mapping.codes import UCUM
from wijkspil.fhir.types import Answer, Call, Resource, instant_of, tick_of
from wijkspil.referrals.engine_io import CandidateTeam, RankedTeams
from wijkspil.referrals.services.requests import check_room
from wijkspil.referrals.types import HoursBand, Need, Presence

#: What is asked: what, where and how soon. Nothing that says who it is about.
TAKES = (
    "postcode",
    "task",
    "part-of-day",
    "first-visit-on",
    "urgency",
    "urgency-reason",
    "age",
    "language",
    "insurer",
    "care-law",
    "order-present",
    "materials-present",
    "preferred-provider",
    "known-provider",
    "refused-provider",
)


def ask_room(call: Call) -> Answer:
    """Return who could take a client, best first; nobody is asked.

    Raises
    ------
    FhirError
        422 with every value that is not known here: also a name, so that nothing
        personal is sent by accident without being told.
    """
    check_is_system(call)
    given = Given.of_parameters(check_structure(call.body, "Parameters"))
    given.refuse_others(TAKES)
    need = _need(given)
    given.faults.check()
    with fields_as_issues():
        place, band, found = check_room(actor=call.actor, need=need, at=call.at)
    ids = list_logical_ids(
        organizations=[team.organization_id for team in found.candidates],
        services=[team.service_id for team in found.candidates],
    )
    resource = _to_parameters(place, band, found, ids)
    return Answer(text=json.dumps(resource, ensure_ascii=False), status=HTTPStatus.OK)


def _need(given: Given) -> Need:
    age = given.number("age")
    preferred = given.resolved("preferred-provider", resolve_organization)
    known = given.resolved("known-provider", resolve_organization)
    return Need(
        postcode=given.code("postcode", is_needed=True),
        tasks=given.codes("task"),
        parts_of_day=given.codes("part-of-day"),
        first_visit_on=given.day("first-visit-on", is_needed=True) or date.min,
        urgency=given.code("urgency", is_needed=True),
        urgency_reason=given.code("urgency-reason", is_needed=True),
        age=None if age is None else int(age),
        language=given.code("language") or "nl",
        insurer=given.code("insurer"),
        care_law=given.code("care-law") or "zvw",
        order_present=given.code("order-present") or Presence.NOT_NEEDED,
        materials_present=given.code("materials-present") or Presence.NOT_NEEDED,
        preferred_organization_id=preferred[0] if preferred else None,
        known_organization_id=known[0] if known else None,
        refused_organization_ids=given.resolved(
            "refused-provider", resolve_organization
        ),
    )


def _to_parameters(
    place: CarePlace, band: HoursBand, found: RankedTeams, ids: LogicalIds
) -> Resource:
    excluded: dict[str, int] = {}
    for team in found.excluded:
        first = team.conditions[0] if team.conditions else ""
        excluded[first] = excluded.get(first, 0) + 1
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "postcode", "valueString": place.postcode},
            {"name": "region", "valueString": place.region_name},
            {
                "name": "hours-per-week",
                "valueRange": {"low": _hours(band.low), "high": _hours(band.high)},
            },
            {"name": "with-room", "valueInteger": found.with_room},
            *(_candidate(team, ids) for team in found.candidates),
            *(
                {
                    "name": "excluded",
                    "part": [
                        {"name": "condition", "valueCode": condition},
                        {"name": "teams", "valueInteger": teams},
                    ],
                }
                for condition, teams in sorted(
                    excluded.items(), key=lambda item: (-item[1], item[0])
                )
                if condition
            ),
        ],
    }


def _candidate(team: CandidateTeam, ids: LogicalIds) -> Resource:
    parts: list[dict[str, Any]] = [
        _reference("service", "HealthcareService", ids.services[team.service_id]),
        {"name": "name", "valueString": team.name},
        _reference(
            "organization", "Organization", ids.organizations[team.organization_id]
        ),
        {"name": "organization-name", "valueString": team.organization_name},
        {"name": "own-team", "valueBoolean": team.is_own},
    ]
    if team.distance_km is not None:
        km = {"value": round(team.distance_km, 1), "unit": "km"}
        km |= {"system": UCUM, "code": "km"}
        parts.append({"name": "distance", "valueQuantity": km})
    room = team.room
    if room is not None and room.is_known:
        parts.append({"name": "clients", "valueInteger": room.clients})
        if room.hours is not None:
            parts.append({"name": "hours", "valueQuantity": _hours(room.hours)})
        parts += [{"name": "part-of-day", "valueCode": p} for p in room.parts_of_day]
        if room.reported_at is not None:
            moment = instant_of(tick_of(room.reported_at))
            parts.append({"name": "reported-at", "valueInstant": moment})
    parts += [{"name": "warning", "valueCode": code} for code in team.warnings]
    parts += [
        {"name": "reason", "valueCode": str(reason["code"])}
        for reason in team.reasons
        if reason.get("code")
    ]
    return {"name": "candidate", "part": parts}


def _reference(name: str, type_: str, id_: str) -> Resource:
    return {"name": name, "valueReference": {"reference": f"{type_}/{id_}"}}


def _hours(hours: Decimal | float) -> Resource:
    return {"value": float(hours), "unit": "h/wk", "system": UCUM, "code": "h/wk"}
