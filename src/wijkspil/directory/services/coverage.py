"""Say which service covers which area, in what role, from when until when.

A service plays one role once per area, kind of care and moment: the database refuses
an overlap and the error names the period that is in the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.directory.errors import InvalidEntry, UnknownService
from wijkspil.directory.models import Coverage, HealthcareService
from wijkspil.directory.permissions import check_can_edit_coverage
from wijkspil.directory.selectors.history import EntryKind
from wijkspil.directory.selectors.targets_of_entries import list_area_targets
from wijkspil.directory.services.editing import (
    apply_values,
    end_period,
    lock_entry,
    recorded,
    save_entry,
)

#: Areas in one go; a whole region is one area, so more is a slip.
MAX_AREAS = 500


@dataclass(frozen=True)
class CoverageDetails:
    """The part a service plays, its order among equals, and its half-open period."""

    role: str
    valid_from: datetime
    valid_until: datetime | None = None
    rank: int = 1


def add_coverage(
    *,
    actor: Actor,
    service_id: int,
    area_ids: Sequence[int],
    care: str,
    details: CoverageDetails,
) -> list[Coverage]:
    """Let a service cover areas; all of them, or on an error none. Locks the service.

    Raises
    ------
    UnknownService
        If the service does not exist or has ended.
    NotPermitted
        If one of the areas lies outside the actor's regions.
    InvalidEntry
        If no area is given, one is not known, or a field breaks a rule.
    OverlapsAnother
        If it already has this role in one of the areas in (part of) this period.
    """
    wanted = list(dict.fromkeys(area_ids))
    if not 0 < len(wanted) <= MAX_AREAS:
        raise InvalidEntry(
            {
                "areas": [
                    _("Choose at least one area, and at most %(most)s at once.")
                    % {"most": MAX_AREAS}
                ]
            }
        )
    targets = list_area_targets(wanted)
    for area_id in wanted:
        if area_id not in targets:
            raise InvalidEntry(
                {"areas": [_("There is no area with number %(id)s.") % {"id": area_id}]}
            )
        check_can_edit_coverage(actor, targets[area_id])
    with recorded(actor):
        lock_service(service_id)
        added = []
        for area_id in wanted:
            coverage = Coverage(
                service_id=service_id,
                area_id=area_id,
                care=care,
                role=details.role,
                rank=details.rank,
                valid_from=details.valid_from,
                valid_until=details.valid_until,
            )
            save_entry(coverage)
            added.append(coverage)
    return added


def change_coverage(
    *, actor: Actor, coverage_id: int, version: int | None, details: CoverageDetails
) -> None:
    """Change role, order or period as it was at ``version``.

    Another area or kind of care is another coverage: end this one and add that.

    Raises
    ------
    UnknownEntry, NotPermitted, InvalidEntry, OverlapsAnother
        As for ``add_coverage``.
    AlreadyChanged
        If somebody changed it after that version.
    """
    with recorded(actor):
        entry = lock_entry(EntryKind.COVERAGE, coverage_id, version=version)
        check_can_edit_coverage(actor, target_of_area(entry.area_id))
        apply_values(
            entry,
            {
                "role": details.role,
                "rank": details.rank,
                "valid_from": details.valid_from,
                "valid_until": details.valid_until,
            },
        )


def end_coverage(
    *, actor: Actor, coverage_id: int, version: int | None, at: datetime
) -> bool:
    """End a coverage at ``at``; True if it had not begun and was withdrawn."""
    with recorded(actor):
        entry = lock_entry(EntryKind.COVERAGE, coverage_id, version=version)
        check_can_edit_coverage(actor, target_of_area(entry.area_id))
        return end_period(entry, at=at)


def target_of_area(area_id: int) -> Target:
    """Return the regions around an area (one query)."""
    return list_area_targets([area_id]).get(area_id, Target())


def lock_service(service_id: int) -> HealthcareService:
    """Return the active service, locked: what it plays a part in changes one by one.

    Raises
    ------
    UnknownService
        If it does not exist or has ended.
    """
    service = (
        HealthcareService.objects.select_for_update(of=("self",))
        .filter(pk=service_id, is_active=True)
        .first()
    )
    if service is None:
        raise UnknownService(
            _("There is no service with number %(id)s, or it has ended.")
            % {"id": service_id}
        )
    return service
