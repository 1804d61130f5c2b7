"""Who signed for being assigned requests in a region, and since when."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from wijkspil.directory.selectors.care_teams import get_organization_names
from wijkspil.referrals.models import AssignmentAgreement

#: How the trail calls a version of the agreements of a region.
POLICY_ENTITY = "routing-policy"
AGREEMENT_ENTITY = "assignment-agreement"


@dataclass(frozen=True)
class SignedAgreement:
    """A provider that may be assigned requests; half-open days."""

    id: int
    organization_name: str
    signed_by: str
    signed_on: date
    valid_from: date
    valid_until: date | None
    document: str

    def holds_on(self, day: date) -> bool:
        """Whether requests may be assigned by it on a day."""
        started = max(self.signed_on, self.valid_from) <= day
        return started and (self.valid_until is None or day < self.valid_until)

    def is_over(self, day: date) -> bool:
        """Whether it has ended on a day."""
        return self.valid_until is not None and self.valid_until <= day


def list_agreements(region_id: int) -> list[SignedAgreement]:
    """Return every signed agreement of a region, the newest first (two queries)."""
    rows = list(
        AssignmentAgreement.objects.filter(region_id=region_id).order_by(
            "-valid_from", "-pk"
        )
    )
    names = get_organization_names(row.organization_id for row in rows)
    return [
        SignedAgreement(
            id=row.pk,
            organization_name=names.get(row.organization_id, ""),
            signed_by=row.signed_by,
            signed_on=row.signed_on,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            document=row.document,
        )
        for row in rows
    ]


def list_signed_organizations(region_id: int, *, on: date) -> set[int]:
    """Return who may be assigned requests on a day, by id (one query)."""
    return set(
        AssignmentAgreement.objects.filter(
            Q(valid_until=None) | Q(valid_until__gt=on),
            region_id=region_id,
            signed_on__lte=on,
            valid_from__lte=on,
        ).values_list("organization_id", flat=True)
    )
