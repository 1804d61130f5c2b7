"""Find organizations by the numbers that registers gave them, many at a time."""

from collections.abc import Collection
from dataclasses import dataclass

from wijkspil.core.prepared import fetch_rows


@dataclass(frozen=True)
class RegisteredNumbers:
    """An organization: its logical id, name and numbers (empty if unknown)."""

    fhir_id: str
    name: str
    ura: str
    agb_code: str
    kvk_number: str


_BY_NUMBER = """
SELECT fhir_id, name, ura, agb_code, kvk_number FROM directory_organization
 WHERE ura = ANY(%(uras)s)
UNION
SELECT fhir_id, name, ura, agb_code, kvk_number FROM directory_organization
 WHERE agb_code = ANY(%(agb_codes)s)
UNION
SELECT fhir_id, name, ura, agb_code, kvk_number FROM directory_organization
 WHERE kvk_number = ANY(%(kvk_numbers)s)
"""


def list_by_numbers(
    *,
    uras: Collection[str],
    agb_codes: Collection[str],
    kvk_numbers: Collection[str],
) -> list[RegisteredNumbers]:
    """Return the organizations that have any of these numbers (one query)."""
    asked = {
        "uras": [number for number in uras if number],
        "agb_codes": [number for number in agb_codes if number],
        "kvk_numbers": [number for number in kvk_numbers if number],
    }
    if not any(asked.values()):
        return []
    return [RegisteredNumbers(*row) for row in fetch_rows(_BY_NUMBER, asked)]
