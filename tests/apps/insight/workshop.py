"""A region in which futures can be computed: wijken, people and two GP practices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.factories.directory import (
    AreaFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.factories.insight import AT, InsightRegion, make_region_with_figures
from wijkspil.directory.models import HealthcareService
from wijkspil.directory.types import Care
from wijkspil.insight.models import Scenario, ScenarioRun
from wijkspil.insight.services.running import run_scenario, start_run
from wijkspil.insight.services.scenarios import (
    ScenarioGiven,
    Supposed,
    ensure_base_scenario,
    make_scenario,
)

#: Few, so that a test takes a second.
DRAWS = 8
MINUTE = timedelta(minutes=1)
ADOPTION = "dispenser.adopted.target"
DIGITAL = "digital-50-percent-adoption"


@dataclass(frozen=True)
class Workshop:
    """The region with its practices."""

    made: InsightRegion
    practices: list[HealthcareService]


def make_workshop(*, at: datetime = AT) -> Workshop:
    """Make a region with figures and a practice in two of its wijken."""
    made = make_region_with_figures(at=at)
    practices: list[HealthcareService] = []
    for number in (0, 2):
        wijk = made.wijken[number]
        AreaFactory(
            pc4=True, code=f"25{number}1", parent=wijk, lon=wijk.lon, lat=wijk.lat
        )
        name = f"Huisartsen {wijk.name}"
        practices.append(
            HealthcareServiceFactory(
                organization=OrganizationFactory(gp_practice=True, name=name),
                care=Care.GP_CARE,
                name=name,
                postcode=f"25{number}1AB",
                lon=wijk.lon,
                lat=wijk.lat,
            )
        )
    return Workshop(made, practices)


def make_own(made: InsightRegion, *, at: datetime = AT, **changes: Any) -> Scenario:
    """Make a scenario of the analyst, with one value changed."""
    given = {
        "name": "Half digitaal",
        "base": DIGITAL,
        "overrides": {ADOPTION: Supposed(0.6, 0.7, "Twee aanbieders tekenden.")},
        **changes,
    }
    return make_scenario(
        actor=made.analyst.actor,
        region_id=made.region.pk,
        given=ScenarioGiven(**given),
        at=at,
    )


def compute(
    scenario: Scenario, *, at: datetime = AT, draws: int = DRAWS
) -> ScenarioRun:
    """Compute a scenario here and now, as the worker does."""
    run, _is_new = start_run(
        scenario_id=scenario.pk, at=at, draws=draws, is_deferred=False
    )
    run_scenario(run_id=run.pk, at=at, clock=lambda: at)
    run.refresh_from_db()
    return run


def compute_base(made: InsightRegion, *, at: datetime = AT) -> ScenarioRun:
    """Compute the reference of the region."""
    return compute(ensure_base_scenario(region_id=made.region.pk, at=at), at=at)
