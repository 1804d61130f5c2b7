"""Stays in sentences: what happened, what a bed can do, who has it now."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wijkspil.directory.wording import join_words, say_date, say_short_moment
from wijkspil.stays.models import BedClaim, StayEvent, StayRequest
from wijkspil.stays.policies import label_of
from wijkspil.stays.types import (
    CancelReason,
    ClaimStatus,
    EndReason,
    EventKind,
    Feature,
    Gender,
    NotDeliveredGround,
    StayKind,
    StayStatus,
)

#: Tone of a claim's badge.
CLAIM_TONES = {
    ClaimStatus.HELD: "limited",
    ClaimStatus.CONFIRMED: "good",
    ClaimStatus.ARRIVED: "good",
    ClaimStatus.ENDED: "unknown",
    ClaimStatus.RELEASED: "unknown",
    ClaimStatus.NOT_DELIVERED: "now",
    ClaimStatus.WITHDRAWN: "unknown",
}


def say_features(features: Sequence[str], gender: str) -> str:
    """Say what a bed can do: "a room of one's own, oxygen; women"."""
    words = [str(Feature(code).label) for code in features]
    if gender != Gender.ANY and Feature.SINGLE_ROOM not in features:
        words.append(
            _("room with women") if gender == Gender.WOMEN else _("room with men")
        )
    return join_words(words) if words else _("No special features")


def say_misfit_list(misfits: Sequence[str]) -> str:
    """Say what a bed lacks."""
    words = {"gender": _("a fitting shared room"), "later": _("the day it is needed")}
    return join_words([words.get(code) or str(Feature(code).label) for code in misfits])


def say_km(km: float | None) -> str:
    """Say a distance in a straight line."""
    if km is None:
        return _("distance not known")
    if km < 1:
        return _("less than 1 km")
    return _("%(km)s km") % {"km": round(km)}


def say_event(event: StayEvent) -> str:
    """Say what happened, in one sentence."""
    detail: dict[str, Any] = event.detail
    who = event.actor_name
    bed = event.service.name if event.service else _("a provider")
    kind = EventKind(event.kind)
    if kind is EventKind.STARTED:
        return _("%(who)s asked for a stay. Suggested: %(kind)s.") % {
            "who": who,
            "kind": label_of(detail["suggested"]),
        }
    if kind is EventKind.CLAIMED:
        return _("%(who)s took a bed of %(bed)s, held until %(until)s.") % {
            "who": who,
            "bed": bed,
            "until": _moment(detail["until"]),
        }
    if kind is EventKind.CONFIRMED:
        return _("%(who)s confirmed: the client comes to %(bed)s at %(at)s.") % {
            "who": who,
            "bed": bed,
            "at": _moment(detail["arrives_at"]),
        }
    if kind is EventKind.ARRIVED:
        return _("The client is at %(bed)s.") % {"bed": bed}
    if kind is EventKind.PLANNED:
        return _("The expected last day is now %(day)s.") % {
            "day": say_date(date.fromisoformat(detail["planned_end"]))
        }
    if kind is EventKind.REMINDED:
        return _("The stay ends on %(day)s: going home must be planned.") % {
            "day": say_date(date.fromisoformat(detail["planned_end"]))
        }
    if kind is EventKind.ENDED:
        return _("The stay at %(bed)s ended: %(how)s.") % {
            "bed": bed,
            "how": str(EndReason(detail["reason"]).label).lower(),
        }
    if kind is EventKind.RELEASED:
        return _("Nobody confirmed in time: the bed of %(bed)s is free again.") % {
            "bed": bed
        }
    if kind is EventKind.NOT_DELIVERED:
        return _("%(bed)s could not deliver the bed: %(why)s.") % {
            "bed": bed,
            "why": _first_lower(NotDeliveredGround(detail["ground"]).label),
        }
    if kind is EventKind.WITHDRAWN:
        return _("%(who)s gave the bed of %(bed)s back.") % {"who": who, "bed": bed}
    if kind is EventKind.CANCELLED:
        return _("%(who)s closed it: %(why)s.") % {
            "who": who,
            "why": _first_lower(CancelReason(detail["reason"]).label),
        }
    if kind is EventKind.OVERDUE:
        return _("The date passed while %(owner)s had it.") % {
            "owner": detail.get("owner", "")
        }
    if kind is EventKind.OWNER:
        return _("%(owner)s has it in hand now.") % {"owner": detail["owner"]}
    if kind is EventKind.FORGOTTEN:
        return _("Who the client is was removed: the time to keep it is over.")
    text = detail.get("text")
    return f"{who}: {text}" if text else _("A note; its words were removed.")


def say_standing(stay: StayRequest, claim: BedClaim | None) -> str:
    """Say where it stands, in one line."""
    if stay.status == StayStatus.OPEN:
        return _("No bed yet")
    if stay.status == StayStatus.CANCELLED:
        return _("Closed: no bed needed any more")
    if stay.status == StayStatus.ENDED or claim is None:
        return _("The stay has ended")
    if claim.status == ClaimStatus.HELD:
        return _("A bed is held: confirm that the client comes")
    if claim.status == ClaimStatus.CONFIRMED:
        return _("The bed is promised: the client comes")
    return _("The client is there")


def say_close_reason(stay: StayRequest) -> str:
    """Say why a stay was closed; the codes of both lists overlap."""
    if not stay.close_reason:
        return ""
    if stay.status == StayStatus.ENDED:
        return str(EndReason(stay.close_reason).label)
    return str(CancelReason(stay.close_reason).label)


def say_kind(kind: str) -> str:
    """Return the words of a kind of bed."""
    return str(StayKind(kind).label)


def _moment(text: str) -> str:
    return say_short_moment(localtime(datetime.fromisoformat(text)))


def _first_lower(word: object) -> str:
    text = str(word)
    return text[:1].lower() + text[1:]
