"""A call in sentences: where it stands, what happened, who was alerted."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wijkspil.calls.models import Call, CallAlert, CallEvent
from wijkspil.calls.types import (
    MAY_ACCEPT,
    RUNNING,
    WITH_NURSE,
    AlertDeclineReason,
    AlertStatus,
    CallCloseReason,
    CallEventKind,
    CallOutcome,
    CallReason,
    CallStatus,
)
from wijkspil.directory.types import CareTask

#: Status -> tone of the page; red only where a person must act now.
TONES = {
    CallStatus.NEW: "info",
    CallStatus.ALERTED: "limited",
    CallStatus.ACCEPTED: "good",
    CallStatus.ON_THE_WAY: "good",
    CallStatus.ARRIVED: "good",
    CallStatus.DONE: "info",
    CallStatus.CANCELLED: "unknown",
    CallStatus.HANDED_ON: "now",
}
_EVENT_TONES = {
    CallEventKind.ACCEPTED: "good",
    CallEventKind.ARRIVED: "good",
    CallEventKind.DONE: "good",
    CallEventKind.HANDED_ON: "now",
    CallEventKind.CHECK_IN_MISSED: "now",
    CallEventKind.OVERDUE: "now",
    CallEventKind.GLASS_BROKEN: "now",
}


@dataclass(frozen=True)
class CallWords:
    """How a call is shown on every page; nothing in it says who it is about."""

    call: Call
    title: str
    tasks: str
    urgency: str
    status: str
    tone: str
    where: str
    arrival: str
    is_running: bool
    is_late: bool
    is_check_in_missed: bool
    is_with_nurse: bool


def say_call(call: Call, *, at: datetime, hides_pc6: bool = False) -> CallWords:
    """Return a call in words; who does not go yet sees the PC4 only."""
    postcode = call.postcode[:4] if hides_pc6 else call.postcode
    status = CallStatus(call.status)
    return CallWords(
        call=call,
        title=str(CallReason(call.reason).label),
        tasks=", ".join(str(CareTask(task).label) for task in call.tasks),
        urgency=call.get_urgency_display(),
        status=str(status.label),
        tone="now" if is_late(call, at=at) else TONES[status],
        where=_("Postcode %(postcode)s") % {"postcode": postcode},
        arrival=say_arrival(call, at=at),
        is_running=status in RUNNING,
        is_late=is_late(call, at=at),
        is_check_in_missed=call.check_in_missed_at is not None,
        is_with_nurse=status in WITH_NURSE,
    )


def is_late(call: Call, *, at: datetime) -> bool:
    """Whether a date passed, or nobody will be there in time."""
    if call.status not in RUNNING:
        return False
    if call.check_in_missed_at is not None or call.status == CallStatus.HANDED_ON:
        return True
    return call.status != CallStatus.ARRIVED and at > call.arrive_by


def say_arrival(call: Call, *, at: datetime) -> str:
    """Say when the nurse is expected, counted from now."""
    expected = call.expected_arrival_at
    if call.status not in (CallStatus.ACCEPTED, CallStatus.ON_THE_WAY) or not expected:
        return ""
    minutes = math.ceil((expected - at).total_seconds() / 60)
    if minutes <= 0:
        return _("Expected now")
    return ngettext(
        "Expected in %(n)d minute", "Expected in %(n)d minutes", minutes
    ) % {"n": minutes}


def say_minutes(minutes: int | None) -> str:
    """Say how long until a nurse can be there."""
    if minutes is None:
        return _("arrival not known")
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


@dataclass(frozen=True)
class AlertWords:
    """One nurse who was alerted, in words."""

    alert: CallAlert
    status: str
    tone: str
    arrival: str
    reason: str
    may_accept: bool


def say_alert(alert: CallAlert) -> AlertWords:
    """Return an alert in words."""
    status = AlertStatus(alert.status)
    tones = {
        AlertStatus.OPEN: "limited",
        AlertStatus.ACCEPTED: "good",
        AlertStatus.NO_ANSWER: "unknown",
    }
    return AlertWords(
        alert=alert,
        status=str(status.label),
        tone=tones.get(status, "unknown"),
        arrival=say_minutes(alert.expected_minutes),
        reason=str(AlertDeclineReason(alert.decline_reason).label)
        if alert.decline_reason
        else "",
        may_accept=status in MAY_ACCEPT,
    )


@dataclass(frozen=True)
class EventWords:
    """One line of the timeline."""

    text: str
    at: datetime
    tone: str


def say_event(event: CallEvent) -> EventWords:
    """Return an event as a sentence."""
    kind = CallEventKind(event.kind)
    more = [
        part
        for part in (
            event.service.name if event.service else "",
            _say_reason(kind, event.detail),
            _("by phone") if event.detail.get("by_phone") else "",
            event.detail.get("owner", "") if kind == CallEventKind.HANDED_ON else "",
        )
        if part
    ]
    text = str(kind.label)
    if more:
        text = f"{text}: {', '.join(more)}"
    return EventWords(text, event.at, _EVENT_TONES.get(kind, ""))


def _say_reason(kind: CallEventKind, detail: dict[str, Any]) -> str:
    if kind == CallEventKind.DONE:
        outcome = detail.get("outcome", "")
        return str(CallOutcome(outcome).label) if outcome else ""
    reason = detail.get("reason", "")
    if not reason or kind == CallEventKind.STARTED:
        return str(CallReason(reason).label) if reason else ""
    if kind == CallEventKind.CANCELLED:
        return str(CallCloseReason(reason).label)
    return str(AlertDeclineReason(reason).label)
