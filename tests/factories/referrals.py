"""Rows of referrals, and one wijk where everybody is who a request needs.

``make_wijk()`` makes the geography, three teams with room, and the people. Moments are
fixed (Tuesday 17 November 2026, 10.00 local) unless ``at`` is given; pages read the
real clock, so give them ``at=timezone.now()``. ``draft``, ``send`` and ``place`` bring
a request through the services, as the product does.
"""

# factory_boy ships no types that mypy can follow.
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.test import Client
from django.utils.timezone import localdate
from factory.django import DjangoModelFactory

from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.directory import (
    AreaFactory,
    CapacityReportFactory,
    CareTeamFactory,
    CoverageFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.models import Membership, User
from wijkspil.accounts.selectors import get_actor
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.directory.models import Area, HealthcareService, Organization
from wijkspil.directory.types import (
    CareTask,
    CoverageRole,
    OrganizationType,
    PartOfDay,
    RegionPurpose,
    SizeBand,
)
from wijkspil.referrals import models
from wijkspil.referrals.services.offers import accept_offer
from wijkspil.referrals.services.requests import start_request, submit_request
from wijkspil.referrals.types import (
    ConsentDecision,
    ConsentGiven,
    ConsentGiver,
    Need,
    OfferOrigin,
    OfferStatus,
    OwnerKind,
    PatientDetails,
    PolicyStatus,
    Presence,
    Requester,
    RequesterKind,
    RequestStatus,
    Submitted,
    Urgency,
    UrgencyReason,
)

#: Tuesday 17 November 2026, 10.00 local.
AT = datetime(2026, 11, 17, 9, tzinfo=UTC)
PART_WORDS = list(PartOfDay.values)

#: Residents of the wijk; half of each live in its PC4.
RESIDENTS = {"0-64": 4000.0, "65-74": 600.0, "75-84": 300.0, "85+": 150.0}
NEED = Need(
    postcode="2512AB",
    tasks=(CareTask.STOCKINGS, CareTask.MEDICATION),
    parts_of_day=(PartOfDay.MORNING,),
    first_visit_on=date(2026, 11, 19),
    urgency=Urgency.DAYS,
    urgency_reason=UrgencyReason.DISCHARGE,
    age=83,
)
#: Every text of the client is recognizable, so that a leak can be found.
PATIENT = PatientDetails(
    name="Geertruida Cliëntsma",
    birth_date=date(1943, 2, 3),
    address="Geheimlaan 71",
    phone="06 5550 0711",
    representative_name="Wilhelmina Mantelzorgstra",
    representative_phone="06 5550 0722",
    gp_name="dokter Praktijkveld",
)
AGREED = ConsentGiven(ConsentDecision.AGREED, ConsentGiver.CLIENT)


@dataclass(frozen=True)
class Person:
    """Somebody in a role: the actor for services, a browser for pages."""

    user: User
    actor: Actor

    def browser(self) -> Client:
        """Return a browser in which this person is signed in."""
        client = Client()
        client.force_login(self.user)
        return client


@dataclass(frozen=True)
class ReferralsWijk:
    """A wijk in a care office region, and who acts in it.

    ``teams`` are in the order of the ranking: the neighborhood's own, a regular one,
    a back-up; ``nurses`` and ``managers`` are theirs, in the same order.
    """

    at: datetime
    region: Area
    gemeente: Area
    wijk: Area
    pc4: Area
    pc6: Area
    teams: list[HealthcareService]
    nurses: list[Person]
    managers: list[Person]
    practice: Organization
    referrer: Person
    colleague: Person
    hospital: Organization
    transfer_nurse: Person
    system: Actor
    coordinator_if_any: Person | None

    @property
    def coordinator(self) -> Person:
        """Return who coordinates the region."""
        assert self.coordinator_if_any is not None
        return self.coordinator_if_any

    def need(self, **changes: Any) -> Need:
        """Return an ordinary need here, with a first visit two days ahead."""
        values = {"first_visit_on": localdate(self.at) + timedelta(days=2)}
        return replace(NEED, **(values | changes))

    def nurse_of(self, service_id: int) -> Person:
        """Return the nurse of one of the teams."""
        return self.nurses[[team.pk for team in self.teams].index(service_id)]


def make_wijk(
    *,
    at: datetime = AT,
    teams: int = 3,
    new_clients: int = 2,
    with_coordinator: bool = True,
) -> ReferralsWijk:
    """Make the wijk around 2512 AB with teams that have room."""
    region = AreaFactory(
        region=True, purpose=RegionPurpose.ZORGKANTOOR, name="Duinstreek"
    )
    gemeente = AreaFactory(
        gemeente=True, name="Duinrade", lies_in=[region], population=40_000
    )
    wijk = AreaFactory(
        name="Zuiderpark",
        parent=gemeente,
        population=5050,
        population_by_age=dict(RESIDENTS),
    )
    pc4 = AreaFactory(
        pc4=True,
        code="2512",
        parent=wijk,
        population=2525,
        population_by_age={band: people / 2 for band, people in RESIDENTS.items()},
    )
    pc6 = AreaFactory(
        pc6=True, code="2512AB", parent=pc4, population=None, population_by_age={}
    )
    roles = [CoverageRole.FIRST_CONTACT, CoverageRole.REGULAR]
    services = [
        make_team(
            wijk,
            at=at,
            name=f"Team Zuiderpark {number}",
            role=roles[number - 1] if number <= 2 else CoverageRole.BACK_UP,
            new_clients=new_clients,
        )
        for number in range(1, teams + 1)
    ]
    practice = OrganizationFactory(gp_practice=True, name="Huisartsen Parkzicht")
    hospital = OrganizationFactory(
        type=OrganizationType.HOSPITAL, name="Duinziekenhuis"
    )
    return ReferralsWijk(
        at=at,
        region=region,
        gemeente=gemeente,
        wijk=wijk,
        pc4=pc4,
        pc6=pc6,
        teams=services,
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
        practice=practice,
        referrer=make_person(
            Role.REFERRER, name="R. Eferrer", at=at, organization=practice
        ),
        colleague=make_person(
            Role.REFERRER, name="C. Ollega", at=at, organization=practice
        ),
        hospital=hospital,
        transfer_nurse=make_person(
            Role.REFERRER, name="T. Ransfer", at=at, organization=hospital
        ),
        coordinator_if_any=make_coordinator(region, at=at)
        if with_coordinator
        else None,
        system=Actor(
            label="system:hospital",
            grants=(Grant(Role.PROVIDER_SYSTEM, organization_id=hospital.pk),),
        ),
    )


def make_team(
    area: Area,
    *,
    at: datetime = AT,
    name: str = "Team",
    role: str = CoverageRole.REGULAR,
    new_clients: int | None = 2,
    **values: Any,
) -> HealthcareService:
    """Make a service that does everything there; ``new_clients`` None: no report."""
    service = HealthcareServiceFactory(
        name=name, tasks=list(CareTask.values), always_open=True, **values
    )
    CareTeamFactory(service=service, name=name)
    CoverageFactory(service=service, area=area, role=role)
    if new_clients is not None:
        report_room(service, at=at, new_clients=new_clients)
    return service


def report_room(
    service: HealthcareService, *, at: datetime = AT, **values: Any
) -> None:
    """Let a service report two hours ago what it can take; 0 clients is no room."""
    has_room = values.get("new_clients") != 0
    CapacityReportFactory(
        service=service,
        no_room=not has_room,
        **{
            **(
                {
                    "new_clients": 2,
                    "size_band": SizeBand.ANY,
                    "parts_of_day": list(PART_WORDS),
                    "tasks_excluded": [],
                }
                if has_room
                else {}
            ),
            "reported_at": at - timedelta(hours=2),
            "valid_until": at + timedelta(days=21),
            **values,
        },
    )


def make_person(role: Role, *, name: str, at: datetime = AT, **bound_to: Any) -> Person:
    """Make an account with one role, bound to an organization, service or region."""
    user = UserFactory(name=name)
    MembershipFactory(user=user, role=role, **bound_to)
    return Person(user, get_actor(user_id=user.pk, label=user.name, at=at))


def make_coordinator(
    region: Area, *, name: str = "C. Oordinator", at: datetime = AT
) -> Person:
    """Make a coordinator of a region."""
    return make_person(Role.COORDINATOR, name=name, at=at, region=region)


def end_roles(person: Person, *, at: datetime) -> None:
    """Let all roles of somebody end."""
    Membership.objects.filter(user=person.user).update(valid_until=at)


# --- through the services


def draft(
    wijk: ReferralsWijk,
    *,
    actor: Actor | None = None,
    requester: Requester | None = None,
    at: datetime | None = None,
    **changes: Any,
) -> models.ServiceRequest:
    """Start a request of the GP practice (or of ``actor`` and ``requester``)."""
    return start_request(
        actor=actor or wijk.referrer.actor,
        need=wijk.need(**changes),
        requester=requester or requester_of(wijk.practice),
        at=at or wijk.at,
    )


def requester_of(organization: Organization) -> Requester:
    """Return an organization as who asks."""
    kind = (
        RequesterKind.HOSPITAL
        if organization.type == OrganizationType.HOSPITAL
        else RequesterKind.GP
    )
    return Requester(kind, organization.name, "070 000 0001", organization.pk)


FAMILY = Requester(RequesterKind.FAMILY, "Dochter van de cliënt", "06 5550 0733")


def send(
    wijk: ReferralsWijk,
    *,
    actor: Actor | None = None,
    requester: Requester | None = None,
    at: datetime | None = None,
    patient: PatientDetails = PATIENT,
    consent: ConsentGiven = AGREED,
    **changes: Any,
) -> models.ServiceRequest:
    """Start and submit a request; return it as stored."""
    submitted = submit(
        wijk,
        actor=actor,
        requester=requester,
        at=at,
        patient=patient,
        consent=consent,
        **changes,
    )
    return models.ServiceRequest.objects.get(pk=submitted.request_id)


def submit(
    wijk: ReferralsWijk,
    *,
    actor: Actor | None = None,
    requester: Requester | None = None,
    at: datetime | None = None,
    patient: PatientDetails = PATIENT,
    consent: ConsentGiven = AGREED,
    **changes: Any,
) -> Submitted:
    """Start and submit a request; return the number, the client's link and code."""
    request = draft(wijk, actor=actor, requester=requester, at=at, **changes)
    return submit_request(
        actor=actor or wijk.referrer.actor,
        request_id=request.pk,
        patient=patient,
        consent=consent,
        at=at or wijk.at,
    )


def open_offers(request: models.ServiceRequest) -> list[models.Offer]:
    """Return the questions that wait for an answer, best first."""
    return list(
        models.Offer.objects.filter(request=request, status=OfferStatus.OPEN).order_by(
            "rank"
        )
    )


def place(
    wijk: ReferralsWijk, *, at: datetime | None = None, **changes: Any
) -> models.ServiceRequest:
    """Send a request and let the first team accept it."""
    request = send(wijk, at=at, **changes)
    offer = open_offers(request)[0]
    return accept_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        at=(at or wijk.at) + timedelta(minutes=10),
    )


