"""Who is told what about a call. In the transaction of the act; each thing once."""

from collections.abc import Iterable
from datetime import datetime

from wijkspil.calls import topics
from wijkspil.calls.models import Call, CallAlert
from wijkspil.communications.services.sending import send
from wijkspil.communications.types import ServiceOf, Topic
from wijkspil.directory.selectors.care_teams import get_organization_ids

#: Pages of this context; a message carries the path only.
_OF_CALLER = "/oproep/{number}/"
_OF_NURSE = "/oproepen/{number}/"
_OF_DESK = "/oproep/{number}/"


def tell_alert(
    call: Call, alert: CallAlert, *, organization_id: int, at: datetime
) -> None:
    """Alert the team of a nurse."""
    minutes = (alert.answer_by - alert.alerted_at).total_seconds() / 60
    send(
        topic=topics.ALERT,
        to_organizations=[ServiceOf(organization_id, alert.service_id)],
        params={"number": call.number, "minutes": round(minutes)},
        link=_OF_NURSE.format(number=call.number),
        about=_about(call),
        at=at,
        key=f"alert:{alert.pk}",
    )


def tell_accepted(call: Call, alert: CallAlert, *, at: datetime) -> None:
    """Tell who entered it that a nurse is coming; the others need not."""
    minutes = 0
    if call.expected_arrival_at is not None:
        minutes = round((call.expected_arrival_at - at).total_seconds() / 60)
    _tell_caller(
        call,
        topics.ACCEPTED,
        at=at,
        key=f"alert:{alert.pk}",
        minutes=minutes,
    )


def tell_not_needed(
    call: Call, service_ids: Iterable[int], *, at: datetime, key: str
) -> None:
    """Tell teams that were alerted, or on the way, that they need not come."""
    send(
        topic=topics.NO_LONGER_NEEDED,
        to_organizations=[
            ServiceOf(organization_id, service_id)
            for service_id, organization_id in get_organization_ids(service_ids).items()
        ],
        params={"number": call.number},
        link=_OF_NURSE.format(number=call.number),
        about=_about(call),
        at=at,
        key=key,
    )


def tell_handed_on(call: Call, *, at: datetime) -> None:
    """Tell the region's coordinators and who entered it that nobody comes."""
    key = f"{call.number}:{at.isoformat()}"
    send(
        topic=topics.HANDED_ON,
        to_regions=[call.region_id],
        params={"number": call.number},
        link=_OF_DESK.format(number=call.number),
        about=_about(call),
        at=at,
        key=key,
    )
    _tell_caller(call, topics.HANDED_ON, at=at, key=key)


def tell_check_in_missed(call: Call, *, at: datetime) -> None:
    """Tell who entered it, the coordinators and the nurse's team."""
    key = f"{call.number}:{call.check_in_due_at}"
    send(
        topic=topics.CHECK_IN_MISSED,
        to_organizations=[
            ServiceOf(organization_id, service_id)
            for service_id, organization_id in get_organization_ids(
                [call.nurse_service_id] if call.nurse_service_id else []
            ).items()
        ],
        to_regions=[call.region_id],
        params={"number": call.number},
        link=_OF_DESK.format(number=call.number),
        about=_about(call),
        at=at,
        key=key,
    )
    _tell_caller(call, topics.CHECK_IN_MISSED, at=at, key=key)


def tell_done(call: Call, *, at: datetime) -> None:
    """Tell who entered it that the nurse is done."""
    _tell_caller(call, topics.DONE, at=at, key=call.number)


def tell_glass_broken(
    call: Call, glass_id: int, user_ids: Iterable[int], *, at: datetime
) -> None:
    """Tell the privacy officers of the region."""
    send(
        topic=topics.GLASS_BROKEN,
        to_users=user_ids,
        params={"number": call.number},
        link="/oproepen/noodtoegang/",
        about=_about(call),
        at=at,
        key=f"glass:{glass_id}",
    )


def tell_morning_report(
    service_id: int,
    organization_id: int,
    *,
    calls: int,
    at: datetime,
    key: str,
) -> None:
    """Tell a team how many calls there were for its clients."""
    send(
        topic=topics.MORNING_REPORT,
        to_organizations=[ServiceOf(organization_id, service_id)],
        params={"calls": calls},
        link="/oproepen/verslagen/",
        about=f"service:{service_id}",
        at=at,
        key=key,
    )


def _tell_caller(
    call: Call, topic: Topic, *, at: datetime, key: str, **params: int
) -> None:
    """Tell the person who entered it, or the organization whose system did."""
    organizations = (
        [call.caller_organization_id]
        if call.caller_id is None and call.caller_organization_id is not None
        else []
    )
    send(
        topic=topic,
        to_users=[call.caller_id] if call.caller_id is not None else [],
        to_organizations=organizations,
        params={"number": call.number, **params},
        link=_OF_CALLER.format(number=call.number),
        about=_about(call),
        at=at,
        key=key,
    )


def _about(call: Call) -> str:
    return f"call:{call.number}"
