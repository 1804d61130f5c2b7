"""The report of a picture as files beside its data."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from wijkspil.insight.errors import InvalidOpenData
from wijkspil.insight.services.picture import Picture
from wijkspil.insight.services.reporting.contents import make_report
from wijkspil.insight.services.reporting.print_map import Geometry
from wijkspil.insight.services.reporting.writing import write_html, write_pdf

#: Where open data keeps the shapes: file, and the property that holds the code.
_SHAPES = (
    ("pc4/pc4_2020.geojson.gz", "pc4"),
    ("cbs_areas/wijken_2022.geojson.gz", "code"),
)


def write_report(
    picture: Picture, out: Path, *, shapes: Mapping[str, Geometry]
) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.pdf`` in a folder; return their paths.

    Raises
    ------
    ReportFailed
        If the PDF cannot be made; the page is there.
    """
    report = make_report(picture, shapes=shapes)
    page, paper = out / "report.html", out / "report.pdf"
    page.write_text(write_html(report), encoding="utf-8")
    paper.write_bytes(write_pdf(report))
    return page, paper


def read_shapes(data: Path, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the geometries of places from open data; a missing file gives none.

    Raises
    ------
    InvalidOpenData
        If a file of shapes cannot be read; says which and why.
    """
    wanted = set(codes)
    found: dict[str, dict[str, Any]] = {}
    for name, code_of in _SHAPES:
        path = data / name
        if not wanted - set(found) or not path.is_file():
            continue
        try:
            with gzip.open(path, "rt", encoding="utf-8") as stream:
                features = json.load(stream)["features"]
            for feature in features:
                code = str(feature["properties"][code_of])
                if code in wanted and feature["geometry"]["coordinates"]:
                    found[code] = feature["geometry"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidOpenData(
                _("%(file)s cannot be read as GeoJSON: %(why)s. Get the file anew.")
                % {"file": name, "why": error}
            ) from error
    return found
