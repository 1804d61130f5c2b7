"""The report of a region: read it, print it, take the PDF and the data along."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.directory.views.pages import professional_page
from wijkspil.insight.services.region_report import (
    make_region_report,
    pack_region_report,
)
from wijkspil.insight.services.reporting.writing import write_pdf
from wijkspil.ui.navigation import Crumb


@require_safe
@professional_page
def show_report(request: HttpRequest, actor: Actor, region_id: int) -> HttpResponse:
    """Show the report of a region as a page."""
    report = make_region_report(actor=actor, region_id=region_id, at=timezone.now())
    return render(
        request,
        "insight/report.html",
        {
            "report": report,
            "region_id": region_id,
            "crumbs": [
                Crumb(_("Picture of the region"), reverse("insight:picture")),
                Crumb(_("Report")),
            ],
        },
    )


@require_safe
@professional_page
def send_report_pdf(request: HttpRequest, actor: Actor, region_id: int) -> HttpResponse:
    """Send the report as a PDF."""
    report = make_region_report(actor=actor, region_id=region_id, at=timezone.now())
    return _file(write_pdf(report), "application/pdf", f"{_name(report.title)}.pdf")


@require_safe
@professional_page
def send_report_data(
    request: HttpRequest, actor: Actor, region_id: int
) -> HttpResponse:
    """Send the report with all its data and the codebook, as a ZIP."""
    now = timezone.now()
    packed = pack_region_report(actor=actor, region_id=region_id, at=now)
    name = slugify(_("Picture of the region"))
    return _file(packed, "application/zip", f"{_name(name)}.zip")


def _name(title: str) -> str:
    return f"{slugify(title)}-{localdate().isoformat()}"


def _file(contents: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(contents, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
