"""What came of the requests of a play: counted from the tables, not from the play."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db.models import Count, F, Q, Sum

from wijkspil.directory.fictional.hexmap import Floats
from wijkspil.directory.selectors.care_teams import (
    get_organization_ids,
    list_own_services,
)
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.types import OWNED, PLACED, OfferOrigin, RequestStatus

_HANDED_ON = (RequestStatus.TEMPORARY_STAY, RequestStatus.MEDIATION)
#: A provider with fewer places is all or nothing; its ratio says little.
FEWEST_PLACES = 10


@dataclass(frozen=True)
class MainJobFigures:
    """The result of the main job.

    ``with_owner``: not placed, but somebody named has it with a date, or it was handed
    on to temporary stay or the insurer. ``unplaced``: neither; must be 0.
    ``own_team_share``: of the placed, with the neighborhood's own team. ``approached``:
    teams asked per placed request. Load ratio: a provider's share of the load (weighted
    by complexity) over its share of the capacity (places told), over providers with at
    least ``FEWEST_PLACES`` places; ``_all`` over every provider. ``supply_demand``:
    places told over requests.
    """

    requests: int
    placed: int
    with_owner: int
    unplaced: int
    own_team_share: float
    approached_median: float
    approached_p95: float
    load_ratio_min: float
    load_ratio_max: float
    load_ratio_p10: float
    load_ratio_p90: float
    load_ratio_all_min: float
    load_ratio_all_max: float
    providers: int
    providers_counted: int
    by_coordinator: int
    supply_demand: float

    def as_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)


def count_main_job(told: Mapping[int, int]) -> MainJobFigures:
    """Return the figures; ``told`` is places told per service (eight queries)."""
    rows = ServiceRequest.objects.exclude(status=RequestStatus.DRAFT)
    placed_now = Q(status__in=[*map(str, PLACED), str(RequestStatus.ENDED)])
    has_owner = Q(status__in=[*map(str, OWNED)], due_at__isnull=False) & ~Q(
        owner_name=""
    )
    counts = rows.aggregate(
        requests=Count("pk"),
        placed=Count("pk", filter=placed_now),
        with_owner=Count(
            "pk",
            filter=~placed_now & (has_owner | Q(status__in=[*map(str, _HANDED_ON)])),
        ),
    )
    winners = list(
        Offer.objects.filter(status="accepted").values_list(
            "request__place_id", "service_id", "origin"
        )
    )
    own = list_own_services({place for place, _service, _origin in winners})
    approached = list(
        Offer.objects.filter(request__in=rows.filter(placed_now))
        .order_by()
        .values("request_id")
        .annotate(asked=Count("pk"))
        .values_list("asked", flat=True)
    )
    ratios, capacities = _load_ratios(told)
    counted = ratios[capacities >= FEWEST_PLACES]
    counted = counted if counted.size else ratios
    return MainJobFigures(
        requests=counts["requests"],
        placed=counts["placed"],
        with_owner=counts["with_owner"],
        unplaced=counts["requests"] - counts["placed"] - counts["with_owner"],
        own_team_share=_share(
            sum(service in own.get(place, ()) for place, service, _o in winners),
            len(winners),
        ),
        approached_median=_quantile(approached, 0.5),
        approached_p95=_quantile(approached, 0.95),
        load_ratio_min=_quantile(counted, 0),
        load_ratio_max=_quantile(counted, 1),
        load_ratio_p10=_quantile(counted, 0.1),
        load_ratio_p90=_quantile(counted, 0.9),
        load_ratio_all_min=_quantile(ratios, 0),
        load_ratio_all_max=_quantile(ratios, 1),
        providers=int(ratios.size),
        providers_counted=int(counted.size),
        by_coordinator=sum(
            origin in (OfferOrigin.PHONE, OfferOrigin.COORDINATOR)
            for _place, _service, origin in winners
        ),
        supply_demand=_share(sum(told.values()), counts["requests"]),
    )


def _load_ratios(told: Mapping[int, int]) -> tuple[Floats, Floats]:
    """Return load ratio and places told, both (n_providers,), for who told places."""
    organization_of = get_organization_ids(told)
    capacity: dict[int, float] = {}
    for service_id, count in told.items():
        pk = organization_of[service_id]
        capacity[pk] = capacity.get(pk, 0.0) + count
    load = dict(
        ServiceRequest.objects.filter(placed_service__isnull=False)
        .order_by()
        .values(organization=F("placed_service__organization_id"))
        .annotate(load=Sum("complexity"))
        .values_list("organization", "load")
    )
    providers = [pk for pk, count in capacity.items() if count > 0]
    places = np.array([capacity[pk] for pk in providers], dtype=np.float64)
    loads = np.array([load.get(pk, 0.0) for pk in providers], dtype=np.float64)
    if not providers or loads.sum() == 0:
        return np.zeros(0), np.zeros(0)
    ratios: Floats = (loads / loads.sum()) / (places / places.sum())
    return ratios, places


def _share(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0


def _quantile(values: Any, share: float) -> float:
    return round(float(np.quantile(values, share)), 2) if len(values) else 0.0
