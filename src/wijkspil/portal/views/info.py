"""The pages that explain the site: about, privacy, accessibility, sources."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def show_info(request: HttpRequest, *, page: str) -> HttpResponse:
    """Show one of the fixed texts; ``page`` comes from the addresses, not a visitor."""
    return render(request, f"portal/info/{page}.html")
