"""What every page for professionals shares: who acts, and where they may."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.permissions import Permission, Scope

Params = ParamSpec("Params")
Page = Callable[Concatenate[HttpRequest, Actor, Params], HttpResponse]


def professional_page(
    view: Page[Params],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Give the view the actor; a visitor is asked to sign in.

    A refusal raised by the view becomes a page (``AnticipatedErrorMiddleware``).
    """

    @wraps(view)
    def page(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        actor = get_request_actor(request)
        if actor.user_id is None:
            raise NotPermitted(_("This page is for professionals who are signed in."))
        return view(request, actor, *args, **kwargs)

    return page


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
