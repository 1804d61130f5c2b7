"""The publishers' files: their columns, and which areas and links their rows make.

One function per file, each in the transaction of ``load``. Codes change every year;
the postcode layers are tied to the wijken of 2022 (``WIJK_YEAR``).
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from wijkspil.directory.importing.checking import CheckedFile
from wijkspil.directory.importing.errors import BadValue
from wijkspil.directory.importing.geometry import centre, check_geometry
from wijkspil.directory.importing.locations import (
    check_gp_locations,
    check_hospital_locations,
)
from wijkspil.directory.importing.reading import Feature
from wijkspil.directory.importing.regions import (
    SAFETY_REGIONS,
    SOURCE_PREFIX,
    region_areas,
)
from wijkspil.directory.importing.scope import Scope, fold, gemeente_of
from wijkspil.directory.importing.staging import (
    Merged,
    StagedArea,
    StagedLink,
    bands_json,
    merge_ages,
    merge_areas,
    merge_members,
    merge_overlaps,
    merge_pc6,
    merge_staged_shapes,
    stage_shapes,
)
from wijkspil.directory.importing.values import (
    BUURT,
    GEMEENTE,
    PC4,
    PC6,
    WIJK,
    Row,
    examples,
)

#: Year of the division that postcodes, regions and shapes are tied to.
WIJK_YEAR = 2022
COUNTS_YEAR = 2024
PC4_YEAR = 2021
PC6_YEAR = 2026

_KWB_2022 = "CBS, kerncijfers wijken en buurten 2022"
_KWB_2024 = "CBS, kerncijfers wijken en buurten 2024 (85984NED)"
_BUURTEN_2020 = "CBS-buurtcodes 2020 (RIVM 50090NED); naam en punt van 2014"
_BUURTEN_2014 = "CBS, buurten 2014"
_PC4_2021 = "CBS, inwoners per postcode 2021 (83503NED, 83502NED); punt uit vlak 2020"
_PC4_SHAPE = "CBS, kerncijfers per postcode 2020; niet in de lijst van 2021"
_PC6_2026 = "Kadaster BAG, per postcode samengevat, 2026"

_BANDS = {
    "pop_0_14": "0-14",
    "pop_15_24": "15-24",
    "pop_25_44": "25-44",
    "pop_45_64": "45-64",
    "pop_65plus": "65+",
}
_FIVE_YEARS = {
    **{f"{low}_{low + 4}": f"{low}-{low + 4}" for low in range(0, 95, 5)},
    "95plus": "95+",
}


@dataclass
class Known:
    """What files read earlier in this load hold, in and outside the region."""

    scope: Scope
    #: gemeente names with their accents, by plain name
    accented: dict[str, str] = field(default_factory=dict)
    #: names of 2022 by code
    gemeenten: dict[str, str] = field(default_factory=dict)
    wijken: dict[str, str] = field(default_factory=dict)
    wijk_gemeente: dict[str, str] = field(default_factory=dict)
    #: gemeente code by folded name
    gemeente_codes: dict[str, str] = field(default_factory=dict)
    pc4s: set[str] = field(default_factory=set)

    def is_wijk_inside(self, wijk: str) -> bool:
        """Return whether a known wijk takes part in this load."""
        return self.scope.has_gemeente(self.wijk_gemeente[wijk])


def load_gemeenten(known: Known, checked: CheckedFile) -> Merged:
    """Load gemeenten with their figures."""

    def parse(row: Row) -> StagedArea | None:
        code = row.code("code", GEMEENTE)
        plain = row.text("name", longest=120)
        name = known.accented.get(fold(plain), plain)
        area = _with_figures(row, "gemeente", code, name)
        known.gemeenten[code] = name
        known.gemeente_codes[fold(name)] = code
        return area if known.scope.has_gemeente(code) else None

    columns = ("code", "name", "population", *_BANDS, "lon", "lat")
    return merge_areas(checked.rows(columns, parse, key=("code",)))


def load_wijken(known: Known, checked: CheckedFile) -> Merged:
    """Load wijken with their figures, each under its gemeente."""

    def parse(row: Row) -> StagedArea | None:
        code = row.code("code", WIJK)
        name = row.text("name", longest=120)
        gemeente = row.code("gm_code", GEMEENTE)
        _check_known("gm_code", gemeente, known.gemeenten, "gemeenten_2022.csv")
        area = _with_figures(row, "wijk", code, name)._replace(
            parent_kind="gemeente", parent_code=gemeente, parent_year=WIJK_YEAR
        )
        known.wijken[code] = name
        known.wijk_gemeente[code] = gemeente
        return area if known.scope.has_gemeente(gemeente) else None

    columns = ("code", "name", "gm_code", "population", *_BANDS, "lon", "lat")
    return merge_areas(checked.rows(columns, parse, key=("code",)))


def load_gemeente_shapes(known: Known, checked: CheckedFile) -> Merged:
    """Load the polygons of gemeenten."""
    stage_shapes(
        checked.features(
            _shape_parser("gemeente", known.gemeenten, known.scope.has_gemeente)
        )
    )
    return merge_staged_shapes()


def load_wijk_shapes(known: Known, checked: CheckedFile) -> Merged:
    """Load the polygons of wijken."""
    stage_shapes(
        checked.features(_shape_parser("wijk", known.wijken, known.is_wijk_inside))
    )
    return merge_staged_shapes()


def load_counts_2024(known: Known, checked: CheckedFile) -> Merged:
    """Load gemeenten and wijken of 2024: inhabitants only, names of 2022."""
    gemeenten: set[str] = set()

    def parse(row: Row) -> StagedArea | None:
        code = row.raw("code")
        area = StagedArea(
            kind="gemeente",
            code=code,
            year=COUNTS_YEAR,
            name=code,
            source=_KWB_2024,
            population=row.inhabitants("inwoners"),
        )
        if GEMEENTE.fullmatch(code):
            gemeenten.add(code)
            name = known.gemeenten.get(code, code)
            inside = known.scope.has_gemeente(code)
            return area._replace(name=name) if inside else None
        row.code("code", WIJK)
        gemeente = gemeente_of(code)
        if gemeente not in gemeenten:
            raise BadValue(
                "code",
                code,
                _("a wijk below its gemeente; no row above is %(code)s")
                % {"code": gemeente},
            )
        if not known.scope.has_gemeente(gemeente):
            return None
        return area._replace(
            kind="wijk",
            name=known.wijken.get(code, code),
            parent_kind="gemeente",
            parent_code=gemeente,
            parent_year=COUNTS_YEAR,
        )

    return merge_areas(checked.rows(("code", "inwoners"), parse, key=("code",)))


def load_regions(known: Known, checked: CheckedFile) -> Merged:
    """Load the region sets and which gemeenten they hold."""

    def parse(row: Row) -> tuple[str, list[StagedArea]] | None:
        code = row.code("code", GEMEENTE)
        _check_known("code", code, known.gemeenten, "gemeenten_2022.csv")
        regions = region_areas(
            zorgkantoor=row.text("zorgkantoor", longest=60),
            corop=row.text("corop", longest=60),
            vr_code=row.one_of("vr_code", tuple(SAFETY_REGIONS)),
            year=WIJK_YEAR,
        )
        return (code, regions) if known.scope.has_gemeente(code) else None

    columns = ("code", "corop", "zorgkantoor", "vr_code")
    members = list(checked.rows(columns, parse, key=("code",)))
    regions = {r[:6]: r for _code, regions in members for r in regions}
    merged = merge_areas(regions.values())
    links = (
        StagedLink(
            part_kind="gemeente",
            part_code=code,
            part_year=WIJK_YEAR,
            whole_kind="region",
            whole_purpose=region.purpose,
            whole_code=region.code,
            whole_year=region.year,
        )
        for code, regions in members
        for region in regions
    )
    return merged + merge_members(links, source_prefix=SOURCE_PREFIX)


def load_buurten_2020(known: Known, checked: CheckedFile) -> Merged:
    """Load the buurt codes of 2020, under the wijk of 2022 with the same code.

    Where that wijk is gone the gemeente with the same code is the parent, if any.
    """

    def parse(row: Row) -> StagedArea | None:
        code = row.code("bu_code", BUURT)
        wijk = row.code("wk_code", WIJK)
        gemeente = row.code("gm_code", GEMEENTE)
        lon, lat = row.optional_point()
        area = StagedArea(
            kind="buurt",
            code=code,
            year=2020,
            name=row.optional_text("naam_2014", longest=120) or code,
            source=_BUURTEN_2020,
            lon=lon,
            lat=lat,
        )
        if wijk in known.wijken:
            area = area._replace(
                parent_kind="wijk", parent_code=wijk, parent_year=WIJK_YEAR
            )
            return area if known.is_wijk_inside(wijk) else None
        if gemeente in known.gemeenten:
            area = area._replace(
                parent_kind="gemeente", parent_code=gemeente, parent_year=WIJK_YEAR
            )
        return area if known.scope.has_gemeente(gemeente) else None

    columns = ("bu_code", "wk_code", "gm_code", "naam_2014", "lon", "lat")
    return merge_areas(checked.rows(columns, parse, key=("bu_code",)))


def load_buurten_2014(known: Known, checked: CheckedFile) -> Merged:
    """Load the names and centres of the buurten of 2014; they lie in nothing."""

    def parse(row: Row) -> StagedArea | None:
        code = row.code("bu_code", BUURT)
        name = row.text("bu_naam", longest=120)
        lon, lat = row.point()
        if not known.scope.has_gemeente(gemeente_of(code)):
            return None
        return StagedArea(
            kind="buurt",
            code=code,
            year=2014,
            name=name,
            source=_BUURTEN_2014,
            lon=lon,
            lat=lat,
        )

    columns = ("bu_code", "bu_naam", "lon", "lat")
    return merge_areas(checked.rows(columns, parse, key=("bu_code",)))


def load_pc4(known: Known, checked: CheckedFile) -> Merged:
    """Load PC4 with inhabitants and point.

    The parent is the gemeente the publisher names, where it still exists: it places a
    PC4 that the overlay with wijken lacks.
    """

    def parse(row: Row) -> StagedArea | None:
        code = row.code("pc4", PC4)
        gemeente = row.optional_text("gemeente", longest=120)
        lon, lat = row.optional_point()
        area = StagedArea(
            kind="pc4",
            code=code,
            year=PC4_YEAR,
            name=row.optional_text("plaats", longest=120) or code,
            source=_PC4_2021,
            parent_kind="gemeente",
            parent_code=known.gemeente_codes.get(fold(gemeente)),
            parent_year=WIJK_YEAR,
            lon=lon,
            lat=lat,
            population=row.optional_inhabitants("inwoners"),
        )
        known.pc4s.add(code)
        return area if known.scope.has_pc4(code) else None

    columns = ("pc4", "inwoners", "plaats", "gemeente", "lon", "lat")
    return merge_areas(
        checked.rows(columns, parse, key=("pc4",)), keep=("population_by_age",)
    )


def load_pc4_ages(known: Known, checked: CheckedFile) -> Merged:
    """Load the inhabitants of PC4 per five years, men and women together."""

    def parse(row: Row) -> tuple[str, str, int, str] | None:
        code = row.code("pc4", PC4)
        _check_known("pc4", code, known.pc4s, "pc4_2021.csv")
        cells = {
            band: [row.optional_inhabitants(f"{sex}_{column}") for sex in ("m", "v")]
            for column, band in _FIVE_YEARS.items()
        }
        if not known.scope.has_pc4(code):
            return None
        # An empty cell is suppressed, not zero: without it the bands say too little.
        is_complete = all(None not in pair for pair in cells.values())
        sums = {band: float(sum(filter(None, pair))) for band, pair in cells.items()}
        return "pc4", code, PC4_YEAR, bands_json(sums if is_complete else {})

    columns = ("pc4", *(f"{sex}_{column}" for sex in "mv" for column in _FIVE_YEARS))
    return merge_ages(checked.rows(columns, parse, key=("pc4",)))


def load_pc4_shapes(known: Known, checked: CheckedFile) -> Merged:
    """Load the polygons of PC4; a PC4 of 2020 that 2021 lacks becomes an area."""
    missing: list[StagedArea] = []

    def parse(feature: Feature) -> tuple[str, tuple[str, str, int, str]] | None:
        content, properties = _feature_parts(feature)
        code = str(properties.get("pc4", ""))
        if not PC4.fullmatch(code):
            raise BadValue("pc4", code, examples()[PC4])
        geometry = check_geometry(content.get("geometry"))
        is_listed = code in known.pc4s
        known.pc4s.add(code)
        if geometry is None or not known.scope.has_pc4(code):
            return None
        if not is_listed:
            lon, lat = centre(geometry)
            missing.append(
                StagedArea(
                    kind="pc4",
                    code=code,
                    year=PC4_YEAR,
                    name=code,
                    source=_PC4_SHAPE,
                    lon=lon,
                    lat=lat,
                )
            )
        return code, ("pc4", code, PC4_YEAR, json.dumps(geometry))

    stage_shapes(checked.features(parse))
    return merge_areas(missing) + merge_staged_shapes()


def load_pc4_overlay(known: Known, checked: CheckedFile) -> Merged:
    """Load how PC4 and wijken share ground."""

    def parse(row: Row) -> StagedLink | None:
        pc4 = row.code("pc4", PC4)
        _check_known("pc4", pc4, known.pc4s, "pc4_2021.csv, pc4_2020.geojson.gz")
        wijk = row.code("wk_code_2022", WIJK)
        _check_known("wk_code_2022", wijk, known.wijken, "wijken_2022.csv")
        link = StagedLink(
            part_kind="pc4",
            part_code=pc4,
            part_year=PC4_YEAR,
            whole_kind="wijk",
            whole_purpose="",
            whole_code=wijk,
            whole_year=WIJK_YEAR,
            share_of_part=row.number("aandeel_van_pc4", least=0, most=1),
            share_of_whole=row.number("aandeel_van_wijk", least=0, most=1),
        )
        # Also with a wijk outside the region: the link is kept if that wijk is loaded.
        return link if known.scope.has_pc4(pc4) else None

    columns = ("pc4", "wk_code_2022", "aandeel_van_pc4", "aandeel_van_wijk")
    return merge_overlaps(checked.rows(columns, parse, key=("pc4", "wk_code_2022")))


def load_pc6(known: Known, checked: CheckedFile) -> Merged:
    """Load PC6 with their point, PC4 and wijk."""

    def parse(row: Row) -> StagedArea | None:
        code = row.code("pc6", PC6)
        wijk = row.code("wk_code_2022", WIJK)
        _check_known("wk_code_2022", wijk, known.wijken, "wijken_2022.csv")
        street = row.text("straat", longest=80)
        place = row.text("woonplaats", longest=38)
        lon, lat = row.point()
        if not known.is_wijk_inside(wijk):
            return None
        return StagedArea(
            kind="pc6",
            code=code,
            year=PC6_YEAR,
            name=f"{street}, {place}",
            source=_PC6_2026,
            parent_kind="pc4",
            parent_code=code[:4],
            lon=lon,
            lat=lat,
            in_wijk=wijk,
        )

    columns = ("pc6", "lat", "lon", "straat", "woonplaats", "wk_code_2022")
    return merge_pc6(
        checked.rows(columns, parse, key=("pc6",)),
        known_pc4=known.pc4s,
        wijk_year=WIJK_YEAR,
    )


def check_gp_file(known: Known, checked: CheckedFile) -> Merged:
    """Read the GP practices and store nothing: their rights are not cleared."""
    check_gp_locations(checked, known.scope)
    return Merged()


def check_hospital_file(known: Known, checked: CheckedFile) -> Merged:
    """Read the hospitals and store nothing: the region's own are fictional."""
    check_hospital_locations(checked, known.scope)
    return Merged()


