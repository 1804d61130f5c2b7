"""The bridge to the dispatch engine: a place and who is on duty in, nurses out.

Knows nothing of identity. Nurses on duty for the place come first; when none of them is
left, those on duty elsewhere in the region are chosen from by the same rule, so that a
client is not left alone at the border of a wijk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wijkspil.calls.selectors.calls import Busy, list_busy
from wijkspil.calls.types import AlertStatus
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.duty import OnDuty, list_on_duty
from wijkspil_engines.dispatch.choose import choose
from wijkspil_engines.dispatch.problem import Answer, CallProblem, Candidate, Nurse
from wijkspil_engines.dispatch.problem import Call as Question

#: The engine knows no longer duties.
_LONGEST_MIN = 10_000.0
_REFUSED = (AlertStatus.DECLINED, AlertStatus.RETURNED)


@dataclass(frozen=True)
class Wanted:
    """What the choice depends on; ``allowed_min`` minutes until there."""

    place_id: int
    region_id: int
    lon: float | None
    lat: float | None
    tasks: Sequence[str]
    allowed_min: float


@dataclass(frozen=True)
class NurseCandidate:
    """A nurse who can come, in words a caller can use.

    ``expected_min``: minutes from now until at the client; None without a place.
    ``reasons``: what decided, for the screen and the record.
    """

    duty_id: int
    service_id: int
    organization_id: int
    service_name: str
    organization_name: str
    person_name: str
    phone: str
    expected_min: int | None
    is_in_time: bool | None
    is_busy: bool
    is_elsewhere: bool
    reasons: Mapping[str, Any]


@dataclass(frozen=True)
class FoundNurses:
    """Who can come, best first, and of all others the first condition they miss."""

    candidates: Sequence[NurseCandidate]
    excluded: Mapping[str, int]


def find_nurses(
    wanted: Wanted,
    *,
    at: datetime,
    usual_care_min: float,
    asked: Mapping[tuple[int, str], str] | None = None,
    but_call: int | None = None,
) -> FoundNurses:
    """Return the nurses who can come, those on duty for the place first.

    ``asked``: (service, person) -> status of who was alerted for this call before.
    ``but_call``: this call itself keeps nobody busy. Three queries.
    """
    on_duty = list_on_duty(at=at, place_id=wanted.place_id, region_id=wanted.region_id)
    busy = {
        (row.service_id, row.person_name): row
        for row in list_busy(wanted.region_id, but=but_call)
    }
    nurses = [
        _as_nurse(
            duty,
            busy.get((duty.service_id, duty.person_name)),
            (asked or {}).get((duty.service_id, duty.person_name), ""),
            at=at,
            usual_care_min=usual_care_min,
        )
        for duty in on_duty
    ]
    here = _choose(wanted, on_duty, nurses, at=at, is_for_place=True)
    elsewhere = _choose(wanted, on_duty, nurses, at=at, is_for_place=False)
    found: list[NurseCandidate] = []
    excluded: dict[str, int] = {}
    for is_elsewhere, (candidates, conditions) in enumerate((here, elsewhere)):
        found += [
            _as_candidate(
                on_duty[row],
                candidate,
                nurses[row],
                is_elsewhere=bool(is_elsewhere),
            )
            for row, candidate in candidates
        ]
        for condition in conditions:
            excluded[condition] = excluded.get(condition, 0) + 1
    return FoundNurses(candidates=found, excluded=excluded)


def _choose(
    wanted: Wanted,
    on_duty: Sequence[OnDuty],
    nurses: Sequence[Nurse],
    *,
    at: datetime,
    is_for_place: bool,
) -> tuple[list[tuple[int, Candidate]], list[str]]:
    """Choose among one of the two groups; rows count in ``on_duty``."""
    rows = [r for r, duty in enumerate(on_duty) if duty.is_for_place is is_for_place]
    local = at.astimezone(AMSTERDAM)
    result = choose(
        CallProblem(
            call=Question(
                key="call",
                hour=local.hour + local.minute / 60,
                lon=wanted.lon,
                lat=wanted.lat,
                tasks=frozenset(wanted.tasks),
                allowed_min=wanted.allowed_min,
            ),
            nurses=tuple(nurses[row] for row in rows),
        )
    )
    return (
        [(rows[candidate.nurse], candidate) for candidate in result.candidates],
        [conditions[0] for conditions in result.excluded.values()],
    )


def _as_nurse(
    duty: OnDuty,
    busy: Busy | None,
    answer: str,
    *,
    at: datetime,
    usual_care_min: float,
) -> Nurse:
    lon, lat = duty.lon, duty.lat
    if busy is not None and busy.lon is not None and busy.lat is not None:
        lon, lat = busy.lon, busy.lat
    return Nurse(
        key=str(duty.duty_id),
        organization=str(duty.organization_id),
        team=str(duty.service_id),
        lon=lon if lat is not None else None,
        lat=lat if lon is not None else None,
        tasks=frozenset(duty.tasks),
        free_from_min=_free_from_min(busy, at=at, usual_care_min=usual_care_min),
        duty_ends_min=min(_minutes(duty.valid_until, at), _LONGEST_MIN),
        answer=_as_answer(answer),
    )


def _as_answer(status: str) -> Answer:
    """Return what the engine calls it; who was sent home may be asked again."""
    if status in ("", AlertStatus.WITHDRAWN):
        return ""
    return "refused" if status in _REFUSED else "alerted"


def _free_from_min(busy: Busy | None, *, at: datetime, usual_care_min: float) -> float:
    """Return the minutes until a nurse has probably finished the running call."""
    if busy is None:
        return 0.0
    begins = busy.arrived_at or busy.expected_arrival_at or at
    return max(_minutes(begins, at) + usual_care_min, 0.0)


def _minutes(until: datetime, at: datetime) -> float:
    return (until - at).total_seconds() / 60


def _as_candidate(
    duty: OnDuty, candidate: Candidate, nurse: Nurse, *, is_elsewhere: bool
) -> NurseCandidate:
    expected = None
    if candidate.arrival_min is not None:
        expected = round(candidate.arrival_min)
    return NurseCandidate(
        duty_id=duty.duty_id,
        service_id=duty.service_id,
        organization_id=duty.organization_id,
        service_name=duty.service_name,
        organization_name=duty.organization_name,
        person_name=duty.person_name,
        phone=duty.phone,
        expected_min=expected,
        is_in_time=candidate.in_time,
        is_busy=nurse.free_from_min > 0,
        is_elsewhere=is_elsewhere,
        reasons={
            "arrival_min": candidate.arrival_min,
            "travel_min": candidate.travel_min,
            "free_from_min": round(nurse.free_from_min, 1),
            "elsewhere": is_elsewhere,
        },
    )
