"""Which GP practices are near an address, do they take people, does a household fit?

Distance is in a straight line and minutes by car are an estimate from it. Whether a
list is open is what the practice published; who said nothing is shown so.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from wijkspil.directory.selectors.gp_practices import (
    GpPlace,
    GpPractice,
    list_gp_practices,
    list_gp_practices_near,
)
from wijkspil.directory.selectors.search_areas import distance_km
from wijkspil.registrations.conditions import check_conditions
from wijkspil.registrations.selectors.lists import ListNow, list_lists
from wijkspil.registrations.travel import drive_minutes
from wijkspil.registrations.types import ListStatus, Unmet

#: Practices shown around an address: so near, and so many.
NEAR_KM = 10.0
NEAR_LIMIT = 25
#: The same where somebody asks for more, further away.
FAR_KM = 25.0
FAR_LIMIT = 75


class Way(StrEnum):
    """The one next step at a practice."""

    REGISTER = "register"
    WISH = "wish"
    ASK = "ask"
    OWN = "own"


class PracticeOption(NamedTuple):
    """A practice for one household: how far, what it says of its list, and the step.

    ``why_not`` has the conditions that are not met; ``minutes`` are estimated.
    """

    practice: GpPractice
    km: float
    minutes: float
    list_now: ListNow | None
    fits: bool
    why_not: tuple[Unmet, ...]
    way: Way

    @property
    def has_room(self) -> bool:
        """Whether this household can register now."""
        return self.way is Way.REGISTER


def list_options(
    place: GpPlace,
    *,
    bands: Sequence[str] = (),
    member_at: Collection[int] = (),
    current_practice_id: int | None = None,
    at: datetime,
    km: float = NEAR_KM,
    limit: int = NEAR_LIMIT,
) -> list[PracticeOption]:
    """Return practices around a place, nearest first (at most six queries).

    ``bands`` are the age bands of who registers and ``member_at`` the practices where
    somebody of the household is on the list, as far as that was said.
    """
    near = list_gp_practices_near(place.lon, place.lat, at=at, km=km, limit=limit)
    lists = list_lists([practice.id for practice in near], at)
    return [
        _option(
            practice,
            practice.km or 0.0,
            lists.get(practice.id),
            place.postcode,
            bands,
            practice.id in member_at,
            practice.id == current_practice_id,
        )
        for practice in near
    ]


def get_options(
    service_ids: Sequence[int],
    place: GpPlace,
    *,
    bands: Sequence[str] = (),
    member_at: Collection[int] = (),
    current_practice_id: int | None = None,
    at: datetime,
) -> list[PracticeOption]:
    """Return these practices for a household, in the order given (seven queries).

    Practices that do not exist (any more) are left out.
    """
    practices = list_gp_practices(service_ids, at=at)
    lists = list_lists(practices, at)
    options = []
    for service_id in service_ids:
        practice = practices.get(service_id)
        if practice is None:
            continue
        km = (
            0.0
            if practice.lon is None or practice.lat is None
            else distance_km(place.lon, place.lat, practice.lon, practice.lat)
        )
        options.append(
            _option(
                practice,
                km,
                lists.get(service_id),
                place.postcode,
                bands,
                service_id in member_at,
                service_id == current_practice_id,
            )
        )
    return options


def _option(
    practice: GpPractice,
    km: float,
    now: ListNow | None,
    postcode: str,
    bands: Sequence[str],
    has_member: bool,
    is_own: bool,
) -> PracticeOption:
    minutes = drive_minutes(km)
    why_not: tuple[Unmet, ...] = ()
    if now is not None and now.status == ListStatus.LIMITED:
        why_not = check_conditions(
            now.conditions,
            postcode=postcode,
            minutes=minutes,
            has_member=has_member,
            bands=bands,
            taken_of_band=now.taken_of_band,
        )
    fits = now is not None and not why_not
    if is_own:
        way = Way.OWN
    elif now is None:
        way = Way.ASK
    elif now.status == ListStatus.CLOSED or not now.has_room:
        way = Way.WISH
    # "Somebody of ours is there" is said when registering, not on the map.
    elif why_not in ((), (Unmet.MEMBER,)):
        way = Way.REGISTER
    else:
        way = Way.WISH
    return PracticeOption(practice, km, minutes, now, fits, why_not, way)
