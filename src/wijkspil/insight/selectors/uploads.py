"""What providers brought in of their quality, and where they stand in a region."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from wijkspil.insight.models import IndicatorUpload, UploadedFigure

#: A mean over fewer providers would let two of them work out a third.
FEWEST_PROVIDERS = 3


@dataclass(frozen=True, slots=True)
class ProviderFigure:
    """A figure of a provider; ``value`` None is withheld: few people."""

    organization_id: int
    indicator: str
    valid_from: date
    valid_until: date
    count: int
    value: float | None
    low: float | None
    high: float | None
    is_withheld: bool

    @property
    def last_day(self) -> date:
        """The last day it is about."""
        return date.fromordinal(self.valid_until.toordinal() - 1)


@dataclass(frozen=True, slots=True)
class Pooled:
    """All providers together over one period, weighed by how many people answered."""

    indicator: str
    valid_from: date
    valid_until: date
    providers: int
    count: int
    value: float


def list_uploaded(organization_ids: Collection[int]) -> list[ProviderFigure]:
    """Return what is known of providers: newest period first (one query)."""
    return [
        ProviderFigure(*values)
        for values in UploadedFigure.objects.filter(
            organization_id__in=list(organization_ids)
        )
        .order_by("indicator", "-valid_from", "organization__name", "organization_id")
        .values_list(
            "organization_id",
            "indicator",
            "valid_from",
            "valid_until",
            "count",
            "value",
            "low",
            "high",
            "is_withheld",
        )
    ]


def list_uploads(
    organization_ids: Collection[int], *, uploader_id: int | None, limit: int = 20
) -> list[IndicatorUpload]:
    """Return what was brought in of providers, or by somebody, newest first."""
    own = IndicatorUpload.objects.filter(organization_id__in=list(organization_ids))
    if uploader_id is not None:
        own = own | IndicatorUpload.objects.filter(uploaded_by_id=uploader_id)
    return list(
        own.select_related("uploaded_by", "organization").order_by(
            "-uploaded_at", "-pk"
        )[:limit]
    )


def pool(figures: Collection[ProviderFigure]) -> list[Pooled]:
    """Return the mean per indicator and period, of what may be told.

    Only over at least ``FEWEST_PROVIDERS``; withheld figures are in no sum, so that
    nothing follows from it.
    """
    groups: dict[tuple[str, date, date], list[ProviderFigure]] = {}
    for one in figures:
        if one.value is not None:
            key = (one.indicator, one.valid_from, one.valid_until)
            groups.setdefault(key, []).append(one)
    made = []
    for (indicator, first, until), members in groups.items():
        if len(members) < FEWEST_PROVIDERS:
            continue
        count = sum(one.count for one in members)
        total = sum(one.count * (one.value or 0.0) for one in members)
        made.append(Pooled(indicator, first, until, len(members), count, total / count))
    return sorted(made, key=lambda one: (one.indicator, -one.valid_from.toordinal()))
