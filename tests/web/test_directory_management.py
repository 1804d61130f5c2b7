"""Directory management as an editor's browser sees it: find, change, history, undo."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of
from tests.factories.directory import (
    AllianceFactory,
    AllianceMemberFactory,
    AreaFactory,
    CareTeamFactory,
    ContactPointFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.directory.models import (
    AllianceMember,
    ContactPoint,
    Coverage,
    DutyPeriod,
    HealthcareService,
    Organization,
)
from wijkspil.directory.selectors.history import EntryKind, get_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def region():
    return AreaFactory(region=True, name="Haaglanden")


@pytest.fixture
def wijk(region):
    return AreaFactory(name="Zuiderpark", lies_in=[region])


@pytest.fixture
def service(wijk):
    return CoverageFactory(
        area=wijk,
        service__name="Team Zuid",
        service__organization__name="Thuiszorg Duin",
    ).service


def english(client):
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def editor(region):
    return english(browser_of(Role.DIRECTORY_EDITOR, region=region))


@pytest.fixture
def coordinator(region):
    return english(browser_of(Role.COORDINATOR, region=region))


def url(name, *args):
    return reverse(f"directory:{name}", args=args)


def text(answer):
    return answer.content.decode()


def form_data(answer):
    """Return what a browser would send back without touching the form."""
    form = answer.context["form"]
    data = {}
    for bound in form:
        value = bound.value()
        if value not in (None, "", False):
            data[bound.name] = (
                [str(v) for v in value] if isinstance(value, list) else str(value)
            )
    return data


class TestSearching:
    @pytest.mark.parametrize(
        "words",
        [
            "duin",
            "THUISZORG duin",
            "75123456",
            "7512",
            "12345678",
            "team zuid",
            "2512AB",
            "2512 ab",
            "2512",
            "Tuiszorg Duin",
            "thuiszorg duyn",
        ],
    )
    def test_an_organization_is_found_by_what_people_type(self, editor, wijk, words):
        organization = OrganizationFactory(
            name="Thuiszorg Duin", agb_code="75123456", ura="12345678"
        )
        HealthcareServiceFactory(organization=organization, name="Team Zuid")
        OrganizationFactory(name="Apotheek De Gaper", agb_code="02000001")
        page = text(editor.get(url("manage"), {"q": words}))
        assert "Thuiszorg Duin" in page
        assert "De Gaper" not in page

    def test_a_guess_says_that_it_is_one(self, editor, service):
        page = text(editor.get(url("manage"), {"q": "Tuiszorg Duyn"}))
        assert "These names look like it" in page

    def test_nothing_found_says_what_to_do(self, editor, service):
        page = text(editor.get(url("manage"), {"q": "zzzzzz"}))
        assert "Try a part of the name" in page

    def test_what_ended_is_shown_only_when_asked(self, editor):
        OrganizationFactory(name="Voorbij", is_active=False)
        assert "Voorbij" not in text(editor.get(url("manage")))
        assert "Voorbij" in text(editor.get(url("manage"), {"ended": "yes"}))

    def test_a_manager_begins_with_the_own_organization(self, service):
        OrganizationFactory(name="Andere zorg")
        manager = browser_of(Role.PROVIDER_MANAGER, organization=service.organization)
        assert "Andere zorg" not in text(manager.get(url("manage")))
        assert "Andere zorg" in text(manager.get(url("manage"), {"own": "no"}))
        assert "Andere zorg" in text(manager.get(url("manage"), {"q": "andere"}))

    @pytest.mark.parametrize(
        "query",
        [
            {"q": "\0"},
            {"q": "%"},
            {"q": "x" * 5000},
            {"page": "-1"},
            {"page": "many"},
            {"page": "9" * 30},
            {"type": "bakery"},
            {"ended": "maybe"},
        ],
    )
    def test_nonsense_in_the_address_does_no_harm(self, editor, service, query):
        assert editor.get(url("manage"), query).status_code == 200

    def test_a_long_list_costs_a_fixed_number_of_queries(
        self, editor, django_assert_max_num_queries
    ):
        for number in range(30):
            HealthcareServiceFactory(organization__name=f"Zorg {number:02}")
        with django_assert_max_num_queries(9):
            page = text(editor.get(url("manage"), {"q": "zorg"}))
        assert "30 organizations" in page

    @pytest.mark.parametrize("role", [Role.REFERRER, Role.TEAM_MEMBER])
    def test_other_professionals_are_told_whom_it_is_for(self, role):
        answer = english(browser_of(role)).get(url("manage"))
        assert answer.status_code == 403
        assert "directory editors" in text(answer)

    def test_a_visitor_is_led_to_sign_in(self):
        answer = Client().get(url("manage"))
        assert answer.status_code == 302


class TestPages:
    def test_a_service_shows_everything_on_one_page(self, editor, service, wijk):
        ContactPointFactory(service=service, value="070 123 45 67")
        CareTeamFactory(service=service, name="Noord")
        AllianceMemberFactory(service=service, alliance__name="Verband Laak")
        page = text(editor.get(url("service", service.pk)))
        for words in (
            "070 123 45 67",
            "A resident sees this",
            "Zuiderpark",
            "Noord",
            "3 district nurses",
            "Verband Laak",
            "08:00–17:00",
            "Closed on public holidays",
        ):
            assert words in page

    def test_the_person_on_duty_is_shown_and_that_is_written_down(
        self, coordinator, service, wijk
    ):
        now = timezone.now()
        duty = DutyPeriodFactory(
            service=service,
            area=wijk,
            valid_from=now,
            valid_until=now + timedelta(hours=8),
        )
        assert duty.person_name in text(coordinator.get(url("service", service.pk)))
        event = AuditEvent.objects.get(entity_type="duty-period")
        assert (event.action, event.purpose) == ("read", "page.service")

    def test_an_auditor_sees_no_person_and_no_button(self, service, wijk):
        now = timezone.now()
        duty = DutyPeriodFactory(
            service=service,
            area=wijk,
            valid_from=now,
            valid_until=now + timedelta(hours=8),
        )
        ContactPointFactory(service=service, value="1234567", for_referrers=True)
        auditor = english(browser_of(Role.AUDITOR))
        page = text(auditor.get(url("service", service.pk)))
        assert duty.person_name not in page
        assert "1234567" not in page
        assert url("service-edit", service.pk) not in page
        assert url("service-history", service.pk) in page

    def test_what_is_not_mine_can_be_looked_at_and_not_changed(self, service):
        other = browser_of(Role.PROVIDER_MANAGER, organization=OrganizationFactory())
        page = text(other.get(url("service", service.pk)))
        assert "Team Zuid" in page
        for name in ("service-edit", "service-end", "contact-new", "team-new"):
            assert url(name, service.pk) not in page
            assert other.get(url(name, service.pk)).status_code == 403
            assert other.post(url(name, service.pk), {"name": "x"}).status_code == 403

    @pytest.mark.parametrize(
        "name",
        [
            "organization",
            "organization-edit",
            "organization-end",
            "service",
            "service-edit",
            "service-end",
            "service-history",
            "service-new",
            "contact-new",
            "contact-edit",
            "contact-end",
            "team-edit",
            "team-end",
            "coverage-new",
            "coverage-edit",
            "coverage-end",
            "duty-new",
            "duty-withdraw",
            "alliance",
            "alliance-edit",
            "alliance-history",
            "member-end",
        ],
    )
    def test_what_is_not_there_is_not_found(self, name):
        admin = browser_of(Role.ADMINISTRATOR)
        assert admin.get(url(name, 99999)).status_code == 404
        assert admin.get(url(name, 10**18)).status_code == 404

    def test_a_service_page_costs_a_fixed_number_of_queries(
        self, coordinator, service, region, django_assert_max_num_queries
    ):
        for _number in range(20):
            CoverageFactory(service=service, area=AreaFactory(lies_in=[region]))
            ContactPointFactory(service=service)
        with django_assert_max_num_queries(20):
            coordinator.get(url("service", service.pk))


class TestChanging:
    def test_an_organization_is_added_with_its_first_service(self, editor):
        answer = editor.post(
            url("organization-new"),
            {"name": "Zorg Nieuw", "type": "home-care", "agb_code": "75 99 99 99"},
            follow=True,
        )
        organization = Organization.objects.get(name="Zorg Nieuw")
        assert "No services yet" in text(answer)
        answer = editor.post(
            url("service-new", organization.pk),
            {
                "care": "district-nursing",
                "name": "Team Nieuw",
                "hours_mon": "8-17",
                "hours_tue": "8-17",
                "hours_wed": "24 uur",
                "postcode": "2512ab",
            },
        )
        service = HealthcareService.objects.get(name="Team Nieuw")
        assert answer["Location"] == url("service", service.pk)
        assert service.opening_hours == [
            {"days": ["mon", "tue"], "from": "08:00", "until": "17:00"},
            {"days": ["wed"], "from": "00:00", "until": "24:00"},
        ]

    def test_what_is_not_touched_stays_as_it_was(self, editor, service):
        before = HealthcareService.objects.filter(pk=service.pk).values().get()
        version = get_version(EntryKind.SERVICE, service.pk)
        data = form_data(editor.get(url("service-edit", service.pk)))
        answer = editor.post(url("service-edit", service.pk), data)
        assert answer.status_code == 302, answer.context["form"].errors
        assert HealthcareService.objects.filter(pk=service.pk).values().get() == before
        assert get_version(EntryKind.SERVICE, service.pk) == version

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": ""}, "name"),
            ({"postcode": "nowhere"}, "postcode"),
            ({"hours_mon": "from dawn"}, "hours_mon"),
            ({"hours_sat": "17-8"}, "hours_sat"),
            ({"hours_sun": "8-12, 11-13"}, "hours_sun"),
            ({"insurers": "12"}, "insurers"),
            ({"tasks": ["juggling"]}, "tasks"),
            ({"languages": ["xx"]}, "languages"),
        ],
    )
    def test_a_mistake_is_told_beside_its_field_and_keeps_the_rest(
        self, editor, service, change, field
    ):
        data = {**form_data(editor.get(url("service-edit", service.pk))), **change}
        data["description"] = "typed before the mistake"
        answer = editor.post(url("service-edit", service.pk), data)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
        assert "typed before the mistake" in text(answer)

    def test_a_taken_code_names_who_has_it(self, editor, service):
        OrganizationFactory(name="Eerste", agb_code="75000009")
        answer = editor.post(
            url("organization-edit", service.organization_id),
            {"name": "x", "type": "home-care", "agb_code": "75000009"},
        )
        assert answer.status_code == 422
        assert "Eerste" in answer.context["form"].errors["agb_code"][0]

    def test_a_contact_says_who_will_see_it(self, editor, service):
        page = text(editor.get(url("contact-new", service.pk)))
        assert "A resident sees this" in page
        editor.post(
            url("contact-new", service.pk),
            {
                "audience": "resident",
                "system": "phone",
                "value": "070 765 43 21",
                "purpose": "general",
            },
        )
        assert ContactPoint.objects.get().value == "070 765 43 21"

    def test_a_team_keeps_professions_the_form_does_not_know(self, editor, service):
        team = CareTeamFactory(service=service, composition={"carer": 2, "pilot": 1})
        editor.post(url("team-edit", team.pk), {"name": "Noord", "n_carer": "5"})
        team.refresh_from_db()
        assert team.composition == {"carer": 5, "pilot": 1}

    def test_ending_asks_once_and_says_what_follows(self, editor, service):
        answer = editor.get(url("service-end", service.pk))
        assert "It covers 1 area now" in text(answer)
        service.refresh_from_db()
        assert service.is_active
        editor.post(
            url("service-end", service.pk), {"version": answer.context["page"].version}
        )
        service.refresh_from_db()
        assert not service.is_active

    def test_ending_what_changed_meanwhile_asks_again(self, editor, service):
        version = get_version(EntryKind.SERVICE, service.pk)
        service.name = "Anders"
        service.save()
        answer = editor.post(url("service-end", service.pk), {"version": version})
        assert "after you opened it" in text(answer)
        service.refresh_from_db()
        assert service.is_active

    def test_a_name_with_markup_is_shown_as_text(self, editor, service):
        organization = service.organization
        organization.name = "<script>alert(1)</script>"
        organization.save()
        page = text(editor.get(url("organization", organization.pk)))
        assert "<script>alert(1)" not in page


class TestTwoEditors:
    def test_both_values_stay_on_the_screen_and_saving_again_keeps_mine(
        self, editor, service
    ):
        organization = service.organization
        address = url("organization-edit", organization.pk)
        mine = form_data(editor.get(address))
        organization.name = "Van de collega"
        organization.save()

        answer = editor.post(address, {**mine, "name": "Van mij"})
        assert answer.status_code == 409
        page = text(answer)
        assert "Somebody else saved first" in page
        assert "Van de collega" in page
        assert re.search(r'name="name" value="Van mij"', page)
        organization.refresh_from_db()
        assert organization.name == "Van de collega"

        again = form_data(answer)
        assert again["version"] != mine["version"]
        assert editor.post(address, again).status_code == 302
        organization.refresh_from_db()
        assert organization.name == "Van mij"


class TestCoverage:
    def new(self, client, service, **data):
        return client.post(
            url("coverage-new", service.pk),
            {
                "care": "district-nursing",
                "role": "regular",
                "rank": "1",
                "valid_from": "2026-12-01",
                **data,
            },
        )

    def test_areas_are_found_chosen_and_covered_without_losing_what_was_typed(
        self, coordinator, service, region
    ):
        laak = AreaFactory(name="Laak", lies_in=[region])
        answer = self.new(
            coordinator, service, find="area", area_search="laa", rank="3"
        )
        page = text(answer)
        assert answer.status_code == 200
        assert "Laak" in page
        assert re.search(r'name="rank" value="3"', page)
        assert not answer.context["form"].errors

        answer = self.new(coordinator, service, areas=[laak.pk], role="back-up")
        assert answer.status_code == 302
        row = Coverage.objects.get(area=laak)
        assert row.role == "back-up"
        # The day begins at local midnight.
        assert row.valid_from.isoformat() == "2026-11-30T23:00:00+00:00"

    def test_postcodes_around_a_practice_are_ticked_at_once(
        self, coordinator, service, region
    ):
        practice = HealthcareServiceFactory(
            gp_practice=True, name="Praktijk Laak", lon=4.3, lat=52.08
        )
        near = AreaFactory(pc4=True, code="2512", lon=4.3, lat=52.085, lies_in=[region])
        AreaFactory(pc4=True, code="9999", lon=6.5, lat=53.2)
        answer = self.new(coordinator, service, find="practice", practice_search="laak")
        assert "Praktijk Laak, 2512AB" in text(answer)
        answer = self.new(
            coordinator,
            service,
            find="around",
            practice_search="laak",
            practice=practice.pk,
            km="2",
        )
        page = text(answer)
        assert "0.6 km" in page
        assert "9999" not in page
        assert re.search(rf'name="areas" value="{near.pk}"[^>]*checked', page)
        self.new(
            coordinator,
            service,
            practice_search="laak",
            practice=practice.pk,
            km="2",
            areas=[near.pk],
        )
        assert Coverage.objects.filter(area=near).exists()

    def test_the_live_search_answers_with_choices_only(self, coordinator, service):
        answer = coordinator.get(url("find-areas"), {"area_search": "zuider"})
        assert "Zuiderpark" in text(answer)
        assert "<html" not in text(answer)

    def test_an_overlap_names_the_other_period_beside_the_field(
        self, coordinator, service, wijk
    ):
        answer = self.new(coordinator, service, areas=[wijk.pk])
        assert answer.status_code == 422
        reason = answer.context["form"].errors["valid_from"][0]
        assert "Team Zuid is already" in reason
        assert "1 January 2026" in reason

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"areas": ["x"]},
            {"areas": ["999999"]},
            {"areas": ["9" * 30]},
            {"area_search": "\0"},
            {"valid_from": "soon"},
            {"rank": "0"},
            {"role": "king"},
            {"care": "baking"},
            {"practice": "x", "km": "x"},
        ],
    )
    def test_nonsense_is_refused_and_nothing_is_stored(
        self, coordinator, service, data
    ):
        before = Coverage.objects.count()
        assert self.new(coordinator, service, **data).status_code == 422
        assert Coverage.objects.count() == before

    def test_an_area_elsewhere_is_refused(self, coordinator, service):
        far = AreaFactory(name="Ver weg")
        answer = self.new(coordinator, service, areas=[far.pk])
        assert answer.status_code in (403, 422)
        assert not Coverage.objects.filter(area=far).exists()

    def test_changing_the_role_leaves_the_moment_as_it_was(self, coordinator, service):
        row = Coverage.objects.get(service=service)
        row.valid_from = row.valid_from.replace(hour=13)
        row.save()
        data = form_data(coordinator.get(url("coverage-edit", row.pk)))
        data["role"] = "back-up"
        assert coordinator.post(url("coverage-edit", row.pk), data).status_code == 302
        row.refresh_from_db()
        assert (row.role, row.valid_from.hour) == ("back-up", 13)

    def test_ending_says_whether_somebody_else_covers_it(self, coordinator, service):
        row = Coverage.objects.get(service=service)
        page = text(coordinator.get(url("coverage-end", row.pk)))
        assert "No other service covers this very area" in page
        CoverageFactory(area=row.area)
        page = text(coordinator.get(url("coverage-end", row.pk)))
        assert "1 other service covers" in page
        coordinator.post(url("coverage-end", row.pk))
        row.refresh_from_db()
        assert row.valid_until is not None


class TestDuty:
    def enter(self, client, service, area, **data):
        day = (timezone.localtime() + timedelta(days=2)).date()
        return client.post(
            url("duty-new", service.pk),
            {
                "areas": area.pk,
                "person_name": "N. Nacht",
                "phone": "06 12345678",
                "valid_from": f"{day}T23:00",
                "valid_until": f"{day + timedelta(days=1)}T07:00",
                "rank": "1",
                **data,
            },
        )

    def test_a_duty_is_entered_where_the_service_covers(self, service, wijk):
        manager = browser_of(Role.PROVIDER_MANAGER, organization=service.organization)
        page = text(manager.get(url("duty-new", service.pk)))
        assert "Zuiderpark" in page
        assert self.enter(manager, service, wijk).status_code == 302
        duty = DutyPeriod.objects.get()
        assert (duty.area_id, duty.person_name) == (wijk.pk, "N. Nacht")
        assert timezone.localtime(duty.valid_from).hour == 23

    def test_twice_is_told_beside_the_field(self, coordinator, service, wijk):
        self.enter(coordinator, service, wijk)
        answer = self.enter(coordinator, service, wijk)
        assert answer.status_code == 422
        assert "entered already" in answer.context["form"].errors["valid_from"][0]
        assert DutyPeriod.objects.count() == 1

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"phone": "at home"}, "phone"),
            ({"person_name": ""}, "person_name"),
            ({"valid_until": "2020-01-01T07:00"}, "valid_until"),
            ({"valid_from": "tonight"}, "valid_from"),
            ({"rank": "9"}, "rank"),
            ({"areas": ""}, "areas"),
        ],
    )
    def test_a_mistake_is_told_beside_its_field(
        self, coordinator, service, wijk, data, field
    ):
        answer = self.enter(coordinator, service, wijk, **data)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors

    def test_another_area_is_refused_beside_the_area(self, service):
        manager = browser_of(Role.PROVIDER_MANAGER, organization=service.organization)
        far = AreaFactory(name="Ver weg")
        answer = self.enter(manager, service, far, area_search="ver weg")
        assert answer.status_code == 422
        assert "areas" in answer.context["form"].errors

    def test_withdrawing_asks_once(self, coordinator, service, wijk):
        self.enter(coordinator, service, wijk)
        duty = DutyPeriod.objects.get()
        assert "It will not begin" in text(
            coordinator.get(url("duty-withdraw", duty.pk))
        )
        coordinator.post(url("duty-withdraw", duty.pk))
        assert not DutyPeriod.objects.exists()


class TestAlliances:
    @pytest.fixture
    def alliance(self, region):
        alliance = AllianceFactory(name="Verband Laak")
        AreaFactory(lies_in=[region, alliance.area])
        return alliance

    def test_a_member_is_searched_added_and_removed(
        self, coordinator, alliance, service
    ):
        assert "Verband Laak" in text(coordinator.get(url("alliances")))
        address = url("alliance", alliance.pk)
        assert "Team Zuid" in text(coordinator.get(address, {"q": "zuid"}))
        coordinator.post(
            address, {"q": "zuid", "service_id": service.pk, "role": "district-nurse"}
        )
        member = AllianceMember.objects.get()
        assert "Team Zuid" in text(coordinator.get(address))
        coordinator.post(url("member-end", member.pk))
        assert not AllianceMember.objects.exists()

    def test_the_same_role_twice_and_an_unknown_service_are_refused(
        self, coordinator, alliance, service
    ):
        AllianceMemberFactory(alliance=alliance, service=service)
        address = url("alliance", alliance.pk)
        for data in (
            {"service_id": service.pk, "role": "district-nurse"},
            {"service_id": "99999", "role": "gp"},
            {"service_id": "x", "role": "mascot"},
        ):
            answer = coordinator.post(address, {"q": "zuid", **data})
            assert answer.status_code == 422
        assert AllianceMember.objects.count() == 1

    def test_the_contact_is_changed(self, coordinator, alliance):
        address = url("alliance-edit", alliance.pk)
        data = form_data(coordinator.get(address))
        coordinator.post(address, {**data, "complex_care_phone": "070 111 22 33"})
        alliance.refresh_from_db()
        assert alliance.complex_care_phone == "070 111 22 33"

    def test_the_editor_of_another_region_only_looks(self, alliance, service):
        other = browser_of(Role.DIRECTORY_EDITOR, region=AreaFactory(region=True))
        assert other.get(url("alliance", alliance.pk)).status_code == 200
        answer = other.post(
            url("alliance", alliance.pk), {"service_id": service.pk, "role": "gp"}
        )
        assert answer.status_code == 403


class TestHistory:
    def test_a_change_can_be_read_and_taken_back(self, editor, service):
        organization = service.organization
        address = url("organization-edit", organization.pk)
        data = form_data(editor.get(address))
        editor.post(address, {**data, "name": "Nieuwe naam"})
        history = url("history", "organization", organization.pk)
        page = text(editor.get(history))
        assert "Thuiszorg Duin" in page
        assert "Nieuwe naam" in page
        event_id = get_version(EntryKind.ORGANIZATION, organization.pk)
        undo = url("undo", "organization", event_id)
        answer = editor.post(undo, {"next": history}, follow=True)
        assert answer.redirect_chain[0][0] == history
        assert "put back by" in text(answer)
        organization.refresh_from_db()
        assert organization.name == "Thuiszorg Duin"
        assert "Changed again since" in text(
            editor.post(undo, {"next": history}, follow=True)
        )

    def test_the_history_of_a_service_holds_all_that_belongs_to_it(
        self, editor, service
    ):
        contact = ContactPointFactory(service=service, value="070 999 88 77")
        team = CareTeamFactory(service=service, name="Verdwenen team")
        team.delete()
        page = text(editor.get(url("service-history", service.pk)))
        for words in (contact.value, "Verdwenen team", "removed by", "Zuiderpark"):
            assert words in page

    def test_a_removed_team_comes_back_from_there(self, editor, service):
        team = CareTeamFactory(service=service, name="Verdwenen team")
        editor.post(url("team-end", team.pk))
        assert not service.teams.exists()
        editor.post(url("undo", "team", get_version(EntryKind.TEAM, team.pk)))
        assert service.teams.get().name == "Verdwenen team"

    def test_taking_back_goes_only_to_this_site(self, editor, service):
        event_id = get_version(EntryKind.SERVICE, service.pk)
        answer = editor.post(
            url("undo", "service", event_id), {"next": "https://elsewhere.example/"}
        )
        assert answer["Location"] == url("manage")

    def test_who_may_look_is_decided_per_entry(self, service, wijk):
        address = url("history", "service", service.pk)
        for role, bound, status in (
            (Role.AUDITOR, {}, 200),
            (Role.PROVIDER_MANAGER, {"organization": service.organization}, 200),
            (Role.PROVIDER_MANAGER, {"organization": OrganizationFactory()}, 403),
            (Role.COORDINATOR, {"region": AreaFactory(region=True)}, 403),
            (Role.REFERRER, {}, 403),
        ):
            assert browser_of(role, **bound).get(address).status_code == status

    def test_an_unknown_kind_or_entry_is_not_found(self, editor):
        assert editor.get(url("history", "planet", 1)).status_code == 404
        assert editor.get(url("history", "contact", 99999)).status_code == 404
        assert editor.post(url("undo", "planet", 1)).status_code == 404
        assert editor.post(url("undo", "contact", 99999)).status_code == 404
        assert editor.get(url("undo", "contact", 1)).status_code == 405

    def test_the_person_on_duty_in_the_history_is_written_down(
        self, coordinator, service, wijk
    ):
        duty = DutyPeriodFactory(service=service, area=wijk)
        page = text(coordinator.get(url("history", "duty", duty.pk)))
        assert duty.person_name in page
        assert AuditEvent.objects.filter(purpose="page.history").count() == 1
        auditor = browser_of(Role.AUDITOR)
        page = text(auditor.get(url("history", "duty", duty.pk)))
        assert duty.person_name not in page
