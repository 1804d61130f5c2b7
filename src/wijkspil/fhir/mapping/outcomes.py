"""OperationOutcome: a refusal with code, place, and text in Dutch and English."""

from collections.abc import Iterable

from django.utils import translation
from django.utils.translation import gettext

from wijkspil.fhir.errors import FhirError, Issue
from wijkspil.fhir.types import Resource

_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


def to_outcome(error: FhirError) -> Resource:
    """Return the OperationOutcome of a refusal."""
    return list_issues(error.issues)


def list_issues(issues: Iterable[Issue]) -> Resource:
    """Return the OperationOutcome of issues."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [_to_issue(issue) for issue in issues],
    }


def _to_issue(issue: Issue) -> Resource:
    values = dict(issue.values)
    english = issue.message % values
    with translation.override("nl"):
        dutch = gettext(issue.message) % values
    found: Resource = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {
            "text": dutch,
            "_text": {
                "extension": [
                    {
                        "url": _TRANSLATION,
                        "extension": [
                            {"url": "lang", "valueCode": "en"},
                            {"url": "content", "valueString": english},
                        ],
                    }
                ]
            },
        },
        "diagnostics": english,
    }
    if issue.expression:
        found["expression"] = [issue.expression]
    return found
