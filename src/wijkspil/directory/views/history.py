"""Who changed what, when; and taking a change back."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotFound, NotPermitted
from wijkspil.directory.permissions import can_view_duty_person, check_can_view_history
from wijkspil.directory.selectors.history import (
    Act,
    Change,
    EntryKind,
    list_changes,
    list_group_changes,
    list_snapshots,
)
from wijkspil.directory.selectors.management import (
    get_alliance_page,
    get_service_entry,
)
from wijkspil.directory.selectors.targets_of_entries import (
    get_alliance_target,
    get_service_edit_target,
)
from wijkspil.directory.services.duty import record_duties_read
from wijkspil.directory.services.undo import (
    check_can_edit_entry,
    check_can_view_entry_history,
    undo_change,
)
from wijkspil.directory.views.alliances import alliance_crumbs
from wijkspil.directory.views.editing import act_or_warn, go_back
from wijkspil.directory.views.manage import manage_crumbs, service_crumbs
from wijkspil.directory.views.pages import professional_page
from wijkspil.ui.navigation import Crumb

#: Changes of a service with everything that belongs to it, on one page.
MOST_CHANGES = 100


def read_kind(text: str) -> EntryKind:
    """Return a kind of entry; ``NotFound`` for another word in the address."""
    try:
        return EntryKind(text)
    except ValueError:
        raise NotFound(_("There is no such kind of entry.")) from None


@require_safe
@professional_page
def show_history(
    request: HttpRequest, actor: Actor, kind: str, entry_id: int
) -> HttpResponse:
    """Show what happened to one entry."""
    of_kind = read_kind(kind)
    show_persons = can_view_duty_person(actor)
    changes = list_changes(of_kind, entry_id, show_persons=show_persons)
    values = list_snapshots(of_kind, entry_id)[-1].values
    check_can_view_entry_history(actor, of_kind, entry_id, values)
    _record(actor, changes, show_persons=show_persons)
    try:
        check_can_edit_entry(actor, of_kind, entry_id, values)
        can_undo = True
    except NotPermitted:
        can_undo = False
    name = str(values.get("name") or values.get("value") or KIND_WORDS[of_kind]())
    return _page(
        request,
        title=_("History of %(name)s") % {"name": name},
        kicker=KIND_WORDS[of_kind](),
        changes=changes,
        can_undo=can_undo,
        back_url=address_of(of_kind, entry_id, values),
        crumbs=manage_crumbs(
            Crumb(name, address_of(of_kind, entry_id, values)), Crumb(_("History"))
        ),
    )


@require_safe
@professional_page
def show_service_history(
    request: HttpRequest, actor: Actor, service_id: int
) -> HttpResponse:
    """Show what happened to a service and to everything that belongs to it."""
    target = get_service_edit_target(service_id)
    check_can_view_history(actor, target)
    service = get_service_entry(service_id)
    show_persons = can_view_duty_person(actor)
    changes = list_group_changes(
        {
            EntryKind.SERVICE: ("pgh_obj_id", service_id),
            EntryKind.CONTACT: ("service_id", service_id),
            EntryKind.TEAM: ("service_id", service_id),
            EntryKind.COVERAGE: ("service_id", service_id),
            EntryKind.DUTY: ("service_id", service_id),
            EntryKind.ALLIANCE_MEMBER: ("service_id", service_id),
        },
        limit=MOST_CHANGES,
        show_persons=show_persons,
    )
    _record(actor, changes, show_persons=show_persons)
    return _page(
        request,
        title=_("History of %(name)s") % {"name": service.name},
        kicker=_("With its numbers, teams, areas and duties"),
        changes=changes,
        can_undo=True,
        back_url=reverse("directory:service", args=[service_id]),
        crumbs=service_crumbs(service, Crumb(_("History"))),
    )


@require_safe
@professional_page
def show_alliance_history(
    request: HttpRequest, actor: Actor, alliance_id: int
) -> HttpResponse:
    """Show what happened to an alliance and its members."""
    check_can_view_history(actor, get_alliance_target(alliance_id))
    alliance = get_alliance_page(alliance_id).alliance
    address = reverse("directory:alliance", args=[alliance_id])
    changes = list_group_changes(
        {
            EntryKind.ALLIANCE: ("pgh_obj_id", alliance_id),
            EntryKind.ALLIANCE_MEMBER: ("alliance_id", alliance_id),
        },
        limit=MOST_CHANGES,
        show_persons=False,
    )
    return _page(
        request,
        title=_("History of %(name)s") % {"name": alliance.name},
        kicker=_("With its members"),
        changes=changes,
        can_undo=True,
        back_url=address,
        crumbs=alliance_crumbs(Crumb(alliance.name, address), Crumb(_("History"))),
    )


@require_POST
@professional_page
def undo(request: HttpRequest, actor: Actor, kind: str, event_id: int) -> HttpResponse:
    """Take one change back."""
    of_kind = read_kind(kind)
    act_or_warn(
        request,
        lambda: undo_change(
            actor=actor, kind=of_kind, event_id=event_id, at=timezone.now()
        ),
        done=_("Taken back. This is a change of its own, and stands on top."),
    )
    return go_back(request, otherwise=reverse("directory:manage"))


def address_of(kind: EntryKind, entry_id: int, values: object) -> str:
    """Return the page an entry stands on."""
    assert isinstance(values, dict)
    if kind is EntryKind.ORGANIZATION:
        return reverse("directory:organization", args=[entry_id])
    if kind is EntryKind.SERVICE:
        return reverse("directory:service", args=[entry_id])
    if kind is EntryKind.ALLIANCE:
        return reverse("directory:alliance", args=[entry_id])
    if kind is EntryKind.ALLIANCE_MEMBER:
        return reverse("directory:alliance", args=[values["alliance_id"]])
    return reverse("directory:service", args=[values["service_id"]])


def _record(actor: Actor, changes: Sequence[Change], *, show_persons: bool) -> None:
    duty_ids = {c.entry_id for c in changes if c.kind is EntryKind.DUTY}
    if show_persons and duty_ids:
        record_duties_read(
            actor=actor,
            duty_ids=sorted(duty_ids),
            purpose="page.history",
            at=timezone.now(),
        )


def _page(
    request: HttpRequest,
    *,
    title: str,
    kicker: str,
    changes: Sequence[Change],
    can_undo: bool,
    back_url: str,
    crumbs: Sequence[Crumb],
) -> HttpResponse:
    return render(
        request,
        "directory/history.html",
        {
            "title": title,
            "kicker": kicker,
            "changes": [
                {
                    "change": change,
                    "words": say_change(change),
                    "kind": KIND_WORDS[change.kind](),
                }
                for change in changes
            ],
            "can_undo": can_undo,
            "back_url": back_url,
            "crumbs": crumbs,
        },
    )


def say_change(change: Change) -> str:
    """Say in a sentence who did what to which kind of entry."""
    words = {
        Act.CREATED: _("%(kind)s %(subject)s added by %(name)s"),
        Act.CHANGED: _("%(kind)s %(subject)s changed by %(name)s"),
        Act.REMOVED: _("%(kind)s %(subject)s removed by %(name)s"),
    }[change.act]
    if change.undo_of:
        words = _("%(kind)s %(subject)s put back by %(name)s")
    return words % {
        "kind": KIND_WORDS[change.kind](),
        "subject": change.subject,
        "name": change.by or _("the system"),
    }


KIND_WORDS = {
    EntryKind.ORGANIZATION: lambda: _("Organization"),
    EntryKind.SERVICE: lambda: _("Service"),
    EntryKind.TEAM: lambda: _("Team"),
    EntryKind.CONTACT: lambda: _("Contact"),
    EntryKind.COVERAGE: lambda: _("Coverage"),
    EntryKind.DUTY: lambda: _("Duty"),
    EntryKind.ALLIANCE: lambda: _("Alliance"),
    EntryKind.ALLIANCE_MEMBER: lambda: _("Member of the alliance"),
}
