"""A report as a page and as a PDF: the same sections, the same drawings.

The PDF is made by typst with the type of the pages, never with that of the machine, so
that it is the same everywhere; it is tagged and has a language, a title and words for
every drawing (PDF/UA-1), so that a screen reader reads it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import typst
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from wijkspil.core.errors import WijkspilError
from wijkspil.insight.services.reporting.shape import Report, Table
from wijkspil.ui.build_frontend import BUILD_DIR

PAPER_FONTS = BUILD_DIR / "paper"
_PRINTING = files("wijkspil.insight") / "printing"


class ReportFailed(WijkspilError):
    """The PDF could not be made; the page and the data are not affected."""

    code = "report-failed"


def write_html(report: Report) -> str:
    """Return the report as one HTML file that needs nothing else."""
    return render_to_string(
        "insight/report_file.html",
        {"report": report, "style": (_PRINTING / "report.css").read_text("utf-8")},
    )


def write_pdf(report: Report) -> bytes:
    """Return the report as a PDF.

    Raises
    ------
    ReportFailed
        If typst refuses; says what it said.
    """
    fonts = [PAPER_FONTS] if PAPER_FONTS.is_dir() else []
    try:
        made = typst.Compiler(font_paths=fonts, ignore_system_fonts=True).compile(
            (_PRINTING / "report.typ").read_bytes(),
            sys_inputs={"report": json.dumps(_as_data(report), ensure_ascii=False)},
            pdf_standards=["ua-1"],
            timestamp=0,
        )
    except typst.TypstError as error:
        raise ReportFailed(
            _("The PDF could not be made: %(why)s") % {"why": str(error)[:400]}
        ) from error
    if not isinstance(made, bytes):
        raise ReportFailed(_("The PDF could not be made: it came in parts."))
    return made


def _as_data(report: Report) -> Mapping[str, Any]:
    return {
        "title": report.title,
        "subtitle": report.subtitle,
        "language": report.language.partition("-")[0],
        "made_on": report.made_on,
        "fictional": _("Invented region: none of these figures is about real people.")
        if report.is_fictional
        else "",
        "page": _("page"),
        "numbers": _("The numbers"),
        "sections": [
            {
                "title": section.title,
                "note": section.note,
                "claims": [claim.text for claim in section.claims],
                "drawings": [
                    {
                        "title": drawing.chart.title,
                        "svg": drawing.chart.svg,
                        "told": drawing.told,
                        "note": drawing.chart.note,
                        "map": drawing.is_map,
                    }
                    for drawing in section.drawings
                ],
                "tables": [_table(table) for table in section.tables],
                "appendix": section.is_appendix,
            }
            for section in report.sections
        ],
    }


def _table(table: Table) -> Mapping[str, Any]:
    data = asdict(table)
    return {**data, "figures": sorted(table.figures)}
