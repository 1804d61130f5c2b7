"""A practice says whether its list is open, for whom and how many.

Rows are only added and ended, so that what was said on any day can be seen. Every act
on the places of a list locks the newest row of that list first.
"""

import re
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import get_gp_practice
from wijkspil.directory.selectors.targets import get_service_target
from wijkspil.directory.services.capacity import lock_active_service
from wijkspil.registrations.errors import InvalidRegistration, ListFull
from wijkspil.registrations.models import PracticeList
from wijkspil.registrations.permissions import check_can_keep_list
from wijkspil.registrations.selectors.lists import ListNow, conditions_of, get_list
from wijkspil.registrations.types import (
    AgeBand,
    Conditions,
    ListGiven,
    ListReason,
    ListStatus,
)

#: More new people a month than this is a slip of the finger.
MOST_PLACES = 2_000
MOST_LOAD = MOST_PLACES * 2_300
#: A larger list than this is none of one practice.
MOST_PEOPLE = 60_000
MOST_POSTCODES = 200
MOST_WORK = 200
MOST_MINUTES = 60
#: Nobody knows further ahead than this until when a list is closed.
LONGEST_EXPECTED = timedelta(days=731)
#: The same, published again by the same person within this, is one press too many.
SAME_AGAIN = timedelta(minutes=2)
_POSTCODE = re.compile(r"[1-9][0-9]{3}(?:[A-Z]{2})?")


@transaction.atomic
def publish_list(
    *, actor: Actor, service_id: int, given: ListGiven, at: datetime
) -> PracticeList:
    """Publish what holds from now on; what held until now is ended, and kept.

    Locks the service, then the newest row of the list. The same sent twice by one
    person adds one row.

    Raises
    ------
    UnknownService
        If there is no such practice, or it has ended.
    NotPermitted
        If it is not the actor's practice.
    InvalidRegistration
        With every field that breaks a rule.
    """
    check_can_keep_list(actor, get_service_target(service_id))
    get_gp_practice(service_id, at=at)
    given = check_list(given, at=at)
    lock_active_service(service_id)
    newest: PracticeList | None = (
        PracticeList.objects.select_for_update()
        .filter(service_id=service_id)
        .order_by("-valid_from", "-pk")
        .first()
    )
    if newest is not None:
        is_same_again = (
            newest.published_by_id == actor.user_id
            and newest.publisher_name == actor.label[:120]
            and newest.valid_until is None
            and at - newest.valid_from < SAME_AGAIN
            and given_of(newest) == given
        )
        if is_same_again:
            return newest
        # The order of the lock decides, not that of two clocks.
        at = max(at, newest.valid_from + timedelta(microseconds=1))
        if newest.valid_until is None or newest.valid_until > at:
            newest.valid_until = at
            newest.save(update_fields=["valid_until"])
    conditions = given.conditions
    return PracticeList.objects.create(
        service_id=service_id,
        status=given.status,
        reason=given.reason,
        expected_until=given.expected_until,
        places_per_month=given.places_per_month,
        load_per_month=given.load_per_month,
        postcodes=list(conditions.postcodes),
        most_minutes=conditions.most_minutes,
        only_with_member=conditions.only_with_member,
        most_of_band=dict(conditions.most_of_band),
        people=given.people,
        work_per_day=given.work_per_day,
        published_by_id=actor.user_id,
        publisher_name=actor.label[:120],
        valid_from=at,
    )


def lock_list(*, service_id: int, at: datetime) -> ListNow:
    """Lock what a practice says of its list; return it with what is left of it.

    In the caller's transaction. Checks no permission. Who takes a place does so after
    this, so that two cannot take the last one.

    Raises
    ------
    ListFull
        If the practice said nothing, or changes it right now.
    """
    row = (
        PracticeList.objects.at(at)
        .select_for_update()
        .filter(service_id=service_id)
        .first()
    )
    now = None if row is None else get_list(service_id, at)
    if now is None:
        raise ListFull(
            _("This practice does not say now that it takes people. Choose another.")
        )
    return now


def given_of(row: PracticeList) -> ListGiven:
    """Return a published list as it is given: the defaults of the next one."""
    return ListGiven(
        status=row.status,
        reason=row.reason,
        expected_until=row.expected_until,
        places_per_month=row.places_per_month,
        load_per_month=row.load_per_month,
        conditions=conditions_of(row),
        people=row.people,
        work_per_day=row.work_per_day,
    )


