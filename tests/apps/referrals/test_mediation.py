"""What was handed to the insurer has a day on which it must move, and comes back."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.apps.directory.at_once import at_once
from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AT,
    PATIENT,
    Person,
    ReferralsWijk,
    make_person,
    make_wijk,
    open_offers,
    send,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted, WijkspilError
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.errors import InvalidRequest, NotNow, UnknownRequest
from wijkspil.referrals.models import RequestEvent, ServiceRequest
from wijkspil.referrals.selectors.mediation import (
    WORKING_DAYS,
    add_working_days,
    count_late,
    count_working_days,
    find_mediation,
    list_mediations,
)
from wijkspil.referrals.services.mediation import (
    pass_on,
    report_found,
    report_nobody,
)
from wijkspil.referrals.services.offers import accept_offer, decline_offer
from wijkspil.referrals.services.steering import hand_to_insurer
from wijkspil.referrals.types import DeclineReason, OwnerKind, RequestStatus

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}


def insurer_of(wijk: ReferralsWijk, name: str = "V. Erzekeraar") -> Person:
    return make_person(Role.INSURER, name=name, at=wijk.at, region=wijk.region)


def insurer_elsewhere(wijk: ReferralsWijk) -> Person:
    region = AreaFactory(region=True, purpose=RegionPurpose.ZORGKANTOOR)
    return make_person(Role.INSURER, name="E. Lders", at=wijk.at, region=region)


def handed(wijk: ReferralsWijk, *, at: datetime | None = None) -> ServiceRequest:
    """Return a request that all teams declined and the coordinator handed over."""
    at = at or wijk.at
    request = send(wijk, insurer="9981", at=at)
    while offers := open_offers(request):
        for offer in offers:
            decline_offer(
                actor=wijk.nurse_of(offer.service_id).actor,
                offer_id=offer.pk,
                reason=DeclineReason.TRAVEL,
                at=at,
            )
    return hand_to_insurer(actor=wijk.coordinator.actor, request_id=request.pk, at=at)


# --- how long it takes


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2026, 11, 17), date(2026, 11, 17), 0),  # the same day
        (date(2026, 11, 20), date(2026, 11, 22), 0),  # a weekend
        (date(2026, 11, 17), date(2026, 11, 24), 5),
        (date(2026, 12, 24), date(2026, 12, 28), 1),  # Christmas, then a weekend
        (date(2026, 12, 31), date(2027, 1, 4), 1),  # New Year's Day
    ],
)
def test_only_working_days_count(since: date, until: date, days: int) -> None:
    assert count_working_days(since, until) == days
    assert count_working_days(since, add_working_days(since, days)) == days


def test_a_mediation_is_late_after_five_working_days_and_not_before() -> None:
    wijk = make_wijk()  # a Tuesday
    request = handed(wijk)
    regions = [wijk.region.pk]
    last_day = AT + timedelta(days=7)
    assert WORKING_DAYS == 5
    [one] = list_mediations(regions, at=last_day)
    assert (one.working_days, one.is_late, one.due_on) == (5, False, last_day.date())
    assert count_late(regions, at=last_day) == 0
    assert count_late(regions, at=last_day + timedelta(days=1)) == 1
    assert one.owner_name == wijk.coordinator.user.name
    assert one.request.pk == request.pk


# --- what the insurer writes down


def test_passing_on_is_on_the_timeline_and_it_stays_with_the_insurer() -> None:
    wijk = make_wijk()
    request, insurer = handed(wijk), insurer_of(wijk)
    pass_on(actor=insurer.actor, request_id=request.pk, to="  Zorg   inkoop ", at=AT)
    found = find_mediation(request.number, at=AT)
    assert found is not None
    assert found.is_running
    [step] = found.steps
    assert step.actor_name == "V. Erzekeraar"
    assert step.text.endswith("Zorg inkoop")


def test_a_team_that_was_found_is_asked_and_answers_itself() -> None:
    wijk = make_wijk()
    request, insurer = handed(wijk), insurer_of(wijk)
    team = wijk.teams[1]
    at = AT + timedelta(hours=1)
    report_found(actor=insurer.actor, request_id=request.pk, service_id=team.pk, at=at)
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED
    assert request.owner_kind == OwnerKind.COORDINATOR
    assert request.due_at is not None
    assert request.due_at > at
    [offer] = open_offers(request)
    assert offer.service_id == team.pk
    accept_offer(
        actor=wijk.nurses[1].actor, offer_id=offer.pk, at=at + timedelta(minutes=9)
    )
    [one] = list_mediations([wijk.region.pk], at=at + timedelta(minutes=10))
    assert (one.is_running, one.is_late, one.ended) == (False, False, "found")


def test_nobody_found_gives_it_back_to_a_coordinator_with_a_date() -> None:
    wijk = make_wijk()
    request, insurer = handed(wijk), insurer_of(wijk)
    at = AT + timedelta(days=8)
    report_nobody(
        actor=insurer.actor, request_id=request.pk, tried="all of them", at=at
    )
    request.refresh_from_db()
    assert request.status in {RequestStatus.OPEN, RequestStatus.OFFERED}
    assert request.owner_name == wijk.coordinator.user.name
    assert request.due_at is not None
    assert request.due_at > at
    reopened = RequestEvent.objects.get(request=request, kind="reopened")
    assert reopened.detail["reason"] == "not-mediated"
    [one] = list_mediations([wijk.region.pk], at=at)
    assert one.ended == "nobody"


def test_a_second_handing_over_counts_from_its_own_day() -> None:
    wijk = make_wijk()
    request, insurer = handed(wijk), insurer_of(wijk)
    later = AT + timedelta(days=30)
    report_nobody(actor=insurer.actor, request_id=request.pk, tried="x", at=AT)
    while offers := open_offers(request):
        for offer in offers:
            decline_offer(
                actor=wijk.nurse_of(offer.service_id).actor,
                offer_id=offer.pk,
                reason=DeclineReason.TRAVEL,
                at=AT + timedelta(minutes=1),
            )
    hand_to_insurer(actor=wijk.coordinator.actor, request_id=request.pk, at=later)
    [one] = list_mediations([wijk.region.pk], at=later)
    assert (one.handed_at, one.working_days, one.steps) == (later, 0, ())


def test_what_says_nothing_or_nobody_is_refused() -> None:
    wijk = make_wijk()
    request, insurer = handed(wijk), insurer_of(wijk)
    who: Any = {"actor": insurer.actor, "request_id": request.pk, "at": AT}
    with pytest.raises(InvalidRequest):
        pass_on(to="  ", **who)
    with pytest.raises(InvalidRequest):
        report_nobody(tried="", **who)
    with pytest.raises(InvalidRequest):
        report_found(service_id=0, **who)
    request.refresh_from_db()
    assert request.status == RequestStatus.MEDIATION


def test_a_provider_the_client_objects_to_cannot_be_found() -> None:
    wijk = make_wijk()
    request, insurer = handed(wijk), insurer_of(wijk)
    refused = wijk.teams[0]
    ServiceRequest.objects.filter(pk=request.pk).update(
        refused_organizations=[refused.organization_id]
    )
    with pytest.raises(InvalidRequest):
        report_found(
            actor=insurer.actor, request_id=request.pk, service_id=refused.pk, at=AT
        )
    request.refresh_from_db()
    assert request.status == RequestStatus.MEDIATION
    assert not RequestEvent.objects.filter(request=request, kind="reopened").exists()


def test_only_the_insurer_of_the_region_writes() -> None:
    wijk = make_wijk()
    request = handed(wijk)
    with pytest.raises(NotPermitted):
        pass_on(actor=wijk.coordinator.actor, request_id=request.pk, to="x", at=AT)
    for person in (
        insurer_elsewhere(wijk),
        wijk.nurses[0],
        wijk.managers[0],
        wijk.referrer,
    ):
        with pytest.raises(UnknownRequest):
            pass_on(actor=person.actor, request_id=request.pk, to="x", at=AT)


def test_a_request_that_is_not_in_mediation_cannot_be_written_on() -> None:
    wijk = make_wijk()
    request = send(wijk, insurer="9981")
    with pytest.raises(NotNow):
        pass_on(actor=insurer_of(wijk).actor, request_id=request.pk, to="x", at=AT)


@pytest.mark.django_db(transaction=True)
def test_found_and_nobody_at_once_have_one_outcome() -> None:
    wijk = make_wijk()
    request = handed(wijk)
    one, two = insurer_of(wijk), insurer_of(wijk, "V. Ander")

    def found() -> str:
        return _tried(
            lambda: report_found(
                actor=one.actor,
                request_id=request.pk,
                service_id=wijk.teams[1].pk,
                at=AT,
            )
        )

    def nobody() -> str:
        return _tried(
            lambda: report_nobody(
                actor=two.actor, request_id=request.pk, tried="x", at=AT
            )
        )

    assert sorted(at_once(found, nobody)) == ["done", "not-now"]
    assert RequestEvent.objects.filter(request=request, kind="reopened").count() == 1


def _tried(act) -> str:
    try:
        act()
    except WijkspilError as error:
        return error.code
    return "done"


# --- the pages


@pytest.fixture
def today() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


def test_the_pages_tell_what_is_asked_and_never_who_it_is(
    today: ReferralsWijk,
) -> None:
    request = handed(today)
    for person in (insurer_of(today), today.coordinator):
        browser = person.browser()
        for path in ("/bemiddeling/", f"/bemiddeling/{request.number}/"):
            text = browser.get(path, headers=ENGLISH).content.decode()
            assert request.number in text
            for secret in (
                PATIENT.name,
                PATIENT.address,
                PATIENT.phone,
                PATIENT.gp_name,
                request.postcode,
                request.requester_phone,
            ):
                assert secret not in text


def test_a_late_mediation_is_red_for_insurer_and_coordinator(
    today: ReferralsWijk,
) -> None:
    request = handed(today)
    RequestEvent.objects.filter(request=request, kind="mediation").update(
        at=today.at - timedelta(days=20)
    )
    for person in (insurer_of(today), today.coordinator):
        page = person.browser().get("/bemiddeling/", headers=ENGLISH)
        assert page.context["late"] == 1
        assert "longer than 5 working days with the insurer" in page.content.decode()


def test_the_insurer_writes_through_the_pages_and_twice_does_no_harm(
    today: ReferralsWijk,
) -> None:
    request, browser = handed(today), insurer_of(today).browser()
    base = f"/bemiddeling/{request.number}/"
    assert browser.post(f"{base}doorgezet/", {"to": ""}).status_code == 422
    assert browser.post(f"{base}doorgezet/", {"to": "Inkoop"}).status_code == 302
    team = today.teams[2].pk
    for _time in range(2):
        sent = browser.post(f"{base}gevonden/", {"service_id": team})
        assert sent.status_code == 302
    request.refresh_from_db()
    assert [offer.service_id for offer in open_offers(request)] == [team]
    assert browser.get(f"{base}niemand/").status_code == 302
    assert browser.get(f"{base}iets/").status_code == 404


def test_who_has_no_part_in_mediation_is_refused(today: ReferralsWijk) -> None:
    request = handed(today)
    base = f"/bemiddeling/{request.number}/"
    for person in (today.nurses[0], today.managers[0], today.referrer):
        browser = person.browser()
        for path in ("/bemiddeling/", base, f"{base}doorgezet/"):
            assert browser.get(path).status_code == 403
    elsewhere = insurer_elsewhere(today).browser()
    assert elsewhere.get(base).status_code == 404
    assert request.number not in elsewhere.get("/bemiddeling/").content.decode()
    coordinator = today.coordinator.browser()
    assert coordinator.get(f"{base}doorgezet/").status_code == 403
    assert coordinator.post(f"{base}niemand/", {"tried": "x"}).status_code == 403


def test_the_list_costs_the_same_queries_however_many_there_are(
    today: ReferralsWijk, django_assert_num_queries
) -> None:
    browser = insurer_of(today).browser()
    handed(today)
    browser.get("/bemiddeling/")
    with CaptureQueriesContext(connection) as one:
        browser.get("/bemiddeling/")
    for _n in range(4):
        handed(today)
    with django_assert_num_queries(len(one)):
        browser.get("/bemiddeling/")
