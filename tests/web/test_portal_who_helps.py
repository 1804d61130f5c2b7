""" "Who helps here now?" over HTTP: the right card, for the right eyes, at the hour."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of
from tests.factories.directory import (
    AreaFactory,
    ContactPointFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from tests.web.zuiderpark import SECRETS, make_zuiderpark, report
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.portal.who_helps import PROFESSIONAL_CARES

pytestmark = pytest.mark.django_db

PUBLIC_PATHS = ("/wie-helpt", "/wie-helpt/koelkast", "/wie-helpt/kaart.geojson")
VISITOR_QUERIES = 2  # who helps, alliances of the wijk
PROFESSIONAL_ROLES = (
    Role.REFERRER,
    Role.TEAM_MEMBER,
    Role.PROVIDER_MANAGER,
    Role.COORDINATOR,
    Role.DIRECTORY_EDITOR,
    Role.ADMINISTRATOR,
)
OTHER_ROLES = (Role.INSURER, Role.AUDITOR)


@pytest.fixture
def place():
    return make_zuiderpark()


@pytest.fixture
def visitor():
    client = Client()
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def referrer():
    client = browser_of(Role.REFERRER)
    client.cookies["django_language"] = "en"
    return client


def ask(client, *, status=200, page="/wie-helpt", **query):
    response = client.get(page, {"postcode": "2512AB", **query})
    assert response.status_code == status
    return response.content.decode()


def text_of(page):
    """Return the words of a page, as somebody reads them."""
    body = page[page.index("<main") : page.index("</main")]
    words = html.unescape(re.sub(r"<[^>]+>", " ", body))
    return re.sub(r"\s+([.,?])", r"\1", " ".join(words.split()))


def top_of(page):
    """Return the words of the card on top."""
    return text_of(
        "<main"
        + page[page.index('<section class="wp-answer') :].split("</section>")[0]
        + "</main"
    )


class TestTheCardOnTop:
    def test_at_14_the_team_of_the_wijk_is_on_top(self, visitor, place):
        top = top_of(ask(visitor, moment=place.day))
        assert "Team Zuiderpark helps here" in top
        assert "070 000 0001" in top

    def test_at_3_the_team_on_duty_is_on_top(self, visitor, place):
        top = top_of(ask(visitor, moment=place.night))
        assert "Nachtteam Duinstreek helps here" in top
        assert "070 000 0002" in top
        assert "The fixed contact of this wijk is Team Zuiderpark" in top

    def test_at_3_a_professional_sees_who_is_on_duty_and_whom_to_call_next(
        self, referrer, place
    ):
        page = ask(referrer, moment=place.night)
        assert "N. Achtwacht is on duty until" in top_of(page)
        assert "085 100 0003" in top_of(page)
        next_up = text_of(page).split("No answer? Then call", 1)[1]
        assert next_up.split("085 100 0004")[0].count("T. Weede") == 1

    def test_a_visitor_is_not_sent_to_the_same_number_twice(self, visitor, place):
        page = ask(visitor, moment=place.night)
        assert "No answer? Then call" not in page

    def test_a_gp_at_night_is_the_out_of_hours_post(self, visitor, place):
        top = top_of(ask(visitor, moment=place.night, zorg="gp-care"))
        assert "Huisartsenpost Duinstreek helps now" in top
        assert "070 000 0004" in top

    def test_the_post_by_day_is_your_own_gp(self, visitor, place):
        top = top_of(ask(visitor, moment=place.day, zorg="gp-out-of-hours"))
        assert "Call your own GP" in top
        assert "Huisartsen Parkzicht is close by" in top

    def test_a_gap_says_so_and_what_to_do(self, visitor, place):
        AreaFactory(pc4=True, code="9999")
        top = top_of(ask(visitor, postcode="9999", moment=place.day))
        assert "Nobody is known here at that moment" in top
        assert "Call your own GP" in top

    def test_a_gap_names_who_opens_next_and_the_post(self, visitor, place):
        pharmacy = HealthcareServiceFactory(care="pharmacy", name="Apotheek De Linde")
        CoverageFactory(service=pharmacy, area=place.wijk)
        ContactPointFactory(service=pharmacy, value="070 000 0009")
        top = top_of(ask(visitor, moment=place.night, zorg="pharmacy"))
        assert "Apotheek De Linde opens again" in top
        assert "070 000 0009" in top
        assert "Cannot wait? Call Huisartsenpost Duinstreek" in top

    def test_a_pharmacy_on_duty_is_no_pharmacy_that_is_open(self, visitor, place):
        pharmacy = HealthcareServiceFactory(care="pharmacy", name="Apotheek De Linde")
        ContactPointFactory(service=pharmacy, value="070 000 0009")
        duty = place.night_team.duties.first()
        DutyPeriodFactory(
            service=pharmacy,
            area=place.wijk,
            valid_from=duty.valid_from,
            valid_until=duty.valid_until,
        )
        page = ask(visitor, moment=place.night, zorg="pharmacy")
        assert "Apotheek De Linde helps here" in top_of(page)
        assert "8:00–17:00" not in top_of(page)
        assert "Also open, close by" not in page

    def test_another_service_without_a_number_for_residents_says_so(
        self, visitor, place
    ):
        place.team.contacts.filter(audience="resident").delete()
        top = top_of(ask(visitor, moment=place.day))
        assert "There is no number for residents" in top


class TestAroundTheCard:
    def test_112_stands_on_the_page_day_and_night(self, visitor, place):
        for moment in (place.day, place.night, ""):
            assert 'href="tel:112"' in ask(visitor, moment=moment)

    def test_the_post_is_named_only_while_it_is_open(self, visitor, place):
        line = "Cannot wait until your GP is open? Call Huisartsenpost Duinstreek first"
        assert line in text_of(ask(visitor, moment=place.night))
        assert line not in text_of(ask(visitor, moment=place.day))

    def test_other_care_has_its_own_card_that_leads_on(self, visitor, place):
        page = ask(visitor, moment=place.day)
        assert "Huisartsen Parkzicht" in page
        assert f"zorg=gp-care&amp;moment={place.day.replace(':', '%3A')}" in page

    def test_a_pc4_says_that_it_lies_in_more_wijken(self, visitor, place):
        words = text_of(ask(visitor, postcode="2512"))
        assert "Part of 2512 lies outside Zuiderpark, in: Molenveld" in words

    def test_an_unknown_pc6_falls_back_and_says_so(self, visitor, place):
        words = text_of(ask(visitor, postcode="2512 zz"))
        assert "We do not know 2512 ZZ exactly" in words

    def test_an_exact_postcode_says_nothing_of_precision(self, visitor, place):
        assert "exactly" not in text_of(ask(visitor))

    def test_the_chosen_moment_is_marked_and_other_moments_are_one_tap_away(
        self, visitor, place
    ):
        page = ask(visitor, moment=place.day)
        chips = re.findall(r'<a class="wp-chip" href="([^"]+)"( aria-current)?', page)
        assert len(chips) == 4
        assert [bool(current) for _url, current in chips].count(True) == 1
        assert "moment" not in chips[0][0]  # "now" leaves the moment out

    def test_the_form_keeps_what_was_asked(self, visitor, place):
        page = ask(visitor, moment=place.night, zorg="gp-care")
        assert 'value="2512AB"' in page
        assert f'value="{place.night}"' in page
        assert '<option value="gp-care" selected>' in page

    def test_the_alliance_of_the_wijk_is_linked(self, visitor, place):
        assert f'href="/wijkverband/{place.alliance.pk}"' in ask(visitor)

    def test_the_page_needs_no_script(self, visitor, place):
        page = ask(visitor, moment=place.day)
        assert "<table" in page
        assert re.search(r"<form[^>]+method=\"get\"", page)
        assert not re.search(r"\s(on[a-z]+|style)=\"", page)


class TestManyTeams:
    def test_more_than_five_stand_behind_one_line(self, referrer, place):
        for number in range(9):
            team = HealthcareServiceFactory(name=f"Team {number}")
            CoverageFactory(service=team, area=place.wijk, rank=number + 2)
        page = ask(referrer, moment=place.day)
        assert "7 more" in text_of(page)
        assert len(re.findall("data-map-area", page)) <= 5 + len(PROFESSIONAL_CARES)


class TestWhoSeesWhat:
    @pytest.mark.parametrize("care", ["district-nursing", "gp-care", "pharmacy"])
    def test_a_visitor_sees_no_number_or_person_of_professionals(
        self, visitor, place, care
    ):
        for moment in (place.day, place.night):
            for path in PUBLIC_PATHS:
                page = ask(visitor, page=path, moment=moment, zorg=care)
                assert [secret for secret in SECRETS if secret in page] == []

    def test_a_visitor_sees_no_room(self, visitor, place):
        page = ask(visitor, moment=place.day)
        assert "wp-freshness" not in page
        assert "2 new clients" not in page

    @pytest.mark.parametrize("role", OTHER_ROLES)
    def test_insurer_and_auditor_see_what_a_visitor_sees(self, place, role):
        client = browser_of(role, region=place.region)
        for moment in (place.day, place.night):
            page = ask(client, moment=moment)
            assert [secret for secret in SECRETS if secret in page] == []
            assert "wp-freshness" not in page

    @pytest.mark.parametrize("role", PROFESSIONAL_ROLES)
    def test_a_professional_sees_numbers_for_colleagues(self, place, role):
        page = ask(browser_of(role), moment=place.day)
        assert "085 100 0001" in page
        assert "C. Omplex" in page
        assert "085 100 0005" in page  # the coordinator

    def test_a_professional_sees_room_with_its_age(self, referrer, place):
        words = text_of(ask(referrer, moment=place.day))
        assert "2 new clients" in words
        assert "reported" in words

    def test_room_past_its_limit_is_unknown_and_may_be_out_of_date(
        self, referrer, place
    ):
        place.team.capacity_reports.all().delete()
        now = timezone.now()
        report(
            place.team,
            now,
            reported_at=now - timedelta(days=5),
            valid_until=now - timedelta(days=2),
        )
        words = text_of(ask(referrer, moment=place.day))
        assert "Unknown" in words
        assert "may be out of date" in words

    def test_the_sheet_for_the_fridge_is_the_same_when_signed_in(
        self, visitor, referrer, place
    ):
        page = ask(referrer, page="/wie-helpt/koelkast")
        assert [secret for secret in SECRETS if secret in page] == []
        assert text_of(page) == text_of(ask(visitor, page="/wie-helpt/koelkast"))

    def test_the_sheet_has_the_numbers_by_day_and_by_night(self, visitor, place):
        words = text_of(ask(visitor, page="/wie-helpt/koelkast"))
        for phone in ("112", "070 000 0001", "070 000 0003", "070 000 0004"):
            assert phone in words


class TestLogging:
    def test_every_person_shown_is_written_down_with_who_looked(self, referrer, place):
        ask(referrer, moment=place.night)
        events = AuditEvent.objects.filter(entity_type="duty-period")
        assert {event.entity_id for event in events} == {
            str(duty.pk) for duty in place.night_team.duties.all()
        }
        assert {event.purpose for event in events} == {"page.who-helps"}
        assert all(event.actor_id is not None for event in events)

    def test_a_page_without_a_person_writes_nothing(self, visitor, referrer, place):
        ask(visitor, moment=place.night)
        ask(referrer, moment=place.day)
        ask(referrer, page="/wie-helpt/koelkast")
        assert not AuditEvent.objects.exists()


class TestTheMap:
    def test_it_holds_the_wijk_and_its_services(self, visitor, place):
        data = json.loads(
            ask(visitor, page="/wie-helpt/kaart.geojson", moment=place.day)
        )
        names = {item["properties"]["name"] for item in data["features"]}
        assert {"Zuiderpark", "Team Zuiderpark", "Huisartsen Parkzicht"} <= names

    def test_the_table_beside_it_has_the_same_services(self, visitor, referrer, place):
        for client, moment in (
            (visitor, place.day),
            (visitor, place.night),
            (referrer, place.day),
            (referrer, place.night),
        ):
            page = ask(client, page="/wie-helpt/kaart.geojson", moment=moment)
            assert [secret for secret in SECRETS if secret in page] == []
            on_map = {
                item["properties"]["code"]
                for item in json.loads(page)["features"]
                if item["geometry"]["type"] == "Point"
            }
            page = ask(client, moment=moment)
            assert set(re.findall(r'data-map-area="([^"]+)"', page)) == on_map

    def test_it_reads_no_person_and_writes_nothing(self, referrer, place):
        ask(referrer, page="/wie-helpt/kaart.geojson", moment=place.night)
        assert not AuditEvent.objects.exists()

    def test_a_bad_question_is_refused(self, visitor, place):
        ask(visitor, status=400, page="/wie-helpt/kaart.geojson", postcode="x")
        ask(visitor, status=404, page="/wie-helpt/kaart.geojson", postcode="9876")


class TestBadInput:
    @pytest.mark.parametrize(
        ("query", "status", "words"),
        [
            ({"postcode": "25"}, 400, "“25” is not a postcode"),
            ({"postcode": ""}, 400, "Type a postcode"),
            ({"postcode": "2512AB" * 40}, 400, "20 characters"),
            ({"postcode": "１２３４"}, 400, "is not a postcode"),
            ({"postcode": "9876"}, 404, "Postcode 9876 is not known here"),
            ({"zorg": "surgery"}, 400, "“surgery” is not a kind of care"),
            ({"moment": "soon"}, 400, "“soon” is not a date with a time"),
            ({"moment": "2026-13-45T99:99"}, 400, "is not a date with a time"),
            ({"moment": "0001-01-01T00:00"}, 400, "is too far away"),
            ({"moment": "9999-12-31T23:59"}, 400, "is too far away"),
            ({"moment": "0001-01-01T00:00+14:00"}, 400, "is too far away"),
            ({"moment": "1" * 500}, 400, "40 characters"),
        ],
    )
    def test_it_is_answered_with_what_is_wrong_and_the_form(
        self, visitor, place, query, status, words
    ):
        page = ask(visitor, status=status, **query)
        assert words in text_of(page)
        assert 'name="postcode"' in page

    def test_what_was_typed_is_kept(self, visitor, place):
        page = ask(visitor, status=400, postcode="25", moment=place.night)
        assert 'value="25"' in page
        assert f'value="{place.night}"' in page

    def test_html_in_a_field_stays_text(self, visitor, place):
        attack = '"><script>alert(1)</script>'
        for query in ({"postcode": attack}, {"zorg": attack}, {"moment": attack}):
            assert "<script>alert" not in ask(visitor, status=400, **query)

    def test_a_nul_byte_is_refused(self, visitor, place):
        ask(visitor, status=400, postcode="2512\x00")

    def test_without_a_postcode_the_page_asks_for_one(self, visitor):
        response = visitor.get("/wie-helpt", {"zorg": "gp-care"})
        assert response.status_code == 200
        assert '<option value="gp-care" selected>' in response.content.decode()

    def test_only_get_is_answered(self, visitor):
        assert visitor.post("/wie-helpt", {"postcode": "2512AB"}).status_code == 405


class TestCost:
    def test_a_visitor_costs_two_queries(
        self, visitor, place, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(VISITOR_QUERIES):
            ask(visitor, moment=place.night)

    def test_more_services_cost_no_more_queries(
        self, visitor, place, django_assert_max_num_queries
    ):
        for _number in range(20):
            service = HealthcareServiceFactory(care="paramedical-care")
            CoverageFactory(service=service, area=place.wijk)
        with django_assert_max_num_queries(VISITOR_QUERIES):
            ask(visitor, moment=place.day)

    def test_a_professional_costs_the_session_the_roles_and_the_log(
        self, referrer, place, django_assert_max_num_queries
    ):
        # session, user, roles, messages that wait; what a visitor costs; one insert
        with django_assert_max_num_queries(VISITOR_QUERIES + 5):
            ask(referrer, moment=place.night)
