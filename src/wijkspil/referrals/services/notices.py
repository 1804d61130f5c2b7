"""Who is told what about a request. The acts call this in their own transaction.

Outside the app only the title of a topic travels, so no title says anything of health;
the sentence with the number of the request is read after signing in. Who did something
is not told that it happened.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.types import Actor
from wijkspil.communications.services.sending import send
from wijkspil.communications.types import ServiceOf, declare_topic
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.referrals.models import (
    Offer,
    PolicyVersion,
    ServiceRequest,
    Signal,
)
from wijkspil.referrals.types import OfferStatus, OwnerKind, Urgency

_TOPICS = {
    topic.code: topic
    for topic in (
        declare_topic(
            "referrals.offer",
            title=_("A new question for your team"),
            sentence=_("Can your team take a new client? Request %(number)s."),
        ),
        declare_topic(
            "referrals.offer-urgent",
            title=_("An urgent question for your team"),
            sentence=_("Urgent: can your team take a client? Request %(number)s."),
            urgent=True,
        ),
        declare_topic(
            "referrals.reminder",
            title=_("A question still waits for your team"),
            sentence=_("Half of the time to answer request %(number)s has passed."),
            urgent=True,
        ),
        declare_topic(
            "referrals.taken",
            title=_("Another team takes the client"),
            sentence=_("Another team takes request %(number)s. You need do nothing."),
        ),
        declare_topic(
            "referrals.no-longer-needed",
            title=_("A question is no longer needed"),
            sentence=_("Request %(number)s is no longer asked of you."),
        ),
        declare_topic(
            "referrals.accepted",
            title=_("A team takes your request"),
            sentence=_("A team takes request %(number)s. See who comes and when."),
        ),
        declare_topic(
            "referrals.no-team",
            title=_("A request needs you"),
            sentence=_("No team takes request %(number)s. You have it in hand now."),
            urgent=True,
        ),
        declare_topic(
            "referrals.date-near",
            title=_("A date comes near"),
            sentence=_("Request %(number)s must move on within half an hour."),
            urgent=True,
        ),
        declare_topic(
            "referrals.overdue",
            title=_("A date has passed"),
            sentence=_("The date of request %(number)s has passed. Act now."),
            urgent=True,
        ),
        declare_topic(
            "referrals.still-overdue",
            title=_("A request has been late for an hour"),
            sentence=_("Request %(number)s has been late for an hour. Who helps?"),
            urgent=True,
        ),
        declare_topic(
            "referrals.visit-moved",
            title=_("The first visit moves to another day"),
            sentence=_("The first visit of request %(number)s moves to %(day)s."),
            urgent=True,
        ),
        declare_topic(
            "referrals.need-changed",
            title=_("Something changes for a client of yours"),
            sentence=_("Other care is needed in %(number)s. Look at the hours again."),
            urgent=True,
        ),
        declare_topic(
            "referrals.care-changed",
            title=_("Something changes for a client of yours"),
            sentence=_("Other care is asked now in request %(number)s."),
        ),
        declare_topic(
            "referrals.paused",
            title=_("Something changes for a client of yours"),
            sentence=_("The client of %(number)s is admitted. Visits stop for now."),
            urgent=True,
        ),
        declare_topic(
            "referrals.resumed",
            title=_("Something changes for a client of yours"),
            sentence=_("The client of %(number)s comes home, first visit %(day)s."),
            urgent=True,
        ),
        declare_topic(
            "referrals.room-released",
            title=_("A place is free again"),
            sentence=_("The place kept for %(number)s is free for others again."),
        ),
        declare_topic(
            "referrals.stopped",
            title=_("Something changes for a client of yours"),
            sentence=_("Request %(number)s has stopped. The place is free again."),
            urgent=True,
        ),
        declare_topic(
            "referrals.died",
            title=_("Something changes for a client of yours"),
            sentence=_("The client of %(number)s has died. Visits are cancelled."),
            urgent=True,
        ),
        declare_topic(
            "referrals.policy-proposed",
            title=_("Other agreements wait for your approval"),
            sentence=_("Version %(version)s of the agreements waits for your word."),
        ),
        declare_topic(
            "referrals.policy-approved",
            title=_("Other agreements are approved"),
            sentence=_("Version %(version)s of the agreements is approved."),
        ),
        declare_topic(
            "referrals.policy-refused",
            title=_("Other agreements are refused"),
            sentence=_("Version %(version)s of the agreements was refused."),
        ),
        declare_topic(
            "referrals.signal-filed",
            title=_("A signal about the agreements"),
            sentence=_("Somebody says the agreements do harm. Answer by %(due)s."),
        ),
        declare_topic(
            "referrals.signal-answered",
            title=_("Your signal has an answer"),
            sentence=_("Your signal of %(filed)s has an answer."),
        ),
    )
}
_URGENT = (Urgency.TODAY, Urgency.TOMORROW)


def tell_offers(
    request: ServiceRequest, offers: Iterable[Offer], *, at: datetime
) -> None:
    """Tell each team that it is asked; webhooks of its organization hear it too."""
    topic = "referrals.offer" + ("-urgent" if request.urgency in _URGENT else "")
    for offer in offers:
        _send_to_services(
            request,
            [offer.service_id],
            topic,
            at=at,
            key=f"offer-{offer.pk}",
            link=f"/postvak/{offer.pk}/",
        )


def tell_reminder(request: ServiceRequest, offer: Offer, *, at: datetime) -> None:
    """Tell a team that half of its time has passed."""
    _send_to_services(
        request,
        [offer.service_id],
        "referrals.reminder",
        at=at,
        key=f"reminder-{offer.pk}",
        link=f"/postvak/{offer.pk}/",
    )


def tell_asked_teams(
    request: ServiceRequest,
    topic: str,
    *,
    at: datetime,
    without: int | None = None,
) -> None:
    """Tell the teams that have the question now; call it before taking it back."""
    services = Offer.objects.filter(request=request, status=OfferStatus.OPEN).exclude(
        service_id=without
    )
    _send_to_services(
        request, services.values_list("service_id", flat=True), topic, at=at
    )


def tell_team(
    request: ServiceRequest, topic: str, *, actor: Actor, at: datetime
) -> None:
    """Tell the team that has the client, unless it is the one that acts."""
    service_id = request.placed_service_id
    if service_id is None or _acts_for(actor, service_id=service_id):
        return
    _send_to_services(
        request,
        [service_id],
        topic,
        at=at,
        link=f"/aanvragen/{request.number}/",
    )


def tell_requester(
    request: ServiceRequest, topic: str, *, actor: Actor, at: datetime
) -> None:
    """Tell who sent it, unless that is who acts; a family has its own page."""
    user_id = request.requester_id
    if user_id is not None and user_id != actor.user_id:
        _send(request, topic, at=at, to_users=[user_id])
    elif user_id is None and request.requester_organization_id is not None:
        _send(
            request,
            topic,
            at=at,
            to_organizations=[request.requester_organization_id],
        )


def tell_owner(request: ServiceRequest, topic: str, *, at: datetime) -> None:
    """Tell who has it in hand: a person, or the team, or the region's coordinators."""
    due = request.due_at.isoformat() if request.due_at else ""
    key = f"{topic}-{request.pk}-{due}"
    if request.owner_id is not None:
        _send(request, topic, at=at, to_users=[request.owner_id], key=key)
    elif request.owner_kind == OwnerKind.TEAM and request.placed_service_id is not None:
        _send_to_services(request, [request.placed_service_id], topic, at=at, key=key)
    else:
        _send(request, topic, at=at, to_regions=[request.region_id], key=key)


