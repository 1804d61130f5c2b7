"""One wijk with everyone in it, for tests of the public pages.

Moments lie ahead of the real clock, on a working day, so that opening hours and
duty hold whenever the tests run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from tests.factories.directory import (
    EVERY_DAY,
    AllianceFactory,
    AllianceMemberFactory,
    AreaFactory,
    AreaOverlapFactory,
    CapacityReportFactory,
    ContactPointFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.directory import models
from wijkspil.directory.opening_hours import clock_moment, dutch_holidays
from wijkspil.directory.types import Care, RegionPurpose
from wijkspil.portal.moments import next_working_day, write_moment

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[4.2, 52.0], [4.4, 52.0], [4.4, 52.1], [4.2, 52.0]]],
}
NIGHT_LINES = [
    {"days": EVERY_DAY, "from": "17:00", "until": "24:00"},
    {"days": EVERY_DAY, "from": "00:00", "until": "08:00"},
]

#: What no visitor may ever see on a page.
SECRETS = (
    "085 100 0001",  # number for referrers
    "085 100 0002",  # number for complex questions
    "085 100 0003",  # phone of the person on duty
    "085 100 0004",  # phone of the second person on duty
    "085 100 0005",  # coordinator of the region
    "085 100 0006",  # contact of the alliance for complex care
    "N. Achtwacht",
    "T. Weede",
    "C. Omplex",
    "K. Omplex",
)


@dataclass(frozen=True)
class Zuiderpark:
    """The rows a test asks about."""

    region: models.Area
    wijk: models.Area
    team: models.HealthcareService
    night_team: models.HealthcareService
    gp: models.HealthcareService
    post: models.HealthcareService
    alliance: models.Alliance
    day: str
    night: str


def make_zuiderpark() -> Zuiderpark:
    """Make the wijk around 2512 AB: a team by day, another on duty at night."""
    now = timezone.now()
    working_day = next_working_day(now, holidays=dutch_holidays(range(2026, 2040)))
    date = timezone.localtime(working_day).date()
    day, night = clock_moment(date, "14:00"), clock_moment(date, "03:00")

    region = AreaFactory(
        region=True, purpose=RegionPurpose.ZORGKANTOOR, name="Duinstreek"
    )
    alliance_area = AreaFactory(alliance=True, name="Wijkverband Zuiderpark")
    gemeente = AreaFactory(gemeente=True, name="Duinrade", lies_in=[region])
    wijk = AreaFactory(name="Zuiderpark", parent=gemeente, lies_in=[alliance_area])
    models.AreaShape.objects.create(area=wijk, geometry=SQUARE)
    neighbor = AreaFactory(name="Molenveld", parent=gemeente)
    pc4 = AreaFactory(pc4=True, code="2512", parent=wijk)
    AreaFactory(pc6=True, code="2512AB", parent=wijk)
    AreaOverlapFactory(part=pc4, whole=neighbor, share_of_part=0.3)

    team = HealthcareServiceFactory(name="Team Zuiderpark")
    CoverageFactory(service=team, area=wijk, first_contact=True)
    CoverageFactory(service=team, area=wijk)
    number(team, "070 000 0001")
    number(team, "085 100 0001", for_referrers=True)
    number(team, "085 100 0002", complex_care=True, person_name="C. Omplex")
    report(team, now)

    night_team = HealthcareServiceFactory(
        name="Nachtteam Duinstreek", opening_hours=[], organization=team.organization
    )
    CoverageFactory(service=night_team, area=wijk, back_up=True)
    number(night_team, "070 000 0002")
    for rank, person, phone in (
        (1, "N. Achtwacht", "085 100 0003"),
        (2, "T. Weede", "085 100 0004"),
    ):
        DutyPeriodFactory(
            service=night_team,
            area=wijk,
            rank=rank,
            person_name=person,
            phone=phone,
            valid_from=night - timedelta(hours=3),
            valid_until=night + timedelta(hours=4),
        )

    gp = HealthcareServiceFactory(gp_practice=True, name="Huisartsen Parkzicht")
    CoverageFactory(service=gp, area=wijk)
    number(gp, "070 000 0003")
    post = HealthcareServiceFactory(
        care=Care.GP_OUT_OF_HOURS,
        name="Huisartsenpost Duinstreek",
        opening_hours=NIGHT_LINES,
        is_open_on_holidays=True,
    )
    CoverageFactory(service=post, area=region)
    number(post, "070 000 0004")
    coordinator = HealthcareServiceFactory(coordination=True, name="Regiotafel")
    CoverageFactory(service=coordinator, area=region)
    number(coordinator, "085 100 0005", duty=True)

    alliance = AllianceFactory(
        name="Wijkverband Zuiderpark",
        area=alliance_area,
        complex_care_name="K. Omplex",
        complex_care_phone="085 100 0006",
    )
    AllianceMemberFactory(alliance=alliance, service=team)
    AllianceMemberFactory(alliance=alliance, service=gp, role="gp")
    return Zuiderpark(
        region=region,
        wijk=wijk,
        team=team,
        night_team=night_team,
        gp=gp,
        post=post,
        alliance=alliance,
        day=write_moment(day),
        night=write_moment(night),
    )


def number(service: models.HealthcareService, value: str, **traits: object) -> None:
    """Give a service a phone number; for residents unless a trait says else."""
    ContactPointFactory(service=service, value=value, **traits)


def report(
    service: models.HealthcareService, now: datetime, **values: object
) -> models.CapacityReport:
    """Let a service report its room two hours ago, for three weeks."""
    return CapacityReportFactory(
        service=service,
        **{
            "reported_at": now - timedelta(hours=2),
            "valid_until": now + timedelta(days=21),
            **values,
        },
    )
