"""Which figures of a region somebody may ask for, and how much of them.

The pages, the files and the interface all ask here first, so that none of them tells
more than another. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotPermitted
from wijkspil.core.periods import Period
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.selectors.targets import get_organization_target
from wijkspil.directory.selectors.wijken import list_wijk_names
from wijkspil.directory.types import RegionPurpose
from wijkspil.directory.views.pages import reach_of
from wijkspil.referrals.permissions import (
    COMPARE_PROVIDERS,
    SEE_OWN_SHARE,
    VIEW_STATISTICS,
    can_compare_providers,
    check_can_see_own_share,
    check_can_view_statistics,
)
from wijkspil.referrals.selectors.contribution import Contribution
from wijkspil.referrals.selectors.unmet import (
    ABOUT_TEAMS,
    Demand,
    count_ledger,
    tell,
    whole_weeks,
)

#: Weeks back that can be chosen, and what is shown by itself.
CONTRIBUTION_WEEKS = (4, 13, 26)
UNMET_WEEKS = (4, 13, 26, 52)
USUAL_WEEKS = 13


@dataclass(frozen=True)
class ContributionQuestion:
    """One region, some weeks, and of whom; ``organizations`` are the own ones there."""

    region: RegionChoice
    regions: Sequence[RegionChoice]
    weeks: int
    organization_id: int | None
    organizations: Sequence[int]

    @property
    def is_own(self) -> bool:
        """Whether a provider looks at itself; else all are told by name."""
        return self.organization_id is not None


@dataclass(frozen=True)
class UnmetQuestion:
    """One region, some whole weeks, perhaps one wijk; ``without`` is not for them."""

    region: RegionChoice
    regions: Sequence[RegionChoice]
    weeks: int
    wijk_id: int | None
    without: frozenset[str]


def ask_contribution(
    actor: Actor,
    *,
    region_id: int | None,
    weeks: int,
    organization_id: int | None = None,
) -> ContributionQuestion:
    """Return what is asked about contributions, as far as the actor may know it.

    Who may compare the providers of the region sees all; else the own organization.
    Three queries for each own organization, and one.

    Raises
    ------
    NotPermitted
        If the actor may neither compare the providers there nor belongs to one.
    """
    compares = reach_of(actor, COMPARE_PROVIDERS)
    own_ids = sorted(reach_of(actor, SEE_OWN_SHARE).organization_ids)
    if not (compares.is_everywhere or compares.region_ids):
        check_can_see_own_share(actor)
    if organization_id is not None and organization_id not in own_ids:
        # Not even whether there is such a provider.
        raise NotPermitted(_("This is the share of another organization."))
    around = {pk: get_organization_target(pk).region_ids for pk in own_ids}
    regions = [
        region
        for region in list_coverage_regions(
            None
            if compares.is_everywhere
            else compares.region_ids.union(*around.values())
        )
        if region.purpose == RegionPurpose.ZORGKANTOOR
        or region.id in compares.region_ids
    ]
    found = _chosen(regions, region_id)
    here = [pk for pk in own_ids if found.id in around[pk]]
    target = Target(region_ids=frozenset({found.id}))
    if organization_id is None and not can_compare_providers(actor, target):
        organization_id = here[0] if here else None
        if organization_id is None:
            raise _closed()
    return ContributionQuestion(
        region=found,
        regions=regions,
        weeks=weeks if weeks in CONTRIBUTION_WEEKS else USUAL_WEEKS,
        organization_id=organization_id,
        organizations=here,
    )


def weeks_until(at: datetime, weeks: int) -> Period:
    """Return the weeks before a moment."""
    return Period(at - timedelta(weeks=weeks), at)


def own_of(
    asked: ContributionQuestion, everyone: Sequence[Contribution]
) -> Contribution | None:
    """Return the own figures, also of who took and was asked nothing; None: all."""
    if asked.organization_id is None:
        return None
    return next(
        (one for one in everyone if one.organization_id == asked.organization_id),
        Contribution(asked.organization_id, "", reasons={}),
    )


def ask_unmet(
    actor: Actor, *, region_id: int | None, weeks: int, wijk_id: int | None = None
) -> UnmetQuestion:
    """Return what is asked about unmet demand, as far as the actor may know it.

    Who may not compare providers gets no answers of teams: a competitor could subtract
    its own.

    Raises
    ------
    NotPermitted
        If the figures of this region are not open to the actor.
    """
    check_can_view_statistics(actor)
    reach = reach_of(actor, VIEW_STATISTICS)
    regions = list_coverage_regions(None if reach.is_everywhere else reach.region_ids)
    found = _chosen(regions, region_id)
    target = Target(region_ids=frozenset({found.id}))
    return UnmetQuestion(
        region=found,
        regions=regions,
        weeks=weeks if weeks in UNMET_WEEKS else USUAL_WEEKS,
        wijk_id=wijk_id,
        without=frozenset() if can_compare_providers(actor, target) else ABOUT_TEAMS,
    )


def find_demand(asked: UnmetQuestion, *, at: datetime) -> Demand:
    """Return what may be told of what was asked (five queries)."""
    period = whole_weeks(asked.weeks, at=at)
    return tell(count_ledger(asked.region.id, period, without=asked.without))


def name_wijken(demand: Demand) -> dict[int | None, str]:
    """Return wijk id -> its name with the gemeente, by name (one query)."""
    ids = {pk for line in demand.wijken.values() for pk in line.keys}
    found = list_wijk_names(pk for pk in ids if pk is not None)
    names: dict[int | None, str] = {
        pk: f"{one.name} ({one.gemeente})" if one.gemeente else one.name
        for pk, one in sorted(found.items(), key=lambda item: item[1].name)
    }
    if None in ids:
        names[None] = _("wijk not known")
    return names


def _chosen(regions: Sequence[RegionChoice], wanted: int | None) -> RegionChoice:
    found = next((r for r in regions if wanted in (None, r.id)), None)
    if found is None:
        raise _closed()
    return found


def _closed() -> NotPermitted:
    return NotPermitted(_("The figures of this region are not open to your role."))
