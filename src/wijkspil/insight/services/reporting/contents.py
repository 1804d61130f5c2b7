"""What the report of a region says, in which order: the answer first.

Where is the gap now, where in years, how sure is that, what would help. A part whose
figures are not there says so instead of guessing. Sentences are made in ``claims``.
"""

from collections.abc import Mapping, Sequence

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.data_wording import say_assumption, say_source
from wijkspil.insight.services.picture import Picture
from wijkspil.insight.services.reporting import claims, drawings
from wijkspil.insight.services.reporting.numbers import Numbers, read_numbers, say
from wijkspil.insight.services.reporting.print_map import Geometry
from wijkspil.insight.services.reporting.shape import (
    Claim,
    Drawing,
    PlanLine,
    Report,
    Section,
    Table,
)

#: Rows of a table in the text; all areas stand in the data files.
MOST_ROWS = 10
#: The year "later" in the text, when it was projected; else the horizon.
LATER = 2035


def make_report(
    picture: Picture,
    *,
    shapes: Mapping[str, Geometry],
    plans: Sequence[PlanLine] = (),
    is_fictional: bool = False,
) -> Report:
    """Return the report of a picture, in the active language.

    ``shapes`` are GeoJSON geometries by code of the places; without, no maps.
    """
    numbers = read_numbers(picture)
    later = min(LATER, picture.horizon_year)
    sections = [
        _in_short(numbers, later),
        _now(numbers, shapes),
        _years_ahead(numbers, later, shapes),
        _what_helps(numbers, later),
        _gp_care(numbers, shapes),
        _how_it_goes(numbers),
        _plans(plans),
        _words(numbers),
        _assumed(picture),
        _again(picture),
    ]
    return Report(
        title=_("Picture of care in %(region)s") % {"region": picture.subject.name},
        subtitle=_("District nursing and GP care: now, in %(year)s, and what helps")
        % {"year": later},
        language=get_language() or "nl",
        made_on=date_format(picture.made_on, "j F Y"),
        sections=tuple(section for section in sections if section is not None),
        is_fictional=is_fictional,
    )


def _in_short(numbers: Numbers, later: int) -> Section:
    found = [
        claims.say_gap_now(numbers),
        claims.say_largest_now(numbers),
        claims.say_gap_later(numbers, later),
        claims.say_largest_later(numbers, later),
        claims.say_gp_reach(numbers),
        claims.say_best_help(numbers, later),
    ]
    known = tuple(claim for claim in found if claim is not None)
    return Section(
        key="short",
        title=_("In short"),
        claims=known,
        note="" if known else _("There are no figures of this region yet."),
    )


def _now(numbers: Numbers, shapes: Mapping[str, Geometry]) -> Section | None:
    indicator = next(
        (i for i in ("gap_share", "gap_hours", "need_hours") if numbers.of_places(i)),
        None,
    )
    if indicator is None:
        return None
    return Section(
        key="now",
        title=_("Where care falls short now"),
        claims=_known(claims.say_people(numbers), claims.say_need_now(numbers)),
        drawings=_drawn(
            drawings.map_of(numbers, indicator, shapes),
            drawings.bars_of(numbers, indicator, most=MOST_ROWS),
        ),
        note=""
        if numbers.of_subject("capacity_hours")
        else _(
            "How much care teams can give here today was not reported; what is known "
            "is how much people need."
        ),
    )


def _years_ahead(
    numbers: Numbers, later: int, shapes: Mapping[str, Geometry]
) -> Section | None:
    base = numbers.picture.projections.get("base")
    if base is None:
        return None
    return Section(
        key="later",
        title=_("The years ahead"),
        claims=_known(
            claims.say_need_later(numbers, later),
            claims.say_crossing(numbers),
            claims.say_chance(numbers, later),
        ),
        drawings=_drawn(
            drawings.years_of(base),
            drawings.causes_of(base),
            drawings.map_of(numbers, "gap_share", shapes, year=later),
            drawings.doubts_of(base),
        ),
        note=_(
            "The band holds 8 of the 10 computed futures. It covers what we suppose, "
            "not what nobody thought of."
        ),
    )


def _what_helps(numbers: Numbers, later: int) -> Section | None:
    picture = numbers.picture
    if not picture.comparisons:
        return None
    return Section(
        key="help",
        title=_("What would help"),
        claims=tuple(
            claim
            for name in picture.comparisons
            if (claim := claims.say_help(numbers, name, later)) is not None
        ),
        drawings=_drawn(drawings.help_of(numbers, later)),
        note=_(
            "Each measure is computed with the same futures as the base, so what "
            "differs comes from the measure."
        ),
    )


def _gp_care(numbers: Numbers, shapes: Mapping[str, Geometry]) -> Section | None:
    if not numbers.of_places("gp_places_per_1000"):
        return None
    return Section(
        key="gp",
        title=_("GP care within reach"),
        claims=_known(
            claims.say_gp_reach(numbers),
            claims.say_gp_lowest(numbers),
            claims.say_gp_shared(numbers),
        ),
        drawings=_drawn(
            drawings.map_of(numbers, "gp_places_per_1000", shapes),
            drawings.lorenz_of(numbers),
        ),
    )


