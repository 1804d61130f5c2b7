"""Numbers by which who asked knows a request, and Patients that were sent ahead."""

from collections.abc import Sequence
from datetime import datetime

from wijkspil.fhir.models import PlacedIdentifier, StagedPatient


def find_placed(organization_id: int, system: str, value: str) -> str | None:
    """Return the number of the request an organization knows so, or None."""
    return (
        PlacedIdentifier.objects.filter(
            organization_id=organization_id, system=system, value=value
        )
        .values_list("number", flat=True)
        .first()
    )


def list_identifiers(
    number: str, organization_ids: Sequence[int]
) -> list[dict[str, str]]:
    """Return the identifiers these organizations gave a request (one query)."""
    rows = PlacedIdentifier.objects.filter(
        number=number, organization_id__in=organization_ids
    ).order_by("pk")
    return [
        {"value": row.value} | ({"system": row.system} if row.system else {})
        for row in rows
    ]


def find_staged(client: str, fhir_id: str, *, at: datetime) -> StagedPatient | None:
    """Return a Patient that this system sent ahead, while it is there (one query)."""
    return StagedPatient.objects.filter(
        fhir_id=fhir_id, client=client, number="", expires_at__gt=at
    ).first()


def list_staged(
    client: str, *, at: datetime, keys: Sequence[str] | None
) -> list[StagedPatient]:
    """Return what this system sent ahead, newest first; with one of these keys."""
    rows = StagedPatient.objects.filter(client=client, number="", expires_at__gt=at)
    if keys is not None:
        rows = rows.filter(keys__overlap=list(keys))
    return list(rows.order_by("-changed_at", "fhir_id"))


def find_used(fhir_id: str) -> tuple[str, int] | None:
    """Return (number of the request, version) of a Patient a request uses, or None."""
    return (
        StagedPatient.objects.filter(fhir_id=fhir_id)
        .exclude(number="")
        .values_list("number", "version")
        .first()
    )


def patient_id_of(number: str) -> tuple[str, int]:
    """Return id and version of the Patient of a request: as sent ahead, or its own."""
    return (
        StagedPatient.objects.filter(number=number)
        .values_list("fhir_id", "version")
        .first()
    ) or (number, 1)
