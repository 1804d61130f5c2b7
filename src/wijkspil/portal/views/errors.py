"""The pages for what went wrong: what happened, what was kept, and the next step."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from wijkspil.core.errors import WijkspilError
from wijkspil.ui.errors import FrontendNotBuilt


def show_bad_request(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    """Say what could not be read (400)."""
    return _show(request, "400.html", HTTPStatus.BAD_REQUEST, exception)


def show_not_permitted(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    """Say why this is not for the reader, and who can help (403)."""
    return _show(request, "403.html", HTTPStatus.FORBIDDEN, exception)


def show_not_found(
    request: HttpRequest, exception: Exception | None = None
) -> HttpResponse:
    """Say that this is not here, and where to look (404)."""
    if isinstance(exception, Http404):
        exception = None  # its text is Django's, for developers
    return _show(request, "404.html", HTTPStatus.NOT_FOUND, exception)


def show_form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form must be sent again (its token did not fit)."""
    return _show(request, "403_csrf.html", HTTPStatus.FORBIDDEN, None)


def show_server_error(request: HttpRequest) -> HttpResponse:
    """Say that it is our fault (500). Needs no database, no session and no menu."""
    try:
        body: str = render_to_string("500.html")
    except FrontendNotBuilt:
        body = _("Something went wrong on our side. In danger? Call 112.")
    return HttpResponse(body, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _show(
    request: HttpRequest, template: str, status: int, exception: Exception | None
) -> HttpResponse:
    message = str(exception) if isinstance(exception, WijkspilError) else ""
    if message:
        return render(
            request,
            "portal/refused.html",
            {"message": message, "status": int(status)},
            status=status,
        )
    return render(request, template, status=status)