#: What the part on daily practice shows, when it was counted.
_DAILY = (
    "placement_minutes_median",
    "placed_share",
    "own_team_share",
    "no_room_declines_share",
    "unmet_requests",
    "open_requests",
    "night_covered_share",
    "night_arrival_min_median",
    "gp_stop_share",
    "gp_open_share",
    "gp_wishes",
    "prem_score",
    "unplanned_hospital_share",
    "carer_strain_share",
)


def _how_it_goes(numbers: Numbers) -> Section | None:
    rows = [row for code in _DAILY if (row := numbers.of_subject(code)) is not None]
    if not rows:
        return None
    return Section(
        key="daily",
        title=_("How it goes now"),
        tables=(
            Table(
                caption=_("Figures of the region"),
                head=(_("Figure"), _("Value"), _("About"), _("Source")),
                rows=tuple(
                    (
                        str(INDICATORS[row.indicator].name),
                        say(row),
                        _("%(start)s to %(end)s")
                        % {
                            "start": date_format(row.valid_from, "j-n-Y"),
                            "end": date_format(row.valid_until, "j-n-Y"),
                        },
                        say_source(row.source) or str(INDICATORS[row.indicator].source),
                    )
                    for row in rows
                ),
                figures=frozenset({1}),
            ),
        ),
    )


def _plans(plans: Sequence[PlanLine]) -> Section | None:
    if not plans:
        return None
    return Section(
        key="plans",
        title=_("What is agreed"),
        tables=(
            Table(
                caption=_("Measures for gaps of this region"),
                head=(
                    *(_("Measure"), _("Where"), _("Whose"), _("Due by")),
                    *(_("Stands"), _("Expected"), _("Measured")),
                ),
                rows=tuple(
                    (
                        *(plan.title, plan.area, plan.owner, plan.due),
                        *(plan.status, plan.expected, plan.measured),
                    )
                    for plan in plans
                ),
            ),
        ),
    )


def _words(numbers: Numbers) -> Section:
    used = sorted({*numbers.now, *numbers.later} & set(INDICATORS))
    return Section(
        key="words",
        title=_("What the figures mean"),
        tables=(
            Table(
                caption=_("Figures in this report and its data files"),
                head=(_("Figure"), _("Meaning"), _("Counted over"), _("Comes from")),
                rows=tuple(
                    (
                        str(INDICATORS[code].name),
                        str(INDICATORS[code].definition),
                        str(INDICATORS[code].denominator),
                        " ".join(
                            filter(
                                None,
                                (
                                    str(INDICATORS[code].source),
                                    INDICATORS[code].reference,
                                ),
                            )
                        ),
                    )
                    for code in used
                ),
            ),
        ),
        is_appendix=True,
    )


def _assumed(picture: Picture) -> Section:
    status = {
        "measured": _("measured"),
        "published": _("published"),
        "expert": _("judged by experts"),
        "assumed": _("assumed"),
    }
    return Section(
        key="assumed",
        title=_("What was taken for granted"),
        note=ngettext(
            "%(n)s assumption; the surest first.",
            "%(n)s assumptions; the surest first.",
            len(picture.assumptions),
        )
        % {"n": len(picture.assumptions)},
        tables=(
            Table(
                caption=_("Assumptions"),
                head=(_("What"), _("How sure"), _("Source")),
                rows=tuple(
                    (
                        say_assumption(one),
                        status.get(one.status, one.status),
                        say_source(one.source),
                    )
                    for one in sorted(
                        picture.assumptions,
                        key=lambda a: (
                            (list(status).index(a.status), a.key)
                            if a.status in status
                            else (len(status), a.key)
                        ),
                    )
                ),
            ),
        ),
        is_appendix=True,
    )


def _again(picture: Picture) -> Section:
    rows = [
        (_("Random seed"), str(picture.seed)),
        (_("Computed futures"), str(picture.draws)),
        (_("Last year computed"), str(picture.horizon_year)),
        (_("Year of the inhabitants"), str(picture.ground.year)),
        *((name, version) for name, version in sorted(picture.versions.items())),
        *((name, digest) for name, digest in sorted(picture.input_hashes.items())),
    ]
    return Section(
        key="again",
        title=_("To compute this again"),
        note=_(
            "With the same data, seed and versions the same figures come out. All "
            "figures of this report are in figures.csv and figures.parquet; "
            "codebook.csv says what each column means."
        ),
        tables=(
            Table(
                caption=_("Seed, versions and data"),
                head=(_("What"), _("Value")),
                rows=tuple(rows),
            ),
        ),
        is_appendix=True,
    )


def _known(*found: Claim | None) -> tuple[Claim, ...]:
    return tuple(claim for claim in found if claim is not None)


def _drawn(*found: Drawing | None) -> tuple[Drawing, ...]:
    return tuple(drawing for drawing in found if drawing is not None)
