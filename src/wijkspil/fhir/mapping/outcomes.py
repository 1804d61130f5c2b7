"""OperationOutcome: a refusal with code, place, and text in Dutch and English."""

from collections.abc import Iterable

from wijkspil.fhir.errors import OF_ANOTHER_ROOM, FhirError, Issue
from wijkspil.fhir.mapping.wording import find_dutch, to_dutch
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
    dutch = (
        find_dutch(english)
        if issue.message == OF_ANOTHER_ROOM
        else to_dutch(issue.message) % values
    )
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
