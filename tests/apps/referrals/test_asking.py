"""Asking for care: room before names, drafts kept, sent once, nonsense refused."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.at_once import at_once
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    OrganizationFactory,
)
from tests.factories.referrals import (
    ReferralsWijk,
    draft,
    make_person,
    make_team,
    make_wijk,
    open_offers,
)
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.models import (
    Consent,
    Offer,
    Patient,
    RoomCheck,
    ServiceRequest,
)
from wijkspil.referrals.types import (
    OfferOrigin,
    OfferStatus,
    OwnerKind,
    RequesterKind,
    RequestStatus,
    Urgency,
)

pytestmark = pytest.mark.django_db

NEED = {
    "postcode": "2512 ab",
    "tasks": ["stockings", "medication"],
    "parts_of_day": ["morning"],
    "urgency": "days",
    "urgency_reason": "discharge",
}
WHO = {
    "decision": "agreed",
    "given_by": "client",
    "name": "Geertruida Cliëntsma",
    "birth_date": "1943-02-03",
    "address": "Geheimlaan 71",
    "phone": "06 5550 0711",
    "requester_phone": "070 000 0001",
}
FAMILY = {**WHO, "relation": "child", "requester_name": "D. Ochter"}


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def referrer(wijk: ReferralsWijk) -> Client:
    return english(wijk.referrer.browser())


@pytest.fixture
def visitor() -> Client:
    return english(Client())


def english(browser: Client) -> Client:
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


def ask(browser: Client, **answers: Any) -> ServiceRequest:
    """Fill in the first page; return the draft."""
    answer = browser.post("/zorg-aanvragen/", {**NEED, **answers})
    assert answer.status_code == 302, answer.content.decode()
    number = answer["Location"].split("/")[2]
    return ServiceRequest.objects.get(number=number)


def page(request: ServiceRequest, name: str) -> str:
    return f"/zorg-aanvragen/{request.number}/{name}"


def words(answer: Any) -> str:
    text = re.sub(r"<(script|style|head)\b.*?</\1>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def stored(request: ServiceRequest) -> ServiceRequest:
    return ServiceRequest.objects.get(pk=request.pk)


class TestRoomBeforeNames:
    def test_the_question_becomes_a_draft_and_is_counted(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        kept = ask(referrer)
        assert kept.status == RequestStatus.DRAFT
        assert kept.postcode == "2512AB"
        assert kept.requester == wijk.referrer.user
        assert kept.requester_kind == RequesterKind.GP
        assert RoomCheck.objects.get().with_room == 3
        assert not Patient.objects.exists()

    def test_a_referrer_sees_the_teams_with_room(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        answer = referrer.get(page(ask(referrer), "ruimte"))
        assert "3 teams have room" in words(answer)
        assert all(team.name in words(answer) for team in wijk.teams)
        assert RoomCheck.objects.count() == 1  # looking again is no new demand

    def test_family_sees_only_how_many(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        answer = visitor.get(page(ask(visitor), "ruimte"))
        assert "3 teams have room" in words(answer)
        assert not any(team.name in words(answer) for team in wijk.teams)

    def test_the_hours_are_called_provisional(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        assert "provisional" in words(visitor.get(page(ask(visitor), "ruimte")))

    def test_a_full_wijk_says_who_looks_further(self, visitor: Client) -> None:
        wijk = make_wijk(at=timezone.now(), teams=0)
        assert wijk.coordinator is not None
        said = words(visitor.get(page(ask(visitor), "ruimte")))
        assert "No team can take this now" in said
        assert wijk.coordinator.user.name in said

    def test_a_referrer_sees_why_teams_cannot(self) -> None:
        wijk = make_wijk(at=timezone.now(), teams=1)
        full = make_team(wijk.wijk, name="Team Vol", new_clients=None)
        CapacityReportFactory(
            service=full,
            no_room=True,
            reported_at=timezone.now() - timedelta(hours=1),
            valid_until=timezone.now() + timedelta(days=1),
        )
        browser = english(wijk.referrer.browser())
        said = words(browser.get(page(ask(browser), "ruimte")))
        assert "1 team has room" in said
        assert "1 team: no room for new clients" in said
        assert "Team Vol" in said  # who was phoned may take it all the same

    def test_teams_without_a_report_are_not_counted_as_room(
        self, visitor: Client
    ) -> None:
        wijk = make_wijk(at=timezone.now(), teams=0)
        make_team(wijk.wijk, new_clients=None)
        said = words(visitor.get(page(ask(visitor), "ruimte")))
        assert "No team reports room now" in said

    def test_family_is_told_before_typing_where_nobody_coordinates(
        self, visitor: Client
    ) -> None:
        make_wijk(at=timezone.now(), with_coordinator=False)
        request = ask(visitor)
        answer = visitor.get(page(request, "ruimte"))
        assert "cannot send a request in this region" in words(answer)
        assert page(request, "wie") not in answer.content.decode()
        refused = visitor.post(page(request, "wie"), FAMILY)
        assert refused.status_code == 422
        assert not Patient.objects.exists()

    def test_a_missing_contract_is_said_in_words(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        said = words(referrer.get(page(ask(referrer, insurer="9981"), "ruimte")))
        assert "No contract" in said

    def test_a_provider_the_client_refuses_is_not_shown(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        refused = wijk.teams[0].organization
        request = ask(referrer, refused_1=refused.name)
        assert request.refused_organizations == [refused.pk]
        answer = referrer.get(page(request, "ruimte"))
        assert wijk.teams[0].name not in words(answer)


class TestTheQuestion:
    def test_going_back_keeps_the_answers(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        provider = wijk.teams[1].organization
        request = ask(referrer, age="83", preferred=provider.name, note="Hond in huis")
        form = referrer.get(f"/zorg-aanvragen/{request.number}/").context["form"]
        assert form["postcode"].value() == "2512AB"
        assert form["tasks"].value() == ["stockings", "medication"]
        assert form["urgency"].value() == "days"
        assert form["age"].value() == 83
        assert form["preferred"].value() == provider.name
        assert form["note"].value() == "Hond in huis"

    def test_changing_it_changes_the_same_draft(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        changed = {**NEED, "tasks": ["dementia"]}
        referrer.post(f"/zorg-aanvragen/{request.number}/", changed)
        assert ServiceRequest.objects.get().tasks == ["dementia"]

    @pytest.mark.parametrize(
        ("days", "urgency"),
        [
            (0, Urgency.TODAY),
            (1, Urgency.TOMORROW),
            (2, Urgency.DAYS),
            (5, Urgency.WEEK),
            (20, Urgency.PLANNED),
        ],
    )
    def test_a_chosen_day_says_how_soon_it_is(
        self, wijk: ReferralsWijk, referrer: Client, days: int, urgency: str
    ) -> None:
        day = timezone.localdate() + timedelta(days=days)
        request = ask(referrer, urgency="planned", first_visit_on=day.isoformat())
        assert (request.first_visit_on, request.urgency) == (day, urgency)

    def test_a_referrer_is_asked_for_the_instruction_when_a_task_needs_it(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        answer = referrer.post("/zorg-aanvragen/", {**NEED, "tasks": ["insulin"]})
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {
            "order_present",
            "materials_present",
        }

    def test_family_need_not_know_about_instructions(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        assert ask(visitor, tasks=["insulin"]).order_present == "no"

    def test_a_part_of_a_name_offers_choices(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        wanted = wijk.teams[1].organization
        first = referrer.post(
            "/zorg-aanvragen/", {**NEED, "preferred": "fictional provider"}
        )
        assert first.status_code == 422
        assert wanted.name in words(first)
        request = ask(
            referrer, preferred="fictional provider", preferred_which=wanted.pk
        )
        assert request.preferred_organization == wanted

    def test_an_organization_without_district_nursing_is_no_choice(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        answer = referrer.post(
            "/zorg-aanvragen/", {**NEED, "preferred": wijk.hospital.name}
        )
        assert "preferred" in answer.context["form"].errors

    def test_names_are_suggested_while_typing(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        name = wijk.teams[0].organization.name
        answer = visitor.get("/zorg-aanvragen/aanbieders", {"known": name[:-1]})
        assert name in answer.content.decode()
        assert (
            "option"
            not in visitor.get(
                "/zorg-aanvragen/aanbieders", {"known": "\0"}
            ).content.decode()
        )

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("postcode", ""),
            ("postcode", "9999ZZ"),
            ("postcode", "12"),
            ("postcode", "<script>alert(1)</script>"),
            ("postcode", "2512AB\0"),
            ("postcode", "9" * 10_000),
            ("tasks", []),
            ("tasks", ["brain-surgery"]),
            ("tasks", ["stockings", "x" * 10_000]),
            ("tasks", ["stockings\0"]),
            ("parts_of_day", []),
            ("parts_of_day", ["noon"]),
            ("urgency", ""),
            ("urgency", "yesterday"),
            ("urgency_reason", ""),
            ("urgency_reason", "<b>because</b>"),
            ("age", "-1"),
            ("age", "121"),
            ("age", "old"),
            ("age", "9" * 10_000),
            ("age", "1\0"),
            ("language", "xx"),
            ("insurer", "0000"),
            ("insurer", "x" * 10_000),
            ("care_law", "wok"),
            ("order_present", "maybe"),
            ("preferred", "Nobody has this name"),
            ("preferred", "\0"),
            ("known", "x" * 10_000),
            ("refused_1", "%"),
            ("note", "x" * 501),
            ("note", "a\0b"),
        ],
    )
    def test_nonsense_is_refused_beside_its_field(
        self, wijk: ReferralsWijk, referrer: Client, field: str, typed: Any
    ) -> None:
        answer = referrer.post("/zorg-aanvragen/", {**NEED, field: typed})
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {field}
        assert "<script>alert" not in answer.content.decode()
        assert not ServiceRequest.objects.exists()

    @pytest.mark.parametrize("day", ["2020-01-01", "2999-01-01", "morgen", "", "\0"])
    def test_a_day_that_cannot_be_is_refused(
        self, wijk: ReferralsWijk, referrer: Client, day: str
    ) -> None:
        answer = referrer.post(
            "/zorg-aanvragen/", {**NEED, "urgency": "planned", "first_visit_on": day}
        )
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"first_visit_on"}

    def test_what_was_typed_stays_when_something_is_wrong(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        answer = referrer.post(
            "/zorg-aanvragen/", {**NEED, "postcode": "x", "note": "<i>let op</i>"}
        )
        assert "&lt;i&gt;let op&lt;/i&gt;" in answer.content.decode()


class TestSending:
    def test_it_is_sent_with_consent_and_the_best_team_is_asked(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        answer = referrer.post(page(request, "wie"), WHO)
        assert answer["Location"] == page(request, "verstuurd")
        request = stored(request)
        assert request.status == RequestStatus.OFFERED
        assert request.owner == wijk.referrer.user
        assert request.requester_phone == WHO["requester_phone"]
        assert [offer.service for offer in open_offers(request)] == wijk.teams[:1]
        assert Patient.objects.get().name == WHO["name"]
        assert Consent.objects.get().decision == "agreed"

    def test_who_will_see_it_stands_before_the_first_name(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        html = referrer.get(page(ask(referrer), "wie")).content.decode()
        assert html.index("Only the team that takes the client") < html.index(
            'name="name"'
        )

    def test_a_second_press_does_not_send_twice(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        for _press in range(2):
            answer = referrer.post(page(request, "wie"), WHO)
            assert answer["Location"] == page(request, "verstuurd")
        assert Patient.objects.count() == Consent.objects.count() == 1
        assert Offer.objects.count() == 1

    def test_the_link_and_the_code_are_shown_once(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        referrer.post(page(request, "wie"), WHO)
        first = referrer.get(page(request, "verstuurd"))
        code = first.context["code"]
        assert re.fullmatch(r"\d{6}", code)
        assert code in words(first)
        again = referrer.get(page(request, "verstuurd"))
        assert code not in again.content.decode()
        assert request.number in words(again)

    def test_the_phone_number_is_asked_once(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        referrer.post(page(ask(referrer), "wie"), WHO)
        form = referrer.get(page(ask(referrer), "wie")).context["form"]
        assert form["requester_phone"].value() == WHO["requester_phone"]

    def test_a_team_that_was_phoned_gets_it_and_nobody_is_asked(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request, team = ask(referrer), wijk.teams[2]
        answer = referrer.post(
            f"{page(request, 'wie')}?gebeld={team.pk}", {**WHO, "spoke_with": "Ans"}
        )
        assert answer.status_code == 302
        request = stored(request)
        assert request.status == RequestStatus.ACCEPTED
        assert request.placed_service == team
        offer = Offer.objects.get()
        assert (offer.origin, offer.status) == (OfferOrigin.PHONE, OfferStatus.ACCEPTED)
        assert offer.answered_by_name == "Ans"

    def test_a_phoned_team_that_is_not_there_keeps_the_draft(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        answer = referrer.post(f"{page(request, 'wie')}?gebeld=999999", WHO)
        assert answer.status_code == 422
        assert stored(request).status == RequestStatus.DRAFT
        assert not Patient.objects.exists()

    def test_a_visitor_cannot_say_that_a_team_took_it(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        request = ask(visitor)
        visitor.post(f"{page(request, 'wie')}?gebeld={wijk.teams[0].pk}", FAMILY)
        assert stored(request).status == RequestStatus.OFFERED

    def test_an_objection_stores_nothing(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        answer = referrer.post(page(request, "wie"), {**WHO, "decision": "objected"})
        assert "Nothing was stored about the client" in words(answer)
        assert WHO["name"] not in answer.content.decode()
        assert stored(request).status == RequestStatus.DRAFT
        assert not Patient.objects.exists()
        assert not Consent.objects.exists()
        assert not AuditEvent.objects.filter(entity_type="patient").exists()

    def test_a_draft_whose_day_has_passed_asks_for_a_new_day(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        ServiceRequest.objects.update(first_visit_on="2026-01-01")
        answer = referrer.post(page(request, "wie"), WHO)
        assert answer["Location"] == f"/zorg-aanvragen/{request.number}/"
        assert not Patient.objects.exists()

    def test_of_an_unknown_kind_of_organization_the_kind_is_asked(
        self, wijk: ReferralsWijk
    ) -> None:
        mechanism = OrganizationFactory(coordination=True)
        browser = english(
            make_person(Role.REFERRER, name="K.", organization=mechanism).browser()
        )
        request = ask(browser)
        assert browser.post(page(request, "wie"), WHO).status_code == 422
        browser.post(page(request, "wie"), {**WHO, "requester_kind": "municipality"})
        assert stored(request).requester_kind == RequesterKind.MUNICIPALITY

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("decision", ""),
            ("decision", "perhaps"),
            ("given_by", ""),
            ("given_by", "the neighbor"),
            ("name", ""),
            ("name", "x" * 10_000),
            ("name", "a\0b"),
            ("birth_date", ""),
            ("birth_date", "2999-01-01"),
            ("birth_date", "1800-01-01"),
            ("birth_date", "yesterday"),
            ("birth_date", "\0"),
            ("address", ""),
            ("address", "x" * 10_000),
            ("phone", ""),
            ("phone", "1" * 10_000),
            ("representative_name", "x" * 10_000),
            ("representative_phone", "1" * 10_000),
            ("gp_name", "\0"),
            ("requester_phone", ""),
            ("requester_phone", "1" * 10_000),
        ],
    )
    def test_nonsense_is_refused_and_nothing_is_stored(
        self, wijk: ReferralsWijk, referrer: Client, field: str, typed: str
    ) -> None:
        request = ask(referrer)
        answer = referrer.post(page(request, "wie"), {**WHO, field: typed})
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {field}
        assert stored(request).status == RequestStatus.DRAFT
        assert not Patient.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_send_once(wijk: ReferralsWijk) -> None:
    browser = english(wijk.referrer.browser())
    request = ask(browser)
    cookies = browser.cookies

    def press() -> int:
        other = english(Client())
        other.cookies = cookies
        return other.post(page(request, "wie"), WHO).status_code

    assert at_once(*[press] * 4) == [302] * 4
    assert Patient.objects.count() == 1
    shown = browser.get(page(request, "verstuurd"))
    assert shown.context["code"]


class TestFamily:
    def test_a_daughter_asks_without_an_account(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        request = ask(visitor)
        visitor.post(page(request, "wie"), FAMILY)
        request = stored(request)
        assert request.status == RequestStatus.OFFERED
        assert request.requester_kind == RequesterKind.FAMILY
        assert request.requester_name.startswith("D. Ochter (")
        assert request.owner_kind == OwnerKind.COORDINATOR
        answer = visitor.get(page(request, "verstuurd"))
        assert answer.status_code == 200
        assert wijk.teams[0].name not in words(answer)

    def test_a_client_who_asks_is_not_named_as_who_asks(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        request = ask(visitor)
        visitor.post(
            page(request, "wie"),
            {**WHO, "relation": "self", "given_by": "", "requester_phone": ""},
        )
        request = stored(request)
        assert request.status == RequestStatus.OFFERED
        assert WHO["name"] not in request.requester_name
        assert request.requester_phone == WHO["phone"]
        assert Consent.objects.get().recorded_by == request.requester_name

    @pytest.mark.parametrize("field", ["relation", "requester_name", "requester_phone"])
    def test_family_says_who_they_are(
        self, wijk: ReferralsWijk, visitor: Client, field: str
    ) -> None:
        answer = visitor.post(page(ask(visitor), "wie"), {**FAMILY, field: ""})
        assert set(answer.context["form"].errors) == {field}

    def test_another_visitor_finds_nothing(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        request = ask(visitor)
        stranger = Client()
        for name in ("", "ruimte", "wie", "verstuurd"):
            assert stranger.get(page(request, name)).status_code == 404
            assert stranger.post(page(request, name), FAMILY).status_code in {404, 405}

    def test_a_visitor_sends_a_few_an_hour(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        for _number in range(5):
            visitor.post(page(ask(visitor), "wie"), FAMILY)
        request = ask(visitor)
        assert visitor.post(page(request, "wie"), FAMILY).status_code == 429
        assert stored(request).status == RequestStatus.DRAFT


class TestWhoseDraft:
    def test_a_draft_of_another_organization_is_not_found(
        self, wijk: ReferralsWijk, visitor: Client
    ) -> None:
        request = draft(wijk)
        for browser in (visitor, wijk.transfer_nurse.browser()):
            for name in ("", "ruimte", "wie", "verstuurd"):
                assert browser.get(page(request, name)).status_code == 404
            assert browser.post(page(request, "wie"), WHO).status_code == 404
            assert browser.post(page(request, "collega")).status_code == 404

    @pytest.mark.parametrize("number", ["A-NOTHIN", "1", "x" * 500, "%00", "%3Cb%3E"])
    def test_a_number_that_is_none_is_not_found(
        self, wijk: ReferralsWijk, referrer: Client, number: str
    ) -> None:
        answer = referrer.get(f"/zorg-aanvragen/{number}/ruimte")
        assert answer.status_code == 404
        assert b"<b>" not in answer.content

    def test_a_colleague_can_take_the_draft_over(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        referrer.post(
            page(request, "collega"), {"user_id": str(wijk.colleague.user.pk)}
        )
        assert stored(request).requester == wijk.colleague.user
        browser = english(wijk.colleague.browser())
        browser.post(page(request, "wie"), WHO)
        assert stored(request).owner == wijk.colleague.user

    @pytest.mark.parametrize("typed", ["", "0", "x", "9" * 5000, "\0", "²"])
    def test_a_draft_goes_to_nobody_unknown(
        self, wijk: ReferralsWijk, referrer: Client, typed: str
    ) -> None:
        request = ask(referrer)
        answer = referrer.post(page(request, "collega"), {"user_id": typed})
        assert answer.status_code == 302
        assert stored(request).requester == wijk.referrer.user

    def test_a_draft_stays_within_the_organization(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        outsider = str(wijk.transfer_nurse.user.pk)
        referrer.post(page(request, "collega"), {"user_id": outsider})
        assert stored(request).requester == wijk.referrer.user

    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSURER])
    def test_a_role_that_cannot_ask_is_told_so(
        self, wijk: ReferralsWijk, role: Role
    ) -> None:
        region = AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR)
        browser = make_person(role, name="A.", region=region).browser()
        assert browser.get("/zorg-aanvragen/").status_code == 403

    def test_a_page_of_a_sent_request_leads_to_where_it_stands(
        self, wijk: ReferralsWijk, referrer: Client
    ) -> None:
        request = ask(referrer)
        referrer.post(page(request, "wie"), WHO)
        for name in ("", "ruimte", "wie"):
            answer = referrer.get(page(request, name))
            assert answer["Location"] == page(request, "verstuurd")
