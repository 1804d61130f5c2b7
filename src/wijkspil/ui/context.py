"""What every page gets: the moment, the mode, the look, and the words for scripts.

This is where the clock enters the pages: ``now`` is read once per request. A view
that answers for another moment puts its own ``now`` in its context, which wins.
"""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

THEME_COOKIE = "theme"
THEMES = ("light", "dark")


def page(request: HttpRequest) -> dict[str, object]:
    """Return ``now`` (aware), ``fictional_mode`` and ``theme`` (light, dark or "")."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "now": timezone.now(),
        "fictional_mode": settings.WIJKSPIL_MODE == "fictional",
        "theme": theme if theme in THEMES else "",
    }
