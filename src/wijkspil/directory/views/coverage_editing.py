"""Coverage on a page: areas by search or around a practice, role and period."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from wijkspil.accounts.types import Actor
from wijkspil.directory.errors import InvalidEntry, OverlapsAnother
from wijkspil.directory.forms.areas import (
    AreaSearch,
    DutyForm,
    NewCoverageForm,
    typed_values,
)
from wijkspil.directory.forms.entries import CoverageForm
from wijkspil.directory.permissions import check_can_edit_coverage
from wijkspil.directory.selectors.history import EntryKind, get_version
from wijkspil.directory.selectors.management import (
    count_others_covering,
    get_coverage,
    get_service_entry,
)
from wijkspil.directory.services.coverage import (
    add_coverage,
    change_coverage,
    end_coverage,
    target_of_area,
)
from wijkspil.directory.types import Care, CoverageRole
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
    service_crumbs,
)
from wijkspil.directory.views.pages import professional_page
from wijkspil.ui.navigation import Crumb


@both_methods
@professional_page
def new_coverage(request: HttpRequest, actor: Actor, service_id: int) -> HttpResponse:
    """Let a service cover areas; searching is a second button of the same form."""
    check_can_edit_coverage(actor)
    service = get_service_entry(service_id)
    address = reverse("directory:service", args=[service_id])
    status = HTTPStatus.OK
    sent = request.POST if request.method == "POST" else request.GET
    search = AreaSearch(sent)
    if request.method == "POST" and "find" not in request.POST:
        form = NewCoverageForm(request.POST, search=search)
        if form.is_valid():
            try:
                rows = add_coverage(
                    actor=actor,
                    service_id=service_id,
                    area_ids=form.cleaned_data["areas"],
                    care=form.cleaned_data["care"],
                    details=form.details(),
                )
            except InvalidEntry as error:
                form.refuse(error)
            except OverlapsAnother as error:
                form.add_error(error.field, str(error))
            else:
                messages.success(
                    request,
                    ngettext(
                        "%(n)d area is covered from that day.",
                        "%(n)d areas are covered from that day.",
                        len(rows),
                    )
                    % {"n": len(rows)},
                )
                return redirect(address + "#coverage")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    else:
        form = NewCoverageForm(
            search=search,
            initial={
                "care": service.care,
                "role": CoverageRole.REGULAR,
                "valid_from": localdate(),
                "rank": 1,
                **typed_values(_without_empty(sent)),
                "areas": search.preselected,
            },
        )
    return render(
        request,
        "directory/new_coverage.html",
        {
            "service": service,
            "form": form,
            "search": search,
            "back_url": address,
            "crumbs": service_crumbs(service, Crumb(_("Add areas"))),
        },
        status=status,
    )


def _without_empty(sent: QueryDict) -> QueryDict:
    kept = sent.copy()
    for name in list(kept):
        if not any(kept.getlist(name)):
            del kept[name]
    return kept


@require_safe
@professional_page
def find_areas(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Return the areas that were found as choices, to put in the open form (htmx)."""
    search = AreaSearch(request.GET)
    form: NewCoverageForm | DutyForm
    if request.GET.get("for") == "duty":
        form = DutyForm(hits=search.hits, initial={"areas": request.GET.get("areas")})
    else:
        form = NewCoverageForm(search=search, initial={"areas": search.preselected})
    return render(
        request, "directory/parts/area_choices.html", {"form": form, "search": search}
    )


@both_methods
@professional_page
def edit_coverage(request: HttpRequest, actor: Actor, coverage_id: int) -> HttpResponse:
    """Change role, order or period of a coverage."""
    row = get_coverage(coverage_id)
    check_can_edit_coverage(actor, target_of_area(row.area_id))
    address = reverse("directory:service", args=[row.service_id])

    def load() -> Stored:
        version = get_version(EntryKind.COVERAGE, coverage_id)
        return Stored(CoverageForm.values_of(get_coverage(coverage_id)), version)

    def save(form: CoverageForm) -> str:
        change_coverage(
            actor=actor,
            coverage_id=coverage_id,
            version=form.cleaned_data["version"],
            details=form.details(stored=row),
        )
        return address + "#coverage"

    return show_edit_page(
        request,
        EditPage(
            title=_("%(service)s in %(area)s")
            % {"service": row.service.name, "area": row.area.name},
            lead=_(
                "For another area or kind of care: end this one, and add the other."
            ),
            crumbs=service_crumbs(row.service, Crumb(_("Change coverage"))),
            back_url=address,
            save_label=_("Save these changes"),
            done=_("The changes are stored."),
            form=CoverageForm,
            load=load,
            save=save,
            history_url=history_address(EntryKind.COVERAGE, coverage_id),
        ),
    )


@both_methods
@professional_page
def end_a_coverage(
    request: HttpRequest, actor: Actor, coverage_id: int
) -> HttpResponse:
    """Ask once, then end a coverage now."""
    row = get_coverage(coverage_id)
    check_can_edit_coverage(actor, target_of_area(row.area_id))
    now = timezone.now()
    address = reverse("directory:service", args=[row.service_id])
    others = count_others_covering(row, at=now)

    def end(version: int | None) -> str:
        end_coverage(
            actor=actor, coverage_id=coverage_id, version=version, at=timezone.now()
        )
        return address + "#coverage"

    return show_end_page(
        request,
        EndPage(
            title=_("Let %(service)s no longer cover %(area)s?")
            % {"service": row.service.name, "area": row.area.name},
            lead=_("It ends now. You can take this back in the history."),
            consequences=[
                _("%(role)s for %(care)s ends.")
                % {
                    "role": CoverageRole(row.role).label,
                    "care": Care(row.care).label,
                },
                ngettext(
                    "%(n)d other service covers this very area.",
                    "%(n)d other services cover this very area.",
                    others,
                )
                % {"n": others}
                if others
                else _("No other service covers this very area for this care."),
            ],
            crumbs=service_crumbs(row.service, Crumb(_("End coverage"))),
            back_url=address,
            end_label=_("End this coverage"),
            done=_("The coverage has ended."),
            version=get_version(EntryKind.COVERAGE, coverage_id),
            end=end,
        ),
    )
