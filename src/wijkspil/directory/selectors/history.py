"""Who changed what in the directory, when: one entry's changes, field by field.

Reads the rows that database triggers write at every insert, update and delete, so
nothing that happened can be missing. The number of the newest row is the entry's
version: whoever saves says which version was on the screen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.directory.errors import UnknownEntry
from wijkspil.directory.models import (
    Alliance,
    AllianceMember,
    Area,
    CareTeam,
    ContactPoint,
    Coverage,
    DutyPeriod,
    HealthcareService,
    Organization,
)
from wijkspil.directory.types import (
    AllianceRole,
    Audience,
    Care,
    CareLaw,
    CareTask,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    OrganizationType,
)
from wijkspil.directory.wording import (
    Words,
    join_words,
    say_choices,
    say_full_moment,
    say_opening_hours,
)


class EntryKind(StrEnum):
    """Kinds of entry that can be changed, as they stand in an address."""

    ORGANIZATION = "organization"
    SERVICE = "service"
    TEAM = "team"
    CONTACT = "contact"
    COVERAGE = "coverage"
    DUTY = "duty"
    ALLIANCE = "alliance"
    ALLIANCE_MEMBER = "alliance-member"


class Act(StrEnum):
    """What happened to an entry."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"


MODELS: dict[EntryKind, Any] = {
    EntryKind.ORGANIZATION: Organization,
    EntryKind.SERVICE: HealthcareService,
    EntryKind.TEAM: CareTeam,
    EntryKind.CONTACT: ContactPoint,
    EntryKind.COVERAGE: Coverage,
    EntryKind.DUTY: DutyPeriod,
    EntryKind.ALLIANCE: Alliance,
    EntryKind.ALLIANCE_MEMBER: AllianceMember,
}

_ACTS = {"insert": Act.CREATED, "update": Act.CHANGED, "delete": Act.REMOVED}

_LABELS: dict[str, Words] = {
    "name": gettext_lazy("Name"),
    "type": gettext_lazy("Kind of organization"),
    "agb_code": gettext_lazy("AGB code"),
    "ura": gettext_lazy("URA"),
    "kvk_number": gettext_lazy("KvK number"),
    "part_of_id": gettext_lazy("Part of"),
    "is_active": gettext_lazy("In use"),
    "is_fictional": gettext_lazy("Fictional"),
    "organization_id": gettext_lazy("Organization"),
    "care": gettext_lazy("Kind of care"),
    "description": gettext_lazy("Description"),
    "specialty": gettext_lazy("Specialty"),
    "tasks": gettext_lazy("What the service does"),
    "languages": gettext_lazy("Languages"),
    "insurers": gettext_lazy("Contracted insurers"),
    "care_laws": gettext_lazy("Care laws"),
    "opening_hours": gettext_lazy("Opening hours"),
    "is_open_on_holidays": gettext_lazy("Open on public holidays"),
    "postcode": gettext_lazy("Postcode"),
    "lon": gettext_lazy("Longitude"),
    "lat": gettext_lazy("Latitude"),
    "service_id": gettext_lazy("Service"),
    "composition": gettext_lazy("Composition"),
    "area_id": gettext_lazy("Area"),
    "audience": gettext_lazy("Meant for"),
    "purpose": gettext_lazy("Purpose"),
    "system": gettext_lazy("Kind of contact"),
    "value": gettext_lazy("Number or address"),
    "person_name": gettext_lazy("Person"),
    "phone": gettext_lazy("Phone"),
    "external_uid": gettext_lazy("Number in the calendar"),
    "role": gettext_lazy("Role"),
    "rank": gettext_lazy("Order"),
    "valid_from": gettext_lazy("From"),
    "valid_until": gettext_lazy("Until"),
    "complex_care_name": gettext_lazy("Contact for complex care"),
    "complex_care_phone": gettext_lazy("Phone of this contact"),
    "alliance_id": gettext_lazy("Alliance"),
}

_CHOICES: dict[tuple[EntryKind, str], Any] = {
    (EntryKind.ORGANIZATION, "type"): OrganizationType,
    (EntryKind.SERVICE, "care"): Care,
    (EntryKind.SERVICE, "tasks"): CareTask,
    (EntryKind.SERVICE, "care_laws"): CareLaw,
    (EntryKind.CONTACT, "audience"): Audience,
    (EntryKind.CONTACT, "purpose"): ContactPurpose,
    (EntryKind.CONTACT, "system"): ContactSystem,
    (EntryKind.COVERAGE, "care"): Care,
    (EntryKind.COVERAGE, "role"): CoverageRole,
    (EntryKind.DUTY, "care"): Care,
    (EntryKind.ALLIANCE_MEMBER, "role"): AllianceRole,
}

