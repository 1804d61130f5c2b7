"""Say in FHIR why a service of another room refused: with the place of each field."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from wijkspil.directory.errors import UnknownPostcode
from wijkspil.fhir.errors import FhirError, Issue
from wijkspil.fhir.exchange.mapping.asking import EXPRESSIONS
from wijkspil.referrals.errors import InvalidRequest


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
