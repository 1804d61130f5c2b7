"""Rows of calls, and one night in which everybody is who a call needs.

``make_night()`` makes a wijk with three nurses on duty, each nearer than the next, one
on duty elsewhere in the region, and the people. Moments are fixed (the night of
Saturday 21 November 2026, 3.12 local) unless ``at`` is given; pages read the real
clock, so give them ``at=timezone.now()``.
"""

# factory_boy ships no types that mypy can follow.
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from tests.factories.directory import (
    AreaFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.factories.referrals import Person, make_coordinator, make_person
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.calls import models
from wijkspil.calls.services.alerts import accept_call
from wijkspil.calls.services.calls import start_call
from wijkspil.calls.services.course import arrive, finish, leave
from wijkspil.calls.types import (
    AccessBasis,
    AlertStatus,
    Caller,
    CallerKind,
    CallOutcome,
    CallOwnerKind,
    CallPatientDetails,
    CallReason,
    CallStatus,
    CallUrgency,
    Finish,
    Known,
    NewCall,
    TreatmentLimit,
)
from wijkspil.directory.models import (
    Area,
    DutyPeriod,
    HealthcareService,
    Organization,
)
from wijkspil.directory.types import (
    CareTask,
    CoverageRole,
    OrganizationType,
    RegionPurpose,
)

#: Saturday 21 November 2026, 3.12 local.
AT = datetime(2026, 11, 21, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

#: Every text of the client is recognizable, so that a leak can be found.
PATIENT = CallPatientDetails(
    name="Hendrikje Nachtzorgsma",
    address="Sluipweg 33",
    phone="06 5550 0811",
    birth_date=date(1938, 5, 6),
    alarm_number="AL-77812",
    treatment_limit=TreatmentLimit.NO_HOSPITAL,
    medication_list_present=Known.YES,
    order_present=Known.NO,
    allergies="Pleisterlijm",
    key_safe="Kluis naast de regenton, code 4711",
    basis=AccessBasis.AGREED,
)


@dataclass(frozen=True)
class Night:
    """A wijk at night. ``teams``, ``duties`` and ``nurses`` are nearest first.

    The last of each is on duty in another wijk of the region.
    """

    at: datetime
    region: Area
    wijk: Area
    pc6: Area
    own_team: HealthcareService
    own_nurse: Person
    teams: list[HealthcareService]
    duties: list[DutyPeriod]
    nurses: list[Person]
    managers: list[Person]
    post: Organization
    triage: Person
    colleague: Person
    system: Actor
    coordinator_if_any: Person | None
    privacy_officer: Person

    @property
    def coordinator(self) -> Person:
        """Return who coordinates the region."""
        assert self.coordinator_if_any is not None
        return self.coordinator_if_any

    def call(self, **changes: Any) -> NewCall:
        """Return an ordinary call here: a blocked catheter, within half an hour."""
        ordinary = NewCall(
            postcode="2512AB",
            reason=CallReason.CATHETER,
            urgency=CallUrgency.WITHIN_30,
            caller=Caller(CallerKind.TRIAGE, "T. Riage", "070 555 0911", self.post.pk),
        )
        return replace(ordinary, **changes)

    def nurse_of(self, service_id: int) -> Person:
        """Return the nurse of one of the teams."""
        return self.nurses[[team.pk for team in self.teams].index(service_id)]


def make_night(*, at: datetime = AT, with_coordinator: bool = True) -> Night:
    """Make the wijk around 2512 AB, with everybody on duty from 5 hours ago."""
    region = AreaFactory(
        region=True, purpose=RegionPurpose.ZORGKANTOOR, name="Duinstreek"
    )
    gemeente = AreaFactory(gemeente=True, name="Duinrade", lies_in=[region])
    wijk = AreaFactory(name="Zuiderpark", parent=gemeente)
    elsewhere = AreaFactory(name="Noorderduin", parent=gemeente)
    pc4 = AreaFactory(pc4=True, code="2512", parent=wijk)
    pc6 = AreaFactory(pc6=True, code="2512AB", parent=pc4, lon=4.30, lat=52.08)
    own_team = HealthcareServiceFactory(
        name="Team Zuiderpark", tasks=list(CareTask.values)
    )
    CoverageFactory(service=own_team, area=wijk, role=CoverageRole.FIRST_CONTACT)
    teams = [
        HealthcareServiceFactory.create(
            name=f"Nachtteam {number}",
            tasks=list(CareTask.values),
            lon=4.30 + 0.02 * number,
            lat=52.08,
        )
        for number in (1, 2, 3, 4)
    ]
    duties = [
        DutyPeriodFactory.create(
            service=team,
            area=elsewhere if number == 4 else wijk,
            person_name=f"N. Acht {number}",
            phone=f"06 5550 010{number}",
            valid_from=at - timedelta(hours=5),
            valid_until=at + timedelta(hours=6),
        )
        for number, team in enumerate(teams, start=1)
    ]
    post = OrganizationFactory(
        type=OrganizationType.GP_COOPERATIVE, name="Huisartsenpost Duinrade"
    )
    return Night(
        at=at,
        region=region,
        wijk=wijk,
        pc6=pc6,
        own_team=own_team,
        own_nurse=make_person(
            Role.TEAM_MEMBER,
            name="E. Igen",
            at=at,
            service=own_team,
            organization=own_team.organization,
        ),
        teams=teams,
        duties=duties,
        nurses=[
            make_person(
                Role.TEAM_MEMBER,
                name=duty.person_name,
                at=at,
                service=duty.service,
                organization=duty.service.organization,
            )
            for duty in duties
        ],
        managers=[
            make_person(
                Role.PROVIDER_MANAGER,
                name=f"M. Anager {number}",
                at=at,
                organization=team.organization,
            )
            for number, team in enumerate(teams, start=1)
        ],
        post=post,
        triage=make_person(Role.TRIAGE, name="T. Riage", at=at, organization=post),
        colleague=make_person(Role.TRIAGE, name="C. Ollega", at=at, organization=post),
        system=Actor(
            label="system:triage",
            grants=(Grant(Role.PROVIDER_SYSTEM, organization_id=post.pk),),
        ),
        coordinator_if_any=make_coordinator(region, at=at)
        if with_coordinator
        else None,
        privacy_officer=make_person(
            Role.PRIVACY_OFFICER, name="P. Rivacy", at=at, region=region
        ),
    )


# --- through the services


def start(
    night: Night,
    *,
    patient: CallPatientDetails | None = PATIENT,
    at: datetime | None = None,
    actor: Actor | None = None,
    **changes: Any,
) -> models.Call:
    """Enter a call; the nearest nurse is alerted."""
    return start_call(
        actor=actor or night.triage.actor,
        call=night.call(**changes),
        patient=patient,
        at=at or night.at,
    )


def open_alerts(call: models.Call) -> list[models.CallAlert]:
    """Return the alerts that wait for an answer, first alerted first."""
    return list(
        models.CallAlert.objects.filter(call=call, status=AlertStatus.OPEN).order_by(
            "rank"
        )
    )


def bring_to(
    night: Night, status: str, *, at: datetime | None = None, **changes: Any
) -> models.Call:
    """Start a call and bring it to a state: the first nurse goes, 2 minutes a step."""
    at = at or night.at
    if status == CallStatus.HANDED_ON:
        changes = {"tasks": [CareTask.STOMA], **changes}
        HealthcareService.objects.filter(pk__in=[t.pk for t in night.teams]).update(
            tasks=[CareTask.CATHETER]
        )
    call = start(night, at=at, **changes)
    if status in (CallStatus.ALERTED, CallStatus.HANDED_ON):
        return call
    nurse = night.nurses[0].actor
    steps = [CallStatus.ACCEPTED, CallStatus.ON_THE_WAY, CallStatus.ARRIVED]
    n_steps = (steps.index(CallStatus(status)) + 1) if status in steps else 4
    acts: list[Callable[..., models.Call]] = [accept_call, leave, arrive]
    for number, act in enumerate(acts[:n_steps], start=1):
        call = act(actor=nurse, number=call.number, at=at + 2 * number * MINUTE)
    if status == CallStatus.DONE:
        call = finish(
            actor=nurse,
            number=call.number,
            ended=Finish(CallOutcome.FOLLOW_UP, "Katheter gewisseld."),
            at=at + 26 * MINUTE,
        )
    return call


# --- rows written directly


class CallFactory(DjangoModelFactory[models.Call]):
    """A call that waits for a nurse, in the hands of a triage nurse for 4 minutes."""

    class Meta:
        model = models.Call

    class Params:
        done = factory.Trait(
            status=CallStatus.DONE,
            nurse_service=factory.SubFactory(HealthcareServiceFactory),
            nurse_name="N. Acht",
            accepted_at=AT + 2 * MINUTE,
            left_at=AT + 4 * MINUTE,
            arrived_at=AT + 14 * MINUTE,
            done_at=AT + 40 * MINUTE,
            due_at=None,
            travel_minutes=10,
            care_minutes=26,
            outcome=CallOutcome.HELPED,
        )

    number = factory.Sequence(lambda n: f"N-{n:06d}")
    status = CallStatus.ALERTED
    region = factory.SubFactory(
        AreaFactory, region=True, purpose=RegionPurpose.ZORGKANTOOR
    )
    place = factory.SubFactory(AreaFactory, pc6=True)
    postcode = factory.LazyAttribute(lambda call: call.place.code)
    caller_kind = CallerKind.TRIAGE
    caller_name = "T. Riage"
    caller_phone = "070 555 0911"
    reason = CallReason.CATHETER
    tasks = factory.LazyFunction(lambda: [CareTask.CATHETER])
    urgency = CallUrgency.WITHIN_30
    arrive_by = AT + 30 * MINUTE
    owner_kind = CallOwnerKind.CALLER
    owner_name = "T. Riage"
    due_at = AT + 4 * MINUTE
    started_at = AT


class CallAlertFactory(DjangoModelFactory[models.CallAlert]):
    """A nurse who was alerted and has 4 minutes to answer."""

    class Meta:
        model = models.CallAlert

    call = factory.SubFactory(CallFactory)
    service = factory.SubFactory(HealthcareServiceFactory)
    person_name = "N. Acht"
    phone = "06 5550 0101"
    rank = 1
    status = AlertStatus.OPEN
    alerted_at = AT
    answer_by = AT + 4 * MINUTE
    expected_minutes = 12