# --- rows written directly


class ServiceRequestFactory(DjangoModelFactory[models.ServiceRequest]):
    """A request that looks for a team, in the hands of a referrer until tomorrow."""

    class Meta:
        model = models.ServiceRequest

    number = factory.Sequence(lambda n: f"A-{n:06d}")
    status = RequestStatus.OPEN
    region = factory.SubFactory(
        AreaFactory, region=True, purpose=RegionPurpose.ZORGKANTOOR
    )
    place = factory.SubFactory(AreaFactory, pc6=True)
    postcode = factory.LazyAttribute(lambda request: request.place.code)
    requester_kind = RequesterKind.GP
    requester_name = "Huisartsen Parkzicht"
    requester_phone = "070 000 0001"
    tasks = factory.LazyFunction(lambda: [CareTask.STOCKINGS])
    parts_of_day = factory.LazyFunction(lambda: [PartOfDay.MORNING])
    first_visit_on = date(2026, 11, 19)
    urgency = Urgency.DAYS
    urgency_reason = UrgencyReason.DISCHARGE
    age = 83
    care_law = "zvw"
    order_present = Presence.NOT_NEEDED
    materials_present = Presence.NOT_NEEDED
    hours_low = Decimal("1.00")
    hours_high = Decimal("1.75")
    hours_by_part = factory.LazyFunction(lambda: {"morning": 1.75})
    owner_kind = OwnerKind.REQUESTER
    owner_name = "R. Eferrer"
    due_at = AT + timedelta(days=1)
    created_at = AT
    submitted_at = AT


