"""What every page for professionals shares: who acts, and refusals in plain words."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.errors import Conflict, NotFound, NotPermitted, WijkspilError
from wijkspil.core.permissions import Permission, Scope

Params = ParamSpec("Params")
Page = Callable[Concatenate[HttpRequest, Actor, Params], HttpResponse]


def professional_page(
    view: Page[Params],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Give the view the actor; send a visitor to sign in and answer refusals.

    A refusal is a page with the reason and a way on, with its HTTP status.
    """

    @wraps(view)
    def page(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        try:
            actor = get_request_actor(request)
            if actor.user_id is None:
                return redirect_to_login(request.get_full_path())
            return view(request, actor, *args, **kwargs)
        except WijkspilError as error:
            return refusal(request, error)

    return page


def refusal(request: HttpRequest, error: WijkspilError) -> HttpResponse:
    """Return the page that says what is refused and why."""
    if isinstance(error, NotPermitted):
        status, title = HTTPStatus.FORBIDDEN, _("This is not open to you")
    elif isinstance(error, NotFound):
        status, title = HTTPStatus.NOT_FOUND, _("This is not here")
    elif isinstance(error, Conflict):
        status, title = HTTPStatus.CONFLICT, _("This cannot be done now")
    else:
        status, title = HTTPStatus.BAD_REQUEST, _("This request cannot be read")
    return render(
        request,
        "directory/refusal.html",
        {"title": title, "reason": str(error)},
        status=status,
    )


@dataclass(frozen=True)
class Reach:
    """Where an actor holds a permission: ids of services, organizations, regions."""

    service_ids: frozenset[int]
    organization_ids: frozenset[int]
    region_ids: frozenset[int]
    is_everywhere: bool


def reach_of(actor: Actor, permission: Permission) -> Reach:
    """Return where the actor holds ``permission``."""
    grants = [
        (permission.grants[grant.role], grant)
        for grant in actor.grants
        if grant.role in permission.grants
    ]
    return Reach(
        service_ids=frozenset(
            g.service_id for s, g in grants if s is Scope.SERVICE and g.service_id
        ),
        organization_ids=frozenset(
            g.organization_id
            for s, g in grants
            if s is Scope.ORGANIZATION and g.organization_id
        ),
        region_ids=frozenset(
            g.region_id for s, g in grants if s is Scope.REGION and g.region_id
        ),
        is_everywhere=any(s is Scope.EVERYWHERE for s, _grant in grants),
    )
