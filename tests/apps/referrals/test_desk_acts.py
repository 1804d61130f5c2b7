"""What a coordinator does by hand: a note, a call, a team of choice, a whole shift."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localtime

from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AssignmentAgreementFactory,
    ReferralsWijk,
    ServiceRequestFactory,
    make_coordinator,
    make_team,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.core.errors import Conflict, NotPermitted
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.services.desk import (
    PlacementReason,
    PlacementWay,
    hand_over_shift,
    place_by_hand,
    record_call,
)
from wijkspil.referrals.types import CallOutcome, OfferStatus, OwnerKind, RequestStatus

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def browser_of(wijk: ReferralsWijk) -> Client:
    assert wijk.coordinator is not None
    return wijk.coordinator.browser()


def call(wijk: ReferralsWijk, request: ServiceRequest, **changes: object) -> None:
    assert wijk.coordinator is not None
    values = {
        "actor": wijk.coordinator.actor,
        "request_id": request.pk,
        "service_id": wijk.teams[0].pk,
        "outcome": CallOutcome.NO_ANSWER,
        "at": wijk.at,
    }
    record_call(**{**values, **changes})  # type: ignore[arg-type]
    request.refresh_from_db()


def choose(wijk: ReferralsWijk, request: ServiceRequest, **changes: object) -> None:
    assert wijk.coordinator is not None
    values = {
        "actor": wijk.coordinator.actor,
        "request_id": request.pk,
        "service_id": wijk.teams[2].pk,
        "way": PlacementWay.ASK,
        "reason": PlacementReason.KNOWN,
        "at": wijk.at,
    }
    place_by_hand(**{**values, **changes})  # type: ignore[arg-type]
    request.refresh_from_db()


def kinds(request: ServiceRequest) -> list[str]:
    return list(request.events.order_by("pk").values_list("kind", flat=True))


# --- a note


def test_a_note_from_the_desk_is_on_the_timeline(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    answer = browser_of(wijk).post(
        f"/regietafel/{request.number}/notitie",
        {"text": "Dochter belt morgen terug.", "van": "mij"},
    )
    assert answer["Location"] == f"/regietafel/?van=mij&aanvraag={request.number}"
    assert (
        request.events.get(kind="note").detail["text"] == "Dochter belt morgen terug."
    )


def test_an_empty_note_is_refused_with_words(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    browser_of(wijk).post(f"/regietafel/{request.number}/notitie", {"text": " "})
    assert not request.events.filter(kind="note").exists()


# --- a call


def test_no_answer_is_one_line_and_changes_nothing_else(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    before, due_at = kinds(request), request.due_at
    call(wijk, request, spoke_with="T. Eam")
    event = request.events.order_by("-pk")[0]
    assert kinds(request)[len(before) :] == ["called"]
    assert event.service_id == wijk.teams[0].pk
    assert event.detail["outcome"] == "no-answer"
    assert event.detail["spoke_with"] == "T. Eam"
    assert request.due_at == due_at


def test_calling_back_puts_a_date_on_the_request(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    back_at = wijk.at + timedelta(hours=2)
    call(wijk, request, outcome=CallOutcome.CALL_BACK, call_back_at=back_at)
    assert request.due_at == back_at
    assert "Team Zuiderpark 1" in request.events.order_by("-pk")[0].detail["why"]


@pytest.mark.parametrize("days", [-1, 40])
def test_calling_back_needs_a_moment_within_a_month(
    wijk: ReferralsWijk, days: int
) -> None:
    request = send(wijk)
    with pytest.raises(InvalidRequest) as refused:
        call(
            wijk,
            request,
            outcome=CallOutcome.CALL_BACK,
            call_back_at=wijk.at + timedelta(days=days),
        )
    assert "call_back_at" in refused.value.fields


def test_a_no_by_phone_is_the_answer_and_the_next_team_is_asked(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    asked = open_offers(request)[0]
    call(
        wijk,
        request,
        service_id=asked.service_id,
        outcome=CallOutcome.SAYS_NO,
        reason="sickness",
    )
    asked.refresh_from_db()
    assert (asked.status, asked.decline_reason) == (OfferStatus.DECLINED, "sickness")
    assert [o.service_id for o in open_offers(request)] != [asked.service_id]
    assert "declined" in kinds(request)


def test_a_team_that_said_no_by_phone_is_not_proposed_again(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    other = next(
        team for team in wijk.teams if team.pk != open_offers(request)[0].service_id
    )
    call(
        wijk,
        request,
        service_id=other.pk,
        outcome=CallOutcome.SAYS_NO,
        reason="no-room",
    )
    kept = Offer.objects.get(request=request, service=other)
    assert (kept.status, kept.origin) == (OfferStatus.DECLINED, "phone")
    page = browser_of(wijk).get(f"/regietafel/{request.number}/", headers=ENGLISH)
    proposed = {team["id"] for team in page.context["detail"]["teams"]}
    assert other.pk not in proposed


def test_a_no_needs_a_reason(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    before = kinds(request)
    with pytest.raises(InvalidRequest):
        call(wijk, request, outcome=CallOutcome.SAYS_NO)
    assert kinds(request) == before


def test_a_yes_by_phone_is_asked_once_more_and_then_places_the_client(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    browser = browser_of(wijk)
    address = f"/regietafel/{request.number}/gebeld"
    sent = {"service_id": str(wijk.teams[1].pk), "outcome": "says-yes"}
    answer = browser.post(address, sent, headers=ENGLISH)
    assert answer.status_code == 200
    assert "What follows" in answer.content.decode()
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED
    for _press in range(2):
        assert browser.post(address, {**sent, "is_sure": "on"}).status_code == 302
    request.refresh_from_db()
    assert request.status == RequestStatus.ACCEPTED
    assert request.placed_service_id == wijk.teams[1].pk
    assert kinds(request).count("accepted") == 1


def test_a_call_with_a_mistake_shows_the_form_with_what_was_typed(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    answer = browser_of(wijk).post(
        f"/regietafel/{request.number}/gebeld",
        {
            "service_id": str(wijk.teams[0].pk),
            "outcome": "says-no",
            "spoke_with": "P. Lanner",
            "toon": "spoed",
        },
        headers=ENGLISH,
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose why the team says no" in page
    assert "P. Lanner" in page
    assert '<input type="hidden" name="toon" value="spoed">' in page


def test_the_moment_to_call_back_is_read_in_local_time(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    moment = localtime(wijk.at + timedelta(hours=3)).replace(second=0, microsecond=0)
    browser_of(wijk).post(
        f"/regietafel/{request.number}/gebeld",
        {
            "service_id": str(wijk.teams[0].pk),
            "outcome": "call-back",
            "call_back_at": moment.strftime("%Y-%m-%dT%H:%M"),
        },
    )
    request.refresh_from_db()
    assert request.due_at == moment


def test_a_referrer_or_another_region_records_no_call(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    elsewhere = AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR)
    outsider = make_coordinator(elsewhere, at=wijk.at, name="E. Lders")
    for person in (wijk.referrer, outsider, wijk.nurses[0]):
        with pytest.raises(NotPermitted):
            call(wijk, request, actor=person.actor)
        for part in ("gebeld", "plaatsen"):
            answer = person.browser().get(f"/regietafel/{request.number}/{part}")
            assert answer.status_code in (403, 404)


# --- a team of choice


def test_a_chosen_team_is_asked_and_the_reason_stays(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    choose(wijk, request, why="woont in dezelfde flat")
    assert wijk.teams[2].pk in {offer.service_id for offer in open_offers(request)}
    note = request.events.get(kind="note")
    assert note.detail["reason"] == "known"
    assert "woont in dezelfde flat" in note.detail["text"]


def test_a_team_without_room_can_be_chosen_and_says_so(wijk: ReferralsWijk) -> None:
    full = make_team(wijk.wijk, at=wijk.at, name="Vol team", new_clients=0)
    request = send(wijk)
    page = browser_of(wijk).get(
        f"/regietafel/{request.number}/plaatsen", headers=ENGLISH
    )
    assert "By what is known it cannot: no room for new clients" in (
        page.content.decode()
    )
    html = page.content.decode()
    asked = open_offers(request)[0].service_id
    best = next(team for team in wijk.teams if team.pk != asked)
    assert html.index(best.name) < html.index("Vol team")  # best first
    choose(wijk, request, service_id=full.pk, way=PlacementWay.PHONE)
    assert request.placed_service_id == full.pk


def test_something_else_needs_words_and_nothing_is_kept_without(
    wijk: ReferralsWijk,
) -> None:
    request = send(wijk)
    before = kinds(request)
    for reason in (PlacementReason.OTHER, "nonsense", ""):
        with pytest.raises(InvalidRequest):
            choose(wijk, request, reason=reason)
    assert kinds(request) == before


def test_who_the_client_objects_to_cannot_be_chosen(wijk: ReferralsWijk) -> None:
    refused = wijk.teams[2]
    request = send(wijk, refused_organization_ids=(refused.organization_id,))
    page = browser_of(wijk).get(f"/regietafel/{request.number}/plaatsen")
    assert f'value="{refused.pk}"' not in page.content.decode()
    before = kinds(request)
    for way in PlacementWay:
        with pytest.raises(InvalidRequest):
            choose(wijk, request, way=way)
    assert kinds(request) == before


def test_a_team_of_another_region_cannot_be_chosen(wijk: ReferralsWijk) -> None:
    elsewhere = make_team(AreaFactory(name="Elders"), at=wijk.at, name="Ver weg")
    request = send(wijk)
    with pytest.raises(InvalidRequest):
        choose(wijk, request, service_id=elsewhere.pk)


def test_assigning_needs_a_signed_agreement(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    with pytest.raises(InvalidRequest):
        choose(wijk, request, way=PlacementWay.AGREEMENT)
    assert not request.events.filter(kind="note").exists()
    AssignmentAgreementFactory(
        organization=wijk.teams[2].organization, region=wijk.region
    )
    choose(wijk, request, way=PlacementWay.AGREEMENT)
    assert request.status == RequestStatus.ACCEPTED


def test_a_placed_request_is_not_chosen_for_again(wijk: ReferralsWijk) -> None:
    request = place(wijk)
    with pytest.raises(Conflict):
        choose(wijk, request)


def test_choosing_on_the_page_goes_back_to_the_list(wijk: ReferralsWijk) -> None:
    request = send(wijk)
    address = f"/regietafel/{request.number}/plaatsen"
    browser = browser_of(wijk)
    wrong = browser.post(address, {"service_id": str(wijk.teams[2].pk)})
    assert wrong.status_code == 422
    right = browser.post(
        address,
        {
            "service_id": str(wijk.teams[2].pk),
            "reason": "client",
            "way": "ask",
            "toon": "spoed",
        },
    )
    assert right["Location"] == f"/regietafel/?toon=spoed&aanvraag={request.number}"


# --- a shift


def take_all(wijk: ReferralsWijk, n: int, *, at: datetime) -> None:
    assert wijk.coordinator is not None
    for row in range(n):
        ServiceRequestFactory(
            region=wijk.region,
            place=wijk.pc6,
            owner=wijk.coordinator.user,
            owner_kind=OwnerKind.COORDINATOR,
            owner_name="C. Oordinator",
            due_at=at + timedelta(hours=row * 6 + 1),
            submitted_at=at,
        )


def test_the_sheet_of_a_shift_says_what_is_due_and_what_was_noted(
    wijk: ReferralsWijk,
) -> None:
    take_all(wijk, 3, at=wijk.at)
    first = ServiceRequest.objects.order_by("due_at")[0]
    browser = browser_of(wijk)
    browser.post(f"/regietafel/{first.number}/notitie", {"text": "Sleutel bij buren."})
    answer = browser.get("/regietafel/dienst/", headers=ENGLISH)
    page = answer.content.decode()
    assert len(answer.context["soon"]) == 2
    assert len(answer.context["later"]) == 1
    assert "Sleutel bij buren." in page
    assert "3 requests are in the hands of C. Oordinator." in page


def test_an_empty_shift_says_there_is_nothing(wijk: ReferralsWijk) -> None:
    page = browser_of(wijk).get("/regietafel/dienst/", headers=ENGLISH)
    assert "You have nothing in hand" in page.content.decode()


def test_handing_over_leaves_nothing_behind(wijk: ReferralsWijk) -> None:
    assert wijk.coordinator is not None
    colleague = make_coordinator(wijk.region, at=wijk.at, name="C. Ollega")
    take_all(wijk, 5, at=wijk.at)
    given = hand_over_shift(
        actor=wijk.coordinator.actor,
        region_ids=[wijk.region.pk],
        user_id=colleague.user.pk,
        at=wijk.at,
    )
    assert given == 5
    assert not ServiceRequest.objects.filter(owner=wijk.coordinator.user).exists()
    again = hand_over_shift(
        actor=wijk.coordinator.actor,
        region_ids=[wijk.region.pk],
        user_id=colleague.user.pk,
        at=wijk.at,
    )
    assert again == 0


def test_a_shift_without_a_colleague_says_so_on_its_sheet(wijk: ReferralsWijk) -> None:
    take_all(wijk, 1, at=wijk.at)
    page = browser_of(wijk).get("/regietafel/dienst/", headers=ENGLISH)
    assert "Nobody else coordinates this region now" in page.content.decode()