class OfferFactory(DjangoModelFactory[models.Offer]):
    """A question to a team that waits for an answer for four hours."""

    class Meta:
        model = models.Offer

    request = factory.SubFactory(ServiceRequestFactory, status=RequestStatus.OFFERED)
    service = factory.SubFactory(HealthcareServiceFactory)
    status = OfferStatus.OPEN
    origin = OfferOrigin.RANKING
    offered_at = AT
    answer_by = AT + timedelta(hours=4)


class PolicyVersionFactory(DjangoModelFactory[models.PolicyVersion]):
    """Agreements of a region that hold since a month before ``AT``."""

    class Meta:
        model = models.PolicyVersion

    region = factory.SubFactory(
        AreaFactory, region=True, purpose=RegionPurpose.ZORGKANTOOR
    )
    number = factory.Sequence(lambda n: n + 1)
    status = PolicyStatus.APPROVED
    terms = factory.LazyFunction(dict)
    made_by_name = "F. Vuurtoren"
    made_at = AT - timedelta(days=40)
    effective_from = AT - timedelta(days=30)


def agree(wijk: ReferralsWijk, **terms: object) -> models.PolicyVersion:
    """Let a region have agreed on other terms."""
    return PolicyVersionFactory(region=wijk.region, terms=terms)


class AssignmentAgreementFactory(DjangoModelFactory[models.AssignmentAgreement]):
    """A provider signed in October 2026 that it may be assigned clients."""

    class Meta:
        model = models.AssignmentAgreement

    organization = factory.SubFactory(OrganizationFactory)
    region = factory.SubFactory(
        AreaFactory, region=True, purpose=RegionPurpose.ZORGKANTOOR
    )
    signed_by = "D. Irecteur, bestuurder"
    signed_on = date(2026, 10, 1)
    valid_from = date(2026, 10, 15)
    document = "Archief 2026-17"
