"""Who is responsible at an address, at a moment, for a kind of care."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tests.factories import directory as make
from tests.factories.accounts import MembershipFactory
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.schemas import ResponsibleOut
from wijkspil.directory.selectors.responsibility import Answer, get_who_helps
from wijkspil.directory.types import Audience, Care, Room

pytestmark = pytest.mark.django_db

#: Friday 20 November 2026: a working day, and the night after it.
AT_14 = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
AT_3_AT_NIGHT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
NURSING = Care.DISTRICT_NURSING


@pytest.fixture
def town() -> dict[str, Any]:
    """A region with one wijk, its own team, a back-up, a duty and a coordinator."""
    region = make.AreaFactory(region=True, purpose="zorgkantoor", name="HAAGLANDEN")
    gemeente = make.AreaFactory(gemeente=True, lies_in=[region])
    wijk = make.AreaFactory(name="Zuiderpark", parent=gemeente)
    other_wijk = make.AreaFactory(name="Noorderpark", parent=gemeente)
    pc4 = make.AreaFactory(pc4=True, code="2512", parent=wijk)
    make.AreaOverlapFactory(part=pc4, whole=wijk, share_of_part=0.7)
    make.AreaOverlapFactory(part=pc4, whole=other_wijk, share_of_part=0.3)
    pc6 = make.AreaFactory(pc6=True, code="2512AB", parent=pc4)
    own = make.CoverageFactory(area=wijk, service__name="Team Zuiderpark").service
    back_up = make.CoverageFactory(
        area=gemeente, back_up=True, service__always_open=True
    ).service
    duty = make.DutyPeriodFactory(area=wijk, service__name="Nachtteam")
    desk = make.CoverageFactory(
        area=region, service__coordination=True, service__always_open=True
    ).service
    return {
        "region": region,
        "wijk": wijk,
        "other_wijk": other_wijk,
        "pc4": pc4,
        "pc6": pc6,
        "own": own,
        "back_up": back_up,
        "duty": duty,
        "desk": desk,
    }


def ask(
    postcode: str = "2512AB", at: datetime = AT_14, care: str = NURSING, **options: Any
) -> Any:
    """Ask as a professional unless told otherwise."""
    choices = {
        "audiences": list(Audience),
        "show_room": True,
        "show_duty_person": True,
        **options,
    }
    found = get_who_helps(postcode=postcode, at=at, cares=[care], **choices)
    return found.by_care[care]


class TestTheCardOnTop:
    def test_is_the_regular_team_by_day(self, town: dict[str, Any]) -> None:
        answer = ask()
        assert answer.answer is Answer.TEAM
        assert answer.now.id == town["own"].id

    def test_is_the_person_on_duty_at_night(self, town: dict[str, Any]) -> None:
        answer = ask(at=AT_3_AT_NIGHT)
        assert answer.answer is Answer.ON_DUTY
        assert answer.now.id == town["duty"].id
        assert answer.team.id == town["own"].id
        assert answer.team.opens_at == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)

    def test_is_the_back_up_when_nobody_has_duty(self, town: dict[str, Any]) -> None:
        town["duty"].delete()
        answer = ask(at=AT_3_AT_NIGHT)
        assert answer.answer is Answer.BACK_UP
        assert answer.now.id == town["back_up"].id

    def test_is_the_region_when_no_team_is_open(self, town: dict[str, Any]) -> None:
        town["duty"].delete()
        town["back_up"].coverages.all().delete()
        fallback = make.CoverageFactory(
            area=town["region"], back_up=True, service__always_open=True
        ).service
        answer = ask(at=AT_3_AT_NIGHT)
        assert answer.answer is Answer.REGION_FALLBACK
        assert answer.now.id == fallback.id

    def test_is_the_coordinator_when_all_else_fails(self, town: dict[str, Any]) -> None:
        town["duty"].delete()
        town["back_up"].coverages.all().delete()
        answer = ask(at=AT_3_AT_NIGHT)
        assert answer.answer is Answer.COORDINATOR
        assert answer.now.id == town["desk"].id

    def test_is_empty_when_nobody_is_known(self, town: dict[str, Any]) -> None:
        town["desk"].coverages.all().delete()
        answer = ask(care=Care.TEMPORARY_STAY)
        assert answer.answer is Answer.NOBODY
        assert answer.now is None
        assert answer.why()


class TestTime:
    def test_coverage_counts_from_its_first_moment(self, town: dict[str, Any]) -> None:
        town["own"].coverages.update(valid_from=AT_14)
        assert ask(at=AT_14).team is not None
        assert ask(at=datetime(2026, 11, 20, 12, 59, 59, tzinfo=UTC)).team is None

    def test_coverage_no_longer_counts_at_its_end(self, town: dict[str, Any]) -> None:
        town["own"].coverages.update(valid_until=AT_14)
        assert ask(at=AT_14).team is None
        assert ask(at=datetime(2026, 11, 20, 12, 59, 59, tzinfo=UTC)).team is not None

    def test_a_team_is_closed_on_a_public_holiday(self, town: dict[str, Any]) -> None:
        christmas = datetime(2026, 12, 25, 13, 0, tzinfo=UTC)
        assert ask(at=christmas).team.is_open is False

    def test_an_inactive_service_is_not_named(self, town: dict[str, Any]) -> None:
        town["own"].is_active = False
        town["own"].save()
        assert ask().team is None

    def test_an_inactive_organization_is_not_named(self, town: dict[str, Any]) -> None:
        organization = town["own"].organization
        organization.is_active = False
        organization.save()
        assert ask().team is None


class TestTheLine:
    def test_next_is_the_second_on_duty(self, town: dict[str, Any]) -> None:
        second = make.DutyPeriodFactory(area=town["wijk"], rank=2)
        assert ask(at=AT_3_AT_NIGHT).next_in_line.id == second.id

    def test_next_is_never_the_service_on_top(self, town: dict[str, Any]) -> None:
        make.CoverageFactory(area=town["wijk"], service=town["own"], first_contact=True)
        answer = ask()
        assert answer.now.id == town["own"].id
        assert answer.next_in_line.id == town["back_up"].id

    def test_the_nearest_of_equal_services_comes_first(
        self, town: dict[str, Any]
    ) -> None:
        far = make.CoverageFactory(
            area=town["wijk"], service__gp_practice=True, service__lon=4.4
        ).service
        near = make.CoverageFactory(
            area=town["wijk"], service__gp_practice=True, service__lon=4.301
        ).service
        answer = ask(care=Care.GP_CARE)
        assert [answer.team.id, *(card.id for card in answer.others)] == [
            near.id,
            far.id,
        ]


class TestTheAddress:
    def test_an_unknown_pc6_falls_back_to_its_pc4(self, town: dict[str, Any]) -> None:
        found = get_who_helps(
            postcode="2512 zz",
            at=AT_14,
            cares=[NURSING],
            audiences=[],
            show_room=False,
            show_duty_person=False,
        )
        assert (found.place.precision, found.place.postcode) == ("pc4", "2512")
        team = found.by_care[NURSING].team
        assert team is not None
        assert team.id == town["own"].id
        assert [wijk.name for wijk in found.place.other_wijken] == ["Noorderpark"]

    def test_an_unknown_postcode_is_refused_by_name(self, town: dict[str, Any]) -> None:
        with pytest.raises(UnknownPostcode, match="9999ZZ"):
            ask(postcode="9999ZZ")

    def test_a_team_can_work_in_one_pc6_only(self, town: dict[str, Any]) -> None:
        street = make.CoverageFactory(area=town["pc6"], first_contact=True).service
        assert ask().first_contact.id == street.id
        assert ask(postcode="2512").first_contact is None


class TestWhatAVisitorSees:
    def test_only_contacts_for_the_audience_are_read(
        self, town: dict[str, Any]
    ) -> None:
        make.ContactPointFactory(service=town["own"], value="088 0000001")
        make.ContactPointFactory(
            service=town["own"], for_referrers=True, value="088 0000002"
        )
        values = {c.value for c in ask(audiences=["resident"]).team.contacts}
        assert values == {"088 0000001"}

    def test_no_person_and_no_room(self, town: dict[str, Any]) -> None:
        make.CapacityReportFactory(service=town["own"])
        answer = ask(at=AT_3_AT_NIGHT, show_room=False, show_duty_person=False)
        assert (answer.on_duty.person_name, answer.on_duty.phone) == ("", "")
        assert answer.team.room_report is None

    def test_a_contact_of_another_wijk_is_not_shown(self, town: dict[str, Any]) -> None:
        make.ContactPointFactory(
            service=town["own"], area=town["other_wijk"], complex_care=True
        )
        assert ask().team.contacts == []

    def test_the_numbers_stay_in_the_order_they_were_written_down(
        self, town: dict[str, Any]
    ) -> None:
        values = [f"088 000000{number}" for number in range(5)]
        for value in values:
            make.ContactPointFactory(service=town["own"], value=value)
        contact = town["own"].contacts.first()
        contact.save()  # moves to the end of the table
        assert [contact.value for contact in ask().team.contacts] == values


class TestRoom:
    def test_is_unknown_when_the_report_is_stale(self, town: dict[str, Any]) -> None:
        report = make.CapacityReportFactory(service=town["own"], valid_until=AT_14)
        assert ask().team.room is Room.UNKNOWN
        assert ask().team.room_report.new_clients == report.new_clients

    def test_follows_the_newest_report(self, town: dict[str, Any]) -> None:
        make.CapacityReportFactory(service=town["own"])
        make.CapacityReportFactory(
            service=town["own"],
            no_room=True,
            reported_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        )
        assert ask().team.room is Room.FULL

    def test_is_what_requests_left_since_the_report(self, town: dict[str, Any]) -> None:
        make.CapacityReportFactory(service=town["own"], new_clients=3)
        make.CapacityReservationFactory(service=town["own"])
        make.CapacityReservationFactory(service=town["own"], released=True)
        report = ask().team.room_report
        assert (report.new_clients, report.reserved_clients) == (2, 1)

    def test_is_full_once_requests_took_all_of_it(self, town: dict[str, Any]) -> None:
        make.CapacityReportFactory(service=town["own"], new_clients=1)
        make.CapacityReservationFactory(service=town["own"])
        assert ask().team.room is Room.FULL


class TestOverHttp:
    URL = "/api/v1/responsible"

    def test_a_visitor_gets_the_answer_without_persons(
        self, town: dict[str, Any], client: Client
    ) -> None:
        response = client.get(
            self.URL,
            {"postcode": "2512", "at": "2026-11-21T03:00:00+01:00", "care": NURSING},
        )
        body = response.json()
        assert response.status_code == 200
        assert response["API-Version"] == "1.0.0"
        assert body["answer"] == "on-duty"
        assert body["precision"] == "pc4"
        assert body["onDuty"]["personName"] == ""
        assert body["team"]["room"] is None
        assert AuditEvent.objects.count() == 0

    def test_a_professional_sees_the_person_and_that_is_logged(
        self, town: dict[str, Any], client: Client
    ) -> None:
        user = MembershipFactory().user
        client.force_login(user)
        body = client.get(
            self.URL, {"postcode": "2512AB", "at": "2026-11-21T03:00:00+01:00"}
        ).json()
        assert body["onDuty"]["personName"] == town["duty"].person_name
        event = AuditEvent.objects.get()
        assert (event.actor_id, event.entity_id) == (user.pk, str(town["duty"].pk))

    @pytest.mark.parametrize("is_professional", [False, True])
    @pytest.mark.parametrize("at", ["2026-11-20T14:00:00+01:00", "2026-11-21T02:00Z"])
    def test_the_body_is_exactly_what_its_schema_writes(
        self, town: dict[str, Any], client: Client, at: str, is_professional: bool
    ) -> None:
        make.CapacityReportFactory(service=town["own"], hours_per_week="7.50")
        make.ContactPointFactory(service=town["own"], value="070 “één”")
        make.DutyPeriodFactory(area=town["wijk"], rank=2)
        if is_professional:
            client.force_login(MembershipFactory().user)
        body = client.get(self.URL, {"postcode": "2512", "at": at}).content.decode()
        written = ResponsibleOut.model_validate_json(body).model_dump_json(
            by_alias=True
        )
        assert body == written

    @pytest.mark.parametrize(
        ("query", "status", "field"),
        [
            ({"postcode": "12"}, 400, "postcode"),
            ({"postcode": "2512AB<script>"}, 400, "postcode"),
            ({}, 400, "postcode"),
            ({"postcode": "9999"}, 404, "postcode"),
            ({"postcode": "2512", "care": "magic"}, 400, "care"),
            ({"postcode": "2512", "at": "yesterday"}, 400, "at"),
            ({"postcode": "2512", "at": "2026-11-21T03:00:00"}, 400, "at"),
            ({"postcode": "2512", "at": "0001-01-01T00:00:00+01:00"}, 400, "at"),
        ],
    )
    def test_bad_input_names_the_field(
        self,
        town: dict[str, Any],
        client: Client,
        query: dict[str, str],
        status: int,
        field: str,
    ) -> None:
        response = client.get(self.URL, query)
        assert response.status_code == status
        assert response["Content-Type"] == "application/problem+json"
        assert [item["name"] for item in response.json()["invalidParams"]] == [field]

    def test_a_plus_that_became_a_space_is_understood(
        self, town: dict[str, Any], client: Client
    ) -> None:
        response = client.get(self.URL + "?postcode=2512&at=2026-11-21T22:30:00+01:00")
        assert response.status_code == 200

    def test_an_unknown_token_is_refused(
        self, town: dict[str, Any], client: Client
    ) -> None:
        response = client.get(
            self.URL, {"postcode": "2512"}, headers={"Authorization": "Bearer nee"}
        )
        assert response.status_code == 401
        assert response.json()["code"] == "unknown-token"
