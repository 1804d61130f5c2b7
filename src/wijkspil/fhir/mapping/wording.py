"""Words in two languages in a resource: English, with the Dutch as FHIR translates."""

from functools import cache

from django.utils import translation
from django.utils.translation import gettext

from wijkspil.fhir.types import Resource

_TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"


@cache
def to_dutch(msgid: str) -> str:
    """Return the Dutch of an English msgid."""
    with translation.override("nl"):
        return gettext(msgid)


def to_translated(name: str, msgid: str) -> Resource:
    """Return an element in English with its Dutch translation beside it."""
    return {
        name: msgid,
        f"_{name}": {
            "extension": [
                {
                    "url": _TRANSLATION,
                    "extension": [
                        {"url": "lang", "valueCode": "nl"},
                        {"url": "content", "valueString": to_dutch(msgid)},
                    ],
                }
            ]
        },
    }
