"""After accepting: hours, start, review, end, giving back, stopping an assignment."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import referrals as make
from tests.factories.referrals import PATIENT, Person, ReferralsWijk
from wijkspil.directory.models import CapacityReservation
from wijkspil.referrals.models import (
    AssignmentAgreement,
    AssignmentStop,
    ServiceRequest,
)
from wijkspil.referrals.services.offers import assign_by_agreement
from wijkspil.referrals.types import (
    CloseReason,
    OfferStatus,
    ReopenReason,
    RequestStatus,
    SafetyGround,
)
from wijkspil.referrals.views.care import care_panel

pytestmark = pytest.mark.django_db

ACTS = ("hours", "start", "end", "give-back", "stop")


@pytest.fixture
def wijk() -> ReferralsWijk:
    """Return a wijk with three teams, now."""
    return make.make_wijk(at=timezone.now())


@pytest.fixture
def placed(wijk: ReferralsWijk) -> ServiceRequest:
    """Return a request that the first team accepted."""
    return make.place(wijk)


def test_the_hours_after_the_intake_take_the_place_of_the_band(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = nurse_with(wijk, placed).browser()
    answer = browser.post(
        path_to(placed, "hours"),
        {
            "hours_per_week": "3,25",
            "review_on": in_weeks(6).isoformat(),
            "hours_expected": "1.5",
        },
    )
    assert answer["Location"] == reverse("referrals:request", args=[placed.number])
    placed.refresh_from_db()
    assert placed.status == RequestStatus.INTAKE_DONE
    assert (placed.hours_set, placed.hours_expected) == (
        Decimal("3.25"),
        Decimal("1.5"),
    )
    reserved = CapacityReservation.objects.get(reference=placed.number)
    assert reserved.hours_per_week == Decimal("3.25")


def test_the_review_is_proposed_on_a_working_day_six_weeks_ahead(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    page = nurse_with(wijk, placed).browser().get(path_to(placed, "hours"))
    day = in_weeks(6)
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    assert f'value="{day.isoformat()}"' in page.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hours_per_week", ""),
        ("hours_per_week", "0"),
        ("hours_per_week", "-1"),
        ("hours_per_week", "169"),
        ("hours_per_week", "veel"),
        ("hours_per_week", "1e400"),
        ("hours_per_week", "NaN"),
        ("hours_per_week", "3,255"),
        ("hours_per_week", "1.000,5"),
        ("review_on", ""),
        ("review_on", "2020-01-01"),
        ("review_on", "morgen"),
        ("hours_expected", "9"),
        ("hours_expected", "-1"),
    ],
)
def test_wrong_hours_come_back_with_what_was_typed(
    wijk: ReferralsWijk, placed: ServiceRequest, field: str, value: str
) -> None:
    data = {
        "hours_per_week": "3,5",
        "review_on": in_weeks(6).isoformat(),
        "hours_expected": "2,5",
    }
    answer = (
        nurse_with(wijk, placed)
        .browser()
        .post(path_to(placed, "hours"), data | {field: value})
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"#id_{field}" in page
    assert 'value="2,5"' in page or field == "hours_expected"
    placed.refresh_from_db()
    assert placed.status == RequestStatus.ACCEPTED


def test_a_client_goes_from_intake_to_the_end(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = nurse_with(wijk, placed).browser()
    store_hours(browser, placed)
    browser.post(path_to(placed, "start"))
    assert status_of(placed) == RequestStatus.IN_CARE
    store_hours(browser, placed, hours="2")
    assert status_of(placed) == RequestStatus.IN_CARE
    asked = browser.get(path_to(placed, "end"))
    assert asked.status_code == 200
    assert status_of(placed) == RequestStatus.IN_CARE
    browser.post(path_to(placed, "end"), {"reason": CloseReason.GOALS_REACHED})
    assert status_of(placed) == RequestStatus.ENDED


def test_an_act_sent_twice_does_no_harm(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = nurse_with(wijk, placed).browser()
    store_hours(browser, placed)
    for act, data in (
        ("start", {}),
        ("end", {"reason": CloseReason.OWN_NETWORK.value}),
        ("hours", {}),
    ):
        for _ in range(2):
            answer = browser.post(path_to(placed, act), data)
            assert answer.status_code == 302, act
    assert status_of(placed) == RequestStatus.ENDED
    assert placed.events.filter(kind="care-started").count() == 1
    assert placed.events.filter(kind="ended").count() == 1


def test_what_is_closed_is_not_given_back_by_the_team(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    browser = nurse_with(wijk, placed).browser()
    store_hours(browser, placed)
    browser.post(path_to(placed, "start"))
    browser.post(path_to(placed, "end"), {"reason": CloseReason.DIED})
    browser.post(path_to(placed, "give-back"), {"reason": ReopenReason.TEAM_STOPS})
    assert status_of(placed) == RequestStatus.ENDED


def test_giving_back_goes_to_a_coordinator_and_hides_the_client(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    nurse = nurse_with(wijk, placed)
    browser = nurse.browser()
    data = {"reason": ReopenReason.TEAM_STOPS.value}
    answer = browser.post(path_to(placed, "give-back"), data)
    assert answer["Location"] == "/clienten/"
    placed.refresh_from_db()
    assert placed.placed_service_id is None
    assert wijk.coordinator is not None
    assert placed.owner_id == wijk.coordinator.user.pk
    # Sent twice: the page says that it is done.
    again = browser.post(path_to(placed, "give-back"), data, follow=True)
    assert again.status_code == 200
    former = placed.offers.get(service=wijk.teams[0])
    assert (former.status, former.decline_reason) == (OfferStatus.RETURNED, "")
    page = browser.get(reverse("referrals:offer", args=[former.pk])).content.decode()
    assert PATIENT.name not in page
    assert PATIENT.address not in page
    assert "Your team had this client" in page or "Jullie team had deze" in page


@pytest.mark.parametrize("act", ["end", "give-back", "stop"])
def test_no_act_is_done_without_a_reason(wijk: ReferralsWijk, act: str) -> None:
    request = assign(wijk)
    browser = nurse_with(wijk, request).browser()
    if act == "end":
        store_hours(browser, request)
        browser.post(path_to(request, "start"))
    before = status_of(request)
    for reason in ("", "because", "\0"):
        answer = browser.post(
            path_to(request, act), {"reason": reason, "ground": reason}
        )
        assert answer.status_code == 422
    assert status_of(request) == before


def test_an_assignment_is_stopped_on_a_safety_ground(wijk: ReferralsWijk) -> None:
    request = assign(wijk)
    browser = nurse_with(wijk, request).browser()
    browser.post(
        path_to(request, "stop"),
        {"ground": SafetyGround.STAFFING, "explanation": "Niemand kan dit nu veilig"},
    )
    assert status_of(request) == RequestStatus.OPEN
    stop = AssignmentStop.objects.get()
    assert (stop.ground, stop.explanation) == (
        SafetyGround.STAFFING,
        "Niemand kan dit nu veilig",
    )


def test_only_an_assignment_can_be_stopped(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    answer = (
        nurse_with(wijk, placed)
        .browser()
        .post(
            path_to(placed, "stop"),
            {"ground": SafetyGround.HOME, "explanation": "Losse trap"},
        )
    )
    assert answer.status_code == 422
    assert status_of(placed) == RequestStatus.ACCEPTED


@pytest.mark.parametrize("act", ACTS)
def test_another_team_does_not_even_learn_that_it_exists(
    wijk: ReferralsWijk, placed: ServiceRequest, act: str
) -> None:
    for person in (wijk.nurses[1], wijk.managers[1]):
        assert person.browser().post(path_to(placed, act)).status_code == 404
        assert person.browser().get(path_to(placed, act)).status_code in {404, 405}


@pytest.mark.parametrize("act", ACTS)
def test_who_asked_and_who_coordinates_give_no_care(
    wijk: ReferralsWijk, placed: ServiceRequest, act: str
) -> None:
    assert wijk.coordinator is not None
    for person in (wijk.referrer, wijk.colleague, wijk.coordinator):
        assert person.browser().post(path_to(placed, act)).status_code == 403
    assert status_of(placed) == RequestStatus.ACCEPTED


@pytest.mark.parametrize("act", ACTS)
def test_a_visitor_is_refused(placed: ServiceRequest, act: str, client: Client) -> None:
    assert client.post(path_to(placed, act)).status_code == 403
    answer = client.get(path_to(placed, act))
    assert answer.status_code == 405 or "aanmelden" in answer["Location"]


def test_the_manager_of_the_organization_may_do_it_too(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    store_hours(wijk.managers[0].browser(), placed)
    assert status_of(placed) == RequestStatus.INTAKE_DONE


def test_the_panel_is_for_the_team_that_has_the_client(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    own = care_panel(nurse_with(wijk, placed).actor, placed)
    assert own is not None
    assert own["is_accepted"]
    assert not own["can_stop"]
    assert wijk.coordinator is not None
    for other in (wijk.nurses[1], wijk.referrer, wijk.coordinator):
        assert care_panel(other.actor, placed) is None


def test_the_panel_is_on_the_page_of_the_request(
    wijk: ReferralsWijk, placed: ServiceRequest
) -> None:
    address = reverse("referrals:request", args=[placed.number])
    own = nurse_with(wijk, placed).browser().get(address).content.decode()
    assert path_to(placed, "hours") in own
    others = wijk.referrer.browser().get(address).content.decode()
    assert path_to(placed, "hours") not in others


# --- what the tests share


def assign(wijk: ReferralsWijk) -> ServiceRequest:
    """Let the coordinator assign a client to the second team, which signed for it."""
    team = wijk.teams[1]
    AssignmentAgreement.objects.create(
        organization=team.organization,
        region=wijk.region,
        signed_by="Directeur",
        signed_on=timezone.localdate() - timedelta(days=30),
        valid_from=timezone.localdate() - timedelta(days=30),
        document="kast 3",
    )
    assert wijk.coordinator is not None
    return assign_by_agreement(
        actor=wijk.coordinator.actor,
        request_id=make.send(wijk).pk,
        service_id=team.pk,
        at=timezone.now(),
    )


def store_hours(browser: Client, request: ServiceRequest, hours: str = "3,5") -> None:
    """Set the hours with a review in six weeks."""
    answer = browser.post(
        path_to(request, "hours"),
        {"hours_per_week": hours, "review_on": in_weeks(6).isoformat()},
    )
    assert answer.status_code == 302


def path_to(request: ServiceRequest, act: str) -> str:
    """Return the address of an act on a client."""
    return reverse(f"referrals:care-{act}", args=[request.number])


def nurse_with(wijk: ReferralsWijk, request: ServiceRequest) -> Person:
    """Return the nurse of the team that has a client."""
    assert request.placed_service_id is not None
    return wijk.nurse_of(request.placed_service_id)


def status_of(request: ServiceRequest) -> str:
    """Return where a request stands now."""
    request.refresh_from_db()
    return request.status


def in_weeks(weeks: int) -> date:
    """Return the day so many weeks from now."""
    return timezone.localdate() + timedelta(weeks=weeks)
