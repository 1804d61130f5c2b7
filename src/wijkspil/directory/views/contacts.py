"""Contacts and teams of a service: add, change and end them."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.forms.entries import ContactForm, TeamForm
from wijkspil.directory.permissions import check_can_edit_directory
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.selectors.management import (
    get_contact,
    get_service_entry,
    get_team_entry,
)
from wijkspil.directory.selectors.targets_of_entries import get_service_edit_target
from wijkspil.directory.services.organizations import (
    add_contact,
    add_team,
    change_contact,
    change_team,
    end_contact,
    remove_team,
)
from wijkspil.directory.types import Audience
from wijkspil.directory.views.editing import (
    EditPage,
    EndPage,
    Stored,
    show_edit_page,
    show_end_page,
)
from wijkspil.directory.views.manage import (
    both_methods,
    history_address,
    say_audience_hints,
    service_crumbs,
)
from wijkspil.directory.views.pages import professional_page
from wijkspil.ui.navigation import Crumb


@both_methods
@professional_page
def new_contact(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Add a number or address to a service."""
    check_can_edit_directory(actor, get_service_edit_target(service_id))
    entry = get_service_entry(service_id)
    address = reverse("directory:service", args=[service_id])

    def save(form: ContactForm) -> str:
        add_contact(
            actor=actor,
            service_id=service_id,
            details=form.details(area_id=None),
            at=timezone.now(),
        )
        return address + "#contacts"

    return show_edit_page(
        request,
        EditPage(
            title=_("Add a number or address"),
            crumbs=service_crumbs(entry, Crumb(_("Add a number or address"))),
            back_url=address,
            save_label=_("Add this contact"),
            done=_("The contact is stored and holds from now."),
            form=ContactForm,
            save=save,
            hints={"audience": say_audience_hints()},
        ),
    )


@both_methods
@professional_page
def edit_contact(request: HttpRequest, actor: Actor, contact_id: int) -> HttpResponse:
    """Change a number or address."""
    contact = get_contact(contact_id)
    check_can_edit_directory(actor, get_service_edit_target(contact.service_id))
    address = reverse("directory:service", args=[contact.service_id])

    def load() -> Stored:
        version = get_version(EntryKind.CONTACT, contact_id)
        return Stored(ContactForm.values_of(get_contact(contact_id)), version)

    def save(form: ContactForm) -> str:
        change_contact(
            actor=actor,
            contact_id=contact_id,
            version=form.cleaned_data["version"],
            details=form.details(area_id=contact.area_id),
        )
        return address + "#contacts"

    return show_edit_page(
        request,
        EditPage(
            title=_("Change %(name)s") % {"name": contact.value},
            crumbs=service_crumbs(contact.service, Crumb(_("Change a contact"))),
            back_url=address,
            save_label=_("Save these changes"),
            done=_("The changes are stored."),
            form=ContactForm,
            load=load,
            save=save,
            history_url=history_address(EntryKind.CONTACT, contact_id),
            hints={"audience": say_audience_hints()},
        ),
    )


@both_methods
@professional_page
def end_a_contact(request: HttpRequest, actor: Actor, contact_id: int) -> HttpResponse:
    """Ask once, then end a number or address."""
    contact = get_contact(contact_id)
    check_can_edit_directory(actor, get_service_edit_target(contact.service_id))
    address = reverse("directory:service", args=[contact.service_id])

    def end(version: int | None) -> str:
        end_contact(
            actor=actor, contact_id=contact_id, version=version, at=timezone.now()
        )
        return address + "#contacts"

    return show_end_page(
        request,
        EndPage(
            title=_("End %(name)s?") % {"name": contact.value},
            lead=_(
                "From now on nobody sees it. You can take this back in the history."
            ),
            consequences=[
                _("Meant for: %(audience)s.")
                % {"audience": Audience(contact.audience).label}
            ],
            crumbs=service_crumbs(contact.service, Crumb(_("End a contact"))),
            back_url=address,
            end_label=_("End this contact"),
            done=_("The contact has ended."),
            version=get_version(EntryKind.CONTACT, contact_id),
            end=end,
        ),
    )


@both_methods
@professional_page
def new_team(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Add a named team to a service."""
    check_can_edit_directory(actor, get_service_edit_target(service_id))
    entry = get_service_entry(service_id)
    address = reverse("directory:service", args=[service_id])

    def save(form: TeamForm) -> str:
        add_team(actor=actor, service_id=service_id, details=form.details())
        return address + "#teams"

    return show_edit_page(
        request,
        EditPage(
            title=_("Add a team"),
            lead=_("How many people of each profession; no names."),
            crumbs=service_crumbs(entry, Crumb(_("Add a team"))),
            back_url=address,
            save_label=_("Add this team"),
            done=_("The team is stored."),
            form=TeamForm,
            save=save,
        ),
    )


@both_methods
@professional_page
def edit_team(request: HttpRequest, actor: Actor, team_id: int) -> HttpResponse:
    """Change a team."""
    team = get_team_entry(team_id)
    check_can_edit_directory(actor, get_service_edit_target(team.service_id))
    address = reverse("directory:service", args=[team.service_id])

    def load() -> Stored:
        version = get_version(EntryKind.TEAM, team_id)
        return Stored(TeamForm.values_of(get_team_entry(team_id)), version)

    def save(form: TeamForm) -> str:
        change_team(
            actor=actor,
            team_id=team_id,
            version=form.cleaned_data["version"],
            details=form.details(stored=team.composition),
        )
        return address + "#teams"

    return show_edit_page(
        request,
        EditPage(
            title=_("Change %(name)s") % {"name": team.name},
            crumbs=service_crumbs(team.service, Crumb(_("Change a team"))),
            back_url=address,
            save_label=_("Save these changes"),
            done=_("The changes are stored."),
            form=TeamForm,
            load=load,
            save=save,
            history_url=history_address(EntryKind.TEAM, team_id),
        ),
    )


@both_methods
@professional_page
def end_a_team(request: HttpRequest, actor: Actor, team_id: int) -> HttpResponse:
    """Ask once, then remove a team."""
    team = get_team_entry(team_id)
    check_can_edit_directory(actor, get_service_edit_target(team.service_id))
    address = reverse("directory:service", args=[team.service_id])

    def end(version: int | None) -> str:
        remove_team(actor=actor, team_id=team_id, version=version)
        return address + "#teams"

    return show_end_page(
        request,
        EndPage(
            title=_("Remove %(name)s?") % {"name": team.name},
            lead=_("You can take this back in the history of the service."),
            consequences=[],
            crumbs=service_crumbs(team.service, Crumb(_("Remove a team"))),
            back_url=address,
            end_label=_("Remove this team"),
            done=_("The team is removed."),
            version=get_version(EntryKind.TEAM, team_id),
            end=end,
        ),
    )
