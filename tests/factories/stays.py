"""Stays for tests: a region with places that have beds, and people around them.

``make_region`` uses the wijk of the referrals factories (2512 AB, a GP practice, a
coordinator) and adds places for temporary stay.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.timezone import localdate

from tests.factories.directory import (
    AreaFactory,
    CoverageFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.factories.referrals import AT, Person, make_coordinator, make_person
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.directory.models import Area, HealthcareService, Organization
from wijkspil.directory.types import Care, OrganizationType, RegionPurpose
from wijkspil.stays.models import BedClaim, BedReport, StayRequest
from wijkspil.stays.services.asking import claim_bed, start_stay
from wijkspil.stays.services.beds import report_beds
from wijkspil.stays.services.course import confirm_claim, record_arrival
from wijkspil.stays.types import (
    Beds,
    ConsentGiven,
    ConsentGiver,
    Happened,
    PatientDetails,
    Requester,
    StayConsentDecision,
    StayKind,
    StayNeed,
)

__all__ = ["AT"]

#: Answers that suggest a plain short medical stay.
ELV_LOW = {
    "urgent": "days",
    "home": "no",
    "wlz": "no",
    "last_phase": "no",
    "medical": "watch",
    "recover": "no",
    "back_home": "yes",
}
NEED = StayNeed(
    postcode="2512AB",
    age=83,
    happened=Happened.FALL,
    needed_on=date(2026, 11, 17),
    answers=ELV_LOW,
)
#: Every text of the client is recognizable, so that a leak can be found.
PATIENT = PatientDetails(
    name="Geertruida Logeerstra",
    birth_date=date(1943, 2, 3),
    address="Verborgenlaan 71",
    phone="06 5550 0811",
    contact_name="Wilhelmina Familiestra",
    contact_phone="06 5550 0822",
    gp_name="dokter Verwijsveld",
)
AGREED = ConsentGiven(StayConsentDecision.AGREED, ConsentGiver.CLIENT)
TEXTS = ("Logeerstra", "Verborgenlaan", "06 5550 08", "Familiestra", "Verwijsveld")


@dataclass(frozen=True)
class StayRegion:
    """A region with places for temporary stay, nearest first, and who acts in it."""

    at: datetime
    region: Area
    gemeente: Area
    wijk: Area
    practice: Organization
    referrer: Person
    colleague: Person
    other_referrer: Person
    coordinator_if_any: Person | None
    places: list[HealthcareService]
    nurses: list[Person]
    managers: list[Person]

    @property
    def coordinator(self) -> Person:
        """Return who coordinates the region."""
        assert self.coordinator_if_any is not None
        return self.coordinator_if_any

    @property
    def place(self) -> HealthcareService:
        """Return the nearest place."""
        return self.places[0]

    @property
    def nurse(self) -> Person:
        """Return a nurse of the nearest place."""
        return self.nurses[0]

    def system_of(self, organization: Organization) -> Actor:
        """Return the own system of an organization."""
        grant = Grant(Role.PROVIDER_SYSTEM, organization_id=organization.pk)
        return Actor(label="system:beds", grants=(grant,))


def make_region(
    *, at: datetime = AT, places: int = 2, with_coordinator: bool = True
) -> StayRegion:
    """Make the region around 2512 AB; each next place is about 3 km further."""
    region = AreaFactory(
        region=True, purpose=RegionPurpose.ZORGKANTOOR, name="Duinstreek"
    )
    gemeente = AreaFactory(gemeente=True, name="Duinrade", lies_in=[region])
    wijk = AreaFactory(name="Zuiderpark", parent=gemeente)
    pc4 = AreaFactory(pc4=True, code="2512", parent=wijk)
    AreaFactory(pc6=True, code="2512AB", parent=pc4)
    practice = OrganizationFactory(gp_practice=True, name="Huisartsen Parkzicht")
    other = OrganizationFactory(gp_practice=True, name="Huisartsen Verderop")
    services = [
        make_place(gemeente, name=f"Huize Duin {n}", lat=52.08 + 0.03 * n)
        for n in range(1, places + 1)
    ]
    return StayRegion(
        at=at,
        region=region,
        gemeente=gemeente,
        wijk=wijk,
        practice=practice,
        referrer=make_person(
            Role.REFERRER, name="R. Eferrer", at=at, organization=practice
        ),
        colleague=make_person(
            Role.REFERRER, name="C. Ollega", at=at, organization=practice
        ),
        other_referrer=make_person(
            Role.REFERRER, name="A. Nder", at=at, organization=other
        ),
        coordinator_if_any=make_coordinator(region, at=at)
        if with_coordinator
        else None,
        places=services,
        nurses=[
            make_person(
                Role.TEAM_MEMBER,
                name=f"N. Urse {number}",
                at=at,
                service=service,
                organization=service.organization,
            )
            for number, service in enumerate(services, start=1)
        ],
        managers=[
            make_person(
                Role.PROVIDER_MANAGER,
                name=f"M. Anager {number}",
                at=at,
                organization=service.organization,
            )
            for number, service in enumerate(services, start=1)
        ],
    )


def make_place(area: Area, *, name: str, lat: float = 52.11) -> HealthcareService:
    """Make a place for temporary stay of a care home of its own."""
    service: HealthcareService = HealthcareServiceFactory(
        name=name,
        care=Care.TEMPORARY_STAY,
        tasks=[],
        organization=OrganizationFactory(
            type=OrganizationType.CARE_HOME, name=f"Stichting {name}"
        ),
        always_open=True,
        lon=4.3,
        lat=lat,
    )
    CoverageFactory(service=service, area=area, care=Care.TEMPORARY_STAY)
    return service


def need(region: StayRegion, *, at: datetime | None = None, **changes: Any) -> StayNeed:
    """Return an ordinary need, for today."""
    values = {"needed_on": localdate(at or region.at)}
    return replace(NEED, **(values | changes))


def promise(
    region: StayRegion,
    free: int = 1,
    *,
    place: int = 0,
    kind: str = StayKind.ELV_LOW,
    at: datetime | None = None,
    **values: Any,
) -> BedReport:
    """Let a place promise beds."""
    return report_beds(
        actor=region.nurses[place].actor,
        service_id=region.places[place].pk,
        kind=kind,
        beds=Beds(free, **values),
        at=at or region.at,
    )


def ask(
    region: StayRegion,
    *,
    actor: Actor | None = None,
    at: datetime | None = None,
    **changes: Any,
) -> StayRequest:
    """Ask for a stay as the GP practice (or as ``actor``)."""
    return start_stay(
        actor=actor or region.referrer.actor,
        need=need(region, at=at, **changes),
        requester=Requester("R. Eferrer", "070 000 0001"),
        at=at or region.at,
        despite_home=True,
    )


def claim(
    region: StayRegion,
    stay: StayRequest | None = None,
    *,
    place: int = 0,
    kind: str = StayKind.ELV_LOW,
    at: datetime | None = None,
) -> BedClaim:
    """Claim a bed, of a new stay by default (the place must have promised one)."""
    stay = stay or ask(region, at=at)
    return claim_bed(
        actor=region.referrer.actor,
        stay_id=stay.pk,
        service_id=region.places[place].pk,
        kind=kind,
        at=at or region.at,
    )


def confirm(
    region: StayRegion,
    taken: BedClaim,
    *,
    at: datetime | None = None,
    days: int = 14,
    patient: PatientDetails | None = PATIENT,
    consent: ConsentGiven = AGREED,
) -> BedClaim:
    """Confirm that the client comes in two hours, for ``days`` days."""
    at = at or region.at
    return confirm_claim(
        actor=region.referrer.actor,
        stay_id=taken.stay_id,
        arrives_at=at + timedelta(hours=2),
        planned_end=(at + timedelta(days=days)).date(),
        patient=patient,
        consent=consent,
        at=at,
    )


def arrive(
    region: StayRegion, taken: BedClaim, *, place: int = 0, at: datetime | None = None
) -> BedClaim:
    """Let the place record that the client is there."""
    return record_arrival(
        actor=region.nurses[place].actor,
        stay_id=taken.stay_id,
        at=at or region.at + timedelta(hours=2),
    )
