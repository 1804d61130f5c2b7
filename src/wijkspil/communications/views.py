"""Messages of who is signed in, how that person is reached, and connected systems."""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.requests import get_request_actor
from wijkspil.accounts.selectors import name_own_organizations
from wijkspil.accounts.types import Actor, Target
from wijkspil.communications.errors import (
    EndpointExists,
    InvalidAddress,
    InvalidNumber,
    TooManyEndpoints,
    unknown_endpoint,
)
from wijkspil.communications.forms import ContactForm, EndpointForm
from wijkspil.communications.permissions import (
    MANAGE_WEBHOOKS,
    can_manage_webhooks,
    check_can_manage_webhooks,
)
from wijkspil.communications.selectors.contact import get_contact_choice
from wijkspil.communications.selectors.endpoints import (
    OutgoingRow,
    get_endpoint,
    list_dead_letters,
    list_endpoints,
    list_outgoing,
    managed_organizations,
)
from wijkspil.communications.selectors.inbox import (
    count_unread,
    get_message,
    list_inbox,
)
from wijkspil.communications.services.contact import choose_contact
from wijkspil.communications.services.endpoints import (
    add_endpoint,
    end_endpoint,
    send_again,
    send_test_message,
)
from wijkspil.communications.services.reading import mark_all_read, mark_read
from wijkspil.communications.types import EmailChoice, find_topic
from wijkspil.communications.wording import say_error
from wijkspil.core.errors import NotPermitted
from wijkspil.core.permissions import Scope
from wijkspil.core.typed_values import read_page_number
from wijkspil.ui.navigation import Chip, Crumb

MESSAGES_PER_PAGE = 30

Params = ParamSpec("Params")
Page = Callable[Concatenate[HttpRequest, Actor, Params], HttpResponse]


