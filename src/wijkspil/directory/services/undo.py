"""Take a change back: what was before it becomes a new change, on top of the rest.

Only the fields of that change are restored. When a later change touched the same
fields, or an equal entry stands in the way, nothing happens and the reason is given.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import CannotUndo, UnknownService
from wijkspil.directory.permissions import (
    can_view_history,
    check_can_edit_alliance,
    check_can_edit_coverage,
    check_can_edit_directory,
    check_can_edit_duty,
    check_can_view_history,
)
from wijkspil.directory.selectors.history import (
    MODELS,
    Act,
    EntryKind,
    Snapshot,
    get_entry_of_event,
    list_changed_fields,
    list_snapshots,
    say_field,
)
from wijkspil.directory.selectors.targets_of_entries import (
    get_alliance_target,
    get_organization_edit_target,
    get_service_edit_target,
    list_area_targets,
)
from wijkspil.directory.services.editing import (
    apply_values,
    end_period,
    lock_entry,
    recorded,
    save_entry,
)
from wijkspil.directory.wording import join_words, say_full_moment

_HAS_PERIOD = frozenset({EntryKind.CONTACT, EntryKind.COVERAGE, EntryKind.DUTY})
_HAS_FLAG = frozenset({EntryKind.ORGANIZATION, EntryKind.SERVICE, EntryKind.ALLIANCE})


def undo_change(*, actor: Actor, kind: EntryKind, event_id: int, at: datetime) -> int:
    """Restore what was before an act; return the id of the entry. Locks the entry.

    Taking back a creation ends the entry (``at``); taking back a removal puts it in
    the directory again under its own number.

    Raises
    ------
    UnknownEntry
        If there was no such act.
    NotPermitted
        If the actor may not change this entry now.
    CannotUndo
        If later changes stand in the way; names them.
    InvalidEntry, OverlapsAnother
        If what was no longer fits the rest of the directory.
    """
    entry_id = get_entry_of_event(kind, event_id)
    with recorded(actor, undo_of=event_id):
        is_there = MODELS[kind].objects.filter(pk=entry_id).exists()
        entry = lock_entry(kind, entry_id, version=None) if is_there else None
        snapshots = list_snapshots(kind, entry_id)
        check_can_edit_entry(actor, kind, entry_id, snapshots[-1].values)
        place = next(n for n, s in enumerate(snapshots) if s.event_id == event_id)
        act, later = snapshots[place], snapshots[place + 1 :]
        if act.act is Act.CREATED:
            _take_back_creation(kind, entry, later, at=at)
        elif act.act is Act.REMOVED:
            _take_back_removal(kind, entry, act)
        else:
            before = snapshots[place - 1] if place else None
            _take_back_change(entry, before, act, later)
        if kind is EntryKind.DUTY:
            record_access(
                at=at,
                actor_id=actor.user_id,
                actor_label=actor.label,
                action=AuditEvent.Action.UPDATE,
                entity_type="duty-period",
                entity_ids=[entry_id],
                purpose="duty.undo",
            )
    return entry_id


def _take_back_creation(
    kind: EntryKind, entry: Any, later: list[Snapshot], *, at: datetime
) -> None:
    if entry is None:
        raise CannotUndo(_("This entry was removed already."))
    if later:
        raise CannotUndo(
            _("This entry was changed later, %(when)s. Take that back first.")
            % {"when": _say_who_when(later[-1])}
        )
    if kind in _HAS_FLAG:
        apply_values(entry, {"is_active": False})
    elif kind in _HAS_PERIOD:
        end_period(entry, at=at)
    else:
        entry.delete()


def _take_back_removal(kind: EntryKind, entry: Any, act: Snapshot) -> None:
    if entry is not None:
        raise CannotUndo(_("This entry is in the directory again already."))
    restored = MODELS[kind](pk=act.entry_id, **act.values)
    save_entry(restored, force_insert=True)


def _take_back_change(
    entry: Any, before: Snapshot | None, act: Snapshot, later: list[Snapshot]
) -> None:
    if entry is None:
        raise CannotUndo(
            _("This entry was removed later. Take the removal back first.")
        )
    if before is None:
        raise CannotUndo(_("What was before this change was not kept."))
    changed = list_changed_fields(before.values, act.values)
    moved = [name for name in changed if getattr(entry, name) != act.values[name]]
    if moved:
        by = next(
            (s for s in reversed(later) if _touches(s, act.values, moved)), later[-1]
        )
        raise CannotUndo(
            _(
                "Changed again since, %(when)s: %(fields)s. Take that change back "
                "first, or change the entry itself."
            )
            % {
                "when": _say_who_when(by),
                "fields": join_words([say_field(name) for name in moved]),
            }
        )
    apply_values(entry, {name: before.values[name] for name in changed})


def _touches(snapshot: Snapshot, values: Mapping[str, Any], names: list[str]) -> bool:
    return any(snapshot.values[name] != values[name] for name in names)


def _say_who_when(snapshot: Snapshot) -> str:
    return _("by %(name)s on %(moment)s") % {
        "name": snapshot.by or _("the system"),
        "moment": say_full_moment(snapshot.at),
    }


def check_can_edit_entry(
    actor: Actor, kind: EntryKind, entry_id: int, values: Mapping[str, Any]
) -> None:
    """Raise ``NotPermitted`` unless the actor may change this entry.

    ``values`` are its stored values, or its last ones when it was removed.
    """
    target = target_of_entry(kind, entry_id, values)
    if kind is EntryKind.COVERAGE:
        check_can_edit_coverage(actor, target)
    elif kind is EntryKind.DUTY:
        check_can_edit_duty(actor, target)
    elif kind in (EntryKind.ALLIANCE, EntryKind.ALLIANCE_MEMBER):
        check_can_edit_alliance(actor, target)
    else:
        check_can_edit_directory(actor, target)


def check_can_view_entry_history(
    actor: Actor, kind: EntryKind, entry_id: int, values: Mapping[str, Any]
) -> None:
    """Raise ``NotPermitted`` unless the actor may see who changed this entry.

    The provider of a service may also see who changed its coverage.
    """
    target = target_of_entry(kind, entry_id, values)
    if kind is EntryKind.COVERAGE and can_view_history(
        actor, _target_of_service(values["service_id"])
    ):
        return
    check_can_view_history(actor, target)


def target_of_entry(
    kind: EntryKind, entry_id: int, values: Mapping[str, Any]
) -> Target:
    """Return where a change of this entry lands."""
    if kind is EntryKind.ORGANIZATION:
        return get_organization_edit_target(entry_id)
    if kind is EntryKind.SERVICE:
        return _target_of_service(entry_id)
    if kind is EntryKind.COVERAGE:
        area_id = values["area_id"]
        return list_area_targets([area_id]).get(area_id, Target())
    if kind is EntryKind.ALLIANCE:
        return get_alliance_target(entry_id)
    if kind is EntryKind.ALLIANCE_MEMBER:
        return get_alliance_target(values["alliance_id"])
    return _target_of_service(values["service_id"])


def _target_of_service(service_id: int) -> Target:
    try:
        return get_service_edit_target(service_id)
    except UnknownService:
        return Target()
