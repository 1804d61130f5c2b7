"""What people and systems are told about a stay; the words stay in the app."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from wijkspil.communications.services.sending import send
from wijkspil.communications.types import ServiceOf, Topic, declare_topic
from wijkspil.stays.models import BedClaim, StayRequest

CLAIMED = declare_topic(
    "stays.claimed",
    title=_("A bed of yours is claimed"),
    sentence=_("A bed is claimed for stay %(number)s. The bed is promised."),
    urgent=True,
)
CONFIRMED = declare_topic(
    "stays.confirmed",
    title=_("A client comes to a bed of yours"),
    sentence=_("The client of stay %(number)s comes. See when, and who it is."),
    urgent=True,
)
GIVEN_BACK = declare_topic(
    "stays.given-back",
    title=_("A claimed bed is free again"),
    sentence=_("The bed for stay %(number)s is free again."),
)
RELEASED = declare_topic(
    "stays.released",
    title=_("A bed was not confirmed in time"),
    sentence=_("The bed for stay %(number)s was not confirmed in time. It is free."),
    urgent=True,
)
NOT_DELIVERED = declare_topic(
    "stays.not-delivered",
    title=_("A promised bed is not delivered"),
    sentence=_("The bed for stay %(number)s cannot be delivered. Look for another."),
    urgent=True,
)
ARRIVED = declare_topic(
    "stays.arrived",
    title=_("A client has arrived in a temporary stay"),
    sentence=_("The client of stay %(number)s has arrived."),
)
TO_COORDINATOR = declare_topic(
    "stays.coordinator",
    title=_("A temporary stay needs you"),
    sentence=_("Stay %(number)s has no bed, or its date has passed."),
    urgent=True,
)
GOING_HOME = declare_topic(
    "stays.going-home",
    title=_("Plan going home after a temporary stay"),
    sentence=_("Stay %(number)s ends soon. Arrange what is needed at home."),
)


def tell_requester(stay: StayRequest, topic: Topic, *, at: datetime, key: str) -> None:
    """Tell who asked: the person, or the organization of a system."""
    if stay.requester_id is not None:
        _send(stay, topic, at=at, key=key, to_users=[stay.requester_id])
    elif stay.requester_organization_id is not None:
        organization_ids = [stay.requester_organization_id]
        _send(stay, topic, at=at, key=key, to_organizations=organization_ids)


def tell_provider(
    stay: StayRequest, claim: BedClaim, topic: Topic, *, at: datetime, key: str
) -> None:
    """Tell the team whose bed it is."""
    organization_id = claim.service.organization_id
    receiver = ServiceOf(organization_id=organization_id, service_id=claim.service_id)
    is_over = topic in (GIVEN_BACK, RELEASED)
    link = reverse("stays:beds-of", args=[claim.service_id]) if is_over else ""
    _send(stay, topic, at=at, key=key, to_organizations=[receiver], link=link)


def tell_owner(stay: StayRequest, topic: Topic, *, at: datetime, key: str) -> None:
    """Tell who has it in hand; without a person the coordinators of the region."""
    if stay.owner_id is not None:
        _send(stay, topic, at=at, key=key, to_users=[stay.owner_id])
    else:
        _send(stay, topic, at=at, key=key, to_regions=[stay.region_id])


def _send(
    stay: StayRequest,
    topic: Topic,
    *,
    at: datetime,
    key: str,
    to_users: Sequence[int] = (),
    to_organizations: Sequence[int | ServiceOf] = (),
    to_regions: Sequence[int] = (),
    link: str = "",
) -> None:
    send(
        topic=topic,
        to_users=to_users,
        to_organizations=to_organizations,
        to_regions=to_regions,
        params={"number": stay.number},
        link=link or reverse("stays:stay", args=[stay.number]),
        about=f"stay:{stay.number}",
        at=at,
        key=f"{stay.number}:{key}",
    )
