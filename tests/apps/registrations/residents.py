"""A household as tests know it: names that can be found when they leak."""

from datetime import date, datetime
from typing import Any

from tests.factories.registrations import AT, GpRegion
from wijkspil.accounts.types import VISITOR
from wijkspil.core.private_links import LinkSecrets
from wijkspil.registrations.models import Wish
from wijkspil.registrations.services.wishes import confirm_contact, start_wish
from wijkspil.registrations.types import (
    ContactGiven,
    ContactKind,
    MemberGiven,
    WishGiven,
    WishReason,
)

ADULT = MemberGiven("Aleida Bewonersma", date(1980, 5, 24))
PARTNER = MemberGiven("Berend Partnerstra", date(1979, 1, 2))
CHILD = MemberGiven("Carlijn Kindsma", date(2019, 9, 9))
MAIL = "aleida.bewonersma@example.nl"
BY_MAIL = ContactGiven(ContactKind.EMAIL, MAIL)
#: What must never leave the app, nor stand readable in the database.
SECRETS = ("Aleida", "Bewonersma", "Berend", "Partnerstra", "Carlijn", "1980-05-24")


def given(region: GpRegion, **changes: Any) -> WishGiven:
    """Return what a household of one wants: the first two practices."""
    values: dict[str, Any] = {
        "postcode": "2512 ab",
        "reason": WishReason.NO_GP,
        "members": [ADULT],
        "choices": [one.pk for one in region.practices[:2]],
    }
    return WishGiven(**(values | changes))


def started(
    region: GpRegion, *, at: datetime = AT, is_direct: bool = False, **changes: Any
) -> tuple[Wish, LinkSecrets]:
    """Write a wish down, not confirmed yet."""
    return start_wish(
        actor=VISITOR,
        given=given(region, **changes),
        contact=BY_MAIL,
        is_direct=is_direct,
        at=at,
    )


def confirmed(
    region: GpRegion, *, at: datetime = AT, is_direct: bool = False, **changes: Any
) -> tuple[Wish, LinkSecrets]:
    """Write a wish down and confirm its address."""
    _wish, told = started(region, at=at, is_direct=is_direct, **changes)
    return confirm_contact(token=told.token, code=told.code, at=at), told
