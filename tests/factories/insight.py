"""Insight for tests: a region of two gemeenten and four wijken, with its figures.

``make_region()`` makes the ground and the people; ``make_region_with_figures()`` adds
figures of two months for every area, so that pages need no refresh.
"""

# factory_boy ships no types that mypy can follow.
# mypy: disallow-subclassing-any=False

from dataclasses import dataclass
from datetime import date, datetime

import factory
from factory.django import DjangoModelFactory

from tests.factories.directory import AreaFactory, OrganizationFactory
from tests.factories.referrals import AT, Person, make_person
from wijkspil.accounts.types import Role
from wijkspil.directory.models import Area, Organization
from wijkspil.directory.types import RegionPurpose
from wijkspil.insight import models
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.types import RunStatus, Scale

__all__ = [
    "AT",
    "FigureFactory",
    "InsightRegion",
    "make_base_run",
    "make_region",
    "make_region_with_figures",
]

#: Full bands, so that nothing is filled in.
AGES = {"0-64": 4000.0, "65-74": 600.0, "75-84": 300.0, "85+": 100.0}
#: Value of the four wijken, the two gemeenten and the region; one is withheld.
_VALUES: dict[str, tuple[float | None, ...]] = {
    "need_hours": (420.0, 380.0, 260.0, 240.0),
    "capacity_hours": (400.0, 385.0, 230.0, 245.0),
    "gap_hours": (20.0, -5.0, 30.0, -5.0),
    "population": (5000.0, 5000.0, 3000.0, 3000.0),
    "clients": (90.0, 80.0, 55.0, 50.0),
    "open_requests": (12.0, 7.0, 9.0, None),
}
_RATIOS: dict[str, tuple[tuple[float, float], ...]] = {
    "gap_share": ((20.0, 420.0), (-5.0, 380.0), (30.0, 260.0), (-5.0, 240.0)),
    "placed_share": ((30.0, 40.0), (20.0, 40.0), (36.0, 40.0), (24.0, 40.0)),
    "own_team_share": ((20.0, 40.0), (22.0, 40.0), (10.0, 40.0), (24.0, 40.0)),
    "gp_places_per_1000": (
        (4500.0, 5000.0),
        (4900.0, 5000.0),
        (2100.0, 3000.0),
        (3100.0, 3000.0),
    ),
    "gp_stop_share": ((1.0, 2.0), (0.0, 2.0), (2.0, 2.0), (0.0, 1.0)),
    "night_covered_share": (
        (490.0, 500.0),
        (500.0, 500.0),
        (250.0, 300.0),
        (300.0, 300.0),
    ),
}
MONTHS = (
    (date(2026, 10, 1), date(2026, 11, 1)),
    (date(2026, 11, 1), date(2026, 12, 1)),
)


class FigureFactory(DjangoModelFactory[models.Figure]):
    """A counted figure of November 2026."""

    class Meta:
        model = models.Figure

    indicator = "gap_hours"
    area = factory.SubFactory(AreaFactory)
    valid_from = MONTHS[1][0]
    valid_until = MONTHS[1][1]
    value = 20.0
    numerator = factory.SelfAttribute("value")
    denominator = 5000.0
    source = "Made for a test"
    measured_at = AT
    computed_at = AT


@dataclass(frozen=True)
class InsightRegion:
    """A region with its parts and people; ``wijken`` two of each gemeente."""

    at: datetime
    region: Area
    zorgkantoor: Area
    gemeenten: list[Area]
    wijken: list[Area]
    analyst: Person
    coordinator: Person
    insurer: Person
    provider: Organization
    manager: Person
    other_provider: Organization

    @property
    def areas(self) -> list[Area]:
        """Every area that has figures."""
        return [*self.wijken, *self.gemeenten, self.region, self.zorgkantoor]


