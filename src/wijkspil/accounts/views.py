"""Signing in and out, and the page where the auditor reads who saw what."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.core.paginator import Paginator
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.audit_trail import find_events, list_rows
from wijkspil.accounts.forms import SignInForm, TrailForm
from wijkspil.accounts.permissions import check_can_view_audit
from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.sign_in import TooManyFailures, check_password
from wijkspil.accounts.types import Actor
from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.core.spreadsheets import csv_lines

EVENTS_PER_PAGE = 50


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail and password; go on to the page somebody came for."""
    back = _safe_address(request, request.POST.get("next") or request.GET.get("next"))
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(back)
        return _show_sign_in(request, SignInForm(), back)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _show_sign_in(request, form, back, status=422)
    try:
        user = check_password(
            request=request,
            email=form.cleaned_data["email"],
            password=form.cleaned_data["password"],
            at=timezone.now(),
        )
    except TooManyFailures as refusal:
        form.add_error(None, str(refusal))
        return _show_sign_in(request, form, back, status=429)
    if user is None:
        form.add_error(
            None, _("This e-mail address and password do not belong together.")
        )
        return _show_sign_in(request, form, back, status=422)
    login(request, user)
    return HttpResponseRedirect(back)


def _show_sign_in(
    request: HttpRequest, form: SignInForm, back: str, *, status: int = 200
) -> HttpResponse:
    return render(
        request, "accounts/sign_in.html", {"form": form, "next": back}, status=status
    )


def _safe_address(request: HttpRequest, address: str | None) -> str:
    """Return an address on this site, and never the sign-in page itself."""
    if (
        address
        and url_has_allowed_host_and_scheme(
            address,
            allowed_hosts={request.get_host()},
            require_https=request.is_secure(),
        )
        and not address.startswith(request.path)
    ):
        return address
    return resolve_url(settings.LOGIN_REDIRECT_URL)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


@require_safe
def show_audit_trail(request: HttpRequest) -> HttpResponse:
    """Show who saw or changed what, newest first; looking is written down as well."""
    actor = get_request_actor(request)
    check_can_view_audit(actor)
    form = TrailForm(request.GET)
    is_valid = form.is_valid()
    page = Paginator(find_events(form.wanted()), EVENTS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    events = list(page.object_list)
    _record_reading(actor, AuditEvent.Action.READ, request)
    return render(
        request,
        "accounts/audit_trail.html",
        {
            "form": form,
            "page": page,
            "events": events,
            "query": request.GET.urlencode(),
        },
        status=200 if is_valid else 400,
    )


@require_safe
def export_audit_trail(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Send the events that fit as CSV (UTF-8, semicolons as Dutch Excel expects)."""
    actor = get_request_actor(request)
    check_can_view_audit(actor)
    form = TrailForm(request.GET)
    if not form.is_valid():
        return show_audit_trail(request)
    _record_reading(actor, AuditEvent.Action.EXPORT, request)
    response = StreamingHttpResponse(
        csv_lines(list_rows(find_events(form.wanted()))),
        content_type="text/csv; charset=utf-8",
    )
    response["Content-Disposition"] = 'attachment; filename="logboek.csv"'
    return response


def _record_reading(
    actor: Actor, action: AuditEvent.Action, request: HttpRequest
) -> None:
    record_access(
        at=timezone.now(),
        actor_id=actor.user_id,
        actor_label=actor.label,
        action=action,
        entity_type="audit-trail",
        entity_ids=["search" if request.GET else "newest"],
        purpose="page.audit-trail",
        fields=[name for name, value in request.GET.items() if value],
    )
