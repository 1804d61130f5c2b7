"""What holds for every page: errors become pages, and nothing private is kept.

Which page an error becomes decides ``wijkspil.config.urls`` (``handler400``,
``handler403``, ``handler404``); here only the status is chosen. The REST interface
answers its own errors before this is reached.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver
from django.utils.cache import patch_cache_control

from wijkspil.core.errors import Conflict, NotFound, NotPermitted, WijkspilError


class PrivateAnswerMiddleware:
    """Let no browser or cache keep what a signed-in person or a system was shown.

    Only who is signed in has a session; language and look have cookies of their own.
    After signing out the back button then shows nothing of what was there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # A view that names a time itself sends nothing of anybody, such as shapes.
        may_be_kept = "max-age" in response.get("Cache-Control", "")
        is_known = (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            or "Authorization" in request.headers
        )
        if is_known and not may_be_kept:
            patch_cache_control(response, private=True, no_store=True)
        return response


class AnticipatedErrorMiddleware:
    """Answer ``WijkspilError`` with the page for its kind."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        """Return the page for an anticipated error; others pass."""
        if not isinstance(error, WijkspilError):
            return None
        if (
            isinstance(error, NotPermitted)
            and not request.user.is_authenticated
            and request.method in {"GET", "HEAD"}
        ):
            return redirect_to_login(request.get_full_path())
        status = _status_of(error)
        # Django names a page for 400, 403 and 404; a conflict is shown as a 400.
        handler_of = 400 if status == HTTPStatus.CONFLICT else status
        page: Callable[..., HttpResponse] = get_resolver().resolve_error_handler(
            handler_of
        )
        response = page(request, exception=error)
        response.status_code = status
        return response


def _status_of(error: WijkspilError) -> int:
    if isinstance(error, NotPermitted):
        return HTTPStatus.FORBIDDEN
    if isinstance(error, NotFound):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, Conflict):
        return HTTPStatus.CONFLICT
    return HTTPStatus.BAD_REQUEST