def tell_coordinators(request: ServiceRequest, topic: str, *, at: datetime) -> None:
    """Tell every coordinator of the region, once per date."""
    due = request.due_at.isoformat() if request.due_at else ""
    key = f"{topic}-{request.pk}-{due}"
    _send(request, topic, at=at, to_regions=[request.region_id], key=key)


def tell_about_policy(
    topic: str, policy: PolicyVersion, *, to_users: Sequence[int], at: datetime
) -> None:
    """Tell people about a version of the agreements."""
    send(
        topic=_TOPICS[topic],
        to_users=to_users,
        params={"version": policy.number},
        link=f"/regietafel/afspraken/versies/{policy.pk}/",
        about=f"policy:{policy.pk}",
        at=at,
    )


def tell_about_signal(
    topic: str, signal: Signal, *, to_users: Sequence[int], at: datetime
) -> None:
    """Tell people about a signal."""
    send(
        topic=_TOPICS[topic],
        to_users=to_users,
        params={
            "due": signal.due_on.isoformat(),
            "filed": signal.filed_at.date().isoformat(),
        },
        link=f"/signalen/{signal.pk}/",
        about=f"signal:{signal.pk}",
        at=at,
    )


def _acts_for(actor: Actor, *, service_id: int) -> bool:
    return any(grant.service_id == service_id for grant in actor.grants)


def _send_to_services(
    request: ServiceRequest,
    service_ids: Iterable[int],
    topic: str,
    *,
    at: datetime,
    key: str | None = None,
    link: str = "",
) -> None:
    names = get_service_names(service_ids)
    _send(
        request,
        topic,
        at=at,
        to_organizations=[
            ServiceOf(organization_id, service_id)
            for service_id, (_name, _organization, organization_id) in names.items()
        ],
        key=key,
        link=link or "/postvak/",
    )


def _send(
    request: ServiceRequest,
    topic: str,
    *,
    at: datetime,
    to_users: Sequence[int] = (),
    to_organizations: Sequence[int | ServiceOf] = (),
    to_regions: Sequence[int] = (),
    key: str | None = None,
    link: str = "",
) -> None:
    if not (to_users or to_organizations or to_regions):
        return
    send(
        topic=_TOPICS[topic],
        to_users=to_users,
        to_organizations=to_organizations,
        to_regions=to_regions,
        params={
            "number": request.number,
            "day": request.first_visit_on.isoformat(),
        },
        link=link or f"/aanvragen/{request.number}/",
        about=f"request:{request.number}",
        at=at,
        key=key,
    )
