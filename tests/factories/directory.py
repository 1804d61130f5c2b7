"""Valid rows of the directory, one factory per model.

Areas keep ``within`` as the product does: their own id and all that their parent
lies in. ``lies_in=[region]`` adds an area to regions as well. Moments are fixed
(2026), so that no test depends on today.
"""

# factory_boy ships no types that mypy can follow.
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from wijkspil.directory import models
from wijkspil.directory.types import (
    AllianceRole,
    AreaKind,
    Audience,
    CapacitySource,
    Care,
    CareLaw,
    CareTask,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    NoRoomReason,
    OrganizationType,
    PartOfDay,
    RegionPurpose,
    SizeBand,
)

YEAR_START = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OFFICE_HOURS = [{"days": EVERY_DAY[:5], "from": "08:00", "until": "17:00"}]
ALWAYS = [{"days": EVERY_DAY, "from": "00:00", "until": "24:00"}]


class AreaFactory(DjangoModelFactory[models.Area]):
    """A wijk of 5,000 inhabitants; traits make the other kinds."""

    class Meta:
        model = models.Area
        skip_postgeneration_save = True

    class Params:
        gemeente = factory.Trait(
            kind=AreaKind.GEMEENTE, code=factory.Sequence(lambda n: f"GM{n:04d}")
        )
        buurt = factory.Trait(
            kind=AreaKind.BUURT, code=factory.Sequence(lambda n: f"BU{n:08d}")
        )
        pc4 = factory.Trait(
            kind=AreaKind.PC4, code=factory.Sequence(lambda n: str(1000 + n % 9000))
        )
        pc6 = factory.Trait(
            kind=AreaKind.PC6,
            code=factory.Sequence(
                lambda n: f"{1000 + n % 9000}{chr(65 + n // 9000 % 26)}B"
            ),
        )
        region = factory.Trait(
            kind=AreaKind.REGION,
            purpose=RegionPurpose.RESV,
            code=factory.Sequence(lambda n: f"region-{n}"),
        )
        alliance = factory.Trait(
            kind=AreaKind.REGION,
            purpose=RegionPurpose.ALLIANCE,
            code=factory.Sequence(lambda n: f"alliance-{n}"),
        )

    kind = AreaKind.WIJK
    purpose = ""
    code = factory.Sequence(lambda n: f"WK{n:06d}")
    name = factory.LazyAttribute(lambda area: f"Area {area.code}")
    year = 2025
    parent = None
    lon = 4.3
    lat = 52.08
    population = 5000
    population_by_age = factory.LazyFunction(lambda: {"0-64": 4000.0, "65+": 1000.0})
    source = "made for a test"
    is_fictional = True

    @factory.post_generation
    def lies_in(self: models.Area, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Fill ``within``: itself, its parent's, and the regions in ``lies_in``."""
        if not create:
            return
        within = {self.pk}
        if self.parent is not None:
            within |= set(self.parent.within)
        for region in extracted or ():
            models.RegionMember.objects.create(region=region, area=self)
            within |= set(region.within)
        self.within = sorted(within)
        self.save(update_fields=["within"])


class AreaOverlapFactory(DjangoModelFactory[models.AreaOverlap]):
    """A PC4 that is half of a wijk."""

    class Meta:
        model = models.AreaOverlap

    part = factory.SubFactory(AreaFactory, pc4=True)
    whole = factory.SubFactory(AreaFactory)
    share_of_part = 1.0
    share_of_whole = 0.5


class OrganizationFactory(DjangoModelFactory[models.Organization]):
    """An active home care provider."""

    class Meta:
        model = models.Organization

    class Params:
        gp_practice = factory.Trait(type=OrganizationType.GP_PRACTICE)
        coordination = factory.Trait(type=OrganizationType.COORDINATION)

    name = factory.Sequence(lambda n: f"Fictional provider {n}")
    type = OrganizationType.HOME_CARE
    agb_code = factory.Sequence(lambda n: f"75{n + 1:06d}")
    is_fictional = True


class HealthcareServiceFactory(DjangoModelFactory[models.HealthcareService]):
    """A district nursing service, open on working days from 8 to 17."""

    class Meta:
        model = models.HealthcareService

    class Params:
        always_open = factory.Trait(opening_hours=ALWAYS, is_open_on_holidays=True)
        never_open = factory.Trait(opening_hours=[])
        gp_practice = factory.Trait(
            care=Care.GP_CARE,
            organization=factory.SubFactory(OrganizationFactory, gp_practice=True),
            tasks=[],
        )
        coordination = factory.Trait(
            care=Care.COORDINATION,
            organization=factory.SubFactory(OrganizationFactory, coordination=True),
            tasks=[],
        )

    organization = factory.SubFactory(OrganizationFactory)
    care = Care.DISTRICT_NURSING
    name = factory.Sequence(lambda n: f"Team {n}")
    tasks = factory.LazyFunction(lambda: [CareTask.PERSONAL_CARE, CareTask.MEDICATION])
    languages = factory.LazyFunction(lambda: ["nl"])
    care_laws = factory.LazyFunction(lambda: [CareLaw.ZVW])
    opening_hours = factory.LazyFunction(lambda: [dict(line) for line in OFFICE_HOURS])
    postcode = "2512AB"
    lon = 4.3
    lat = 52.08
    is_fictional = True


class CareTeamFactory(DjangoModelFactory[models.CareTeam]):
    """A team of three district nurses and five carers."""

    class Meta:
        model = models.CareTeam

    service = factory.SubFactory(HealthcareServiceFactory)
    name = factory.Sequence(lambda n: f"Team {n}")
    composition = factory.LazyFunction(lambda: {"district-nurse": 3, "carer": 5})


class ContactPointFactory(DjangoModelFactory[models.ContactPoint]):
    """A general phone number for residents."""

    class Meta:
        model = models.ContactPoint

    class Params:
        for_referrers = factory.Trait(audience=Audience.REFERRER)
        complex_care = factory.Trait(
            audience=Audience.PROFESSIONAL,
            purpose=ContactPurpose.COMPLEX_CARE,
            person_name="Coordinator of the wijk",
        )
        duty = factory.Trait(
            audience=Audience.PROFESSIONAL, purpose=ContactPurpose.DUTY
        )

    service = factory.SubFactory(HealthcareServiceFactory)
    area = None
    audience = Audience.RESIDENT
    purpose = ContactPurpose.GENERAL
    system = ContactSystem.PHONE
    value = factory.Sequence(lambda n: f"085 000 {n:04d}")
    valid_from = YEAR_START


class CoverageFactory(DjangoModelFactory[models.Coverage]):
    """A service is the regular one in a wijk, since the start of 2026."""

    class Meta:
        model = models.Coverage

    class Params:
        first_contact = factory.Trait(role=CoverageRole.FIRST_CONTACT)
        back_up = factory.Trait(role=CoverageRole.BACK_UP)

    service = factory.SubFactory(HealthcareServiceFactory)
    area = factory.SubFactory(AreaFactory)
    care = factory.SelfAttribute("service.care")
    role = CoverageRole.REGULAR
    valid_from = YEAR_START


class DutyPeriodFactory(DjangoModelFactory[models.DutyPeriod]):
    """The night of Friday 20 to Saturday 21 November 2026, 17.00-08.00 local."""

    class Meta:
        model = models.DutyPeriod

    service = factory.SubFactory(HealthcareServiceFactory)
    area = factory.SubFactory(AreaFactory)
    care = factory.SelfAttribute("service.care")
    rank = 1
    person_name = "N. Nacht (fictional)"
    phone = "085 000 0001"
    valid_from = datetime(2026, 11, 20, 16, tzinfo=UTC)
    valid_until = datetime(2026, 11, 21, 7, tzinfo=UTC)


class CapacityReportFactory(DjangoModelFactory[models.CapacityReport]):
    """Room for two new clients, reported on 20 November 2026, valid three days."""

    class Meta:
        model = models.CapacityReport

    class Params:
        no_room = factory.Trait(
            new_clients=0,
            size_band="",
            parts_of_day=[],
            no_room_reason=NoRoomReason.STAFF_SHORTAGE,
        )

    service = factory.SubFactory(HealthcareServiceFactory)
    new_clients = 2
    size_band = SizeBand.TO_5
    parts_of_day = factory.LazyFunction(lambda: [PartOfDay.MORNING])
    tasks_excluded = factory.LazyFunction(lambda: [CareTask.INSULIN])
    reported_at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    valid_until = datetime(2026, 11, 23, 8, tzinfo=UTC)
    source = CapacitySource.PAGE
    reporter_label = "A. de Vries (fictional)"


class CapacityReservationFactory(DjangoModelFactory[models.CapacityReservation]):
    """A place taken by a request of three hours a week, an hour after that report."""

    class Meta:
        model = models.CapacityReservation

    class Params:
        released = factory.Trait(
            released_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
            release_reason="withdrawn",
        )

    service = factory.SubFactory(HealthcareServiceFactory)
    reference = factory.Sequence(lambda n: f"request-{n}")
    hours_per_week = Decimal("3.00")
    parts_of_day = factory.LazyFunction(lambda: [PartOfDay.MORNING])
    reserved_at = datetime(2026, 11, 20, 9, tzinfo=UTC)


class AllianceFactory(DjangoModelFactory[models.Alliance]):
    """An alliance with its own region; put wijken in it with ``lies_in``."""

    class Meta:
        model = models.Alliance

    name = factory.Sequence(lambda n: f"Alliance {n}")
    area = factory.SubFactory(AreaFactory, alliance=True)
    complex_care_name = "Coordinator of the alliance"
    complex_care_phone = "085 000 0002"
    is_fictional = True


class AllianceMemberFactory(DjangoModelFactory[models.AllianceMember]):
    """A district nursing service in an alliance."""

    class Meta:
        model = models.AllianceMember

    class Params:
        gp = factory.Trait(
            role=AllianceRole.GP,
            service=factory.SubFactory(HealthcareServiceFactory, gp_practice=True),
        )

    alliance = factory.SubFactory(AllianceFactory)
    service = factory.SubFactory(HealthcareServiceFactory)
    role = AllianceRole.DISTRICT_NURSE
