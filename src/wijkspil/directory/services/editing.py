"""Change an entry of the directory safely: who, on what version, by which rules.

Every service that changes entries goes through here, so that each change knows its
author, two editors cannot overwrite each other unseen, and what the database refuses
is told in words. Nothing is deleted that ever held: entries end.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pghistory
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import (
    AlreadyChanged,
    InvalidEntry,
    OverlapsAnother,
    UnknownEntry,
)
from wijkspil.directory.models import Coverage, DutyPeriod, Organization
from wijkspil.directory.selectors.history import (
    MODELS,
    EntryKind,
    get_version,
    list_snapshots,
)
from wijkspil.directory.types import Care, CoverageRole
from wijkspil.directory.wording import say_full_moment, say_period

#: JSON fields for which an empty value is a value.
_MAY_BE_EMPTY = frozenset({"composition"})


@contextmanager
def recorded(actor: Actor, *, undo_of: int | None = None) -> Iterator[None]:
    """Run a change in one transaction, with its author in the history.

    ``undo_of`` is the number of the act that this change takes back.
    """
    with (
        pghistory.context(user=actor.user_id, actor=actor.label, undo_of=undo_of),
        transaction.atomic(),
    ):
        yield


def lock_entry(kind: EntryKind, entry_id: int, *, version: int | None) -> Any:
    """Return the entry, locked until the transaction ends.

    ``version`` is what the editor had on the screen; None skips that check.

    Raises
    ------
    UnknownEntry
        If there is no such entry.
    AlreadyChanged
        If it was changed after that version; names who and when.
    """
    entry = (
        MODELS[kind].objects.select_for_update(of=("self",)).filter(pk=entry_id).first()
    )
    if entry is None:
        raise UnknownEntry(
            _("There is no entry with number %(id)s, or it was withdrawn.")
            % {"id": entry_id}
        )
    if version is not None and get_version(kind, entry_id) != version:
        newest = list_snapshots(kind, entry_id)[-1]
        raise AlreadyChanged(
            _(
                "%(name)s changed this entry on %(moment)s, after you opened it. "
                "Compare the values, and save again to keep yours."
            )
            % {
                "name": newest.by or _("The system"),
                "moment": say_full_moment(newest.at),
            }
        )
    return entry


def apply_values(entry: models.Model, values: Mapping[str, Any]) -> bool:
    """Set the values, check the rules of the entry and save; False if nothing differs.

    Raises
    ------
    InvalidEntry
        If a value breaks a rule; holds the reasons per field.
    OverlapsAnother
        If an equal entry holds in (part of) the same period.
    """
    stored = {name: getattr(entry, name) for name in values}
    if entry.pk is not None and stored == dict(values):
        return False
    for name, value in values.items():
        setattr(entry, name, value)
    save_entry(entry)
    return True


def save_entry(entry: models.Model, *, force_insert: bool = False) -> None:
    """Check the rules of the entry and save it; for errors see ``apply_values``."""
    _refuse_unstorable(entry)
    valid_from = getattr(entry, "valid_from", None)
    valid_until = getattr(entry, "valid_until", None)
    if valid_from and valid_until and valid_until <= valid_from:
        raise InvalidEntry(
            {"valid_until": [_("The end must come after the start: give a later end.")]}
        )
    try:
        # Constraints are left to the database: only it sees what others do now.
        entry.full_clean(
            exclude=_MAY_BE_EMPTY, validate_constraints=False, validate_unique=False
        )
    except ValidationError as error:
        raise InvalidEntry(error.message_dict) from error
    try:
        with transaction.atomic():
            entry.save(force_insert=force_insert)
    except IntegrityError as error:
        raise _in_words(entry, error) from error


def _refuse_unstorable(entry: models.Model) -> None:
    for field in entry._meta.concrete_fields:  # noqa: SLF001
        if "\0" in str(getattr(entry, field.attname)):
            raise InvalidEntry(
                {field.name: [_("This text holds a character that cannot be stored.")]}
            )


def _in_words(entry: models.Model, error: IntegrityError) -> Exception:
    """Return what the database refused as an error of ours."""
    constraint = getattr(
        getattr(error.__cause__, "diag", None), "constraint_name", None
    )
    if isinstance(entry, Organization) and constraint in _CODE_OF:
        return InvalidEntry({_CODE_OF[constraint]: [_code_taken(entry, constraint)]})
    if isinstance(entry, Coverage) and constraint == "coverage_no_overlap":
        return OverlapsAnother(_overlapping_coverage(entry), field="valid_from")
    if isinstance(entry, DutyPeriod) and constraint == "duty_no_overlap":
        return OverlapsAnother(_overlapping_duty(entry), field="valid_from")
    if constraint == "alliance_member_key":
        return OverlapsAnother(
            _("This service already has this role in the alliance."), field="role"
        )
    return error


_CODE_OF = {"organization_agb": "agb_code", "organization_ura": "ura"}


def _code_taken(entry: Organization, constraint: str) -> str:
    field = _CODE_OF[constraint]
    code = getattr(entry, field)
    other = Organization.objects.filter(**{field: code}).exclude(pk=entry.pk).first()
    return _(
        "%(code)s already belongs to %(name)s. Look there, or check the digits."
    ) % {"code": code, "name": other.name if other else "–"}


def _overlapping_coverage(entry: Coverage) -> str:
    other = _overlapping(
        Coverage.objects.filter(
            service_id=entry.service_id,
            area_id=entry.area_id,
            care=entry.care,
            role=entry.role,
        ),
        entry,
    )
    return _(
        "%(service)s is already “%(role)s” in %(area)s for %(care)s, %(period)s. End "
        "that one first, or choose a period that does not overlap."
    ) % {
        "service": entry.service.name,
        "role": CoverageRole(entry.role).label,
        "area": entry.area.name,
        "care": Care(entry.care).label,
        "period": say_period(other.valid_from, other.valid_until) if other else "–",
    }


def _overlapping_duty(entry: DutyPeriod) -> str:
    other = _overlapping(
        DutyPeriod.objects.filter(
            service_id=entry.service_id,
            area_id=entry.area_id,
            care=entry.care,
            rank=entry.rank,
        ),
        entry,
    )
    if other is not None and (
        other.valid_from,
        other.valid_until,
        other.person_name,
        other.phone,
    ) == (entry.valid_from, entry.valid_until, entry.person_name, entry.phone):
        return _("This duty was entered already: its number is %(id)s.") % {
            "id": other.pk
        }
    return _(
        "%(service)s already has somebody on duty in %(area)s as number %(rank)s, "
        "%(period)s. Withdraw that duty first, or choose another period or order."
    ) % {
        "service": entry.service.name,
        "area": entry.area.name,
        "rank": entry.rank,
        "period": say_period(other.valid_from, other.valid_until) if other else "–",
    }


def _overlapping(rows: Any, entry: Any) -> Any:
    rows = rows.exclude(pk=entry.pk).filter(
        models.Q(valid_until=None) | models.Q(valid_until__gt=entry.valid_from)
    )
    if entry.valid_until is not None:
        rows = rows.filter(valid_from__lt=entry.valid_until)
    return rows.order_by("valid_from").first()


def end_period(entry: Any, *, at: datetime) -> bool:
    """End an entry with a period at ``at``; True if it never began and was removed.

    What has not begun yet has no moment at which it could end: its row goes, its
    history stays, and undo brings it back.
    """
    if entry.valid_from >= at:
        entry.delete()
        return True
    if entry.valid_until is None or entry.valid_until > at:
        apply_values(entry, {"valid_until": at})
    return False
