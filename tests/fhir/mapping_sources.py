"""Sources as the views of ``sql/sources.sql`` make them, one of each type and kind."""

import copy
from typing import Any

Source = dict[str, Any]

ORGANIZATION_ID = "6a1f2c10-0000-4000-8000-000000000001"
SERVICE_ID = "6a1f2c10-0000-4000-8000-000000000002"
TEAM_ID = "6a1f2c10-0000-4000-8000-000000000003"
ALLIANCE_ID = "6a1f2c10-0000-4000-8000-000000000004"
MEMBER_ID = "6a1f2c10-0000-4000-8000-000000000005"
ENDPOINT_ID = "cp-0123456789abcdef0123456789abcdef"
TICK = 1_795_000_000_000_000

_PROVIDER = {
    "fhir_id": ORGANIZATION_ID,
    "ura": "90000123",
    "kvk_number": "12345678",
    "is_active": True,
}
_WIJK = {
    "area": "WK051801",
    "area_kind": "wijk",
    "area_purpose": "",
}


def organization_source(**changed: Any) -> Source:
    """Return a home care provider with all its numbers."""
    return {
        "organization": {
            **_PROVIDER,
            "name": "Zorggroep Spil",
            "type": "home-care",
            "agb_code": "75000001",
            "is_fictional": False,
            **changed,
        },
        "part_of": None,
        "elements": None,
    }


def alliance_source() -> Source:
    """Return a neighborhood alliance."""
    return {
        "alliance": {
            "fhir_id": ALLIANCE_ID,
            "name": "Wijkverband Noord",
            "is_active": True,
            "is_fictional": True,
        },
        "area": {
            "area": "noord",
            "area_kind": "region",
            "area_purpose": "alliance",
        },
    }


def partnership_source() -> Source:
    """Return a regional partnership (RESV)."""
    return {
        "region": {"name": "Spilland", "is_fictional": False},
        "area": {"area": "SPIL", "area_kind": "region", "area_purpose": "resv"},
    }


def capacity_source(**changed: Any) -> Source:
    """Return a report of room for three, of which one is reserved."""
    return {
        "new_clients": 3,
        "size_band": "to-5",
        "parts_of_day": ["morning", "evening"],
        "tasks_excluded": ["infusion"],
        "hours_per_week": 12.5,
        "no_room_reason": "",
        "no_room_until": None,
        "reported_at": "2026-11-20T08:00:00+00:00",
        "valid_until": "2026-11-23T08:00:00+00:00",
        "source": "page",
        "reserved_clients": 1,
        "reserved_hours_per_week": 3,
        **changed,
    }


def service_source(**changed: Any) -> Source:
    """Return a district nursing service with everything it can have."""
    source: Source = {
        "service": {
            "fhir_id": SERVICE_ID,
            "care": "district-nursing",
            "name": "Wijkteam Noord",
            "description": "Verpleging thuis.",
            "specialty": "",
            "tasks": ["stockings", "insulin"],
            "languages": ["nl", "dse"],
            "insurers": ["7119"],
            "care_laws": ["zvw"],
            "opening_hours": [
                {"days": ["mon", "tue"], "from": "08:00", "until": "17:00"},
                {"days": ["sat"], "from": "00:00", "until": "24:00"},
                {"days": ["sun"], "from": "18:00", "until": "24:00"},
            ],
            "is_open_on_holidays": False,
            "postcode": "2512AB",
            "lon": 4.3,
            "lat": 52.08,
            "is_active": True,
            "is_fictional": True,
        },
        "organization": dict(_PROVIDER),
        "contacts": [
            contact_source(),
            contact_source(audience="referrer", value="085 000 0002"),
            contact_source(
                audience="professional",
                purpose="complex-care",
                value="085 000 0003",
                **_WIJK,
            ),
            contact_source(system="web", value="https://spil.example.nl/noord"),
            contact_source(
                audience="professional",
                purpose="exchange",
                system="fhir",
                value="https://fhir.spil.example.nl/r4",
                endpoint=ENDPOINT_ID,
            ),
        ],
        "coverages": [
            {
                **_WIJK,
                "area_name": "Noord",
                "area_year": 2025,
                "care": "district-nursing",
                "role": "first-contact",
                "rank": 1,
                "valid_from": "2026-01-01T00:00:00+00:00",
                "valid_until": None,
            },
            {
                "area": "2512",
                "area_kind": "pc4",
                "area_purpose": "",
                "area_name": "2512",
                "area_year": 2025,
                "care": "district-nursing",
                "role": "back-up",
                "rank": 2,
                "valid_from": "2026-01-01T00:00:00+00:00",
                "valid_until": "2027-01-01T00:00:00+00:00",
            },
        ],
        "capacity": capacity_source(),
        "elements": None,
    }
    source["service"] |= {k: v for k, v in changed.items() if k in source["service"]}
    source |= {k: v for k, v in changed.items() if k not in source["service"]}
    return copy.deepcopy(source)