def signed_in_page(
    view: Page[Params],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Give the view the actor; a visitor is asked to sign in."""

    @wraps(view)
    def page(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        actor = get_request_actor(request)
        if actor.user_id is None:
            raise NotPermitted(_("Sign in to read your messages."))
        return view(request, actor, *args, **kwargs)

    return page


# --- reading


@require_safe
@signed_in_page
def show_inbox(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show messages to the reader, the team and the organization, unread first."""
    now = timezone.now()
    unread_only = request.GET.get("lijst") == "ongelezen"
    number = _page_number(request)
    rows, total = list_inbox(
        actor, unread_only=unread_only, page=number, page_size=MESSAGES_PER_PAGE
    )
    unread = count_unread(actor)
    address = reverse("communications:inbox")
    return render(
        request,
        "communications/inbox.html",
        {
            "now": now,
            "until": now.isoformat(),
            "crumbs": _crumbs(),
            "unread_rows": [row for row in rows if row.read_at is None],
            "read_rows": [row for row in rows if row.read_at is not None],
            "unread": unread,
            "unread_only": unread_only,
            "page": Paginator(range(total), MESSAGES_PER_PAGE).get_page(number),
            "chips": [
                Chip(_("All"), address, active=not unread_only),
                Chip(
                    _("Not read"),
                    f"{address}?lijst=ongelezen",
                    active=unread_only,
                    count=unread,
                ),
            ],
            "may_connect": can_manage_webhooks(actor),
        },
    )


@require_safe
@signed_in_page
def open_message(
    request: HttpRequest, actor: Actor, message_id: uuid.UUID
) -> HttpResponse:
    """Lead on to what a message is about, and mark it as read; links outside end here.

    A message that leads nowhere is shown by itself.
    """
    message = get_message(actor, message_id)
    if request.method == "GET":
        mark_read(actor=actor, message_id=message_id, at=timezone.now())
    if message.link:
        return HttpResponseRedirect(message.link)
    return render(
        request,
        "communications/message.html",
        {"message": message, "crumbs": _crumbs(message.title)},
    )


@require_POST
@signed_in_page
def mark_one(request: HttpRequest, actor: Actor, message_id: uuid.UUID) -> HttpResponse:
    """Mark one message as read and show the list again."""
    mark_read(actor=actor, message_id=message_id, at=timezone.now())
    return redirect("communications:inbox")


@require_POST
@signed_in_page
def mark_everything(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mark what was there when the page was made as read."""
    now = timezone.now()
    count = mark_all_read(
        actor=actor, until=min(_moment(request.POST.get("until"), now), now), at=now
    )
    messages.success(
        request,
        ngettext(
            "%(n)s message marked as read.", "%(n)s messages marked as read.", count
        )
        % {"n": count},
    )
    return redirect("communications:inbox")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page
def choose_how(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ask how the reader wants to be reached outside the app."""
    user_id = actor.user_id or 0  # a visitor never comes here
    has_text = bool(settings.TEXT_GATEWAY)
    choice = get_contact_choice(user_id)
    form = ContactForm(
        request.POST if request.method == "POST" else None,
        has_text=has_text,
        initial={"email": choice.email, "text_number": choice.text_number},
    )
    if request.method == "POST" and form.is_valid():
        try:
            choose_contact(
                user_id=user_id,
                email=EmailChoice(form.cleaned_data["email"]),
                text_number=form.cleaned_data.get("text_number", choice.text_number),
            )
        except InvalidNumber as refusal:
            form.add_error("text_number", str(refusal))
        else:
            messages.success(request, _("Your choice has been kept."))
            return redirect("communications:inbox")
    return render(
        request,
        "communications/contact.html",
        {
            "form": form,
            "back_url": reverse("communications:inbox"),
            "hints": {
                EmailChoice.ALL.value: _("Also what can wait until you sign in."),
                EmailChoice.URGENT.value: _("What somebody waits for."),
                EmailChoice.NONE.value: _("You look in Wijkspil yourself."),
            },
        },
        status=422 if form.errors else 200,
    )


# --- systems


@require_safe
@signed_in_page
def show_systems(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show which systems are told, what did not arrive and what was delivered."""
    check_can_manage_webhooks(actor)
    reach = _reach(actor)
    endpoints = list_endpoints(reach)
    return render(
        request,
        "communications/systems.html",
        {
            "crumbs": _crumbs(_("Connected systems")),
            "endpoints": [
                (endpoint, _say_topics(endpoint.topics)) for endpoint in endpoints
            ],
            "dead": _with_words(list_dead_letters(reach)),
            "outgoing": _with_words(list_outgoing(reach)),
            "shows_organization": reach is None or len(reach) > 1,
            "may_add": bool(_organizations(actor)),
        },
    )


@sensitive_variables("added")
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page
def add_system(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Connect a system; its secret is shown here, once."""
    check_can_manage_webhooks(actor)
    organizations = _organizations(actor)
    if not organizations:
        raise unknown_endpoint()
    form = EndpointForm(
        request.POST if request.method == "POST" else None, organizations=organizations
    )
    if request.method == "POST" and form.is_valid():
        try:
            added = add_endpoint(
                actor=actor,
                organization_id=form.cleaned_data["organization_id"],
                url=form.cleaned_data["url"],
                topics=form.cleaned_data["topics"],
                at=timezone.now(),
            )
        except (InvalidAddress, EndpointExists) as refusal:
            form.add_error("url", str(refusal))
        except TooManyEndpoints as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(
                request,
                "communications/system_added.html",
                {
                    "endpoint": get_endpoint(added.id),
                    "secret": added.secret,
                    "back_url": reverse("communications:systems"),
                },
            )
    return render(
        request,
        "communications/system_new.html",
        {
            "form": form,
            "back_url": reverse("communications:systems"),
            "shows_organization": len(organizations) > 1,
            "has_topics": bool(form.data and form["topics"].value()),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@signed_in_page
def test_system(request: HttpRequest, actor: Actor, endpoint_id: int) -> HttpResponse:
    """Send a test message to one system."""
    send_test_message(actor=actor, endpoint_id=endpoint_id, at=timezone.now())
    messages.success(
        request,
        _("A test message is on its way. Below you see whether it arrived."),
    )
    return redirect("communications:systems")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_page
def end_system(request: HttpRequest, actor: Actor, endpoint_id: int) -> HttpResponse:
    """Ask once, then end a system."""
    endpoint = get_endpoint(endpoint_id)
    if not can_manage_webhooks(actor, Target(organization_id=endpoint.organization_id)):
        raise unknown_endpoint()
    back_url = reverse("communications:systems")
    if request.method != "POST":
        return render(
            request,
            "communications/system_end.html",
            {"endpoint": endpoint, "back_url": back_url},
        )
    end_endpoint(actor=actor, endpoint_id=endpoint_id, at=timezone.now())
    messages.success(request, _("The system is told nothing more."))
    return redirect(back_url)


@require_POST
@signed_in_page
def send_letter_again(
    request: HttpRequest, actor: Actor, delivery_id: int
) -> HttpResponse:
    """Send what did not arrive again."""
    send_again(actor=actor, delivery_id=delivery_id, at=timezone.now())
    messages.success(request, _("The message is on its way again."))
    return redirect("communications:systems")


def _reach(actor: Actor) -> list[int] | None:
    """Return whose systems the actor sees; None: everybody's."""
    if any(
        MANAGE_WEBHOOKS.grants.get(role) is Scope.EVERYWHERE for role in actor.roles
    ):
        return None
    return managed_organizations(actor, tuple(MANAGE_WEBHOOKS.grants))


def _organizations(actor: Actor) -> list[tuple[int, str]]:
    """Return (id, name) of whom the actor can add a system for, by name.

    Who may do so everywhere: the own ones, and those that have a system.
    """
    reach = _reach(actor)
    own = name_own_organizations(actor.user_id or 0, at=timezone.now())
    names = {key: name for key, name in own.items() if reach is None or key in reach}
    if reach is None:
        names |= {
            endpoint.organization_id: endpoint.organization_name
            for endpoint in list_endpoints(None)
        }
    return sorted(names.items(), key=lambda pair: (pair[1], pair[0]))


def _say_topics(codes: tuple[str, ...]) -> list[str]:
    topics = [find_topic(code) for code in codes]
    return [str(topic.title) for topic in topics if topic is not None]


def _with_words(rows: list[OutgoingRow]) -> list[tuple[OutgoingRow, str]]:
    return [(row, say_error(row.last_error)) for row in rows]


def _crumbs(*last: str) -> list[Crumb]:
    trail: list[Any] = [_("Messages"), *last]
    urls = [reverse("communications:inbox")] * (len(trail) - 1) + [""]
    return [
        Crumb(_("My page"), reverse("portal:my-page")),
        *(Crumb(label, url) for label, url in zip(trail, urls, strict=True)),
    ]


def _page_number(request: HttpRequest) -> int:
    return read_page_number(request.GET.get("page", ""))


def _moment(text: str | None, otherwise: datetime) -> datetime:
    try:
        moment = parse_datetime(text or "")
    except ValueError:
        return otherwise
    return otherwise if moment is None or moment.tzinfo is None else moment
