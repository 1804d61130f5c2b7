"""What the REST interface reads: requests of an organization, and one offer's team."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from django.db.models import Q

from wijkspil.directory.types import OrganizationType
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.selectors.inbox import unknown_offer
from wijkspil.referrals.types import RequesterKind

#: Who asks, where that follows from the kind of organization.
KIND_OF: Mapping[str, RequesterKind] = {
    OrganizationType.GP_PRACTICE: RequesterKind.GP,
    OrganizationType.GP_COOPERATIVE: RequesterKind.GP,
    OrganizationType.HOSPITAL: RequesterKind.HOSPITAL,
    OrganizationType.SOCIAL_TEAM: RequesterKind.MUNICIPALITY,
    OrganizationType.HOME_CARE: RequesterKind.NURSING,
    OrganizationType.PHARMACY: RequesterKind.OTHER,
    OrganizationType.PARAMEDICAL_PRACTICE: RequesterKind.OTHER,
    OrganizationType.CARE_HOME: RequesterKind.OTHER,
}


class Part(StrEnum):
    """Which part an organization plays in a request: it asked, or it has the client."""

    REQUESTER = "requester"
    TEAM = "team"


def list_requests_of(
    *,
    user_id: int | None,
    requester_ids: Collection[int],
    provider_ids: Collection[int],
    service_ids: Collection[int],
    part: Part | None,
    status: str,
    page: int,
    page_size: int,
) -> tuple[list[ServiceRequest], int]:
    """Return a page of requests, newest first, and how many there are (two queries).

    ``requester_ids`` are organizations that asked; ``provider_ids`` those whose teams
    have the client, ``service_ids`` such teams one by one. Empty ``status`` is any.
    """
    asked = Q(requester_organization__in=list(requester_ids))
    if user_id is not None:
        asked |= Q(requester=user_id)
    has_client = Q(placed_service__organization__in=list(provider_ids)) | Q(
        placed_service__in=list(service_ids)
    )
    wanted = {Part.REQUESTER: asked, Part.TEAM: has_client, None: asked | has_client}
    rows = ServiceRequest.objects.filter(wanted[part])
    if status:
        rows = rows.filter(status=status)
    start = (page - 1) * page_size
    return (
        list(rows.order_by("-created_at", "-pk")[start : start + page_size]),
        rows.count(),
    )


def get_offer_service_id(offer_id: int) -> int:
    """Return the service a question was put to (one query).

    Raises
    ------
    UnknownOffer
        If there is none with this id.
    """
    service_id = (
        Offer.objects.filter(pk=offer_id).values_list("service_id", flat=True).first()
    )
    if service_id is None:
        raise unknown_offer(offer_id)
    return service_id
