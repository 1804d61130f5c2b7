"""What a search finds: parameters, modifiers, chains, and who may ask what."""

import json
from urllib.parse import quote

import pytest
from django.test import Client

from tests.factories.directory import (
    AllianceMemberFactory,
    AreaFactory,
    CapacityReportFactory,
    CareTeamFactory,
    CoverageFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.fhir.asking import Asker, entries, known_system, link, visitor
from wijkspil.directory.types import Care, CareTask, OrganizationType
from wijkspil.fhir.mapping.parameters import PARAMETERS, Kind

pytestmark = pytest.mark.django_db

AGB = "http://fhir.nl/fhir/NamingSystem/agb-z"


@pytest.fixture
def asker() -> Asker:
    return visitor()


def test_a_name_is_found_by_the_beginning_of_a_word(asker: Asker) -> None:
    OrganizationFactory.create(name="Thuiszorg De Brûg")
    OrganizationFactory.create(name="Brugman")
    OrganizationFactory.create(name="Thuisbrug")
    assert asker.names("Organization?name=BRUG&_sort=name") == [
        "Brugman",
        "Thuiszorg De Brûg",
    ]
    assert asker.names("Organization?name=de%20br") == ["Thuiszorg De Brûg"]
    assert asker.names("Organization?name:contains=sbru") == ["Thuisbrug"]
    assert asker.names("Organization?name:exact=Brugman") == ["Brugman"]
    assert asker.names("Organization?name:exact=brugman") == []


@pytest.mark.parametrize(
    "mark", ["a'b", 'a"b', "a\\\\b", "a%25b", "a_b", "a:b", "a!b&c|d", "é", "(a", "💧"]
)
def test_marks_in_a_value_are_only_text(asker: Asker, mark: str) -> None:
    OrganizationFactory.create(name="Thuiszorg")
    for modifier in ("", ":contains", ":exact"):
        asker.ask(f"Organization?name{modifier}={quote(mark, safe='%')}")
        asker.ask(f"Organization?identifier={quote(mark, safe='%')}")
        asker.ask(f"HealthcareService?organization={quote(mark, safe='%')}")


def test_commas_are_or_and_repetition_is_and(asker: Asker) -> None:
    for name in ("Arnica zorg", "Boterbloem zorg", "Arnica thuis", "A, b"):
        OrganizationFactory.create(name=name)
    assert asker.names("Organization?name=arnica,boterbloem&name=zorg&_sort=name") == [
        "Arnica zorg",
        "Boterbloem zorg",
    ]
    assert asker.names(r"Organization?name:exact=A\, b") == ["A, b"]


def test_a_token_is_found_with_and_without_its_system(asker: Asker) -> None:
    OrganizationFactory.create(name="Right", agb_code="75000001")
    OrganizationFactory.create(name="Other", agb_code="75000002")
    for value in ("75000001", f"{AGB}|75000001"):
        assert asker.names(f"Organization?identifier={value}") == ["Right"]
    assert asker.names("Organization?identifier=|75000001") == []
    assert asker.names("Organization?identifier=http://other|75000001") == []
    assert asker.names(f"Organization?identifier={AGB}|&_sort=name") == [
        "Other",
        "Right",
    ]
    assert asker.names(f"Organization?identifier:not={AGB}|75000001") == ["Other"]


def test_a_code_of_no_system_is_found_by_a_bar_before_it(asker: Asker) -> None:
    OrganizationFactory.create(name="Open")
    OrganizationFactory.create(name="Closed", is_active=False)
    assert asker.names("Organization?active=true") == ["Open"]
    assert asker.names("Organization?active=|false") == ["Closed"]
    assert asker.names("Organization?active:not=true") == ["Closed"]


def test_what_is_missing_is_found_as_missing(asker: Asker) -> None:
    whole = OrganizationFactory.create(name="Whole")
    OrganizationFactory.create(name="Part", part_of=whole)
    assert asker.names("Organization?partof:missing=true") == ["Whole"]
    assert asker.names("Organization?partof:missing=false") == ["Part"]


def test_a_reference_is_found_however_it_is_written(asker: Asker) -> None:
    mine, other = OrganizationFactory.create_batch(2)
    HealthcareServiceFactory.create(name="Mine", organization=mine)
    HealthcareServiceFactory.create(name="Other", organization=other)
    for name, value in (
        ("organization", mine.fhir_id),
        ("organization", f"Organization/{mine.fhir_id}"),
        ("organization", f"http://testserver/fhir/Organization/{mine.fhir_id}"),
        ("organization:Organization", mine.fhir_id),
    ):
        assert asker.names(f"HealthcareService?{name}={value}") == ["Mine"]
    assert asker.names("HealthcareService?organization=Organization/none") == []
    assert asker.names(
        f"HealthcareService?organization={mine.fhir_id},{other.fhir_id}&_sort=name"
    ) == ["Mine", "Other"]


def test_a_chain_goes_one_step_forward_and_one_back(asker: Asker) -> None:
    brug = OrganizationFactory.create(name="De Brug", agb_code="75000009")
    other = OrganizationFactory.create(name="Other")
    HealthcareServiceFactory.create(
        name="Nursing", organization=brug, lat=52.08, lon=4.30
    )
    HealthcareServiceFactory.create(name="Far", organization=other, lat=51.0, lon=5.0)
    find = asker.names
    assert find("HealthcareService?organization.name=brug") == ["Nursing"]
    assert find("HealthcareService?organization:Organization.name=brug") == ["Nursing"]
    assert find(f"HealthcareService?organization.identifier={AGB}|75000009") == [
        "Nursing"
    ]
    assert find("HealthcareService?location.near=52.08|4.31|5|km") == ["Nursing"]
    assert find("Organization?_has:HealthcareService:organization:name=far") == [
        "Other"
    ]
    for deep in (
        "HealthcareService?location.organization.name=brug",
        "Organization?_has:HealthcareService:organization:location.name=x",
    ):
        assert asker.ask(deep, status=400)["issue"][0]["code"] == "not-supported"


def test_places_near_come_nearest_first_with_their_distance(asker: Asker) -> None:
    for name, lat in (("Far", 52.20), ("Near", 52.081), ("Middle", 52.12)):
        HealthcareServiceFactory.create(name=name, lat=lat, lon=4.3)
    address = "Location?near=52.08|4.3|10|km"
    assert asker.names(address) == ["Near", "Middle"]
    assert asker.names("Location?near=52.08|4.3|10000|m") == ["Near", "Middle"]
    search = entries(asker.ask(address))[0]["search"]
    assert search["extension"][0]["valueDistance"]["value"] == pytest.approx(
        0.111, abs=0.001
    )
    assert asker.names(f"{address}&_sort=-name") == ["Near", "Middle"]


@pytest.mark.parametrize(
    "value", ["52", "a|b", "52|4|5|mile", "95|4|5|km", "52|4|-5|km", "52|4|5|km|x"]
)
def test_a_place_that_cannot_be_is_refused(asker: Asker, value: str) -> None:
    asker.ask(f"Location?near={value}", status=400)


def test_what_others_refer_to_goes_along(asker: Asker) -> None:
    organization = OrganizationFactory.create(name="Provider")
    service = HealthcareServiceFactory.create(name="Team", organization=organization)
    own = f"HealthcareService?_id={service.fhir_id}"
    found = asker.names
    assert found(f"{own}&_include=HealthcareService:organization", mode="include") == [
        "Provider"
    ]
    assert sorted(found(f"{own}&_include=*", mode="include")) == ["Provider", "Team"]
    back = f"Organization?_id={organization.fhir_id}"
    assert found(f"{back}&_revinclude=HealthcareService:organization") == ["Provider"]
    assert found(
        f"{back}&_revinclude=HealthcareService:organization", mode="include"
    ) == ["Team"]
    assert sorted(
        asker.ask(
            f"Location?_id={service.fhir_id}&_revinclude=HealthcareService:location"
            "&_include:iterate=HealthcareService:organization"
        )["entry"],
        key=lambda entry: str(entry["search"]["mode"]),
    )[0]["resource"]["resourceType"] in {"HealthcareService", "Organization"}


def test_what_goes_along_comes_once(asker: Asker) -> None:
    organization = OrganizationFactory.create(name="Provider")
    HealthcareServiceFactory.create_batch(3, organization=organization)
    bundle = asker.ask(
        "HealthcareService?_include=HealthcareService:organization"
        "&_include:iterate=Organization:partof&_revinclude=Location:organization"
    )
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(addresses) == len(set(addresses)) == 4
    assert bundle["total"] == 3


def test_room_is_searched_by_who_is_known(asker: Asker) -> None:
    known = known_system()
    for name, clients in (("Some", 2), ("Much", 9)):
        CapacityReportFactory.create(
            service=HealthcareServiceFactory.create(name=name), new_clients=clients
        )
    CapacityReportFactory.create(
        service=HealthcareServiceFactory.create(name="None"), no_room=True
    )
    HealthcareServiceFactory.create(name="Silent")
    find = known.names
    base = "HealthcareService?_sort=name&capacity-available="
    assert find(f"{base}gt0") == ["Much", "Some"]
    assert find(f"{base}ge9") == ["Much"]
    assert find(f"{base}lt1") == ["None"]
    assert find(f"{base}2") == ["Some"]
    assert find(f"{base}0,9") == ["Much", "None"]
    assert find(f"{base}gt0&capacity-available=le2") == ["Some"]
    assert find("HealthcareService?capacity-status=no-capacity") == ["None"]
    assert find("HealthcareService?capacity-part-of-day=morning&_sort=name") == [
        "Much",
        "Some",
    ]
    assert len(find("HealthcareService?capacity-updated=ge2026-11-20")) == 3
    assert find("HealthcareService?capacity-updated=lt2026-11-20") == []
    refused = asker.ask("HealthcareService?capacity-available=gt0", status=403)
    assert refused["issue"][0]["expression"] == ["capacity-available"]
    asker.ask("Location?_has:HealthcareService:location:capacity-status=x", status=403)


def test_a_service_is_found_by_what_it_does_and_where(asker: Asker) -> None:
    area = AreaFactory.create(code="WK051801")
    service = HealthcareServiceFactory.create(
        name="Wounds", tasks=[CareTask.INSULIN], insurers=["3311"]
    )
    CoverageFactory.create(service=service, area=area)
    HealthcareServiceFactory.create(name="Practice", gp_practice=True)
    find = asker.names
    assert find(f"HealthcareService?task={CareTask.INSULIN}") == ["Wounds"]
    assert find(f"HealthcareService?care={Care.GP_CARE}") == ["Practice"]
    assert find("HealthcareService?insurer=3311") == ["Wounds"]
    assert find("HealthcareService?covers=WK051801") == ["Wounds"]
    assert find("HealthcareService?care-law=zvw&care=district-nursing") == ["Wounds"]
    assert find(f"Organization?type={OrganizationType.GP_PRACTICE}") != []


def test_teams_and_alliances_are_found_by_who_takes_part(asker: Asker) -> None:
    member = AllianceMemberFactory.create()
    organization = member.service.organization
    team = CareTeamFactory.create(service=member.service)
    assert entries(
        asker.ask(
            "OrganizationAffiliation?participating-organization="
            f"{organization.fhir_id}&primary-organization={member.alliance.fhir_id}"
        )
    )
    assert asker.names(f"CareTeam?managing-organization={organization.fhir_id}") == [
        team.name
    ]
    assert asker.names(f"CareTeam?service={member.service.fhir_id}") == [team.name]


def test_moments_are_searched_by_prefix_and_precision(asker: Asker) -> None:
    OrganizationFactory.create(name="New")
    moment = entries(asker.ask("Organization"))[0]["resource"]["meta"]["lastUpdated"]
    day, plus = moment[:10], moment.replace("Z", "%2B00:00")
    for value in (
        f"ge{day}",
        f"le{moment}",
        moment,
        f"eq{moment}",
        f"ge{plus}",
        "gt2020",
        f"eq{moment[:4]}",
        f"ge{moment[:7]}",
        "ne2020-01-01",
    ):
        assert asker.names(f"Organization?_lastUpdated={value}") == ["New"], value
    for value in (f"gt{moment}", f"lt{moment}", "2020", f"gt{moment[:4]}", "lt2020-06"):
        assert asker.names(f"Organization?_lastUpdated={value}") == [], value
    asker.ask("Organization?_lastUpdated=yesterday", status=400)
    asker.ask("Organization?_lastUpdated=2026-13", status=400)


def test_an_unknown_parameter_is_named_and_not_used(asker: Asker) -> None:
    OrganizationFactory.create(name="Arnica")
    bundle = asker.ask("Organization?name=arnica&colour=blue&_sort=size")
    assert bundle["total"] == 1
    own = link(bundle, "self")
    assert own is not None
    assert "colour" not in own
    assert "name=arnica" in own
    issues = entries(bundle, mode="outcome")[0]["resource"]["issue"]
    assert {issue["severity"] for issue in issues} == {"warning"}
    assert len(issues) == 2
    strict = asker.ask("Organization?colour=blue", status=400, Prefer="handling=strict")
    assert strict["resourceType"] == "OperationOutcome"


def test_an_unknown_modifier_is_refused(asker: Asker) -> None:
    asker.ask("Organization?name:in=x", status=400)
    asker.ask("HealthcareService?organization:Patient=x", status=400)


def test_a_part_of_a_resource_is_marked_as_such(asker: Asker) -> None:
    OrganizationFactory.create(name="Arnica")
    found = entries(asker.ask("Organization?_elements=name"))[0]["resource"]
    assert set(found) == {"resourceType", "id", "meta", "name"}
    assert found["meta"]["tag"][-1]["code"] == "SUBSETTED"
    summary = entries(asker.ask("Organization?_summary=true"))[0]["resource"]
    assert {"name", "identifier", "active"} <= set(summary)
    count = asker.ask("Organization?_summary=count")
    assert (count["total"], "entry" in count) == (1, False)
    assert asker.ask("Organization?_count=0")["total"] == 1
    assert "total" not in asker.ask("Organization?_total=none")


def test_a_search_can_be_posted(asker: Asker) -> None:
    OrganizationFactory.create(name="Arnica")
    OrganizationFactory.create(name="Boterbloem")
    response = Client().post(
        "/fhir/Organization/_search",
        "name=arnica",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 200, response.content
    assert [e["resource"]["name"] for e in json.loads(response.content)["entry"]] == [
        "Arnica"
    ]


def test_several_types_are_searched_at_once(asker: Asker) -> None:
    organization = OrganizationFactory.create(name="Arnica")
    HealthcareServiceFactory.create(name="Arnica team", organization=organization)
    address = "?_type=Organization,HealthcareService&name=arnica&_sort=name"
    assert asker.names(address) == ["Arnica", "Arnica team"]
    assert asker.ask(f"?_id={organization.fhir_id}")["total"] == 1
    bundle = asker.ask("?_type=Organization,Location&near=52|4|1|km")
    assert entries(bundle, mode="outcome")
    asker.ask("?_type=Patient", status=400)


def test_no_one_is_found_among_practitioners(asker: Asker) -> None:
    for address in (
        "Practitioner?identifier=1",
        "PractitionerRole?organization.name=x&_include=PractitionerRole:practitioner",
        "Provenance?target=Organization/1",
    ):
        bundle = asker.ask(address)
        assert (bundle["total"], "entry" in bundle) == (0, False)


@pytest.mark.parametrize("type_", PARAMETERS)
def test_every_parameter_answers(type_: str) -> None:
    asker = known_system()
    values = {Kind.DATE: "ge2026", Kind.NUMBER: "ge1", Kind.SPECIAL: "52|4|1|km"}
    for name, parameter in PARAMETERS[type_].items():
        value = values.get(parameter.kind, "x")
        bundle = asker.ask(f"{type_}?{name}={value}", Prefer="handling=strict")
        assert bundle["total"] >= 0


def test_a_change_is_found_by_what_it_became(asker: Asker) -> None:
    organization = OrganizationFactory.create(name="Before")
    assert asker.names("Organization?name=before") == ["Before"]
    organization.name = "After"
    organization.save()
    assert asker.names("Organization?name=before") == []
    assert asker.names("Organization?name=after") == ["After"]


@pytest.mark.parametrize(
    "query",
    [
        "_count=x",
        "_count=-1",
        "_summary=some",
        "_total=many",
        "_page=x",
        "name=a%00b",
        "active:missing=x",
    ],
)
def test_a_value_that_cannot_be_is_refused(asker: Asker, query: str) -> None:
    issue = asker.ask(f"Organization?{query}", status=400)["issue"][0]
    assert issue["code"] == "value"
