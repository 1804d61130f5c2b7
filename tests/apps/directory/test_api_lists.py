"""REST lists: services, coverage, organizations, areas and signposts over HTTP."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of, token_header
from tests.factories.directory import (
    AreaFactory,
    ContactPointFactory,
    CoverageFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.types import Role

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def visitor():
    return Client()


def problem_of(answer, status):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["API-Version"]
    body = answer.json()
    assert body["status"] == status
    assert body["detail"]
    return body


def names(answer):
    assert answer.status_code == 200, answer.content
    return [item["name"] for item in answer.json()["items"]]


class TestServices:
    def test_filters_narrow_the_list_together(self, visitor):
        region = AreaFactory(region=True)
        wijk = AreaFactory(code="WK051801", lies_in=[region])
        AreaFactory(pc4=True, code="2512", parent=wijk)
        right = HealthcareServiceFactory(
            name="Team Laak", tasks=["insulin"], languages=["nl", "tr"]
        )
        CoverageFactory(service=right, area=wijk)
        HealthcareServiceFactory(name="Team Elders", tasks=["insulin"])
        HealthcareServiceFactory(name="Praktijk Laak", gp_practice=True)
        HealthcareServiceFactory(name="Team Laak oud", is_active=False)
        for query in (
            "postcode=2512",
            "area=WK051801",
            "area=2512",
            "task=insulin&q=laak",
            "language=tr",
            "care=district-nursing&q=LAAK team",
            f"organization={right.organization_id}",
            f"q={right.organization.agb_code}",
        ):
            assert names(visitor.get(f"{API}/services?{query}")) == ["Team Laak"], query

    def test_a_page_tells_how_much_there_is_in_all(self, visitor):
        for number in range(5):
            HealthcareServiceFactory(name=f"Team {number}")
        body = visitor.get(f"{API}/services?page=2&pageSize=2").json()
        assert (body["page"], body["pageSize"], body["total"]) == (2, 2, 5)
        assert [item["name"] for item in body["items"]] == ["Team 2", "Team 3"]
        assert visitor.get(f"{API}/services?page=9&pageSize=2").json()["items"] == []

    def test_a_visitor_sees_numbers_for_residents_without_a_person(self, visitor):
        service = HealthcareServiceFactory()
        ContactPointFactory(service=service, value="070 1", person_name="A. Naam")
        ContactPointFactory(service=service, value="070 2", for_referrers=True)
        ContactPointFactory(service=service, value="070 3", valid_until=timezone.now())
        seen = visitor.get(f"{API}/services/{service.pk}").json()["contacts"]
        assert [(c["value"], c["personName"]) for c in seen] == [("070 1", "")]
        seen = browser_of(Role.REFERRER).get(f"{API}/services/{service.pk}").json()
        assert [c["value"] for c in seen["contacts"]] == ["070 1", "070 2"]
        assert seen["contacts"][0]["personName"] == "A. Naam"

    def test_one_service_is_told_in_full_in_camel_case(self, visitor):
        service = HealthcareServiceFactory(insurers=["3311"])
        body = visitor.get(f"{API}/services/{service.pk}").json()
        assert body["organizationName"] == service.organization.name
        assert body["openingHours"][0]["from"] == "08:00"
        assert body["insurers"] == ["3311"]

    @pytest.mark.parametrize(
        ("query", "status", "field"),
        [
            ("care=baking", 400, "care"),
            ("task=juggling", 400, "task"),
            ("postcode=abc", 400, "postcode"),
            ("postcode=9999ZZ", 404, "postcode"),
            ("area=WK999999", 404, "area"),
            ("area=%00", 404, "area"),
            ("organization=many", 400, "organization"),
            ("page=0", 400, "page"),
            ("pageSize=101", 400, "pageSize"),
            ("pageSize=ten", 400, "pageSize"),
            ("colour=red", 400, "colour"),
            ("language=klingon", 400, "language"),
        ],
    )
    def test_a_wrong_question_is_answered_at_its_field(
        self, visitor, query, status, field
    ):
        body = problem_of(visitor.get(f"{API}/services?{query}"), status)
        assert field in [param["name"] for param in body["invalidParams"]]

    def test_nonsense_words_find_nothing(self, visitor):
        HealthcareServiceFactory()
        for words in ("zz%00zz", "'; drop table", "%25", "_", "9" * 200):
            assert names(visitor.get(f"{API}/services?q={words}")) == []

    @pytest.mark.parametrize("number", ["0", "999999", "9" * 30, "-1", "x"])
    def test_a_service_that_is_not_there_is_a_problem(self, visitor, number):
        answer = visitor.get(f"{API}/services/{number}")
        problem_of(answer, 400 if number == "x" else 404)

    def test_an_ended_service_is_gone(self, visitor):
        service = HealthcareServiceFactory(is_active=False)
        problem_of(visitor.get(f"{API}/services/{service.pk}"), 404)

    def test_a_full_page_costs_as_many_queries_as_a_short_one(
        self, visitor, django_assert_max_num_queries
    ):
        for _number in range(30):
            ContactPointFactory()
        with django_assert_max_num_queries(3):
            visitor.get(f"{API}/services?pageSize=100")


class TestCoverage:
    def test_an_area_answers_with_what_is_around_and_inside_it(self, visitor):
        region = AreaFactory(region=True)
        wijk = AreaFactory(lies_in=[region])
        buurt = AreaFactory(buurt=True, parent=wijk)
        now = timezone.now()
        for area, name in ((region, "Regio"), (wijk, "Wijk"), (buurt, "Buurt")):
            CoverageFactory(area=area, service__name=name)
        CoverageFactory(area=wijk, service__name="Later", valid_from=now + timedelta(9))
        CoverageFactory(area=wijk, service__name="Voorbij", valid_until=now)
        CoverageFactory(service__name="Elders")
        body = visitor.get(f"{API}/coverage?area={wijk.code}").json()
        assert {item["serviceName"] for item in body["items"]} == {
            "Regio",
            "Wijk",
            "Buurt",
            "Later",
        }
        assert body["total"] == 4

    def test_a_service_answers_with_its_areas(self, visitor):
        coverage = CoverageFactory()
        body = visitor.get(f"{API}/services/{coverage.service_id}/coverage").json()
        assert [(i["areaCode"], i["role"]) for i in body["items"]] == [
            (coverage.area.code, "regular")
        ]

    def test_the_area_must_be_given_and_known(self, visitor):
        problem_of(visitor.get(f"{API}/coverage"), 400)
        problem_of(visitor.get(f"{API}/coverage?area=WK9"), 404)
        problem_of(visitor.get(f"{API}/services/99999/coverage"), 404)

    def test_coverage_is_not_written_by_rest(self, visitor):
        organization = OrganizationFactory()
        answer = visitor.post(
            f"{API}/coverage",
            {},
            content_type="application/json",
            headers=token_header(organization),
        )
        assert answer.status_code == 405


class TestOrganizationsAndAreas:
    def test_an_organization_lists_its_active_services(self, visitor):
        service = HealthcareServiceFactory(name="Team")
        HealthcareServiceFactory(organization=service.organization, is_active=False)
        body = visitor.get(f"{API}/organizations/{service.organization_id}").json()
        assert body["agbCode"] == service.organization.agb_code
        assert [each["name"] for each in body["services"]] == ["Team"]
        problem_of(visitor.get(f"{API}/organizations/99999"), 404)

    def test_an_area_tells_what_it_lies_in(self, visitor):
        region = AreaFactory(region=True, name="Haaglanden")
        gemeente = AreaFactory(gemeente=True, name="Den Haag", lies_in=[region])
        wijk = AreaFactory(parent=gemeente)
        AreaFactory(code=wijk.code, year=2024, name="Oud")
        body = visitor.get(f"{API}/areas/wijk/{wijk.code}").json()
        assert (body["name"], body["year"]) == (wijk.name, 2025)
        assert {each["name"] for each in body["within"]} == {"Haaglanden", "Den Haag"}
        assert body["populationByAge"] == {"0-64": 4000.0, "65+": 1000.0}

    def test_an_area_that_is_not_there_is_a_problem(self, visitor):
        problem_of(visitor.get(f"{API}/areas/wijk/WK0"), 404)
        problem_of(visitor.get(f"{API}/areas/galaxy/1"), 400)
        problem_of(visitor.get(f"{API}/areas/wijk/%00"), 404)


class TestSignposts:
    def test_a_question_gets_at_most_five_answers_with_who_leads(self, visitor):
        body = visitor.get(f"{API}/signposts", {"q": "mijn moeder valt steeds"}).json()
        assert 1 <= len(body["items"]) <= 5
        first = body["items"][0]
        assert first["leads"]["code"] in {p["code"] for p in first["professions"]}
        assert set(first) == {
            "id",
            "question",
            "professions",
            "leads",
            "urgentFirst",
            "services",
            "thuisarts",
        }

    def test_the_answer_is_in_the_language_of_the_request(self, visitor):
        dutch, english = (
            visitor.get(
                f"{API}/signposts",
                {"q": "wond verzorgen"},
                headers={"Accept-Language": language},
            ).json()["items"][0]["question"]
            for language in ("nl", "en")
        )
        assert dutch != english

    @pytest.mark.parametrize("question", ["", "?!", "\0", "x" * 5000, "zzzzqqq"])
    def test_what_says_nothing_gets_no_answer(self, visitor, question):
        answer = visitor.get(f"{API}/signposts", {"q": question})
        assert answer.status_code == 200
        assert answer.json()["items"] == []

    def test_a_question_must_be_given(self, visitor):
        problem_of(visitor.get(f"{API}/signposts"), 400)


def test_a_token_that_does_not_hold_is_refused_everywhere(visitor):
    service = HealthcareServiceFactory()
    for path in (
        "/services",
        f"/services/{service.pk}",
        f"/services/{service.pk}/coverage",
        f"/services/{service.pk}/duties",
        f"/organizations/{service.organization_id}",
        "/areas/wijk/WK0",
        "/coverage?area=x",
        "/duties?postcode=2512",
        "/signposts?q=wond",
    ):
        for value in ("Bearer nonsense", "Basic eDp5", "Bearer", "\xff"):
            answer = visitor.get(API + path, headers={"Authorization": value})
            assert problem_of(answer, 401)["code"] == "unknown-token"
            assert answer["WWW-Authenticate"] == "Bearer"


def test_the_description_of_the_interface_is_complete(visitor):
    body = visitor.get(f"{API}/openapi.json").json()
    assert {
        "/services",
        "/duties",
        "/coverage",
        "/signposts",
        "/duties/{duty_id}/withdrawal",
    } <= set(body["paths"])


def test_duties_without_a_postcode_are_not_those_of_everywhere(visitor):
    token = token_header(OrganizationFactory())
    for path in ("/duties?postcode=", "/duties", "/duties?postcode=%20"):
        assert problem_of(visitor.get(API + path, headers=token), 400)["invalidParams"]
