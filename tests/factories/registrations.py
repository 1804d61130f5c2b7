"""GP lists for tests: a region with practices and people around them.

``make_gp_region`` uses the wijk of the referrals factories (2512 AB) and puts practices
around it: the first is "Parkzicht", whose organization the wijk has already.
"""

# factory_boy ships no types that mypy can follow.
# mypy: disallow-subclassing-any=False

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from tests.factories.directory import (
    AreaFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.factories.referrals import AT, Person, make_person
from wijkspil.accounts.types import Role
from wijkspil.directory.models import Area, HealthcareService
from wijkspil.directory.types import Care, RegionPurpose
from wijkspil.registrations import models
from wijkspil.registrations.types import (
    CLASS_OF_REASON,
    LOAD_UNIT,
    AgeBand,
    Consent,
    ContactKind,
    ListReason,
    ListStatus,
    WishReason,
    WishStatus,
)

__all__ = ["AT", "GpRegion", "make_gp_region", "make_wish", "publish"]

LON, LAT = 4.30, 52.07


@dataclass(frozen=True)
class GpRegion:
    """A region of a GP organization with practices from west to east, 1 km apart."""

    at: datetime
    region: Area
    gemeente: Area
    pc4: Area
    pc6: Area
    practices: list[HealthcareService]
    managers: list[Person]
    coordinator: Person


def make_gp_region(*, practices: int = 3, at: datetime = AT) -> GpRegion:
    """Make a region with practices, their managers and the GP organization."""
    region = AreaFactory(
        region=True, purpose=RegionPurpose.GP_OUT_OF_HOURS, name="Duinstreek"
    )
    gemeente = AreaFactory(gemeente=True, name="Duinrade", lies_in=[region])
    wijk = AreaFactory(name="Zuiderpark", parent=gemeente)
    pc4 = AreaFactory(pc4=True, code="2512", parent=wijk, lon=LON, lat=LAT)
    pc6 = AreaFactory(pc6=True, code="2512AB", parent=pc4, lon=LON, lat=LAT)
    services: list[HealthcareService] = []
    managers: list[Person] = []
    for number in range(1, practices + 1):
        organization = OrganizationFactory(
            gp_practice=True, name=f"Huisartsen Nummer {number}"
        )
        services.append(
            HealthcareServiceFactory(
                organization=organization,
                care=Care.GP_CARE,
                name=f"Huisartsen Nummer {number}",
                postcode="2512AB",
                lon=LON + 0.0146 * number,
                lat=LAT,
            )
        )
        managers.append(
            make_person(
                Role.PRACTICE_MANAGER,
                name=f"P. Manager {number}",
                at=at,
                organization=organization,
            )
        )
    return GpRegion(
        at=at,
        region=region,
        gemeente=gemeente,
        pc4=pc4,
        pc6=pc6,
        practices=services,
        managers=managers,
        coordinator=make_person(
            Role.GP_COORDINATOR, name="R. Ho", at=at, region=region
        ),
    )


def publish(
    service: HealthcareService, *, at: datetime = AT, **changes: Any
) -> models.PracticeList:
    """Publish the list of a practice; open with ten places unless said otherwise."""
    values: dict[str, Any] = {
        "status": ListStatus.OPEN,
        "places_per_month": 10,
        "people": 2300,
        "publisher_name": "P. Manager",
        "valid_from": at,
    } | changes
    if values["status"] != ListStatus.OPEN:
        values.setdefault("reason", ListReason.FULL)
    return models.PracticeList.objects.create(service=service, **values)


class WishFactory(DjangoModelFactory[models.Wish]):
    """A wish of one person that waits; ``make_wish`` adds members and choices."""

    class Meta:
        model = models.Wish

    number = factory.Sequence(lambda n: f"H-{n:06d}")
    status = WishStatus.WAITING
    reason = WishReason.NEARER
    priority_class = 2
    postcode = "2512AB"
    size = 1
    load = LOAD_UNIT
    waiting_since = AT
    created_at = AT
    contact_kind = ContactKind.DESK
    contact_confirmed_at = AT
    reconfirm_until = factory.LazyAttribute(lambda _wish: AT.date().replace(year=2027))
    retain_until = factory.LazyAttribute(lambda _wish: AT.date().replace(year=2028))


def make_wish(
    region: GpRegion,
    *,
    choices: list[int],
    current: int | None = None,
    people: int = 1,
    **changes: Any,
) -> models.Wish:
    """Make a household that waits; ``choices`` and ``current`` count in practices."""
    reason = changes.pop(
        "reason", WishReason.NO_GP if current is None else WishReason.NEARER
    )
    wish = WishFactory(
        region=region.region,
        place=region.pc6,
        reason=reason,
        priority_class=CLASS_OF_REASON[reason],
        current_practice=None if current is None else region.practices[current],
        size=people,
        load=people * LOAD_UNIT,
        **changes,
    )
    for row in range(1, people + 1):
        models.WishMember.objects.create(
            wish=wish,
            row=row,
            age_band=AgeBand.TO_64,
            consents_self=True,
            consent=Consent.AGREED,
            consent_at=region.at,
        )
    for rank, choice in enumerate(choices, start=1):
        models.WishChoice.objects.create(
            wish=wish, service=region.practices[choice], rank=rank
        )
    return wish