def check_list(given: ListGiven, *, at: datetime) -> ListGiven:
    """Return what is given, tidied; an open list has no reason and no end.

    Raises
    ------
    InvalidRegistration
        With every field that breaks a rule, the value and what is expected.
    """
    wrong: dict[str, list[str]] = {}
    unknown = _("“%(value)s” is not a known choice. Choose from: %(known)s.")
    status = given.status
    if status not in ListStatus.values:
        wrong["status"] = [
            unknown % {"value": str(status)[:40], "known": ", ".join(ListStatus.values)}
        ]
    is_open = status == ListStatus.OPEN
    reason = "" if is_open else given.reason
    if not is_open and reason not in ListReason.values:
        wrong["reason"] = [
            unknown % {"value": str(reason)[:40], "known": ", ".join(ListReason.values)}
            if reason
            else _("Say why. People read it, and the region can help.")
        ]
    expected = None if is_open else given.expected_until
    today = localdate(at)
    if expected is not None and not today < expected <= today + LONGEST_EXPECTED:
        wrong["expected_until"] = [
            _("%(day)s: give a day after today, within two years.")
            % {"day": expected.isoformat()}
        ]
    is_closed = status == ListStatus.CLOSED
    places = None if is_closed else given.places_per_month
    load = None if is_closed else given.load_per_month
    for name, value, least, most in (
        ("places_per_month", places, 1, MOST_PLACES),
        ("load_per_month", load, 1, MOST_LOAD),
        ("people", given.people, 0, MOST_PEOPLE),
        ("work_per_day", given.work_per_day, 1, MOST_WORK),
    ):
        if value is not None and not least <= value <= most:
            wrong[name] = [_say_number(value, least, most)]
    conditions = _check_conditions(given.conditions, wrong)
    if is_open and not conditions.is_empty:
        wrong.setdefault(
            "status",
            [_("You gave conditions: choose “open with conditions”, or clear them.")],
        )
    if status == ListStatus.LIMITED and conditions.is_empty and not wrong:
        wrong["status"] = [
            _("Give at least one condition, or choose “open” or “closed for now”.")
        ]
    if wrong:
        raise InvalidRegistration(wrong)
    return ListGiven(
        status=status,
        reason=reason,
        expected_until=expected,
        places_per_month=places,
        load_per_month=load,
        conditions=conditions,
        people=given.people,
        work_per_day=given.work_per_day,
    )


def _check_conditions(given: Conditions, wrong: dict[str, list[str]]) -> Conditions:
    postcodes = sorted(
        {re.sub(r"\s", "", str(one)).upper() for one in given.postcodes} - {""}
    )
    odd = [one for one in postcodes if not _POSTCODE.fullmatch(one)]
    if odd:
        wrong["postcodes"] = [
            _("“%(value)s” is no postcode: give four digits, or four and two letters.")
            % {"value": odd[0][:20]}
        ]
    elif len(postcodes) > MOST_POSTCODES:
        wrong["postcodes"] = [
            _("%(count)s postcodes: give at most %(max)s; four digits take them all.")
            % {"count": len(postcodes), "max": MOST_POSTCODES}
        ]
    minutes = given.most_minutes
    if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
        wrong["most_minutes"] = [_say_number(minutes, 1, MOST_MINUTES)]
    for band, cap in given.most_of_band.items():
        if band not in AgeBand.values:
            wrong["most_of_band"] = [
                _("“%(value)s” is not a known choice. Choose from: %(known)s.")
                % {"value": str(band)[:40], "known": ", ".join(AgeBand.values)}
            ]
        elif not 0 <= cap <= MOST_PLACES:
            wrong["most_of_band"] = [_say_number(cap, 0, MOST_PLACES)]
    return Conditions(
        postcodes=tuple(postcodes),
        most_minutes=minutes,
        only_with_member=given.only_with_member,
        most_of_band={
            band: given.most_of_band[band]
            for band in AgeBand.values
            if band in given.most_of_band
        },
    )


def _say_number(value: int, least: int, most: int) -> str:
    return _("%(value)s: give a whole number from %(least)s to %(most)s.") % {
        "value": value,
        "least": least,
        "most": most,
    }