_NAMED: dict[str, Any] = {
    "area_id": Area,
    "service_id": HealthcareService,
    "organization_id": Organization,
    "part_of_id": Organization,
    "alliance_id": Alliance,
}

#: Worked out from the postcode: shown with it, not as a change of its own.
_DERIVED = frozenset({"lon", "lat"})


@dataclass(frozen=True)
class FieldChange:
    """One field before and after, in words."""

    name: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One act on one entry; ``subject`` is its name, number or area.

    ``by`` is empty when no person or system is known.
    """

    event_id: int
    kind: EntryKind
    entry_id: int
    subject: str
    act: Act
    at: datetime
    by: str
    undo_of: int | None
    fields: Sequence[FieldChange]


@dataclass(frozen=True)
class Snapshot:
    """An entry's stored values just after an act (before it, for a removal)."""

    event_id: int
    act: Act
    at: datetime
    by: str
    undo_of: int | None
    entry_id: int
    values: Mapping[str, Any]


def get_version(kind: EntryKind, entry_id: int) -> int:
    """Return the number of the newest act on an entry; 0 without history."""
    newest = (
        _event_model(kind)
        .objects.filter(pgh_obj_id=entry_id)
        .aggregate(newest=Max("pgh_id"))["newest"]
    )
    return newest or 0


def list_snapshots(kind: EntryKind, entry_id: int) -> list[Snapshot]:
    """Return every act on an entry with the values it left, oldest first."""
    names = _field_names(kind)
    rows = (
        _event_model(kind)
        .objects.filter(pgh_obj_id=entry_id)
        .order_by("pgh_id")
        .select_related("pgh_context")
    )
    return [_snapshot(row, names) for row in rows]


def get_entry_of_event(kind: EntryKind, event_id: int) -> int:
    """Return the id of the entry an act was on.

    Raises
    ------
    UnknownEntry
        If there was no such act.
    """
    entry_id = (
        _event_model(kind)
        .objects.filter(pgh_id=event_id)
        .values_list("pgh_obj_id", flat=True)
        .first()
    )
    if entry_id is None:
        raise UnknownEntry(
            _("There is no change with number %(id)s.") % {"id": event_id}
        )
    return int(entry_id)


def list_changes(kind: EntryKind, entry_id: int, *, show_persons: bool) -> list[Change]:
    """Return what happened to an entry, newest first, in words.

    One query, and one per kind of thing that is named in the values. Without
    ``show_persons`` the person on duty is not shown, only that it changed.

    Raises
    ------
    UnknownEntry
        If nothing ever happened to such an entry.
    """
    snapshots = list_snapshots(kind, entry_id)
    if not snapshots:
        raise UnknownEntry(
            _("There is no history of this entry: it is not in the directory.")
        )
    return _say_changes(
        kind, entry_id, snapshots, _names_in(snapshots), show_persons=show_persons
    )[::-1]


def _say_changes(
    kind: EntryKind,
    entry_id: int,
    snapshots: Sequence[Snapshot],
    names: Mapping[tuple[str, int], str],
    *,
    show_persons: bool,
) -> list[Change]:
    hidden = (
        frozenset({"person_name", "phone"})
        if kind is EntryKind.DUTY and not show_persons
        else frozenset()
    )
    changes = []
    before: Mapping[str, Any] = {}
    for snapshot in snapshots:
        changes.append(
            Change(
                event_id=snapshot.event_id,
                kind=kind,
                entry_id=entry_id,
                subject=_subject(snapshot.values, names),
                act=snapshot.act,
                at=snapshot.at,
                by=snapshot.by,
                undo_of=snapshot.undo_of,
                fields=_field_changes(kind, snapshot, before, names, hidden),
            )
        )
        before = {} if snapshot.act is Act.REMOVED else snapshot.values
    return changes