def _with_figures(row: Row, kind: str, code: str, name: str) -> StagedArea:
    population = row.inhabitants("population")
    percentages = row.percentages(list(_BANDS))
    bands = {
        band: population * percentage / 100
        for band, percentage in zip(_BANDS.values(), percentages, strict=False)
    }
    lon, lat = row.point()
    return StagedArea(
        kind=kind,
        code=code,
        year=WIJK_YEAR,
        name=name,
        source=_KWB_2022,
        lon=lon,
        lat=lat,
        population=population,
        # All zeros in a wijk of a few people is rounding, not knowledge.
        population_by_age=bands_json(bands if any(percentages) else {}),
    )


def _check_known(column: str, code: str, codes: Collection[str], file: str) -> None:
    if code not in codes:
        raise BadValue(column, code, _("a code that %(file)s holds") % {"file": file})


def _shape_parser(
    kind: str, codes: Collection[str], is_inside: Callable[[str], bool]
) -> Callable[[Feature], tuple[str, tuple[str, str, int, str]] | None]:
    def parse(feature: Feature) -> tuple[str, tuple[str, str, int, str]] | None:
        content, properties = _feature_parts(feature)
        code = str(properties.get("code", ""))
        _check_known("code", code, codes, f"{kind}en_2022.csv")
        geometry = check_geometry(content.get("geometry"))
        if geometry is None or not is_inside(code):
            return None
        return code, (kind, code, WIJK_YEAR, json.dumps(geometry))

    return parse


def _feature_parts(feature: Feature) -> tuple[dict[str, object], dict[str, object]]:
    content = feature.content
    if not isinstance(content, dict) or not isinstance(content.get("properties"), dict):
        raise BadValue("feature", str(content), _("a GeoJSON feature with properties"))
    return content, content["properties"]
