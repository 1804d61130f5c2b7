"""Register at once where there is room: a move without a round.

The row of the list is locked while its places are counted, so that two who want the
last place do not both get it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.accounts.types import Actor
from wijkspil.communications.types import declare_topic
from wijkspil.directory.selectors.gp_practices import get_gp_place, get_gp_practice
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.errors import InvalidRegistration, ListFull
from wijkspil.registrations.models import Move, Wish
from wijkspil.registrations.policies import next_wish_status
from wijkspil.registrations.services.household import lock_wish
from wijkspil.registrations.services.lists import lock_list
from wijkspil.registrations.services.practice_notices import tell_practice
from wijkspil.registrations.services.trail import add_wish_event
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import Answer, ListStatus, MoveStatus
from wijkspil.registrations.work_days import earliest_effective_on

#: So long a practice has to answer somebody who registers directly.
ANSWER_WITHIN = timedelta(days=7)

REGISTERS = declare_topic(
    "registrations.registers",
    title=gettext_lazy("A household wants to register with your practice"),
    sentence=gettext_lazy("A household registers with you directly. Answer in a week."),
    urgent=True,
)


@transaction.atomic
def register_directly(
    *, actor: Actor, wish_id: int, service_id: int, at: datetime
) -> Move:
    """Take a place for a wish that waits, at one of its choices; return the proposal.

    The household has said yes by this; the practice answers within a week. Checks no
    permission: the caller holds the private link or is the helper. Locks the wish,
    then the list.

    Raises
    ------
    NotNow
        If the wish does not wait, or has a proposal.
    ListFull
        If no place is left for this household, or the list is closed.
    InvalidRegistration
        If the practice is no choice of the wish, or a condition is not met.
    """
    wish = lock_wish(wish_id)
    after = next_wish_status("propose", wish.status)
    choice = wish.choices.filter(service_id=service_id).first()
    if choice is None:
        raise InvalidRegistration(
            {"choices": [_("This practice is not on your list. Add it first.")]}
        )
    if wish.moves.filter(to_service_id=service_id, status=MoveStatus.REFUSED).exists():
        said_no = _("This practice said no to you before. Call them or choose another.")
        raise InvalidRegistration({"choices": [said_no]})
    practice = get_gp_practice(service_id, at=at)
    now = lock_list(service_id=service_id, at=at)
    unmet = check_conditions(
        now.conditions,
        postcode=wish.postcode,
        minutes=minutes_between(wish, practice.lon, practice.lat),
        has_member=choice.has_member,
        bands=list(wish.members.values_list("age_band", flat=True)),
        taken_of_band=now.taken_of_band,
    )
    if unmet:
        raise InvalidRegistration({"choices": [str(one.label) for one in unmet]})
    if now.status == ListStatus.CLOSED or not now.can_take(
        people=wish.size, load=wish.load
    ):
        raise ListFull(
            _(
                "The last place at %(practice)s was just taken, or the list was "
                "closed. Your wish keeps its place in line."
            )
            % {"practice": practice.name}
        )
    move = Move.objects.create(
        wish=wish,
        from_service_id=wish.current_practice_id,
        to_service_id=service_id,
        choice_rank=choice.rank,
        size=wish.size,
        load=wish.load,
        status=MoveStatus.PROPOSED,
        proposed_at=at,
        answer_by=at + ANSWER_WITHIN,
        household_answer=Answer.YES,
        household_at=at,
        effective_on=earliest_effective_on(localdate(at)),
    )
    wish.status = after
    wish.is_direct = True
    wish.save(update_fields=["status", "is_direct"])
    add_wish_event(
        wish, "registers", actor=actor, at=at, service_id=service_id, move_id=move.pk
    )
    tell_practice(
        service_id,
        REGISTERS,
        page="home",
        at=at,
        key=f"registers-{move.pk}",
        about=f"move:{move.pk}",
    )
    return move


def minutes_between(wish: Wish, lon: float | None, lat: float | None) -> float | None:
    """Return minutes by car from a household to a practice, estimated (two queries)."""
    if lon is None or lat is None:
        return None
    place = get_gp_place(wish.postcode)
    return drive_minutes(distance_km(place.lon, place.lat, lon, lat))
