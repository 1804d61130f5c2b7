"""Why an interaction was refused, as OperationOutcome can say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.utils.translation import gettext_noop

from wijkspil.core.errors import Conflict, NotFound, NotPermitted, WijkspilError

#: Message of a refusal of another room: the whole sentence, in English, is its value.
OF_ANOTHER_ROOM = "%(reason)s"


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong: FHIR issue type, place (FHIRPath) and message.

    ``message`` is an English msgid with ``values``: the answer gives it in Dutch and
    in English.
    """

    code: str
    message: str
    expression: str = ""
    values: tuple[tuple[str, str], ...] = ()
    severity: str = "error"


class FhirError(WijkspilError):
    """An interaction that is refused, with HTTP status and issues."""

    code = "fhir"

    def __init__(
        self,
        status: int,
        issues: Sequence[Issue],
        *,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(
            "; ".join(issue.message % dict(issue.values) for issue in issues)
        )
        self.status = status
        self.issues = tuple(issues)
        self.headers = tuple(headers)


def refuse(
    status: int,
    code: str,
    message: str,
    /,
    *,
    expression: str = "",
    headers: Sequence[tuple[str, str]] = (),
    **values: object,
) -> FhirError:
    """Return the error with one issue; ``message`` is an English msgid."""
    issue = Issue(
        code=code,
        message=message,
        expression=expression,
        values=tuple((name, str(value)) for name, value in values.items()),
    )
    return FhirError(status, [issue], headers=headers)


def unknown_resource(type_: str, id_: str) -> FhirError:
    """Return the refusal for what is not here, or not for who asks."""
    return refuse(
        HTTPStatus.NOT_FOUND,
        "not-found",
        gettext_noop("There is no %(type)s with the id “%(id)s” here."),
        type=type_,
        id=id_[:64],
    )


def to_fhir_error(error: WijkspilError) -> FhirError:
    """Return an anticipated error of any room as a refusal in FHIR.

    Where English is active, as in every call of FHIR: its text is taken as English.
    """
    if isinstance(error, FhirError):
        return error
    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "business-rule"
    headers: list[tuple[str, str]] = []
    if error.code == "unknown-token":
        status, code = HTTPStatus.UNAUTHORIZED, "login"
        headers = [("WWW-Authenticate", "Bearer")]
    elif isinstance(error, NotPermitted):
        status, code = HTTPStatus.FORBIDDEN, "forbidden"
    elif isinstance(error, NotFound):
        status, code = HTTPStatus.NOT_FOUND, "not-found"
    elif isinstance(error, Conflict):
        status, code = HTTPStatus.CONFLICT, "conflict"
    return refuse(status, code, OF_ANOTHER_ROOM, headers=headers, reason=error)
