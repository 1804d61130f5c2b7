"""Answer FHIR before sessions, forms and languages are looked at: it has none.

A system is known by its token or certificate only, and gets JSON. What the other
middleware adds to a page would be half the time of a read.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

PREFIX = "/fhir/"


class FhirMiddleware:
    """Answer what lies under ``/fhir/`` at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path == "/fhir":
            path = PREFIX
        if not path.startswith(PREFIX):
            return self.get_response(request)
        match = resolve(path)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        if "Authorization" in request.headers:
            response.setdefault("Cache-Control", "private, no-store")
        response.setdefault("Content-Length", str(len(response.content)))
        return response
