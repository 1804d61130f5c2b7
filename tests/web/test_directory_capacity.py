"""The capacity page as a browser sees it: ten seconds, one thumb, no JavaScript."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of
from tests.factories.directory import (
    CapacityReportFactory,
    CapacityReservationFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.models import CapacityReport

pytestmark = pytest.mark.django_db

ROOM = {
    "new_clients": "2",
    "size_band": "to-5",
    "parts_of_day": ["morning"],
    "tasks_excluded": ["medication"],
    "seen_report_id": "0",
}


def page_of(service):
    return reverse("directory:capacity", args=[service.pk])


@pytest.fixture
def service():
    return HealthcareServiceFactory(name="Team Zuiderpark")


@pytest.fixture
def nurse(service):
    client = browser_of(Role.TEAM_MEMBER, service=service)
    client.cookies["django_language"] = "en"
    return client


def fresh(service, **values):
    now = timezone.now()
    return CapacityReportFactory(
        service=service,
        reported_at=now - timedelta(hours=2),
        valid_until=now + timedelta(hours=70),
        **values,
    )


class TestShowing:
    @pytest.mark.parametrize("language", ["en", "nl"])
    def test_an_expected_end_is_a_day_the_browser_can_read(
        self, nurse, service, language
    ):
        until = timezone.localdate() + timedelta(days=10)
        fresh(service, new_clients=0, no_room_reason="full", no_room_until=until)
        nurse.cookies["django_language"] = language
        page = nurse.get(page_of(service)).content.decode()
        field = re.search(r"<input[^>]*name=.room_again_on.[^>]*>", page)
        assert field
        assert f'value="{until.isoformat()}"' in field[0]

    def test_the_last_report_stands_on_top_with_its_age_and_one_big_button(
        self, nurse, service
    ):
        fresh(service)
        page = nurse.get(page_of(service)).content.decode()
        assert "2 new clients, up to 5 hours a week, morning" in page
        assert "reported" in page
        assert page.index("Still true") < page.index("How many new clients")
        assert page.count("utrecht-button--primary-action") == 1

    def test_what_requests_took_is_told_and_the_form_starts_with_what_is_left(
        self, nurse, service
    ):
        fresh(service, hours_per_week="8.0")
        CapacityReservationFactory(
            service=service, reserved_at=timezone.now(), hours_per_week="3.25"
        )
        page = nurse.get(page_of(service)).content.decode()
        assert "1 new client (2 reported, 1 reserved)" in page
        assert "4.75 hours a week free" in page
        assert "You reported 2, accepted requests took 1: 1 left." in page
        assert re.search(r'name="new_clients" value="1"[^>]*checked', page)
        assert re.search(r'name="hours_per_week" value="4\.7"', page)

    def test_full_by_requests_is_shown_and_confirmed_as_full(self, nurse, service):
        seen = fresh(service)
        CapacityReservationFactory.create_batch(
            2, service=service, reserved_at=timezone.now()
        )
        page = nurse.get(page_of(service)).content.decode()
        assert "Full because of new requests (2 reported, 2 reserved)" in page
        nurse.post(
            reverse("directory:capacity-confirm", args=[service.pk]),
            {"seen_report_id": seen.pk},
        )
        row = CapacityReport.objects.latest("pk")
        assert (row.new_clients, row.no_room_reason) == (0, "full")

    def test_a_stale_report_says_that_it_may_be_out_of_date(self, nurse, service):
        fresh(service).__class__.objects.update(
            valid_until=timezone.now() - timedelta(minutes=1)
        )
        page = nurse.get(page_of(service)).content.decode()
        assert "may be out of date" in page

    def test_without_a_report_the_page_says_what_referrers_see(self, nurse, service):
        page = nurse.get(page_of(service)).content.decode()
        assert "No report yet" in page
        assert "Still true" not in page

    def test_only_tasks_of_the_team_can_be_left_out(self, nurse, service):
        page = nurse.get(page_of(service)).content.decode()
        assert 'value="medication"' in page
        assert 'value="infusion"' not in page

    def test_the_only_team_opens_at_once(self, nurse, service):
        answer = nurse.get(reverse("directory:capacity-teams"))
        assert answer.status_code == 302
        assert answer["Location"] == page_of(service)

    def test_a_manager_chooses_among_the_teams_of_the_organization(self, service):
        HealthcareServiceFactory(organization=service.organization, name="Team Noord")
        other = HealthcareServiceFactory(name="Team Elders")
        manager = browser_of(Role.PROVIDER_MANAGER, organization=service.organization)
        page = manager.get(reverse("directory:capacity-teams")).content.decode()
        assert "Team Zuiderpark" in page
        assert "Team Noord" in page
        assert other.name not in page

    def test_the_list_of_teams_costs_the_same_for_many_teams(
        self, service, django_assert_max_num_queries
    ):
        for _number in range(12):
            CapacityReportFactory(service__organization=service.organization)
        manager = browser_of(Role.PROVIDER_MANAGER, organization=service.organization)
        with django_assert_max_num_queries(7):
            manager.get(reverse("directory:capacity-teams"))


class TestSending:
    def test_room_is_stored_and_shown_as_referrers_see_it(self, nurse, service):
        answer = nurse.post(page_of(service), ROOM, follow=True)
        page = answer.content.decode()
        assert "Your room is stored" in page
        assert "2 new clients, up to 5 hours a week, morning, no medication" in page
        row = CapacityReport.objects.get()
        assert row.source == "page"

    def test_full_takes_a_reason_and_an_expected_end(self, nurse, service):
        page = nurse.get(page_of(service)).content.decode()
        in_two_weeks = timezone.localdate() + timedelta(weeks=2)
        assert in_two_weeks.isoformat() in page
        nurse.post(
            page_of(service),
            {
                # What was chosen before "full" was pressed does no harm.
                **ROOM,
                "new_clients": "0",
                "no_room_reason": "sickness",
                "room_again": in_two_weeks.isoformat(),
            },
        )
        row = CapacityReport.objects.get()
        assert (row.new_clients, row.no_room_reason) == (0, "sickness")
        assert row.no_room_until == in_two_weeks
        assert row.parts_of_day == []

    @pytest.mark.parametrize(
        ("change", "field", "words"),
        [
            ({"new_clients": ""}, "new_clients", "Choose a number"),
            ({"new_clients": "7"}, "new_clients", "valid choice"),
            ({"new_clients": "0"}, "no_room_reason", "Choose why there is no room"),
            ({"size_band": ""}, "size_band", "Choose how much care"),
            ({"parts_of_day": []}, "parts_of_day", "at least one part of the day"),
            ({"tasks_excluded": ["x"]}, "tasks_excluded", "valid choice"),
            ({"hours_per_week": "-4"}, "hours_per_week", "0"),
            (
                {
                    "new_clients": "0",
                    "no_room_reason": "full",
                    "room_again": "other",
                    "room_again_on": "2020-01-01",
                },
                "room_again_on",
                "has passed",
            ),
            (
                {"new_clients": "0", "no_room_reason": "full", "room_again": "other"},
                "room_again_on",
                "Give the day",
            ),
        ],
    )
    def test_a_mistake_is_told_beside_its_field_and_keeps_the_rest(
        self, nurse, service, change, field, words
    ):
        answer = nurse.post(page_of(service), {**ROOM, **change})
        assert answer.status_code == 422
        form = answer.context["form"]
        assert words in " ".join(form.errors[field])
        page = answer.content.decode()
        if field != "size_band":
            assert re.search(r'name="size_band" value="to-5"[^>]*checked', page)
        assert not CapacityReport.objects.exists()

    def test_still_true_is_one_tap(self, nurse, service):
        seen = fresh(service)
        answer = nurse.post(
            reverse("directory:capacity-confirm", args=[service.pk]),
            {"seen_report_id": seen.pk},
            follow=True,
        )
        assert "counts anew" in answer.content.decode()
        assert CapacityReport.objects.count() == 2

    def test_still_true_in_an_old_tab_does_not_confirm_what_was_not_seen(
        self, nurse, service
    ):
        seen = fresh(service)
        fresh(service, no_room=True, reporter_label="C. Ollega")
        answer = nurse.post(
            reverse("directory:capacity-confirm", args=[service.pk]),
            {"seen_report_id": seen.pk},
            follow=True,
        )
        assert "C. Ollega reported something else" in answer.content.decode()
        assert CapacityReport.objects.count() == 2

    def test_sending_twice_is_harmless(self, nurse, service):
        nurse.post(page_of(service), ROOM)
        nurse.post(page_of(service), ROOM)
        assert CapacityReport.objects.count() == 1

    def test_a_place_taken_after_the_page_was_opened_is_asked_about_once(
        self, nurse, service
    ):
        seen = fresh(service, new_clients=2)
        opened = nurse.get(page_of(service)).context["form"].initial
        assert opened["seen_reservation_id"] == 0
        taken = CapacityReservationFactory(service=service, reserved_at=timezone.now())
        typed = ROOM | {
            "seen_report_id": str(seen.pk),
            "seen_reservation_id": str(opened["seen_reservation_id"]),
            "hours_per_week": "6",
        }
        answer = nurse.post(page_of(service), typed)
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "A client was accepted in the meantime." in page
        assert "Your room was 2, now it is 1. Is your report still right?" in page
        assert f'name="seen_reservation_id" value="{taken.pk}"' in page
        assert answer.context["form"]["hours_per_week"].value() == "6"
        assert CapacityReport.objects.get() == seen
        again = nurse.post(
            page_of(service), typed | {"seen_reservation_id": str(taken.pk)}
        )
        assert again.status_code == 302
        assert CapacityReport.objects.latest("pk").new_clients == 2

    def test_a_place_that_was_taken_and_given_back_is_not_asked_about(
        self, nurse, service
    ):
        now = timezone.now()
        fresh(service, new_clients=2)
        CapacityReservationFactory(service=service, reserved_at=now, released_at=now)
        answer = nurse.post(page_of(service), ROOM | {"seen_reservation_id": "0"})
        assert answer.status_code == 302

    def test_full_needs_no_question_about_places_taken(self, nurse, service):
        fresh(service, new_clients=2)
        CapacityReservationFactory(service=service, reserved_at=timezone.now())
        answer = nurse.post(
            page_of(service),
            {
                "new_clients": "0",
                "no_room_reason": "full",
                "room_again": "",
                "seen_reservation_id": "0",
            },
        )
        assert answer.status_code == 302

    def test_an_earlier_report_can_be_put_back_and_all_stay_in_the_history(
        self, nurse, service
    ):
        earlier = fresh(service)
        fresh(service, no_room=True)
        answer = nurse.post(
            reverse("directory:capacity-again", args=[service.pk, earlier.pk]),
            follow=True,
        )
        assert "2 new clients" in answer.content.decode()
        assert CapacityReport.objects.count() == 3
        history = nurse.get(reverse("directory:capacity-history", args=[service.pk]))
        assert len(history.context["reports"]) == 3

    def test_a_report_of_another_team_cannot_be_put_back(self, nurse, service):
        other = fresh(HealthcareServiceFactory())
        answer = nurse.post(
            reverse("directory:capacity-again", args=[service.pk, other.pk])
        )
        assert answer.status_code == 404
        assert not CapacityReport.objects.filter(service=service).exists()

    def test_without_the_csrf_token_nothing_is_stored(self, nurse, service):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = nurse.cookies
        assert strict.post(page_of(service), ROOM).status_code == 403
        assert not CapacityReport.objects.exists()


class TestWhoMay:
    def test_a_visitor_is_led_to_sign_in_and_back(self, service):
        answer = Client().get(page_of(service))
        assert answer.status_code == 302
        assert f"next={page_of(service)}" in answer["Location"]

    @pytest.mark.parametrize("role", [Role.REFERRER, Role.COORDINATOR, Role.INSURER])
    def test_others_get_the_reason_and_who_can_help(self, service, role):
        client = browser_of(role)
        client.cookies["django_language"] = "en"
        for address in (page_of(service), reverse("directory:capacity-teams")):
            answer = client.get(address)
            assert answer.status_code == 403
            assert "manager" in answer.content.decode()
        assert client.post(page_of(service), ROOM).status_code == 403

    def test_another_team_cannot_be_reported_for(self, nurse):
        other = HealthcareServiceFactory()
        assert nurse.get(page_of(other)).status_code == 403
        assert nurse.post(page_of(other), ROOM).status_code == 403

    def test_an_unknown_or_ended_team_is_not_found(self, nurse, service):
        assert nurse.get(reverse("directory:capacity", args=[99999])).status_code == 404
        service.is_active = False
        service.save()
        assert nurse.get(page_of(service)).status_code == 404
        assert nurse.post(page_of(service), ROOM).status_code == 404
