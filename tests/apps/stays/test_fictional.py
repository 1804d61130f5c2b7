"""Invented beds for a demo: through the services, the same for a seed."""

from typing import Any

import pytest

from tests.factories import stays as make
from tests.factories.directory import CoverageFactory, HealthcareServiceFactory
from wijkspil.stays.fictional import BedsMade, make_beds
from wijkspil.stays.models import BedClaim, BedReport, StayRequest

pytestmark = pytest.mark.django_db


def make_ground() -> make.StayRegion:
    """Make a region with three places and a practice with a postcode."""
    region = make.make_region(places=3)
    practice = HealthcareServiceFactory(
        gp_practice=True, organization=region.practice, postcode="2512AB"
    )
    CoverageFactory(service=practice, area=region.gemeente, care="gp-care")
    return region


def drawn() -> list[Any]:
    """Return what the draw decided, without the numbers of stays."""
    return [
        list(
            BedReport.objects.order_by("pk").values_list(
                "kind", "free", "claimed", "features"
            )
        ),
        list(BedClaim.objects.order_by("pk").values_list("kind", "status", "held_at")),
        list(StayRequest.objects.order_by("pk").values_list("rule", "age", "status")),
    ]


def test_a_region_gets_beds_and_stays_in_many_states() -> None:
    region = make_ground()
    made = make_beds(
        region_id=region.region.pk,
        at=region.at,
        seed=1,
        days=12,
        requesters=[region.referrer.actor],
    )
    assert made.places == 3
    assert made.claims > 10
    assert StayRequest.objects.count() == made.stays
    assert len(set(BedClaim.objects.values_list("status", flat=True))) >= 3
    assert StayRequest.objects.filter(requester=region.referrer.user).exists()
    assert not [report for report in BedReport.objects.all() if report.left < 0]


def test_the_same_seed_gives_the_same() -> None:
    from django.db import transaction

    region = make_ground()
    found = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            make_beds(region_id=region.region.pk, at=region.at, seed=seed, days=4)
            found.append(drawn())
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_a_region_without_places_stays_empty() -> None:
    region = make.make_region(places=0)
    made = make_beds(region_id=region.region.pk, at=region.at, seed=1)
    assert made == BedsMade(0, 0, 0)
    assert make_beds(region_id=0, at=region.at, seed=1) == BedsMade(0, 0, 0)
