"""What machines ask for: is it alive, may it be indexed, which sign has it."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wijkspil.ui.assets import find_asset


@never_cache
@require_safe
def say_health(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers, 503 when it does not (one query)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse(
            "database does not answer\n", status=503, content_type="text/plain"
        )
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def send_robots(request: HttpRequest) -> HttpResponse:
    """Keep search engines out: nobody may find an invented phone number."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@require_safe
def send_favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask here to the sign in the build."""
    return HttpResponseRedirect(find_asset("mark.svg"))
