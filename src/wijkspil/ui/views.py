"""Choosing light or dark, and the page that shows every component."""

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from wijkspil.ui.context import THEME_COOKIE, THEMES
from wijkspil.ui.samples import sample_areas, sample_context

THEME_AGE_S = 365 * 24 * 60 * 60


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice in a cookie (no personal data) and go back to the page."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = "/"
    response = HttpResponseRedirect(back)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=THEME_AGE_S,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    else:  # "as my device does"
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response


@require_safe
def show_components(request: HttpRequest) -> HttpResponse:
    """Show every component with invented contents."""
    now = timezone.now()
    return render(
        request,
        "ui/components.html",
        {"now": now, **sample_context(now, request.GET.get("page", ""))},
    )


@require_safe
def send_sample_areas(request: HttpRequest) -> JsonResponse:
    """Send the invented areas of the map on the components page."""
    return JsonResponse(sample_areas())
