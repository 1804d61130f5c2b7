"""The manners of the REST interface: NL API Design Rules in one place.

camelCase names, ``application/problem+json`` for every refusal, an ``API-Version``
header on every answer, an ``Idempotency-Key`` with every write. Contexts add routers;
``wijkspil.config.api`` joins them.
"""

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import wraps
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Annotated, Any

from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.responses import NinjaJSONEncoder
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
)
from pydantic.alias_generators import to_camel

from wijkspil.core.errors import (
    Conflict,
    InvalidValue,
    NotFound,
    NotPermitted,
    WijkspilError,
)
from wijkspil.core.idempotency import (
    KEY_HEADER,
    Attempt,
    RequestInProgress,
    ReusedIdempotencyKey,
    answer_once,
    digest_body,
    read_key,
)
from wijkspil.core.openapi import PROBLEM_TYPE, WRITING_METHODS, complete

API_VERSION = "1.0.0"

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


def refuse_number_in_text(value: Any) -> Any:
    """Return a value that is a number in JSON.

    Raises
    ------
    ValueError
        If it is a text: what "1e3" or "1,5" would mean, is for nobody to guess.
    """
    if isinstance(value, str):
        raise ValueError(_("Send a number, without quotes."))
    return value


def read_whole_number(value: Any) -> Any:
    """Return digits, as a query has them, as a number; anything else as it is."""
    is_number = isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value)
    return int(value) if is_number else value


_NO_NUL = r"^[^\u0000]*$"
#: Spaces, points and hyphens in between are forgiven; see ``clean_postcode``.
_POSTCODE = r"^[1-9][0-9]{3} ?([A-Za-z]{2})?$"


def one_of(values: Iterable[str], *, or_empty: bool = False) -> Any:
    """Return what a description says of a code that a service looks up."""
    return _said(enum=[*([""] if or_empty else []), *values])


def _said(**schema: Any) -> Any:
    """Return what a description says of a value and a service checks.

    So the refusal stays that of the service: in the language of who asks.
    """
    return Field(json_schema_extra=schema)


def _as_number(schema: dict[str, Any]) -> None:
    """Leave out that pydantic would also take a decimal as a text."""
    for choice in schema.pop("anyOf", []):
        if choice.get("type") == "number":
            schema.update(choice)


#: What a body holds as text, and as the key of a row.
Text = Annotated[str, AfterValidator(refuse_nul), _said(pattern=_NO_NUL)]
FilledText = Annotated[
    str, AfterValidator(refuse_nul), _said(pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*$")
]
Postcode = Annotated[str, AfterValidator(refuse_nul), _said(pattern=_POSTCODE)]
PostcodeOrEmpty = Annotated[
    str, AfterValidator(refuse_nul), _said(pattern=f"^$|{_POSTCODE}")
]
#: A moment with zone; ``directory.api.read_moment`` reads it.
MomentText = Annotated[str, _said(format="date-time")]
MomentOrEmpty = Annotated[
    str, _said(anyOf=[{"const": ""}, {"type": "string", "format": "date-time"}])
]
Number = Annotated[
    Decimal,
    BeforeValidator(refuse_number_in_text),
    Field(json_schema_extra=_as_number),
]
#: Limits come first: behind a validator they would not reach the description of a
#: number that may be null.
HoursOfWeek = Annotated[
    Decimal,
    Field(ge=0, le=168),
    BeforeValidator(refuse_number_in_text),
    Field(json_schema_extra=_as_number),
]
WholeNumber = BeforeValidator(read_whole_number)
#: Of a body: true or false, and nothing that might mean it.
Flag = Annotated[bool, Strict()]
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
        content_type=PROBLEM_TYPE,
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
    if isinstance(error, UnsupportedContent):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
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
        code="unreadable-request",
        invalid_params=params,
    )


def _on_http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(error.status_code, str(error), code="unreadable-request")


