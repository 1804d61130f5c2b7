"""Directory management: find, look at, add, change and end what the region has."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.forms.entries import (
    NewServiceForm,
    OrganizationForm,
    ServiceForm,
    TeamForm,
)
from wijkspil.directory.permissions import (
    EDIT_DIRECTORY,
    can_edit_alliance,
    can_edit_coverage,
    can_edit_directory,
    can_edit_duty,
    can_report_capacity,
    can_view_duty_person,
    can_view_history,
    check_can_edit_directory,
    visible_audiences,
)
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.selectors.management import (
    Consequences,
    OrganizationFilter,
    ServicePage,
    get_organization_page,
    get_service_entry,
    get_service_page,
    list_active_service_ids,
    search_organizations,
    weigh_end,
)
from wijkspil.directory.selectors.targets_of_entries import (
    get_new_organization_target,
    get_organization_edit_target,
    get_service_edit_target,
)
from wijkspil.directory.services.duty import record_duties_read
from wijkspil.directory.services.organizations import (
    add_organization,
    add_service,
    change_organization,
    change_service,
    end_organization,
    end_service,
)
from wijkspil.directory.types import Audience, CareTask, OrganizationType
from wijkspil.directory.views.editing import (
    EditPage,
    EndPage,
    Stored,
    show_edit_page,
    show_end_page,
)
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.directory.wording import list_opening_lines, say_choices
from wijkspil.ui.navigation import Chip, Crumb

both_methods = require_http_methods(["GET", "HEAD", "POST"])

#: What each audience means, under its choice in the contact form.
AUDIENCE_HINTS: dict[str, Callable[[], str]] = {
    Audience.RESIDENT.value: lambda: _("A resident sees this. So does everybody else."),
    Audience.REFERRER.value: lambda: _(
        "Signed-in professionals see this, no resident."
    ),
    Audience.PROFESSIONAL.value: lambda: _(
        "Signed-in professionals see this, no resident."
    ),
}


def check_can_manage(actor: Actor) -> None:
    """Raise ``NotPermitted`` unless some of the management is open to the actor."""
    if not (
        can_edit_directory(actor)
        or can_view_history(actor)
        or can_edit_coverage(actor)
        or can_edit_alliance(actor)
    ):
        raise NotPermitted(
            _(
                "Managing the directory is for managers of providers, directory "
                "editors and coordinators."
            )
        )


def manage_crumbs(*crumbs: Crumb) -> list[Crumb]:
    """Return the trail of a management page."""
    return [Crumb(_("Directory"), reverse("directory:manage")), *crumbs]


def service_crumbs(service: Any, *crumbs: Crumb) -> list[Crumb]:
    """Return the trail below a service; without more crumbs the service is the page."""
    organization = service.organization
    return manage_crumbs(
        Crumb(
            organization.name,
            reverse("directory:organization", args=[organization.pk]),
        ),
        Crumb(
            service.name,
            reverse("directory:service", args=[service.pk]) if crumbs else "",
        ),
        *crumbs,
    )


# --- search


@require_safe
@professional_page
def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Search organizations by name, number or postcode."""
    check_can_manage(actor)
    text = request.GET.get("q", "")
    kind = request.GET.get("type", "")
    kind = kind if kind in OrganizationType.values else ""
    with_ended = request.GET.get("ended") == "yes"
    own_ids = reach_of(actor, EDIT_DIRECTORY).organization_ids
    only_own = bool(own_ids) and request.GET.get("own", "yes") == "yes" and not text
    found = search_organizations(
        OrganizationFilter(
            text=text,
            type=kind,
            with_ended=with_ended,
            only_ids=own_ids if only_own else None,
        ),
        page_number=request.GET.get("page", "1"),
    )
    chosen = {
        "q": text,
        "type": kind,
        "ended": "yes" if with_ended else "",
        "own": "" if only_own or not own_ids else "no",
    }

    def address(**change: str) -> str:
        return "?" + urlencode({k: v for k, v in {**chosen, **change}.items() if v})

    chips = [
        Chip(_("All kinds"), address(type=""), active=not kind),
        *(
            Chip(label, address(type="" if kind == value else value), kind == value)
            for value, label in OrganizationType.choices
        ),
    ]
    more_chips = [
        Chip(_("Also ended"), address(ended="" if with_ended else "yes"), with_ended)
    ]
    if own_ids:
        more_chips.insert(
            0,
            Chip(
                _("My organization"), address(own="no" if only_own else "yes"), only_own
            ),
        )
    return render(
        request,
        "directory/manage.html",
        {
            "text": text,
            "kind": kind,
            "with_ended": with_ended,
            "found": found,
            "page": found.page,
            "chips": chips,
            "more_chips": more_chips,
            "can_add": can_edit_directory(actor, get_new_organization_target()),
            "can_edit_alliances": can_edit_alliance(actor),
        },
    )