def make_region(*, at: datetime = AT) -> InsightRegion:
    """Make a region of 16,000 people, without any figure."""
    region = AreaFactory(
        region=True, purpose=RegionPurpose.RESV, code="DUIN", name="Duinstreek"
    )
    office = AreaFactory(
        region=True, purpose=RegionPurpose.ZORGKANTOOR, code="DUIN", name="Duin"
    )
    gemeenten: list[Area] = [
        AreaFactory(gemeente=True, name=name, lies_in=[region, office])
        for name in ("Duinrade", "Zeedorp")
    ]
    wijken: list[Area] = []
    for number, (name, people) in enumerate(
        (("Zuid", 5000), ("Noord", 5000), ("Haven", 3000), ("Dorp", 3000))
    ):
        wijk = AreaFactory(
            name=name,
            parent=gemeenten[number // 2],
            lon=4.25 + 0.02 * number,
            lat=52.05 + 0.01 * number,
            population=people,
            population_by_age={
                band: count * people / 5000 for band, count in AGES.items()
            },
        )
        wijken.append(wijk)
    provider = OrganizationFactory(name="Zorg aan Zee", agb_code="75000901")
    return InsightRegion(
        at=at,
        region=region,
        zorgkantoor=office,
        gemeenten=gemeenten,
        wijken=wijken,
        analyst=make_person(Role.ANALYST, name="A. Nalist", at=at, region=region),
        coordinator=make_person(
            Role.COORDINATOR, name="C. Oordinator", at=at, region=region
        ),
        insurer=make_person(Role.INSURER, name="V. Erzekeraar", at=at, region=region),
        provider=provider,
        manager=make_person(
            Role.PROVIDER_MANAGER, name="M. Anager", at=at, organization=provider
        ),
        other_provider=OrganizationFactory(name="Duinzorg", agb_code="75000902"),
    )


def make_region_with_figures(*, at: datetime = AT) -> InsightRegion:
    """Make a region with figures of October and November 2026 for every area."""
    made = make_region(at=at)
    rows = []
    for month, (start, end) in enumerate(MONTHS):
        for code in (*_VALUES, *_RATIOS):
            for area, numerator, denominator in _per_area(made, code):
                # October was a tenth lower.
                times = 1.0 if month else 0.9
                factor = INDICATORS[code].factor
                is_ratio = INDICATORS[code].scale == Scale.RATIO
                value = (
                    None
                    if numerator is None
                    else times * numerator * (factor / denominator if is_ratio else 1.0)
                )
                rows.append(
                    models.Figure(
                        indicator=code,
                        area=area,
                        valid_from=start,
                        valid_until=end,
                        value=value,
                        numerator=None if numerator is None else times * numerator,
                        denominator=None if numerator is None else denominator,
                        is_withheld=numerator is None,
                        source="Made for a test",
                        measured_at=at,
                        computed_at=at,
                    )
                )
    models.Figure.objects.bulk_create(rows)
    return made


def _per_area(made: InsightRegion, code: str) -> list[tuple[Area, float | None, float]]:
    """Return (area, numerator, denominator) of the wijken and all above them."""
    if code in _RATIOS:
        parts: list[tuple[float | None, float]] = list(_RATIOS[code])
    else:
        parts = [(value, 5000.0) for value in _VALUES[code]]
    groups = [
        *((area, [number]) for number, area in enumerate(made.wijken)),
        (made.gemeenten[0], [0, 1]),
        (made.gemeenten[1], [2, 3]),
        (made.region, [0, 1, 2, 3]),
        (made.zorgkantoor, [0, 1, 2, 3]),
    ]
    found: list[tuple[Area, float | None, float]] = []
    for area, members in groups:
        known = [parts[number] for number in members]
        if any(numerator is None for numerator, _ in known):
            found.append((area, None, 1.0))
        else:
            found.append(
                (
                    area,
                    sum(numerator or 0.0 for numerator, _ in known),
                    sum(denominator for _, denominator in known),
                )
            )
    return found


def make_base_run(
    made: InsightRegion,
    *,
    chances: dict[int, float] | None = None,
    at: datetime = AT,
    horizon_year: int = 2040,
) -> models.ScenarioRun:
    """Make a done run of the region's own reference scenario.

    ``chances`` is {year: chance in % that need exceeds capacity} of the first wijk;
    the gap is then that many hours less fifty. Other wijken have no gap.
    """
    scenario = models.Scenario.objects.create(
        region=made.region,
        name="Basis",
        base="base",
        is_shared=True,
        created_at=at,
        changed_at=at,
    )
    run = models.ScenarioRun.objects.create(
        scenario=scenario,
        status=RunStatus.DONE,
        seed=1,
        draws=200,
        horizon_year=horizon_year,
        asked_at=at,
        started_at=at,
        finished_at=at,
        done=200,
    )
    for year, chance in (chances or {}).items():
        for number, wijk in enumerate(made.wijken):
            one = chance if number == 0 else 2.0
            for code, value in (
                ("gap_chance", one),
                ("gap_hours", one - 50.0),
                ("gap_share", (one - 50.0) / 10.0),
            ):
                FigureFactory(
                    indicator=code,
                    area=wijk,
                    valid_from=date(year, 1, 1),
                    valid_until=date(year + 1, 1, 1),
                    value=value,
                    numerator=None,
                    denominator=None,
                    run=run,
                )
    return run
