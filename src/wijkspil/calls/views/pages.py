"""What the pages of calls share: a part that renews itself, and who enters for whom."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Concatenate

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.permissions import Permission
from wijkspil.directory.views.pages import Page, Params, professional_page


def live_page(
    view: Page[Params],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Let a page that renews itself be asked for anew once its session is over.

    Otherwise the sign-in page would be put in the place of the part.
    """
    page = professional_page(view)

    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        if is_renewal(request) and not request.user.is_authenticated:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return page(request, *args, **kwargs)

    return guarded


def is_renewal(request: HttpRequest) -> bool:
    """Whether an open page asks for its own news."""
    return request.headers.get("HX-Request") == "true"


def nothing_new(request: HttpRequest, seen: str) -> HttpResponse | None:
    """Return the answer that leaves an open page as it is, if nothing changed."""
    if is_renewal(request) and request.GET.get("seen") == seen:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return None


def minute_of(at: datetime) -> str:
    """Return what changes once a minute, so that words like "in 4 minutes" do too."""
    return str(int(at.timestamp() // 60))


def check_some(actor: Actor, *permissions: Permission) -> None:
    """Raise NotPermitted unless the actor holds one of the permissions somewhere."""
    if not any(actor.holds(permission) for permission in permissions):
        raise NotPermitted(
            _(
                "This page is for who enters or answers unplanned calls. Ask the "
                "manager of your organization for the right role."
            )
        )
