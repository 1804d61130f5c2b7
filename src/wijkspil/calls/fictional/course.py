"""Play the unplanned calls of the nights before a moment, for a demo.

Through the same services as the pages. Each night a few calls; the first nurse goes,
or does not answer and the next goes; all are settled. Shares and minutes are
assumptions, only there to fill the pages. The same seed, services and moment give the
same course (numbers of calls aside).
"""

from datetime import date, datetime, time, timedelta

import numpy as np
from django.utils.timezone import localdate

from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.calls.models import Call, CallAlert
from wijkspil.calls.services.alerts import accept_call, run_timers
from wijkspil.calls.services.calls import look_for_nurses, start_call
from wijkspil.calls.services.course import arrive, finish, leave
from wijkspil.calls.types import (
    AlertStatus,
    Caller,
    CallerKind,
    CallOutcome,
    CallPatientDetails,
    CallReason,
    CallStatus,
    CallUrgency,
    Finish,
    Known,
    NewCall,
    TreatmentLimit,
)
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.listing import ServiceFilter, list_services
from wijkspil.directory.selectors.management import list_coverage_regions
from wijkspil.directory.types import Care

CALLS_A_NIGHT = 2
#: Of the nurses who are alerted first: how many do not answer in time.
SILENT = 0.15
_WHAT = (
    (CallReason.CATHETER, "Katheter gewisseld, loopt goed door."),
    (CallReason.FALL, "Geholpen met opstaan, geen letsel gezien."),
    (CallReason.INSULIN, "Insuline toegediend, waarde in de map."),
    (CallReason.MEDICATION, "Medicatie nagekeken met de apotheek."),
    (CallReason.PERSONAL_CARE, "Geholpen met toilet en bed."),
)
_MINUTE = timedelta(minutes=1)


def make_calls(
    *, region_id: int, caller: Actor, at: datetime, seed: int, nights: int = 12
) -> int:
    """Fill a region with the calls of some nights, entered by one caller.

    Return how many were settled. A region without people on duty has none.
    """
    region = next(iter(list_coverage_regions([region_id])), None)
    if region is None:
        return 0
    practices, _count = list_services(
        ServiceFilter(care=Care.GP_CARE, area_code=region.code),
        at=at,
        audiences=(),
        page=1,
        page_size=500,
    )
    postcodes = sorted({row.postcode for row in practices if row.postcode})
    if not postcodes:
        return 0
    rng = np.random.default_rng(seed)
    moments = sorted(
        _moment(rng, localdate(at) - timedelta(days=back))
        for back in range(1, nights + 1)
        for _call in range(CALLS_A_NIGHT)
    )
    return sum(
        _play(rng, caller, str(rng.choice(postcodes)), moment) for moment in moments
    )


def _moment(rng: np.random.Generator, evening: date) -> datetime:
    start = datetime.combine(evening, time(23, 10), AMSTERDAM)
    return start + int(rng.integers(0, 6 * 60)) * _MINUTE


def _play(rng: np.random.Generator, caller: Actor, postcode: str, at: datetime) -> bool:
    reason, report = _WHAT[int(rng.integers(len(_WHAT)))]
    number = int(rng.integers(1, 90))
    new = NewCall(
        postcode=postcode,
        reason=reason,
        urgency=CallUrgency.WITHIN_30,
        caller=Caller(
            CallerKind.TRIAGE,
            caller.label,
            "088 000 99 22",
            organization_id=caller.grants[0].organization_id,
        ),
    )
    if not look_for_nurses(actor=caller, call=new, at=at)[1].candidates:
        return False  # nobody had duty: no call to settle
    call = start_call(
        actor=caller,
        call=new,
        patient=CallPatientDetails(
            name=f"B. Edacht (verzonnen {number})",
            address=f"Verzonnenlaan {number}",
            phone="0119 000 199",
            treatment_limit=TreatmentLimit.NONE,
            medication_list_present=Known.YES,
            key_safe="Kluisje bij de voordeur, code verzonnen",
        ),
        at=at,
    )
    if rng.random() < SILENT:
        at += 6 * _MINUTE
        run_timers(at=at)
    alert = (
        CallAlert.objects.filter(call_id=call.pk, status=AlertStatus.OPEN)
        .select_related("service")
        .order_by("-rank")
        .first()
    )
    if alert is None:
        return False
    nurse = Actor(
        label=alert.person_name,
        grants=(
            Grant(
                Role.TEAM_MEMBER,
                organization_id=alert.service.organization_id,
                service_id=alert.service_id,
            ),
        ),
    )
    travel, care = int(rng.integers(7, 24)), int(rng.integers(12, 45))
    accept_call(actor=nurse, number=call.number, at=at + 2 * _MINUTE)
    leave(actor=nurse, number=call.number, at=at + 5 * _MINUTE)
    arrive(actor=nurse, number=call.number, at=at + (5 + travel) * _MINUTE)
    finish(
        actor=nurse,
        number=call.number,
        ended=Finish(CallOutcome.FOLLOW_UP, report),
        at=at + (5 + travel + care) * _MINUTE,
    )
    return bool(Call.objects.filter(pk=call.pk, status=CallStatus.DONE).exists())
