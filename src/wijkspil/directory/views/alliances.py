"""Neighborhood alliances on a page: their contact and their members by role."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import InvalidEntry, OverlapsAnother
from wijkspil.directory.forms.entries import AllianceForm, MemberForm
from wijkspil.directory.permissions import (
    can_edit_alliance,
    can_view_history,
    check_can_edit_alliance,
)
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.selectors.management import (
    get_alliance_member,
    get_alliance_page,
    list_alliances_to_manage,
    search_services,
)
from wijkspil.directory.selectors.targets_of_entries import get_alliance_target
from wijkspil.directory.services.alliances import (
    add_member,
    change_alliance,
    remove_member,
)
from wijkspil.directory.types import AllianceRole
from wijkspil.directory.views.editing import (
    EditPage,
    EndPage,
    Stored,
    show_edit_page,
    show_end_page,
)
from wijkspil.directory.views.manage import (
    both_methods,
    check_can_manage,
    history_address,
    manage_crumbs,
)
from wijkspil.directory.views.pages import professional_page
from wijkspil.ui.navigation import Crumb


def alliance_crumbs(*crumbs: Crumb) -> list[Crumb]:
    """Return the trail of a page of an alliance."""
    return manage_crumbs(
        Crumb(
            _("Neighborhood alliances"),
            reverse("directory:alliances") if crumbs else "",
        ),
        *crumbs,
    )


@require_safe
@professional_page
def list_all(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the alliances."""
    check_can_manage(actor)
    return render(
        request,
        "directory/alliances.html",
        {"alliances": list_alliances_to_manage(), "crumbs": alliance_crumbs()},
    )


@both_methods
@professional_page
def show_alliance(request: HttpRequest, actor: Actor, alliance_id: int) -> HttpResponse:
    """Show an alliance with its members; add a member."""
    check_can_manage(actor)
    target = get_alliance_target(alliance_id)
    can_edit = can_edit_alliance(actor, target)
    page = get_alliance_page(alliance_id)
    sent = request.POST if request.method == "POST" else request.GET
    text = sent.get("q", "").strip()
    services = [
        (
            service.pk,
            service.name
            if service.name == service.organization.name
            else f"{service.name}, {service.organization.name}",
        )
        for service in (search_services(text) if text and can_edit else [])
    ]
    form = MemberForm(services=services)
    status = HTTPStatus.OK
    if request.method == "POST":
        check_can_edit_alliance(actor, target)
        form = MemberForm(request.POST, services=services)
        if form.is_valid():
            try:
                add_member(
                    actor=actor,
                    alliance_id=alliance_id,
                    service_id=form.cleaned_data["service_id"],
                    role=form.cleaned_data["role"],
                )
            except InvalidEntry as error:
                form.add_error("role", str(error))
            except OverlapsAnother as error:
                form.add_error("role", str(error))
            else:
                messages.success(request, _("The service takes part now."))
                return redirect("directory:alliance", alliance_id=alliance_id)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "directory/alliance.html",
        {
            "alliance": page.alliance,
            "roles": [
                (role, [m for m in page.members if m.role == role])
                for role in AllianceRole
            ],
            "text": text,
            "nothing_found": bool(text) and not services,
            "form": form,
            "services": services,
            "can_edit": can_edit,
            "can_view_history": can_view_history(actor, target),
            "crumbs": alliance_crumbs(Crumb(page.alliance.name)),
        },
        status=status,
    )


@both_methods
@professional_page
def edit_alliance(request: HttpRequest, actor: Actor, alliance_id: int) -> HttpResponse:
    """Change name and contact of an alliance."""
    check_can_edit_alliance(actor, get_alliance_target(alliance_id))
    entry = get_alliance_page(alliance_id).alliance
    address = reverse("directory:alliance", args=[alliance_id])

    def load() -> Stored:
        version = get_version(EntryKind.ALLIANCE, alliance_id)
        stored = get_alliance_page(alliance_id).alliance
        return Stored(AllianceForm.values_of(stored), version)

    def save(form: AllianceForm) -> str:
        change_alliance(
            actor=actor,
            alliance_id=alliance_id,
            version=form.cleaned_data["version"],
            details=form.details(),
        )
        return address

    return show_edit_page(
        request,
        EditPage(
            title=_("Change %(name)s") % {"name": entry.name},
            crumbs=alliance_crumbs(Crumb(entry.name, address), Crumb(_("Change"))),
            back_url=address,
            save_label=_("Save these changes"),
            done=_("The changes are stored."),
            form=AllianceForm,
            load=load,
            save=save,
            history_url=history_address(EntryKind.ALLIANCE, alliance_id),
            privacy=_("Professionals who are signed in see this contact."),
        ),
    )


@both_methods
@professional_page
def end_member(request: HttpRequest, actor: Actor, member_id: int) -> HttpResponse:
    """Ask once, then let a service take no part any more."""
    member = get_alliance_member(member_id)
    check_can_edit_alliance(actor, get_alliance_target(member.alliance_id))
    address = reverse("directory:alliance", args=[member.alliance_id])

    def end(version: int | None) -> str:
        remove_member(actor=actor, member_id=member_id, version=version)
        return address

    return show_end_page(
        request,
        EndPage(
            title=_("Let %(service)s no longer take part?")
            % {"service": member.service.name},
            lead=_("You can take this back in the history of the alliance."),
            consequences=[
                _("Its role here is: %(role)s.")
                % {"role": AllianceRole(member.role).label}
            ],
            crumbs=alliance_crumbs(
                Crumb(member.alliance.name, address), Crumb(_("Remove a member"))
            ),
            back_url=address,
            end_label=_("Remove from the alliance"),
            done=_("The service takes no part any more."),
            version=get_version(EntryKind.ALLIANCE_MEMBER, member_id),
            end=end,
        ),
    )
