"""In which state a request may go where. One table; the diagram is made from it.

``docs/reference/request-states.md`` is generated from ``TRANSITIONS`` and checked for
drift. Who may do it is in ``permissions``; doing it is in ``services``.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from wijkspil.referrals.errors import NotNow
from wijkspil.referrals.types import RequestStatus as S
from wijkspil.referrals.types import Urgency

#: act -> {state before: state after}
TRANSITIONS: Mapping[str, Mapping[S, S]] = {
    "submit": {S.DRAFT: S.OPEN},
    "ask teams": {S.OPEN: S.OFFERED, S.OFFERED: S.OFFERED, S.BRIDGED: S.OFFERED},
    "all decline": {S.OFFERED: S.OPEN},
    "accept": {S.OPEN: S.ACCEPTED, S.OFFERED: S.ACCEPTED, S.BRIDGED: S.ACCEPTED},
    "set hours": {
        S.ACCEPTED: S.INTAKE_DONE,
        S.INTAKE_DONE: S.INTAKE_DONE,
        S.IN_CARE: S.IN_CARE,
    },
    "start care": {S.INTAKE_DONE: S.IN_CARE},
    "end care": {S.IN_CARE: S.ENDED, S.PAUSED: S.ENDED},
    "pause": {
        S.OPEN: S.PAUSED,
        S.OFFERED: S.PAUSED,
        S.BRIDGED: S.PAUSED,
        S.ACCEPTED: S.PAUSED,
        S.INTAKE_DONE: S.PAUSED,
        S.IN_CARE: S.PAUSED,
    },
    "resume with the team": {S.PAUSED: S.ACCEPTED},
    "resume the search": {S.PAUSED: S.OPEN},
    "bridge": {S.OPEN: S.BRIDGED, S.BRIDGED: S.BRIDGED},
    "move to temporary stay": {
        S.OPEN: S.TEMPORARY_STAY,
        S.OFFERED: S.TEMPORARY_STAY,
        S.BRIDGED: S.TEMPORARY_STAY,
    },
    "hand to the insurer": {S.OPEN: S.MEDIATION, S.BRIDGED: S.MEDIATION},
    "withdraw": {
        S.DRAFT: S.WITHDRAWN,
        S.OPEN: S.WITHDRAWN,
        S.OFFERED: S.WITHDRAWN,
        S.BRIDGED: S.WITHDRAWN,
        S.ACCEPTED: S.WITHDRAWN,
        S.INTAKE_DONE: S.WITHDRAWN,
        S.PAUSED: S.WITHDRAWN,
    },
    "report a death": {
        S.DRAFT: S.CANCELLED,
        S.OPEN: S.WITHDRAWN,
        S.OFFERED: S.WITHDRAWN,
        S.BRIDGED: S.WITHDRAWN,
        S.ACCEPTED: S.WITHDRAWN,
        S.INTAKE_DONE: S.WITHDRAWN,
        S.PAUSED: S.WITHDRAWN,
        S.TEMPORARY_STAY: S.ENDED,
        S.MEDIATION: S.ENDED,
        S.IN_CARE: S.ENDED,
    },
    "move the first visit": {
        s: s for s in (S.OPEN, S.OFFERED, S.BRIDGED, S.ACCEPTED, S.INTAKE_DONE)
    },
    "change what is needed": {
        S.OPEN: S.OPEN,
        S.OFFERED: S.OPEN,
        S.BRIDGED: S.OPEN,
        S.ACCEPTED: S.ACCEPTED,
        S.INTAKE_DONE: S.ACCEPTED,
        S.IN_CARE: S.ACCEPTED,
    },
    "cancel": {
        S.DRAFT: S.CANCELLED,
        S.OPEN: S.CANCELLED,
        S.OFFERED: S.CANCELLED,
        S.BRIDGED: S.CANCELLED,
    },
    "stop assignment": {S.ACCEPTED: S.OPEN, S.INTAKE_DONE: S.OPEN},
    "re-open": {
        S.ACCEPTED: S.OPEN,
        S.INTAKE_DONE: S.OPEN,
        S.IN_CARE: S.OPEN,
        S.PAUSED: S.OPEN,
        S.ENDED: S.OPEN,
        S.TEMPORARY_STAY: S.OPEN,
        S.MEDIATION: S.OPEN,
        S.WITHDRAWN: S.OPEN,
        S.CANCELLED: S.OPEN,
    },
}

#: act -> who may do it; ``tests/access`` holds the services to it. A requester is who
#: sent it or works where it was sent from, a coordinator that of its region, a team the
#: one that was asked (accept, decline) or has the client (all else).
WHO: Mapping[str, tuple[str, ...]] = {
    "submit": ("requester", "coordinator"),
    "ask teams": ("requester", "coordinator"),
    "all decline": ("team", "time"),
    "accept": ("team", "requester (by phone)", "coordinator"),
    "set hours": ("team",),
    "start care": ("team",),
    "end care": ("team",),
    "pause": ("requester", "coordinator", "team"),
    "resume with the team": ("requester", "coordinator", "team"),
    "resume the search": ("requester", "coordinator"),
    "report a death": ("requester", "coordinator", "team"),
    "move the first visit": ("requester", "coordinator", "team"),
    "change what is needed": ("requester", "coordinator", "team"),
    "bridge": ("coordinator",),
    "move to temporary stay": ("coordinator",),
    "hand to the insurer": ("coordinator",),
    "withdraw": ("requester", "coordinator", "client (by link and code)"),
    "cancel": ("requester", "coordinator"),
    "stop assignment": ("team",),
    "re-open": ("requester", "coordinator", "team", "client (by link and code)"),
}


def can(act: str, status: str) -> bool:
    """Whether ``act`` is possible in this state."""
    return S(status) in TRANSITIONS[act]


def next_status(act: str, status: str) -> S:
    """Return the state after ``act``.

    Raises
    ------
    NotNow
        If the state does not allow it; the message names the state.
    """
    after = TRANSITIONS[act].get(S(status))
    if after is None:
        raise NotNow(
            _("This cannot be done now: the request is at “%(status)s”.")
            % {"status": S(status).label}
        )
    return after


#: What no region can agree on (minutes): the longest a team may think, and the longest
#: an owner may leave it. Assumptions of Wijkspil: the letters ask for limits per
#: urgency, no number is published. "Today" follows practice: a discharge in an hour.
LONGEST_ANSWER = {
    Urgency.TODAY: 60,
    Urgency.TOMORROW: 240,
    Urgency.DAYS: 1440,
    Urgency.WEEK: 2880,
    Urgency.PLANNED: 4320,
}
LONGEST_TO_MOVE = {
    Urgency.TODAY: 120,
    Urgency.TOMORROW: 480,
    Urgency.DAYS: 1440,
    Urgency.WEEK: 2880,
    Urgency.PLANNED: 10080,
}
#: Fewer residents than this would point at a person.
LEAST_RESIDENTS = 10
MOST_TEAMS_AT_ONCE = 10
#: Identity is kept at least and at most this many days after the end.
LEAST_RETENTION_DAYS, MOST_RETENTION_DAYS = 30, 7305
MOST_ROOM_KEPT_DAYS = 42
