"""The manners of the REST interface: NL API Design Rules in one place.

camelCase names, ``application/problem+json`` for every refusal, an ``API-Version``
header on every answer, an ``Idempotency-Key`` with every write. Contexts add routers;
``wijkspil.config.api`` joins them.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Annotated, Any

from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.responses import NinjaJSONEncoder
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from wijkspil.core.errors import (
    Conflict,
    InvalidValue,
    NotFound,
    NotPermitted,
    WijkspilError,
)
from wijkspil.core.idempotency import (
    KEPT_HOURS,
    KEY_HEADER,
    MAX_KEY_CHARACTERS,
    REPLAYED_HEADER,
    Attempt,
    RequestInProgress,
    ReusedIdempotencyKey,
    answer_once,
    digest_body,
    read_key,
)

API_VERSION = "1.0.0"
WRITING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Run = Callable[..., HttpResponseBase]


def refuse_nul(text: str) -> str:
    """Return text without the character that no database keeps.

    Raises
    ------
    ValueError
        If it holds a NUL.
    """
    if "\0" in text:
        raise ValueError(_("The character NUL cannot be stored. Leave it out."))
    return text


#: What a body holds as text, and as the key of a row.
Text = Annotated[str, AfterValidator(refuse_nul)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


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


def refuse_fields(
    _request: HttpRequest, error: Any, *, name_of: Callable[[str], str] = to_camel
) -> HttpResponse:
    """Answer an error with ``fields`` (field -> reasons) with all of them, not one.

    ``name_of`` says how a field is called in the body.
    """
    return problem(
        status_of(error),
        str(error),
        code=error.code,
        invalid_params=[
            {"name": name_of(name), "reason": reason}
            for name, reasons in error.fields.items()
            for reason in reasons
        ],
    )


def refuse_unknown_parameters(request: HttpRequest, query: CamelSchema) -> None:
    """Refuse a parameter that is not one of the question's.

    A filter with a typing error would otherwise answer with everything.

    Raises
    ------
    InvalidValue
        With the parameter, and those that are known.
    """
    known = [field.alias or name for name, field in type(query).model_fields.items()]
    for name in request.GET:
        if name not in known:
            raise InvalidValue(
                _("“%(name)s” is not a parameter here. Choose from: %(known)s.")
                % {"name": name[:40], "known": ", ".join(known)},
                field=name[:40],
            )


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
    if isinstance(error, ReusedIdempotencyKey):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.BAD_REQUEST


def _on_wijkspil_error(request: HttpRequest, error: Any) -> HttpResponse:
    params = (
        [{"name": to_camel(error.field), "reason": str(error)}] if error.field else None
    )
    response = problem(
        status_of(error), str(error), code=error.code, invalid_params=params
    )
    if isinstance(error, RequestInProgress):
        response["Retry-After"] = "1"
    return response


def _on_large_body(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        _("The body is larger than is read here. Send it in parts."),
        code="body-too-large",
    )


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
    """The API with our error form and version header; every write is done once."""

    def __init__(
        self, *, get_caller: Callable[[HttpRequest], str], **options: Any
    ) -> None:
        """Make an API; ``options`` are those of ``NinjaAPI``.

        Parameters
        ----------
        get_caller
            Names who sends a write: the same text for the same token or account, at
            most 100 characters. Raises ``WijkspilError`` for who may not write.
        """
        super().__init__(**options)
        self._get_caller = get_caller
        self.add_decorator(self._writing_once, mode="view")

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
        self.add_exception_handler(RequestDataTooBig, _on_large_body)

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """Return the description, with what holds for every write."""
        schema = super().get_openapi_schema(**kwargs)
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                if method.upper() in WRITING_METHODS:
                    _describe_write(operation)
        schema["components"]["parameters"] = {"IdempotencyKey": _KEY_PARAMETER}
        return schema

    def _writing_once(self, run: Run) -> Run:
        """Wrap an operation, of whichever router: a write is done once."""
        if iscoroutinefunction(run):
            raise ImproperlyConfigured(
                "An async operation cannot share a transaction with its record: "
                "write it as a plain function."
            )

        @wraps(run)
        def run_once(request: HttpRequest, **path_values: Any) -> HttpResponseBase:
            if request.method not in WRITING_METHODS:
                return run(request, **path_values)
            try:
                response = answer_once(
                    attempt=Attempt(
                        caller=self._get_caller(request),
                        key=read_key(request.headers.get(KEY_HEADER)),
                        method=request.method,
                        path=request.get_full_path(),
                        body_sha256=digest_body(request.body),
                    ),
                    act=lambda: run(request, **path_values),
                    at=timezone.now(),
                )
            except (WijkspilError, RequestDataTooBig) as error:
                return self.on_exception(request, error)
            response.setdefault("API-Version", API_VERSION)
            return response

        return run_once


_KEY_PARAMETER = {
    "in": "header",
    "name": KEY_HEADER,
    "required": True,
    "description": (
        "A new UUID with each write, and the same one when that write is sent again: "
        f"then the first answer comes back with the header {REPLAYED_HEADER}, and "
        f"nothing is done twice. Kept for {KEPT_HOURS} hours, per token."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS},
    "example": "4b3f0c1e-6a51-4f0e-9a53-0d6f7f3f2c11",
}


def _describe_write(operation: dict[str, Any]) -> None:
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    if key in operation["parameters"]:  # one operation for two methods
        return
    operation["parameters"].append(key)
    for status, response in operation["responses"].items():
        if 200 <= int(status) < 300:
            response["headers"] = {
                REPLAYED_HEADER: {
                    "description": "There when this answer was given before.",
                    "schema": {"type": "string", "const": "true"},
                }
            }
    for status in (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ):
        operation["responses"].setdefault(
            int(status),
            {
                "description": status.phrase,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/Problem"}
                    }
                },
            },
        )
