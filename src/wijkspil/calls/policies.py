"""In which state a call may go where, how long everything may take, and who sees what.

One table of states; the diagram is made from it. Who may act is in ``permissions``;
acting is in ``services``. The minutes are choices of this product, to be measured and
changed: no source gives them.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _

from wijkspil.calls.errors import CallNotNow
from wijkspil.calls.types import CallStatus as S
from wijkspil.calls.types import CallUrgency
from wijkspil.directory.opening_hours import AMSTERDAM

#: act -> {state before: state after}
TRANSITIONS: Mapping[str, Mapping[S, S]] = {
    "alert": {S.NEW: S.ALERTED, S.ALERTED: S.ALERTED, S.HANDED_ON: S.ALERTED},
    "hand on": {S.NEW: S.HANDED_ON, S.ALERTED: S.HANDED_ON},
    "accept": {S.ALERTED: S.ACCEPTED, S.HANDED_ON: S.ACCEPTED},
    "give back": {S.ACCEPTED: S.ALERTED, S.ON_THE_WAY: S.ALERTED},
    "leave": {S.ACCEPTED: S.ON_THE_WAY},
    "arrive": {S.ACCEPTED: S.ARRIVED, S.ON_THE_WAY: S.ARRIVED},
    "check in": {
        S.ACCEPTED: S.ACCEPTED,
        S.ON_THE_WAY: S.ON_THE_WAY,
        S.ARRIVED: S.ARRIVED,
    },
    "finish": {S.ARRIVED: S.DONE},
    "cancel": {
        S.NEW: S.CANCELLED,
        S.ALERTED: S.CANCELLED,
        S.ACCEPTED: S.CANCELLED,
        S.ON_THE_WAY: S.CANCELLED,
        S.HANDED_ON: S.CANCELLED,
    },
}

#: act -> who may do it; ``tests/apps/calls`` holds the services to it. A caller is who
#: entered it or works where it was entered, a coordinator that of its region, a nurse
#: of the team that was alerted (accept) or goes (all else).
WHO: Mapping[str, tuple[str, ...]] = {
    "alert": ("caller", "coordinator", "time"),
    "hand on": ("time",),
    "accept": ("nurse", "caller (by phone)", "coordinator (by phone)"),
    "give back": ("nurse", "caller (by phone)", "coordinator (by phone)"),
    "leave": ("nurse", "caller (by phone)", "coordinator (by phone)"),
    "arrive": ("nurse", "caller (by phone)", "coordinator (by phone)"),
    "check in": ("nurse", "caller (by phone)", "coordinator (by phone)"),
    "finish": ("nurse",),
    "cancel": ("caller", "coordinator"),
}

#: Minutes within which a nurse must be there.
ALLOWED_MIN = {
    CallUrgency.WITHIN_15: 15,
    CallUrgency.WITHIN_30: 30,
    CallUrgency.WITHIN_60: 60,
}
#: What waits for the morning is there before this local hour.
MORNING = time(7)
#: Minutes a nurse has to answer before the next one is alerted as well.
ANSWER_MIN = {
    CallUrgency.WITHIN_15: 3,
    CallUrgency.WITHIN_30: 4,
    CallUrgency.WITHIN_60: 5,
    CallUrgency.MORNING: 5,
}
#: Minutes who has a call without a nurse gets before it is asked again.
HANDED_ON_MIN = 10
#: A nurse who is later than expected plus this has not checked in.
ARRIVAL_SLACK_MIN = 15
#: A nurse at a client says every so often that all is well.
CHECK_IN_MIN = 30
#: A nurse at a client is taken to be free again after this.
USUAL_CARE_MIN = 30
#: Hours from the start of a call in which the nurse's team still sees the client,
#: after the call to write the report.
ACCESS_HOURS = 48
#: Minutes emergency access lasts.
GLASS_MIN = 60
#: Days the client's own team can read the report here.
REPORT_DAYS = 14
#: Days after which who the client was is removed.
RETAIN_DAYS = 30


def can(act: str, status: str) -> bool:
    """Whether ``act`` is possible in this state."""
    return S(status) in TRANSITIONS[act]


def next_status(act: str, status: str) -> S:
    """Return the state after ``act``.

    Raises
    ------
    CallNotNow
        If the state does not allow it; the message names the state.
    """
    after = TRANSITIONS[act].get(S(status))
    if after is None:
        raise CallNotNow(
            _("This cannot be done now: the call is at “%(status)s”.")
            % {"status": S(status).label}
        )
    return after


def arrive_by(urgency: str, *, at: datetime) -> datetime:
    """Return when a nurse must be there; the morning is the next 7.00 local."""
    allowed = ALLOWED_MIN.get(CallUrgency(urgency))
    if allowed is not None:
        return at + timedelta(minutes=allowed)
    local = at.astimezone(AMSTERDAM)
    day = local.date()
    if local.time() >= MORNING:
        day += timedelta(days=1)
    return datetime.combine(day, MORNING, AMSTERDAM)


def answer_by(urgency: str, *, at: datetime) -> datetime:
    """Return when a nurse who is alerted at ``at`` must have answered."""
    return at + timedelta(minutes=ANSWER_MIN[CallUrgency(urgency)])


def is_within_access(started_at: datetime, *, at: datetime) -> bool:
    """Whether a call that has ended is still open to the team that went."""
    return at < started_at + timedelta(hours=ACCESS_HOURS)
