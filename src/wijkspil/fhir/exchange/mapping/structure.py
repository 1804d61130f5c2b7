"""What comes in is FHIR R4, to the letter: no element that R4 does not have."""

from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_noop
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from wijkspil.fhir.errors import FhirError, Issue, refuse
from wijkspil.fhir.types import Resource

#: Longest list of faults in one answer.
MOST_ISSUES = 20


def check_structure(resource: Any, *types: str) -> Resource:
    """Return the resource if it is a valid one of one of the types.

    Raises
    ------
    FhirError
        422 with the place of each element that is wrong; values are not repeated.
    """
    found = resource.get("resourceType") if isinstance(resource, dict) else None
    if found not in types:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "structure",
            gettext_noop("The body must be a resource of the type %(types)s."),
            types=" / ".join(types),
        )
    assert isinstance(resource, dict)
    try:
        get_fhir_model_class(found).model_validate(resource)
    except ValidationError as error:
        issues = [
            Issue(
                code="structure",
                message=gettext_noop("“%(place)s”: %(reason)s."),
                expression=place,
                values=(("place", place), ("reason", reason)),
            )
            for place, reason in _faults(found, error)
        ]
        raise FhirError(HTTPStatus.UNPROCESSABLE_ENTITY, issues[:MOST_ISSUES]) from None
    return resource


def _faults(type_: str, error: ValidationError) -> list[tuple[str, str]]:
    found = []
    for fault in error.errors(include_input=False, include_url=False):
        place = type_
        for part in fault["loc"]:
            place += f"[{part}]" if isinstance(part, int) else f".{part}"
        found.append((place, str(fault["msg"]).rstrip(".")[:200]))
    return found