def contact_source(**changed: Any) -> Source:
    """Return a phone number for residents."""
    return {
        "audience": "resident",
        "purpose": "general",
        "system": "phone",
        "value": "085 000 0001",
        "valid_from": "2026-01-01T00:00:00+00:00",
        "valid_until": None,
        "area": None,
        "area_kind": None,
        "area_purpose": None,
        **changed,
    }


def location_source(**changed: Any) -> Source:
    """Return the place of a service."""
    return {
        "service": {
            "name": "Wijkteam Noord",
            "care": "district-nursing",
            "postcode": "2512AB",
            "lon": 4.3,
            "lat": 52.08,
            "is_active": True,
            "is_fictional": False,
            **changed,
        },
        "organization": dict(_PROVIDER),
        "elements": None,
    }


def endpoint_source(**changed: Any) -> Source:
    """Return the address where systems reach a service."""
    return {
        "contact": {
            "value": "https://fhir.spil.example.nl/r4",
            "valid_from": "2026-01-01T00:00:00+00:00",
            "valid_until": None,
            **changed,
        },
        "service": {
            "name": "Wijkteam Noord",
            "is_active": True,
            "is_fictional": False,
        },
        "organization": dict(_PROVIDER),
    }


def care_team_source(**changed: Any) -> Source:
    """Return a team of three district nurses and five carers."""
    return {
        "team": {
            "fhir_id": TEAM_ID,
            "name": "Team Roos",
            "composition": {"district-nurse": 3, "carer": 5},
            **changed,
        },
        "service": {
            "fhir_id": SERVICE_ID,
            "is_active": True,
            "is_fictional": False,
        },
        "organization": dict(_PROVIDER),
        "elements": None,
    }


def affiliation_source() -> Source:
    """Return a district nurse's part in an alliance."""
    return {
        "role": "district-nurse",
        "alliance": {
            "fhir_id": ALLIANCE_ID,
            "is_active": True,
            "is_fictional": False,
        },
        "service": {"fhir_id": SERVICE_ID, "is_active": True},
        "organization": dict(_PROVIDER),
    }


def partner_source() -> Source:
    """Return a provider's part in a regional partnership."""
    return {
        "partnership": {"fhir_id": "resv-SPIL-2026", "is_fictional": False},
        "organization": dict(_PROVIDER),
    }


#: name -> (type, id, source); the name is that of its file in ``golden``.
EVERY_KIND: dict[str, tuple[str, str, Source]] = {
    "organization": ("Organization", ORGANIZATION_ID, organization_source()),
    "alliance": ("Organization", ALLIANCE_ID, alliance_source()),
    "partnership": ("Organization", "resv-SPIL-2026", partnership_source()),
    "service": ("HealthcareService", SERVICE_ID, service_source()),
    "location": ("Location", SERVICE_ID, location_source()),
    "endpoint": ("Endpoint", ENDPOINT_ID, endpoint_source()),
    "careteam": ("CareTeam", TEAM_ID, care_team_source()),
    "member": ("OrganizationAffiliation", MEMBER_ID, affiliation_source()),
    "partner": ("OrganizationAffiliation", "resv-1", partner_source()),
}
