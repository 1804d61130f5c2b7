"""In which state a measure may go where.

One table; ``services.plans`` does it, ``permissions`` says who plans at all.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from wijkspil.insight.errors import NotNow
from wijkspil.insight.types import MeasureStatus as S

#: act -> {state before: state after}
TRANSITIONS: Mapping[str, Mapping[S, S]] = {
    "agree": {S.PROPOSED: S.AGREED, S.STOPPED: S.AGREED},
    "start": {S.AGREED: S.RUNNING},
    "finish": {S.RUNNING: S.DONE},
    "stop": {S.PROPOSED: S.STOPPED, S.AGREED: S.STOPPED, S.RUNNING: S.STOPPED},
    "take up again": {S.DONE: S.RUNNING},
}


def next_measure_status(act: str, status: str) -> S:
    """Return the state after an act.

    Raises
    ------
    NotNow
        If the state does not allow the act.
    """
    after = TRANSITIONS[act].get(S(status))
    if after is None:
        raise NotNow(
            _(
                "This measure is “%(status)s” now, so this cannot be done. "
                "Somebody may have changed it; look again."
            )
            % {"status": S(status).label}
        )
    return after


def list_acts(status: str) -> list[str]:
    """Return the acts that a state allows, in the order of the table."""
    return [act for act, moves in TRANSITIONS.items() if S(status) in moves]
