"""One way to change an entry on a page: show, check, save, or say what stands in it.

When somebody else saved first, the page shows both values of every field that differs
and keeps what was typed; saving again keeps the reader's own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict
from wijkspil.core.typed_values import read_id
from wijkspil.directory.errors import AlreadyChanged, InvalidEntry, OverlapsAnother
from wijkspil.directory.forms.entries import EntryForm
from wijkspil.ui.navigation import Crumb


@dataclass(frozen=True)
class Stored:
    """The entry as it is stored now: its values as the form's, and its version."""

    values: Mapping[str, Any]
    version: int


@dataclass(frozen=True)
class EditPage:
    """What a page to change (or add) one entry shows and does."""

    title: str
    crumbs: Sequence[Crumb]
    back_url: str
    save_label: str
    done: str
    save: Callable[[Any], str]  # takes the valid form, returns where to go then
    form: Callable[..., EntryForm]
    load: Callable[[], Stored] | None = None
    lead: str = ""
    history_url: str = ""
    privacy: str = ""
    template: str = "directory/edit.html"
    hints: Mapping[str, Mapping[str, str]] | None = None


def show_edit_page(request: HttpRequest, page: EditPage) -> HttpResponse:
    """Show the form, or save what was sent and go on."""
    context: dict[str, Any] = {"page": page, "crumbs": page.crumbs}
    if request.method != "POST":
        stored = page.load() if page.load else None
        form = page.form(
            initial=None
            if stored is None
            else {**stored.values, "version": stored.version}
        )
        return render(request, page.template, {**context, "form": form})
    form = page.form(request.POST)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        try:
            address = page.save(form)
        except InvalidEntry as error:
            form.refuse(error)
        except OverlapsAnother as error:
            form.add_error(
                error.field if error.field in form.fields else None, str(error)
            )
        except AlreadyChanged as error:
            status = HTTPStatus.CONFLICT
            form, context = _with_both_values(request, page, form, error, context)
        else:
            messages.success(request, page.done)
            return redirect(address)
    return render(request, page.template, {**context, "form": form}, status=status)


def _with_both_values(
    request: HttpRequest,
    page: EditPage,
    form: EntryForm,
    error: AlreadyChanged,
    context: dict[str, Any],
) -> tuple[EntryForm, dict[str, Any]]:
    """Keep what was typed, on the version that is stored now, beside what is stored."""
    assert page.load is not None
    stored = page.load()
    differences = form.differences(stored.values)
    typed = request.POST.copy()
    typed["version"] = str(stored.version)
    again = page.form(typed)
    return again, {**context, "changed_by": str(error), "differences": differences}


@dataclass(frozen=True)
class EndPage:
    """A page that asks once, says what follows, and then does it."""

    title: str
    lead: str
    consequences: Sequence[str]
    crumbs: Sequence[Crumb]
    back_url: str
    end_label: str
    done: str
    version: int
    end: Callable[[int | None], str]  # takes the version, returns where to go then


def show_end_page(request: HttpRequest, page: EndPage) -> HttpResponse:
    """Ask, or end it and go on."""
    if request.method == "POST":
        version = read_id(request.POST.get("version", ""))
        try:
            address = page.end(version)
        except AlreadyChanged as error:
            messages.warning(
                request,
                _("%(reason)s Look again below before you go on.")
                % {"reason": str(error)},
            )
        else:
            messages.success(request, page.done)
            return redirect(address)
    return render(request, "directory/end.html", {"page": page, "crumbs": page.crumbs})


def go_back(request: HttpRequest, *, otherwise: str) -> HttpResponse:
    """Return to the page of this site that the form names, else to ``otherwise``."""
    address = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        address = otherwise
    return redirect(address)


def act_or_warn(request: HttpRequest, act: Callable[[], object], *, done: str) -> None:
    """Do it and say so; on a conflict say why not."""
    try:
        act()
    except (Conflict, InvalidEntry) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