def list_group_changes(
    groups: Mapping[EntryKind, tuple[str, int]], *, limit: int, show_persons: bool
) -> list[Change]:
    """Return the last changes of entries that belong together, newest first.

    ``groups`` names per kind the column and the id that they share. Two queries per
    kind, and one per kind of thing that is named.
    """
    changes: list[Change] = []
    snapshots_of: dict[tuple[EntryKind, int], list[Snapshot]] = {}
    wanted: set[tuple[EntryKind, int]] = set()
    for kind, (column, shared_id) in groups.items():
        events = _event_model(kind).objects
        newest = list(
            events.filter(**{column: shared_id})
            .order_by("-pgh_id")
            .values_list("pgh_id", "pgh_obj_id")[:limit]
        )
        wanted |= {(kind, event_id) for event_id, _entry in newest}
        names = _field_names(kind)
        for row in (
            events.filter(pgh_obj_id__in={entry for _event, entry in newest})
            .order_by("pgh_id")
            .select_related("pgh_context")
        ):
            snapshots_of.setdefault((kind, row.pgh_obj_id), []).append(
                _snapshot(row, names)
            )
    named = _names_in([s for each in snapshots_of.values() for s in each])
    for (kind, entry_id), snapshots in snapshots_of.items():
        changes += [
            change
            for change in _say_changes(
                kind, entry_id, snapshots, named, show_persons=show_persons
            )
            if (kind, change.event_id) in wanted
        ]
    # Numbers of acts are per kind of entry; moments are shared.
    changes.sort(key=lambda change: (change.at, change.event_id), reverse=True)
    return changes[:limit]


def list_changed_fields(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Return the names of the fields that differ."""
    return [name for name in after if before.get(name) != after[name]]


def say_field(name: str) -> str:
    """Return the word for a field."""
    return str(_LABELS.get(name, name))


def say_value(
    kind: EntryKind, name: str, value: Any, names: Mapping[tuple[str, int], str]
) -> str:
    """Return a stored value in words; an empty one as a dash."""
    if value is None or value == "" or value == []:
        return _("no end known") if name == "valid_until" else "–"
    if name in _NAMED:
        return names.get((name, value), _("number %(id)s") % {"id": value})
    choices = _CHOICES.get((kind, name))
    if choices is not None:
        return say_choices(choices, value if isinstance(value, list) else [value])
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return say_full_moment(value)
    if name == "opening_hours":
        return say_opening_hours(value)
    if isinstance(value, list):
        return join_words(value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {count}" for key, count in value.items()) or "–"
    return str(value)


def _subject(values: Mapping[str, Any], names: Mapping[tuple[str, int], str]) -> str:
    """Return what an entry is called: its own name, else what it is about."""
    for field in ("name", "value"):
        if values.get(field):
            return str(values[field])
    for field in ("area_id", "service_id"):
        if values.get(field):
            return names.get((field, values[field]), "")
    return ""


def _field_changes(
    kind: EntryKind,
    snapshot: Snapshot,
    before: Mapping[str, Any],
    names: Mapping[tuple[str, int], str],
    hidden: frozenset[str],
) -> list[FieldChange]:
    if snapshot.act is Act.REMOVED:
        return []
    changed = [
        name
        for name in list_changed_fields(before, snapshot.values)
        if name not in _DERIVED
        and (before or snapshot.values[name] not in (None, "", [], {}))
    ]

    def say(name: str, values: Mapping[str, Any]) -> str:
        if not values:
            return ""
        if name in hidden:
            return _("(not shown)")
        return say_value(kind, name, values[name], names)

    return [
        FieldChange(
            name=name,
            label=say_field(name),
            before=say(name, before),
            after=say(name, snapshot.values),
        )
        for name in changed
    ]


def _names_in(snapshots: Sequence[Snapshot]) -> dict[tuple[str, int], str]:
    names: dict[tuple[str, int], str] = {}
    for field, model in _NAMED.items():
        ids = {s.values.get(field) for s in snapshots} - {None}
        if ids:
            for row in model.objects.filter(pk__in=ids):
                names[field, row.pk] = str(row)
    return names


def _event_model(kind: EntryKind) -> Any:
    return apps.get_model("directory", f"{MODELS[kind].__name__}Event")


def _field_names(kind: EntryKind) -> list[str]:
    return [
        field.attname
        for field in MODELS[kind]._meta.concrete_fields  # noqa: SLF001
        if not field.primary_key
    ]


def _snapshot(row: Any, names: Sequence[str]) -> Snapshot:
    context = row.pgh_context.metadata if row.pgh_context else {}
    return Snapshot(
        event_id=row.pgh_id,
        act=_ACTS[row.pgh_label],
        at=row.pgh_created_at,
        by=str(context.get("actor", "")),
        undo_of=context.get("undo_of"),
        entry_id=row.pgh_obj_id,
        values={name: getattr(row, name) for name in names},
    )