def _with_manners(view: Callable[..., HttpResponseBase]) -> Run:
    """Wrap an address: HEAD is GET without a body, and every refusal is a problem."""

    def answer(request: HttpRequest, **path_values: Any) -> HttpResponseBase:
        if request.method == "HEAD":  # the server leaves the body out
            request.method = "GET"
        try:
            response = view(request, **path_values)
        except Http404:
            response = _refuse_path(request)
        if isinstance(response, HttpResponseNotAllowed):
            methods = set(response["Allow"].split(", "))
            if "GET" in methods:
                methods.add("HEAD")
            allowed = ", ".join(sorted(methods))
            response = problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                _("This address takes %(methods)s.") % {"methods": allowed},
                code="method-not-allowed",
            )
            response["Allow"] = allowed
        response.setdefault("API-Version", API_VERSION)
        return response

    answer.csrf_exempt = True  # type: ignore[attr-defined]  # writing takes a token
    return answer


def _refuse_path(_request: HttpRequest, **_path_values: Any) -> HttpResponse:
    return problem(
        HTTPStatus.NOT_FOUND,
        _(
            "There is nothing at this address. The description of the interface is "
            "openapi.json."
        ),
        code="unknown-address",
    )


class UnsupportedContent(InvalidValue):
    """A body came as something that is not read at this address."""

    code = "unsupported-content"


def _content_types(operation: Operation | None) -> frozenset[str]:
    """Return as what an operation takes its body; empty for one without a body."""
    if operation is None:
        return frozenset()
    body = (operation.openapi_extra or {}).get("requestBody")
    if body is not None:
        return frozenset(body["content"])
    has_body = any(model.__ninja_param_source__ == "body" for model in operation.models)
    return frozenset({"application/json"} if has_body else ())


def _check_content_type(request: HttpRequest, taken: frozenset[str]) -> None:
    """Check that a body is of a kind that is read here.

    Raises
    ------
    UnsupportedContent
        If it says to be of another kind, or of none.
    """
    if taken and request.content_type not in taken and request.body:
        raise UnsupportedContent(
            _("Send the body with “Content-Type: %(known)s”, not “%(value)s”.")
            % {
                "known": ", ".join(sorted(taken)),
                "value": (request.content_type or "")[:40],
            }
        )


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
        self._description: bytes | None = None
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

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        """Return the addresses; what is none of them answers as all others do."""
        urls = super()._get_urls()
        for pattern in urls:
            if isinstance(pattern, URLPattern):
                if pattern.name == "openapi-json":
                    pattern.callback = self._show_description
                pattern.callback = _with_manners(pattern.callback)
        return [
            *urls,
            path("<path:unknown>", _with_manners(_refuse_path), name="unknown"),
        ]

    def _show_description(self, _request: HttpRequest) -> HttpResponse:
        """Answer the description; made once, for that takes a second."""
        if self._description is None:
            self._description = json.dumps(
                self.get_openapi_schema(), cls=NinjaJSONEncoder
            ).encode()
        response = HttpResponse(self._description, content_type="application/json")
        # Tools in a browser, on any site, may read what is public here.
        response["Access-Control-Allow-Origin"] = "*"
        return response

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the room and the name of the function: no path of a module."""
        view = operation.view_func
        return f"{view.__module__.split('.')[1]}_{view.__name__}"

    def get_openapi_schema(
        self,
        *,
        path_prefix: str | None = None,
        path_params: dict[str, Any] | None = None,
    ) -> OpenAPISchema:
        """Return the description, with what holds for every operation."""
        schema = super().get_openapi_schema(path_prefix=path_prefix or "")
        complete(schema, root=self.get_root_path(path_params or {}))
        return schema

    def _writing_once(self, run: Run) -> Run:
        """Wrap an operation, of whichever router: a write is done once."""
        if iscoroutinefunction(run):
            raise ImproperlyConfigured(
                "An async operation cannot share a transaction with its record: "
                "write it as a plain function."
            )

        # What an operation takes it says once: in the description.
        taken = _content_types(getattr(run, "__self__", None))

        @wraps(run)
        def run_once(request: HttpRequest, **path_values: Any) -> HttpResponseBase:
            if request.method not in WRITING_METHODS:
                return run(request, **path_values)
            try:
                caller = self._get_caller(request)
                key = read_key(request.headers.get(KEY_HEADER))
                _check_content_type(request, taken)
                response = answer_once(
                    attempt=Attempt(
                        caller=caller,
                        key=key,
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
