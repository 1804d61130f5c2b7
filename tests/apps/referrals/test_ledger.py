"""The ledger of unmet demand: one row per thing that happened, and nobody in it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate

from tests.apps.referrals.identity import IDENTITY
from tests.factories.referrals import (
    AT,
    ReferralsWijk,
    make_wijk,
    open_offers,
    place,
    send,
)
from wijkspil.referrals.models import ServiceRequest, UnmetDemand
from wijkspil.referrals.services.ledger import pseudonym_of
from wijkspil.referrals.services.offers import (
    accept_offer,
    decline_offer,
    run_timers,
)
from wijkspil.referrals.services.requests import check_room
from wijkspil.referrals.services.retention import remove_old_patients
from wijkspil.referrals.services.steering import (
    bridge,
    hand_to_insurer,
    move_to_temporary_stay,
    withdraw_request,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def decline(wijk: ReferralsWijk, request: ServiceRequest) -> None:
    [offer] = open_offers(request)
    decline_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        reason="travel",
        note="De Geheimlaan is te ver",
        at=AT + HOUR,
    )


def be_silent(wijk: ReferralsWijk, request: ServiceRequest) -> None:
    [offer] = open_offers(request)
    for _run in range(2):
        run_timers(at=offer.answer_by)


def withdraw(wijk: ReferralsWijk, request: ServiceRequest) -> None:
    withdraw_request(
        actor=wijk.referrer.actor,
        request_id=request.pk,
        reason="own-network",
        at=AT + HOUR,
    )


def be_bridged(wijk: ReferralsWijk, request: ServiceRequest) -> None:
    bridge(
        actor=wijk.coordinator.actor,
        request_id=request.pk,
        helped_by="Dochter Wilhelmina",
        until=localdate(AT) + timedelta(days=3),
        at=AT + HOUR,
    )


def stay(wijk: ReferralsWijk, request: ServiceRequest) -> None:
    move_to_temporary_stay(
        actor=wijk.coordinator.actor,
        request_id=request.pk,
        where="Zorghotel aan de Geheimlaan",
        at=AT + HOUR,
    )


def mediate(wijk: ReferralsWijk, request: ServiceRequest) -> None:
    hand_to_insurer(actor=wijk.coordinator.actor, request_id=request.pk, at=AT + HOUR)


def accept_late(wijk: ReferralsWijk, request: ServiceRequest) -> None:
    [offer] = open_offers(request)
    # The region gave the team longer than is usual.
    offer.answer_by = AT + timedelta(days=3)
    offer.save()
    accept_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        at=AT + timedelta(days=2),
    )


Happening = Callable[[ReferralsWijk, ServiceRequest], None]


@pytest.mark.parametrize(
    ("kind", "reason", "minutes", "teams", "happen"),
    [
        ("decline", "travel", 60, 2, decline),
        ("no-answer", "", 240, 2, be_silent),
        ("withdrawal", "own-network", 60, 2, withdraw),
        ("bridged", "", 60, 0, be_bridged),
        ("stay", "", 60, 0, stay),
        ("mediation", "", 60, 0, mediate),
        ("wait", "", 2880, 2, accept_late),
    ],
)
def test_what_happens_is_one_row_with_what_was_asked_and_where(
    kind: str, reason: str, minutes: int, teams: int, happen: Happening
) -> None:
    wijk = make_wijk(teams=teams)
    request = send(wijk, insurer="3311", note="Sleutel bij Geertruida")
    before = set(UnmetDemand.objects.values_list("pk", flat=True))
    happen(wijk, request)
    [row] = UnmetDemand.objects.exclude(pk__in=before)
    assert (row.kind, row.reason, row.waited_minutes) == (kind, reason, minutes)
    assert (row.region, row.wijk) == (wijk.region, wijk.wijk)
    assert set(row.tasks) == {"medication", "stockings"}
    assert row.parts_of_day == ["morning"]
    assert (row.urgency, row.hours_high) == ("days", request.hours_high)


def test_when_no_team_is_left_it_is_one_fallback() -> None:
    wijk = make_wijk(teams=0)
    send(wijk)
    [row] = UnmetDemand.objects.all()
    assert (row.kind, row.waited_minutes) == ("fallback", 0)


def test_who_is_placed_in_time_is_not_in_it() -> None:
    place(make_wijk())
    assert not UnmetDemand.objects.exists()


@pytest.mark.parametrize(("teams", "rows"), [(0, 1), (2, 0)])
def test_a_search_is_in_it_only_without_result(teams: int, rows: int) -> None:
    wijk = make_wijk(teams=teams)
    check_room(actor=wijk.referrer.actor, need=wijk.need(), at=AT)
    found = list(UnmetDemand.objects.all())
    assert len(found) == rows
    for row in found:
        assert (row.kind, row.pseudonym, row.waited_minutes) == ("search", "", None)
        assert (row.region, row.wijk) == (wijk.region, wijk.wijk)


def everything_in(rows: Any) -> str:
    return repr(list(rows.values()))


@pytest.mark.parametrize(
    ("teams", "happen"),
    [
        (2, decline),
        (2, be_silent),
        (2, withdraw),
        (0, be_bridged),
        (0, stay),
        (0, mediate),
    ],
)
def test_no_row_says_who_or_where(teams: int, happen: Happening) -> None:
    wijk = make_wijk(teams=teams)
    request = send(wijk, insurer="3311", note="Sleutel bij Geertruida")
    check_room(actor=wijk.referrer.actor, need=wijk.need(), at=AT)
    happen(wijk, request)
    said = everything_in(UnmetDemand.objects.all())
    assert request.number not in said
    assert not re.search(r"\b\d{4} ?[A-Z]{2}\b", said)
    assert not [word for word in IDENTITY if word in said]
    assert "Wilhelmina" not in said


def test_rows_of_one_request_are_told_together_within_a_year() -> None:
    wijk = make_wijk()
    request, other = send(wijk), send(wijk)
    decline(wijk, request)
    withdraw(wijk, request)
    decline(wijk, other)
    pseudonyms = list(UnmetDemand.objects.order_by("pk").values_list("pseudonym"))
    assert pseudonyms[0] == pseudonyms[1] != pseudonyms[2]


def test_a_pseudonym_changes_with_the_year_and_the_key(settings: Any) -> None:
    this, following = (pseudonym_of("A-7K3F9Q", year=year) for year in (2026, 2027))
    assert this == pseudonym_of("A-7K3F9Q", year=2026)
    assert this != following
    assert len(this) == 16
    assert "7K3F9Q" not in this.upper()
    settings.SECRET_KEY = "another"
    assert pseudonym_of("A-7K3F9Q", year=2026) != this


def test_the_year_of_a_row_is_that_of_the_calendar_here() -> None:
    wijk = make_wijk(at=datetime(2026, 12, 31, 12, tzinfo=UTC))
    request = send(wijk, urgency="planned")
    [offer] = open_offers(request)
    # Half past midnight in Amsterdam: already 2027.
    decline_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        reason="travel",
        at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    )
    row = UnmetDemand.objects.get(kind="decline")
    assert row.pseudonym == pseudonym_of(request.number, year=2027)


def test_removing_who_it_was_leaves_the_counts() -> None:
    wijk = make_wijk()
    request = send(wijk)
    withdraw(wijk, request)
    before = everything_in(UnmetDemand.objects.all())
    far = AT + timedelta(days=9000)
    assert remove_old_patients(on=far.date(), at=far) == 1
    assert everything_in(UnmetDemand.objects.all()) == before
    ServiceRequest.objects.all().delete()
    assert everything_in(UnmetDemand.objects.all()) == before
