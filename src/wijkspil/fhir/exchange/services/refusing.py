"""Say in FHIR why a service of another room refused: with the place of each field."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.utils.translation import gettext_noop

from wijkspil.directory.errors import UnknownPostcode
from wijkspil.fhir.errors import FhirError, Issue, refuse
from wijkspil.fhir.exchange.mapping.asking import EXPRESSIONS
from wijkspil.fhir.types import Call
from wijkspil.referrals.errors import InvalidRequest


def check_is_system(call: Call) -> None:
    """Check that a system asks that is known by its token or certificate.

    Raises
    ------
    FhirError
        401 for a visitor, who sends a request on the pages.
    """
    if not call.is_known:
        raise refuse(
            HTTPStatus.UNAUTHORIZED,
            "login",
            gettext_noop("Send the token of your organization's system."),
            headers=[("WWW-Authenticate", "Bearer")],
        )


@contextmanager
def fields_as_issues() -> Iterator[None]:
    """Turn refused fields into issues with their place; other errors pass."""
    try:
        yield
    except InvalidRequest as error:
        raise FhirError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            [
                Issue(
                    code="business-rule",
                    message="%(reason)s",
                    expression=EXPRESSIONS.get(name.rpartition(".")[2], ""),
                    values=(("reason", reason),),
                )
                for name, reasons in error.fields.items()
                for reason in reasons
            ],
        ) from error
    except UnknownPostcode as error:
        raise FhirError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            [
                Issue(
                    code="value",
                    message="%(reason)s",
                    expression=EXPRESSIONS["postcode"],
                    values=(("reason", str(error)),),
                )
            ],
        ) from error