# --- organizations


@require_safe
@professional_page
def show_organization(
    request: HttpRequest, actor: Actor, organization_id: int
) -> HttpResponse:
    """Show an organization with its services."""
    check_can_manage(actor)
    page = get_organization_page(organization_id, at=timezone.now())
    target = get_organization_edit_target(organization_id)
    return render(
        request,
        "directory/organization.html",
        {
            "organization": page.organization,
            "services": page.services,
            "can_edit": can_edit_directory(actor, target),
            "can_view_history": can_view_history(actor, target),
            "crumbs": manage_crumbs(Crumb(page.organization.name)),
        },
    )


@both_methods
@professional_page
def new_organization(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Add an organization."""
    check_can_edit_directory(actor, get_new_organization_target())

    def save(form: OrganizationForm) -> str:
        row = add_organization(actor=actor, details=form.details())
        return reverse("directory:organization", args=[row.pk])

    return show_edit_page(
        request,
        EditPage(
            title=_("Add an organization"),
            lead=_("After this you add its services, with their numbers and areas."),
            crumbs=manage_crumbs(Crumb(_("Add an organization"))),
            back_url=reverse("directory:manage"),
            save_label=_("Add this organization"),
            done=_("The organization is in the directory."),
            form=OrganizationForm,
            save=save,
        ),
    )


@both_methods
@professional_page
def edit_organization(
    request: HttpRequest, actor: Actor, organization_id: int
) -> HttpResponse:
    """Change an organization."""
    check_can_edit_directory(actor, get_organization_edit_target(organization_id))
    now = timezone.now()
    address = reverse("directory:organization", args=[organization_id])
    entry = get_organization_page(organization_id, at=now).organization

    def load() -> Stored:
        version = get_version(EntryKind.ORGANIZATION, organization_id)
        stored = get_organization_page(organization_id, at=now).organization
        return Stored(OrganizationForm.values_of(stored), version)

    def save(form: OrganizationForm) -> str:
        change_organization(
            actor=actor,
            organization_id=organization_id,
            version=form.cleaned_data["version"],
            details=form.details(),
        )
        return address

    return show_edit_page(
        request,
        EditPage(
            title=_("Change %(name)s") % {"name": entry.name},
            crumbs=manage_crumbs(Crumb(entry.name, address), Crumb(_("Change"))),
            back_url=address,
            save_label=_("Save these changes"),
            done=_("The changes are stored."),
            form=OrganizationForm,
            load=load,
            save=save,
            history_url=history_address(EntryKind.ORGANIZATION, organization_id),
        ),
    )


@both_methods
@professional_page
def end_an_organization(
    request: HttpRequest, actor: Actor, organization_id: int
) -> HttpResponse:
    """Ask once, then end an organization."""
    check_can_edit_directory(actor, get_organization_edit_target(organization_id))
    now = timezone.now()
    entry = get_organization_page(organization_id, at=now).organization
    address = reverse("directory:organization", args=[organization_id])
    follows = weigh_end(list_active_service_ids(organization_id), at=now)

    def end(version: int | None) -> str:
        end_organization(actor=actor, organization_id=organization_id, version=version)
        return address

    return show_end_page(
        request,
        EndPage(
            title=_("End %(name)s?") % {"name": entry.name},
            lead=_(
                "The organization and its services are not shown any more. Nothing is "
                "removed: you can take this back in the history."
            ),
            consequences=[
                ngettext(
                    "%(n)d service is not shown any more.",
                    "%(n)d services are not shown any more.",
                    follows.n_services,
                )
                % {"n": follows.n_services},
                *say_consequences(follows),
            ],
            crumbs=manage_crumbs(Crumb(entry.name, address), Crumb(_("End"))),
            back_url=address,
            end_label=_("End this organization"),
            done=_("The organization has ended. Take it back in its history."),
            version=get_version(EntryKind.ORGANIZATION, organization_id),
            end=end,
        ),
    )


# --- services


@require_safe
@professional_page
def show_service(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Show everything of a service on one page."""
    check_can_manage(actor)
    now = timezone.now()
    with_duties = can_view_duty_person(actor)
    page = get_service_page(
        service_id,
        at=now,
        audiences=visible_audiences(actor),
        with_duties=with_duties,
        page_number=request.GET.get("page", "1"),
    )
    record_duties_read(
        actor=actor,
        duty_ids=[duty.pk for duty in page.duties],
        purpose="page.service",
        at=now,
    )
    target = get_service_edit_target(service_id)
    can_edit = can_edit_directory(actor, target)
    return render(
        request,
        "directory/service.html",
        {
            "now": now,
            **_service_words(page),
            "page_of_coverage": page.coverages,
            "coverages": [
                (
                    row,
                    can_edit_coverage(
                        actor, Target(region_ids=frozenset(row.area.within))
                    ),
                )
                for row in page.coverages
            ],
            "duties": page.duties,
            "with_duties": with_duties,
            "memberships": page.memberships,
            "can_edit": can_edit,
            "can_edit_coverage": can_edit_coverage(actor),
            "can_edit_duty": can_edit_duty(actor, target),
            "can_view_history": can_view_history(actor, target),
            "can_report": can_report_capacity(actor, target),
            "crumbs": service_crumbs(page.service),
        },
    )


def _service_words(page: ServicePage) -> dict[str, Any]:
    service = page.service
    by_audience = [
        (
            Audience(audience),
            AUDIENCE_HINTS[audience](),
            [contact for contact in page.contacts if contact.audience == audience],
        )
        for audience in Audience.values
    ]
    form = ServiceForm(known_languages=service.languages)
    team_form = TeamForm()
    return {
        "service": service,
        "opening_lines": list_opening_lines(service.opening_hours),
        "tasks": say_choices(CareTask, service.tasks),
        "laws": form.say("care_laws", service.care_laws),
        "languages": form.say("languages", service.languages),
        "audiences": [group for group in by_audience if group[2]],
        "teams": [
            (
                team,
                [
                    (team_form.fields[f"n_{code}"].label, count)
                    if f"n_{code}" in team_form.fields
                    else (code, count)
                    for code, count in team.composition.items()
                    if count
                ],
            )
            for team in page.teams
        ],
    }


@both_methods
@professional_page
def new_service(
    request: HttpRequest, actor: Actor, organization_id: int
) -> HttpResponse:
    """Add a service to an organization."""
    check_can_edit_directory(actor, get_organization_edit_target(organization_id))
    organization = get_organization_page(
        organization_id, at=timezone.now()
    ).organization
    address = reverse("directory:organization", args=[organization_id])

    def save(form: NewServiceForm) -> str:
        row = add_service(
            actor=actor,
            organization_id=organization_id,
            care=form.cleaned_data["care"],
            details=form.details(),
        )
        return reverse("directory:service", args=[row.pk])

    return show_edit_page(
        request,
        EditPage(
            title=_("Add a service to %(name)s") % {"name": organization.name},
            lead=_("After this you add numbers; the region adds the areas."),
            crumbs=manage_crumbs(
                Crumb(organization.name, address), Crumb(_("Add a service"))
            ),
            back_url=address,
            save_label=_("Add this service"),
            done=_("The service is in the directory."),
            form=NewServiceForm,
            save=save,
            template="directory/edit_service.html",
        ),
    )


@both_methods
@professional_page
def edit_service(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Change a service."""
    check_can_edit_directory(actor, get_service_edit_target(service_id))
    address = reverse("directory:service", args=[service_id])
    entry = get_service_entry(service_id)

    def load() -> Stored:
        version = get_version(EntryKind.SERVICE, service_id)
        return Stored(ServiceForm.values_of(get_service_entry(service_id)), version)

    def form(*args: Any, **kwargs: Any) -> ServiceForm:
        return ServiceForm(*args, known_languages=entry.languages, **kwargs)

    def save(form: ServiceForm) -> str:
        change_service(
            actor=actor,
            service_id=service_id,
            version=form.cleaned_data["version"],
            details=form.details(),
        )
        return address

    return show_edit_page(
        request,
        EditPage(
            title=_("Change %(name)s") % {"name": entry.name},
            crumbs=service_crumbs(entry, Crumb(_("Change"))),
            back_url=address,
            save_label=_("Save these changes"),
            done=_("The changes are stored."),
            form=form,
            load=load,
            save=save,
            history_url=history_address(EntryKind.SERVICE, service_id),
            template="directory/edit_service.html",
        ),
    )


@both_methods
@professional_page
def end_a_service(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Ask once, then end a service."""
    check_can_edit_directory(actor, get_service_edit_target(service_id))
    entry = get_service_entry(service_id)
    address = reverse("directory:service", args=[service_id])

    def end(version: int | None) -> str:
        end_service(actor=actor, service_id=service_id, version=version)
        return address

    return show_end_page(
        request,
        EndPage(
            title=_("End %(name)s?") % {"name": entry.name},
            lead=_(
                "The service is not shown any more and covers nothing. Nothing is "
                "removed: you can take this back in the history."
            ),
            consequences=say_consequences(weigh_end([service_id], at=timezone.now())),
            crumbs=service_crumbs(entry, Crumb(_("End"))),
            back_url=address,
            end_label=_("End this service"),
            done=_("The service has ended. Take it back in its history."),
            version=get_version(EntryKind.SERVICE, service_id),
            end=end,
        ),
    )


def say_consequences(follows: Consequences) -> list[str]:
    """Say what would no longer count, leaving out what is none."""
    counted = (
        (
            follows.n_coverages,
            ngettext(
                "It covers %(n)d area now. Look who takes that over.",
                "It covers %(n)d areas now. Look who takes them over.",
                follows.n_coverages,
            ),
        ),
        (
            follows.n_duties,
            ngettext(
                "%(n)d duty that runs or is to come does not count any more.",
                "%(n)d duties that run or are to come do not count any more.",
                follows.n_duties,
            ),
        ),
        (
            follows.n_contacts,
            ngettext(
                "%(n)d number or address is not shown any more.",
                "%(n)d numbers and addresses are not shown any more.",
                follows.n_contacts,
            ),
        ),
        (
            follows.n_alliances,
            ngettext(
                "It takes part in %(n)d neighborhood alliance.",
                "It takes part in %(n)d neighborhood alliances.",
                follows.n_alliances,
            ),
        ),
    )
    return [words % {"n": n} for n, words in counted if n]


def say_audience_hints() -> dict[str, str]:
    """Return what each audience means, in words."""
    return {value: hint() for value, hint in AUDIENCE_HINTS.items()}


def history_address(kind: EntryKind, entry_id: int) -> str:
    """Return where the history of an entry is."""
    return reverse("directory:history", args=[kind.value, entry_id])
