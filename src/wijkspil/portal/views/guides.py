"""Help: four short guides, the reader's own first. Public, without personal data."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.portal.guides import find_guide, list_guides
from wijkspil.portal.tiles import find_url
from wijkspil.ui.navigation import Crumb


@require_safe
def show_help(request: HttpRequest) -> HttpResponse:
    """Show which guides there are."""
    return render(
        request,
        "portal/help.html",
        {"guides": list_guides(get_request_actor(request))},
    )


@require_safe
def show_guide(request: HttpRequest, *, slug: str) -> HttpResponse:
    """Show one guide; with a way to its page for who may use that page."""
    guide = find_guide(slug)
    if guide is None:
        raise Http404
    may_start = guide.start.is_for(get_request_actor(request))
    return render(
        request,
        "portal/guide.html",
        {
            "guide": guide,
            "start_url": find_url(guide.start.url_name) if may_start else "",
            "crumbs": [Crumb(_("Help"), reverse("portal:help")), Crumb(guide.title)],
        },
    )
