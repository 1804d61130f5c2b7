"""REST of the regional picture: what figures mean, and the figures, as JSON or CSV."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import Target
from wijkspil.core.api import Problem, refuse_unknown_parameters
from wijkspil.core.errors import InvalidValue, NotFound
from wijkspil.core.spreadsheets import csv_lines
from wijkspil.directory.types import AreaKind, PartOfDay
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.permissions import check_can_view_insight
from wijkspil.insight.picture_rows import write_rows
from wijkspil.insight.schemas import (
    FigureOut,
    FiguresOut,
    FiguresQuery,
    IndicatorOut,
    IndicatorsOut,
    IndicatorsQuery,
)
from wijkspil.insight.selectors.picture import (
    Shown,
    get_picture_area,
    list_expected,
    list_newest,
    list_within,
)
from wijkspil.insight.types import Theme

router = Router(by_alias=True, tags=["Regional picture"])

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
_LEVELS = ("", AreaKind.WIJK.value, AreaKind.GEMEENTE.value)


@router.get(
    "/insight/indicators",
    response={200: IndicatorsOut, **_REFUSALS},
    summary="What every figure of the regional picture means",
)
def read_indicators(
    request: HttpRequest, query: Query[IndicatorsQuery]
) -> IndicatorsOut:
    """Answer the catalogue: definition, numerator, denominator, source."""
    refuse_unknown_parameters(request, query)
    check_can_view_insight(get_request_actor(request))
    if query.theme and query.theme not in Theme.values:
        raise InvalidValue(_("There is no theme “%(theme)s”.") % {"theme": query.theme})
    return IndicatorsOut(
        items=[
            IndicatorOut.of(one)
            for one in INDICATORS.values()
            if not query.theme or one.theme == query.theme
        ]
    )


@router.get(
    "/insight/figures",
    response={200: FiguresOut, **_REFUSALS},
    summary="Figures of an area, or of what lies in it",
)
def read_figures(
    request: HttpRequest, query: Query[FiguresQuery]
) -> FiguresOut | HttpResponse:
    """Answer figures the asker may see; as CSV with ``Accept: text/csv``."""
    refuse_unknown_parameters(request, query)
    actor = get_request_actor(request)
    check_can_view_insight(actor)
    area = get_picture_area(query.area)
    if area is None:
        raise NotFound(
            _("There is no region, gemeente or wijk with the code “%(code)s”.")
            % {"code": query.area}
        )
    check_can_view_insight(actor, Target(region_ids=area.within))
    rows = _rows(query, area.id)
    if "text/csv" in request.headers.get("Accept", ""):
        return HttpResponse(
            csv_lines(write_rows(rows)), content_type="text/csv; charset=utf-8"
        )
    return FiguresOut(
        area=area.code,
        area_name=area.name,
        items=[FigureOut.of(row) for row in rows],
    )


def _rows(query: FiguresQuery, area_id: int) -> Sequence[Shown]:
    codes = query.indicator or list(INDICATORS)
    unknown = [code for code in codes if code not in INDICATORS]
    if unknown:
        raise InvalidValue(
            _("There is no indicator “%(code)s”. See /insight/indicators.")
            % {"code": unknown[0]}
        )
    if query.within not in _LEVELS:
        raise InvalidValue(
            _("“%(level)s” is no level: ask for wijk or gemeente.")
            % {"level": query.within}
        )
    if query.expected:
        if query.within:
            raise InvalidValue(
                _("What is expected is given per area: leave “within” out.")
            )
        return list_expected([area_id], indicators=codes)
    if not query.within:
        return list_newest([area_id], indicators=codes, month=query.period)
    return [
        row
        for part in ("", *PartOfDay.values)
        for row in list_within(
            codes,
            kind=query.within,
            within=area_id,
            month=query.period,
            part_of_day=part,
        )
    ]
