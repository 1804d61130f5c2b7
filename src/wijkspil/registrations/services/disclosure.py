"""Who a household is: shown to itself and to its desk, and every showing written down.

A practice sees it elsewhere, and only from the household's yes on.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from wijkspil.accounts.types import Actor
from wijkspil.core.models import AuditEvent
from wijkspil.core.sealing import unseal
from wijkspil.registrations.models import Wish
from wijkspil.registrations.policies import age_on
from wijkspil.registrations.services.household import read_member
from wijkspil.registrations.services.trail import record_household_access


@dataclass(frozen=True, slots=True)
class ShownMember:
    """One member as the household and its desk see them."""

    row: int
    name: str
    birth_date: date | None
    age: int | None
    consents_self: bool
    consent: str


@dataclass(frozen=True, slots=True)
class ShownHousehold:
    """Who the household is and how it is reached."""

    members: tuple[ShownMember, ...]
    contact: str


@transaction.atomic
def show_household(
    *, actor: Actor, wish: Wish, purpose: str, at: datetime
) -> ShownHousehold:
    """Return who is on the wish, and log it; checks no permission (two queries).

    After the time to keep it, names are empty.
    """
    members = []
    for row in wish.members.order_by("row"):
        who = read_member(row)
        members.append(
            ShownMember(
                row=row.row,
                name="" if who is None else who.name,
                birth_date=None if who is None else who.birth_date,
                age=None if who is None else age_on(who.birth_date, localdate(at)),
                consents_self=row.consents_self,
                consent=row.consent,
            )
        )
    if any(member.name for member in members):
        record_household_access(
            wish, actor=actor, action=AuditEvent.Action.READ, purpose=purpose, at=at
        )
    contact = "" if wish.contact is None else unseal(bytes(wish.contact))
    return ShownHousehold(members=tuple(members), contact=contact)
