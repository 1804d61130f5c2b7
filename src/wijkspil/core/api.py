"""The manners of the REST interface: NL API Design Rules in one place.

camelCase names, ``application/problem+json`` for every refusal, an ``API-Version``
header on every answer. Contexts add routers; ``wijkspil.config.api`` joins them.
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.responses import NinjaJSONEncoder
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from wijkspil.core.errors import Conflict, NotFound, NotPermitted, WijkspilError

API_VERSION = "1.0.0"


class CamelSchema(BaseModel):
    """A body with camelCase names outside and snake_case inside.

    Plain pydantic: ninja's own Schema looks each attribute up as a Django template
    would, which took 15 ms for one answer of ``responsible``.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        from_attributes=True,
        extra="forbid",
    )


class FieldProblem(CamelSchema):
    """One field that was refused."""

    name: str
    reason: str


class Problem(CamelSchema):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    invalid_params: list[FieldProblem] = []


def json_answer(body: CamelSchema) -> HttpResponse:
    """Return a body that is known to be right, without checking it once more."""
    response = HttpResponse(
        body.model_dump_json(by_alias=True), content_type="application/json"
    )
    response["API-Version"] = API_VERSION
    return response


def problem(
    status: int,
    detail: str,
    *,
    code: str,
    invalid_params: list[dict[str, str]] | None = None,
) -> HttpResponse:
    """Return a refusal as ``application/problem+json``."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if invalid_params:
        body["invalidParams"] = invalid_params
    response = JsonResponse(
        body,
        status=status,
        content_type="application/problem+json",
        encoder=NinjaJSONEncoder,
    )
    response["API-Version"] = API_VERSION
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def status_of(error: WijkspilError) -> int:
    """Return the HTTP status of an anticipated error."""
    if error.code == "unknown-token":
        return HTTPStatus.UNAUTHORIZED
    if isinstance(error, NotPermitted):
        return HTTPStatus.FORBIDDEN
    if isinstance(error, NotFound):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, Conflict):
        return HTTPStatus.CONFLICT
    return HTTPStatus.BAD_REQUEST


def _on_wijkspil_error(request: HttpRequest, error: Any) -> HttpResponse:
    params = (
        [{"name": to_camel(error.field), "reason": str(error)}] if error.field else None
    )
    return problem(status_of(error), str(error), code=error.code, invalid_params=params)


def _on_invalid_request(request: HttpRequest, error: Any) -> HttpResponse:
    params = [
        {
            "name": ".".join(str(part) for part in item["loc"][1:]) or "body",
            "reason": str(item["msg"]),
        }
        for item in error.errors
    ]
    names = ", ".join(param["name"] for param in params)
    return problem(
        HTTPStatus.BAD_REQUEST,
        _("The request cannot be read: look at %(names)s.") % {"names": names},
        code="invalid-request",
        invalid_params=params,
    )


def _on_http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status_code, str(error), code="invalid-request")


class WijkspilApi(NinjaAPI):
    """The API with our error form and version header."""

    def create_response(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the answer with the version header the design rules ask for."""
        response = super().create_response(*args, **kwargs)
        response["API-Version"] = API_VERSION
        return response

    def add_our_errors(self) -> None:
        """Answer every anticipated error as problem+json."""
        self.add_exception_handler(WijkspilError, _on_wijkspil_error)
        self.add_exception_handler(ValidationError, _on_invalid_request)
        self.add_exception_handler(HttpError, _on_http_error)
