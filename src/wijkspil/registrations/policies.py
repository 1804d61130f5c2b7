"""What may follow what for wishes, rounds and moves, and which day is allowed.

The rules of the national register (ION) bind: one GP for each person, no day in the
past, and never a change on the first day of a quarter (ion.lhv.nl, frequently asked
questions: that day is the reference date of the registration fee).
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.utils.translation import gettext as _

from wijkspil.registrations.errors import NotNow
from wijkspil.registrations.types import LOAD_OF_BAND, AgeBand
from wijkspil.registrations.types import MoveStatus as M
from wijkspil.registrations.types import RoundStatus as R
from wijkspil.registrations.types import WishStatus as W

#: act -> {state before: state after}
WISH_TRANSITIONS: Mapping[str, Mapping[W, W]] = {
    "confirm-contact": {W.DRAFT: W.CONSENT},
    "all-agreed": {W.CONSENT: W.WAITING},
    "edit": {W.CONSENT: W.CONSENT, W.WAITING: W.CONSENT},
    "propose": {W.WAITING: W.PROPOSED},
    "fall-back": {W.PROPOSED: W.WAITING},
    "place": {W.PROPOSED: W.PLACED},
    "withdraw": {
        W.DRAFT: W.WITHDRAWN,
        W.CONSENT: W.WITHDRAWN,
        W.WAITING: W.WITHDRAWN,
        W.PROPOSED: W.WITHDRAWN,
    },
    "lapse": {W.DRAFT: W.LAPSED, W.CONSENT: W.LAPSED, W.WAITING: W.LAPSED},
}
ROUND_TRANSITIONS: Mapping[str, Mapping[R, R]] = {
    "take": {R.OPEN: R.TAKEN},
    "solve": {R.TAKEN: R.SOLVED, R.CLOSED: R.SOLVED},
    "verify": {R.SOLVED: R.VERIFIED},
    "publish": {R.VERIFIED: R.PUBLISHED},
    "close-answers": {R.PUBLISHED: R.CLOSED},
    "execute": {R.CLOSED: R.EXECUTED},
    "cancel": {
        R.OPEN: R.CANCELLED,
        R.TAKEN: R.CANCELLED,
        R.SOLVED: R.CANCELLED,
        R.VERIFIED: R.CANCELLED,
    },
}
MOVE_TRANSITIONS: Mapping[str, Mapping[M, M]] = {
    "confirm": {M.PROPOSED: M.CONFIRMED},
    "decline": {M.PROPOSED: M.DECLINED, M.CONFIRMED: M.DECLINED},
    "refuse": {M.PROPOSED: M.REFUSED},
    "expire": {M.PROPOSED: M.EXPIRED},
    "fall": {M.PROPOSED: M.FALLEN, M.CONFIRMED: M.FALLEN},
    "execute": {M.CONFIRMED: M.EXECUTED},
}
#: Who sets a step: resident, practice, coordinator, or the system by itself.
WHO: Mapping[str, str] = {
    "confirm-contact": "resident",
    "all-agreed": "member",
    "edit": "resident",
    "propose": "system",
    "fall-back": "system",
    "place": "system",
    "withdraw": "resident",
    "lapse": "system",
    "take": "gp-coordinator",
    "solve": "system",
    "verify": "system",
    "publish": "gp-coordinator",
    "close-answers": "system",
    "execute": "system",
    "cancel": "gp-coordinator",
    "confirm": "both",
    "decline": "resident",
    "refuse": "practice",
    "expire": "system",
    "fall": "system",
}


def next_wish_status(act: str, status: str) -> W:
    """Return the state after an act on a wish.

    Raises
    ------
    NotNow
        If the state does not allow it.
    """
    after = WISH_TRANSITIONS[act].get(W(status))
    if after is None:
        raise NotNow(
            _("That is not possible now. The wish: %(state)s.")
            % {"state": str(W(status).label).lower()}
        )
    return after


def next_round_status(act: str, status: str) -> R:
    """Return the state after a step of a round.

    Raises
    ------
    NotNow
        If the state does not allow it.
    """
    after = ROUND_TRANSITIONS[act].get(R(status))
    if after is None:
        raise NotNow(
            _("That step is not possible now. The round: %(state)s.")
            % {"state": str(R(status).label).lower()}
        )
    return after


def next_move_status(act: str, status: str) -> M:
    """Return the state after an act on a proposal.

    Raises
    ------
    NotNow
        If the state does not allow it.
    """
    after = MOVE_TRANSITIONS[act].get(M(status))
    if after is None:
        raise NotNow(
            _("That is not possible any more. The proposal: %(state)s.")
            % {"state": str(M(status).label).lower()}
        )
    return after


def is_quarter_day(day: date) -> bool:
    """Whether registrations may not change on this day."""
    return day.day == 1 and day.month in (1, 4, 7, 10)


def first_allowed_day(day: date) -> date:
    """Return the day itself, or the next one where it is the first of a quarter."""
    return day + timedelta(days=1) if is_quarter_day(day) else day


def first_allowed_monday(day: date) -> date:
    """Return the first Monday after a day, or the day after where it is a quarter's.

    Desks begin a week with what changed; the first of a quarter is not allowed.
    """
    return first_allowed_day(day + timedelta(days=7 - day.weekday()))


def age_on(birth_date: date, day: date) -> int:
    """Return the age in whole years."""
    return (
        day.year
        - birth_date.year
        - ((day.month, day.day) < (birth_date.month, birth_date.day))
    )


def band_of(age: int) -> AgeBand:
    """Return the age band of the registration fee."""
    if age < 65:
        return AgeBand.TO_64
    if age < 75:
        return AgeBand.FROM_65
    return AgeBand.FROM_75 if age < 85 else AgeBand.FROM_85


def load_of(bands: Iterable[str]) -> int:
    """Return the load of a household, in thousandths."""
    return sum(LOAD_OF_BAND[AgeBand(band)] for band in bands)
