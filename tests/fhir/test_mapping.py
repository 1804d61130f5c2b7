"""From the tables to FHIR: each type as it must look, valid whatever was filled in."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fhir.mapping_sources import (
    EVERY_KIND,
    SERVICE_ID,
    TICK,
    alliance_source,
    capacity_source,
    care_team_source,
    contact_source,
    endpoint_source,
    location_source,
    organization_source,
    service_source,
)
from wijkspil.directory.types import (
    Audience,
    Care,
    CareLaw,
    CareTask,
    ContactPurpose,
    NoRoomReason,
    OrganizationType,
    PartOfDay,
    SizeBand,
)
from wijkspil.fhir.mapping.capacity import to_capacity
from wijkspil.fhir.mapping.codes import (
    CAPACITY,
    CONTACT_AUDIENCE,
    DIRECTORY_ID,
    KVK,
    PARTICIPANT_TYPE,
    URA_OID,
)
from wijkspil.fhir.mapping.coding import (
    ORGANIZATION_CODES,
    PLACE_CODES,
    SERVICE_CODES,
    find_care,
    find_organization_type,
)
from wijkspil.fhir.mapping.elements import OWNED, join, split
from wijkspil.fhir.mapping.registry import (
    MAPPERS,
    Rendered,
    make_public,
    make_resource,
    render,
)
from wijkspil.fhir.types import DirectoryType, Resource

GOLDEN = Path(__file__).parent / "golden"


def rendered(type_: str, id_: str, source: dict[str, Any]) -> Rendered:
    return render(type_, id_, version=3, tick=TICK, source=source)


def check_valid(text: str) -> None:
    """Check against the models of R4B (equal to R4 for these types)."""
    type_ = json.loads(text)["resourceType"]
    get_fhir_model_class(type_).model_validate_json(text)


def service(**changed: Any) -> Resource:
    return rendered("HealthcareService", SERVICE_ID, service_source(**changed)).resource


def parts_of(extension: Resource) -> dict[str, list[Any]]:
    """Return the values within an extension by url."""
    found: dict[str, list[Any]] = {}
    for part in extension["extension"]:
        value = next(v for name, v in part.items() if name.startswith("value"))
        found.setdefault(part["url"], []).append(value)
    return found


def custodian_of(resource: Resource) -> list[Resource]:
    """Return the identifiers that a custodian vouches for."""
    return [
        identifier
        for identifier in resource["identifier"]
        for coding in identifier.get("assigner", {})
        .get("identifier", {})
        .get("type", {})
        .get("coding", ())
        if coding == {"system": PARTICIPANT_TYPE, "code": "custodian"}
    ]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_of_resource_looks_as_agreed(kind: str) -> None:
    found = rendered(*EVERY_KIND[kind]).resource
    assert found == json.loads((GOLDEN / f"{kind}.json").read_text())


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_kind_of_resource_is_valid_for_all(kind: str) -> None:
    found = rendered(*EVERY_KIND[kind])
    check_valid(found.body)
    check_valid(found.public_body)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_rendering_is_pure_and_always_the_same_text(kind: str) -> None:
    type_, id_, source = EVERY_KIND[kind]
    before = copy.deepcopy(source)
    first, second = rendered(type_, id_, source), rendered(type_, id_, source)
    assert source == before
    assert (first.body, first.public_body) == (second.body, second.public_body)
    shuffled = dict(reversed(source.items()))
    assert rendered(type_, id_, shuffled).body == first.body


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_what_is_gone_stays_as_inactive(kind: str) -> None:
    type_, id_, source = EVERY_KIND[kind]
    found = rendered(type_, id_, source | {"removed": True})
    check_valid(found.body)
    gone = found.resource.get("active", found.resource.get("status"))
    assert gone in (False, "inactive", "off")


def test_every_type_the_directory_shows_has_a_mapper_and_says_what_it_owns() -> None:
    assert set(OWNED) <= set(MAPPERS)
    assert set(MAPPERS) & set(DirectoryType) == set(OWNED)
    assert set(SERVICE_CODES) == set(PLACE_CODES) == set(Care)
    assert set(ORGANIZATION_CODES) == set(OrganizationType)


# --- identifiers of the Dutch profile


@pytest.mark.parametrize("kind", ["organization", "service", "location", "member"])
def test_exactly_one_identifier_is_assigned_by_the_custodian(kind: str) -> None:
    (identifier,) = custodian_of(rendered(*EVERY_KIND[kind]).resource)
    assert identifier["use"] == "official"
    assert identifier["assigner"]["identifier"]["system"] == URA_OID
    assert identifier["assigner"]["identifier"]["value"] == "90000123"


def test_an_organization_without_a_ura_is_vouched_for_by_its_kvk_number() -> None:
    found = rendered("Organization", "o", organization_source(ura="")).resource
    (identifier,) = custodian_of(found)
    assert (identifier["system"], identifier["value"]) == (KVK, "12345678")


def test_an_organization_with_an_agb_code_only_claims_no_dutch_profile() -> None:
    source = organization_source(ura="", kvk_number="")
    found = rendered("Organization", "o", source).resource
    assert custodian_of(found) == []
    assert "profile" not in found["meta"]
    assert {"use": "official", "system": DIRECTORY_ID, "value": "o"} in found[
        "identifier"
    ]


def test_a_part_of_an_organization_is_vouched_for_by_the_whole() -> None:
    source = organization_source(ura="", kvk_number="") | {
        "part_of": {"fhir_id": "whole", "ura": "90000001", "kvk_number": ""}
    }
    found = rendered("Organization", "o", source).resource
    (identifier,) = custodian_of(found)
    assert identifier["value"] == "o"
    assert identifier["assigner"]["identifier"]["value"] == "90000001"
    assert found["partOf"] == {"reference": "Organization/whole"}


# --- what a service says


def test_what_belongs_to_an_inactive_organization_is_inactive() -> None:
    for kind in ("service", "location", "endpoint", "careteam", "member", "partner"):
        type_, id_, source = copy.deepcopy(EVERY_KIND[kind])
        source["organization"]["is_active"] = False
        found = rendered(type_, id_, source).resource
        assert found.get("active", found.get("status")) in (False, "inactive", "off")


def test_room_left_is_what_was_reported_less_what_is_reserved() -> None:
    parts = parts_of(to_capacity(capacity_source()))
    assert parts["number"] == [2]
    assert parts["hours-per-week"][0]["value"] == 9.5
    assert parts["status"] == ["capacity"]
    assert parts["part-of-day"] == ["morning", "evening"]
    assert parts["updated"] == ["2026-11-20T08:00:00Z"]
    assert parts["valid-until"] == ["2026-11-23T08:00:00Z"]


@pytest.mark.parametrize(
    "changed",
    [
        {"new_clients": 0, "reserved_clients": 0},
        {"reserved_clients": 3},
        {"reserved_clients": 9},
        {"reserved_hours_per_week": 12.5},
        {"reserved_hours_per_week": 40},
    ],
)
def test_no_room_is_said_and_never_less_than_nought(changed: dict[str, Any]) -> None:
    parts = parts_of(to_capacity(capacity_source(**changed)))
    assert parts["status"] == ["no-capacity"]
    assert parts["number"][0] >= 0
    assert parts["hours-per-week"][0]["value"] >= 0


def test_a_report_without_free_hours_has_room_as_on_the_pages() -> None:
    report = capacity_source(
        hours_per_week=0, reserved_clients=0, reserved_hours_per_week=0
    )
    assert parts_of(to_capacity(report))["status"] == ["capacity"]


def test_a_service_without_a_report_says_nothing_of_room() -> None:
    extensions = service(capacity=None)["extension"]
    assert CAPACITY not in {extension["url"] for extension in extensions}


def test_a_whole_day_and_midnight_are_times_that_fhir_knows() -> None:
    times = service()["availableTime"]
    assert times[1] == {"daysOfWeek": ["sat"], "allDay": True}
    assert times[2]["availableEndTime"] == "23:59:59"


def test_an_address_for_systems_is_an_endpoint_and_no_telecom() -> None:
    found = service()
    assert [ref["reference"].split("/")[0] for ref in found["endpoint"]] == ["Endpoint"]
    assert {telecom["system"] for telecom in found["telecom"]} == {"phone", "url"}


# --- visitors


def test_a_visitor_sees_no_room_and_contacts_for_residents_only() -> None:
    public = rendered(*EVERY_KIND["service"]).public_resource
    assert CAPACITY not in {e["url"] for e in public.get("extension", ())}
    assert public["telecom"]
    for telecom in public["telecom"]:
        audience = [e for e in telecom["extension"] if e["url"] == CONTACT_AUDIENCE]
        assert audience[0]["valueCode"] == Audience.RESIDENT
    assert public["endpoint"]
    assert public["coverageArea"]


def test_a_visitor_sees_fed_contacts_of_a_public_register() -> None:
    telecom = [{"system": "phone", "value": "070 000 0000"}]
    resource = {"resourceType": "HealthcareService", "telecom": telecom}
    assert make_public(resource) is resource


def test_the_contact_of_an_alliance_for_complex_care_is_not_shown() -> None:
    source = alliance_source()
    source["alliance"]["complex_care_phone"] = "085 999 9999"
    assert "085 999 9999" not in rendered("Organization", "a", source).body


# --- what others feed


def test_what_was_fed_of_a_service_comes_back_as_it_was_sent() -> None:
    fed: dict[str, Any] = {
        "telecom": [{"system": "phone", "value": "070 123 4567", "rank": 1}],
        "type": [{"coding": [{"system": "urn:x", "code": "1"}], "text": "Thuiszorg"}],
        "specialty": [{"coding": [{"system": "urn:y", "code": "2"}]}],
        "availableTime": [{"daysOfWeek": ["mon"], "allDay": True}],
        "location": [{"reference": "Location/elsewhere"}],
        "coverageArea": [{"display": "Heel de stad"}],
        "extension": [{"url": "urn:z", "valueString": "eigen"}],
        "photo": {"url": "https://x.example.nl/a.png"},
    }
    found = service(elements=fed)
    for name in ("specialty", "availableTime", "location", "photo"):
        assert found[name] == fed[name]
    for name in ("telecom", "type", "coverageArea", "extension"):
        assert [item for item in fed[name] if item not in found[name]] == []
    assert found["name"] == "Wijkteam Noord"


def test_name_and_owner_are_never_what_was_fed() -> None:
    fed = {"name": "Anders", "active": False, "providedBy": {"reference": "x/1"}}
    assert service(elements=fed) == service()


def test_a_custodian_that_was_fed_is_not_joined_by_ours() -> None:
    theirs = {
        "use": "official",
        "system": "urn:theirs",
        "value": "1",
        "assigner": {
            "identifier": {
                "type": {"coding": [{"system": PARTICIPANT_TYPE, "code": "custodian"}]},
                "system": URA_OID,
                "value": "90000123",
            }
        },
    }
    assert custodian_of(service(elements={"identifier": [theirs]})) == [theirs]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_sending_back_what_was_read_keeps_nothing(kind: str) -> None:
    type_, id_, source = EVERY_KIND[kind]
    own = make_resource(type_, id_, source)
    read = rendered(type_, id_, source).resource
    kept = split(type_, read, own)
    assert join(type_, own, kept) == own


def test_only_what_the_directory_has_no_field_for_is_kept() -> None:
    own = make_resource("HealthcareService", SERVICE_ID, service_source())
    sent = own | {
        "id": SERVICE_ID,
        "name": "Anders",
        "appointmentRequired": True,
        "telecom": [*own["telecom"], {"system": "fax", "value": "070"}],
        "meta": {"versionId": "9", "security": [{"code": "R"}]},
    }
    assert split("HealthcareService", sent, own) == {
        "appointmentRequired": True,
        "telecom": [{"system": "fax", "value": "070"}],
        "meta": {"security": [{"code": "R"}]},
    }


def test_a_resource_without_a_row_is_shown_as_it_was_fed() -> None:
    fed = {"status": "active", "name": "Elders", "mode": "kind"}
    found = make_resource("Location", "x", {"elements": fed | {"id": "other"}})
    assert found == fed


@pytest.mark.parametrize("care", Care)
def test_a_kind_of_care_is_found_back_in_its_codes(care: Care) -> None:
    assert find_care(service(care=care.value)["type"]) == care
    for concept in SERVICE_CODES[care]:
        assert find_care([{"coding": [concept.to_coding()]}]) == care


@pytest.mark.parametrize("kind", OrganizationType)
def test_a_kind_of_organization_is_found_back(kind: OrganizationType) -> None:
    found = rendered("Organization", "o", organization_source(type=kind.value))
    assert find_organization_type(found.resource["type"]) == kind


def test_what_another_system_calls_home_nursing_is_district_nursing() -> None:
    system = "http://terminology.hl7.org/CodeSystem/service-type"
    assert find_care([{"coding": [{"system": system, "code": "358"}]}]) == (
        Care.DISTRICT_NURSING
    )
    assert find_care([{"text": "iets anders"}]) == ""


# --- odd values

_TEXT = st.text(max_size=300)
_CLOCKS = st.sampled_from(["00:00", "08:00", "12:30", "23:59", "24:00"])
_HOURS = st.lists(
    st.fixed_dictionaries(
        {
            "days": st.lists(
                st.sampled_from(["mon", "tue", "sun"]), min_size=1, unique=True
            ),
            "from": _CLOCKS.filter(lambda clock: clock != "24:00"),
            "until": _CLOCKS,
        }
    ),
    max_size=3,
)
_CONTACTS = st.lists(
    st.builds(
        contact_source,
        audience=st.sampled_from(Audience.values),
        purpose=st.sampled_from(ContactPurpose.values),
        system=st.sampled_from(["phone", "email", "web"]),
        value=_TEXT,
        valid_until=st.sampled_from([None, "2027-05-05T10:20:30.123456+02:00"]),
    ),
    max_size=6,
)
_CAPACITIES = st.none() | st.builds(
    capacity_source,
    new_clients=st.integers(0, 30_000),
    size_band=st.sampled_from(["", *SizeBand.values]),
    parts_of_day=st.lists(st.sampled_from(PartOfDay.values), unique=True),
    tasks_excluded=st.lists(st.sampled_from(CareTask.values), unique=True),
    hours_per_week=st.none() | st.decimals(0, 9999, places=1).map(float),
    no_room_reason=st.sampled_from(["", *NoRoomReason.values]),
    no_room_until=st.sampled_from([None, "2026-12-31"]),
    reserved_clients=st.integers(0, 5),
    reserved_hours_per_week=st.integers(0, 50),
)


@settings(max_examples=60)
@given(
    care=st.sampled_from(Care.values),
    name=_TEXT,
    description=_TEXT,
    specialty=_TEXT,
    tasks=st.lists(st.sampled_from(CareTask.values), unique=True),
    care_laws=st.lists(st.sampled_from(CareLaw.values), unique=True),
    insurers=st.lists(st.from_regex(r"\A[0-9]{4}\Z"), max_size=3),
    languages=st.lists(st.sampled_from(["nl", "en", "dse"]), unique=True),
    opening_hours=_HOURS,
    is_open_on_holidays=st.booleans(),
    postcode=st.sampled_from(["", "2512", "2512AB"]),
    lat=st.none() | st.floats(50, 54),
    contacts=_CONTACTS,
    capacity=_CAPACITIES,
    coverages=st.sampled_from([[], service_source()["coverages"]]),
)
def test_a_service_is_valid_whatever_was_filled_in(**changed: Any) -> None:
    found = rendered("HealthcareService", SERVICE_ID, service_source(**changed))
    check_valid(found.body)
    check_valid(found.public_body)
    assert json.loads(found.body) == found.resource


@settings(max_examples=60)
@given(
    name=_TEXT,
    profession=_TEXT,
    count=st.integers(-1, 40),
    postcode=st.sampled_from(["", "2512", "2512AB"]),
    lon=st.none() | st.floats(3, 7),
    address=_TEXT.filter(lambda text: bool(text.strip())),
    kind=st.sampled_from(OrganizationType.values),
    numbers=st.tuples(
        st.sampled_from(["", "90000123"]), st.sampled_from(["", "12345678"])
    ),
)
def test_the_other_types_are_valid_whatever_was_filled_in(
    name: str,
    profession: str,
    count: int,
    postcode: str,
    lon: float | None,
    address: str,
    kind: str,
    numbers: tuple[str, str],
) -> None:
    ura, kvk_number = numbers
    organization = organization_source(
        name=name, type=kind, ura=ura, kvk_number=kvk_number
    )
    team = care_team_source(name=name, composition={profession: count})
    place = location_source(name=name, postcode=postcode, lon=lon)
    for source in (team, place):
        source["organization"] |= {"ura": ura, "kvk_number": kvk_number}
    for type_, source in (
        ("Organization", organization),
        ("CareTeam", team),
        ("Location", place),
        ("Endpoint", endpoint_source(value=address)),
    ):
        check_valid(rendered(type_, "x", source).body)


def test_all_types_of_the_directory_are_known_to_the_models() -> None:
    for type_ in DirectoryType:
        assert get_fhir_model_class(type_.value)
