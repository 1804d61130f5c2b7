"""How long names and contact are kept, and removing them when that time has passed."""

from datetime import date, datetime

from django.db import transaction

from wijkspil.communications.services.retention import remove_messages_about
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.selectors.gp_practices import get_gp_place
from wijkspil.registrations.models import MemberLink, Wish, WishLink
from wijkspil.registrations.services.notices import about
from wijkspil.registrations.services.trail import (
    SYSTEM,
    add_wish_event,
    record_household_access,
)
from wijkspil.registrations.types import LIVE_WISHES


@transaction.atomic
def remove_old_households(*, on: date, at: datetime, limit: int = 5000) -> int:
    """Remove who was on wishes that ended long enough ago; return how many wishes.

    What is left counts and names nobody: no names, contact, links or messages, and no
    postcode finer than a PC4. Locks the wishes.
    """
    old = list(
        Wish.objects.select_for_update(skip_locked=True)
        .filter(pk__in=_ids_of_old(on, limit))
        .order_by("pk")
    )
    for wish in old:
        record_household_access(
            wish,
            actor=SYSTEM,
            action=AuditEvent.Action.DELETE,
            purpose="retention",
            at=at,
        )
        _forget(wish)
        add_wish_event(wish, "forgotten", actor=SYSTEM, at=at)
    ids = [wish.pk for wish in old]
    WishLink.objects.filter(wish_id__in=ids).delete()
    MemberLink.objects.filter(member__wish_id__in=ids).delete()
    remove_messages_about([about(wish) for wish in old])
    return len(ids)


def _ids_of_old(on: date, limit: int) -> list[int]:
    return list(
        Wish.objects.filter(retain_until__lte=on, members__identity__isnull=False)
        .exclude(status__in=[*map(str, LIVE_WISHES)])
        .order_by("pk")
        .distinct()
        .values_list("pk", flat=True)[:limit]
    )


def _forget(wish: Wish) -> None:
    wish.members.update(identity=None, key="")
    wish.contact = None
    try:
        place = get_gp_place(wish.postcode[:4])
    except UnknownPostcode:
        wish.postcode = wish.postcode[:4]
    else:
        wish.place_id = place.id
        wish.postcode = place.postcode
    wish.save(update_fields=["contact", "postcode", "place_id"])
