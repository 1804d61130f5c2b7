"""Somebody who works with the agreements says that they do harm: it gets an answer.

A signal has an owner and a day from the start; it stays in the history of the
agreements it is about.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.errors import NotFound
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import PolicyVersion, Signal
from wijkspil.referrals.permissions import (
    FILE_SIGNAL,
    check_can_answer_signal,
    check_can_file_signal,
)
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.services.notices import tell_about_signal
from wijkspil.referrals.services.ownership import find_coordinator
from wijkspil.referrals.types import SignalStatus, SignalTopic

#: A signal is answered within two weeks (assumption of Wijkspil).
ANSWER_WITHIN = timedelta(days=14)


class UnknownSignal(NotFound):
    """There is no such signal, or the reader may not know of it."""

    code = "unknown-signal"


@transaction.atomic
def file_signal(
    *, actor: Actor, region_id: int, topic: str, text: str, at: datetime
) -> Signal:
    """Keep a signal; the coordinator who owns what nobody takes has to answer it.

    Sending the same again within a day is stored once.

    Raises
    ------
    NotPermitted
        If the actor does not work with the agreements.
    InvalidRequest
        If there is no known topic, no text, or nobody who could answer.
    """
    check_can_file_signal(actor)
    wrong: dict[str, list[str]] = {}
    text = text.replace("\0", "").strip()[:1000]
    if topic not in SignalTopic.values:
        wrong["topic"] = [_("Choose what it is about.")]
    if len(text) < 10:
        wrong["text"] = [_("Say in a few words what goes wrong, without names.")]
    agreed = get_agreed(region_id, at=at)
    owner = find_coordinator(region_id, at=at, agreed=agreed)
    if owner is None:
        wrong["region_id"] = [_("Nobody coordinates this region yet.")]
    if wrong or owner is None:
        raise InvalidRequest(wrong)
    same = Signal.objects.filter(
        region_id=region_id,
        filed_by_id=actor.user_id,
        filed_by_name=actor.label,
        topic=topic,
        text=text,
        filed_at__gt=at - timedelta(days=1),
    ).first()
    if same is not None:
        return same
    signal = Signal.objects.create(
        region_id=region_id,
        topic=topic,
        text=text,
        about=PolicyVersion.objects.filter(
            region_id=region_id, number=agreed.version
        ).first(),
        filed_by_id=actor.user_id,
        filed_by_name=actor.label,
        filed_as=_role_of(actor),
        filed_at=at,
        owner_id=owner[0],
        owner_name=owner[1],
        due_on=localdate(at) + ANSWER_WITHIN,
    )
    tell_about_signal("referrals.signal-filed", signal, to_users=[owner[0]], at=at)
    return signal


@transaction.atomic
def answer_signal(
    *, actor: Actor, signal_id: int, answer: str, is_changing: bool, at: datetime
) -> Signal:
    """Answer a signal; ``is_changing`` says that the agreements will change.

    The same answer twice is kept once.

    Raises
    ------
    UnknownSignal
        If there is none.
    NotPermitted
        If the actor does not coordinate the region.
    NotNow
        If it was answered before.
    InvalidRequest
        If there is no answer.
    """
    signal = _lock(signal_id)
    check_can_answer_signal(actor, Target(region_ids=frozenset({signal.region_id})))
    answer = answer.replace("\0", "").strip()[:1000]
    if signal.status != SignalStatus.OPEN:
        if (signal.answer, signal.answered_by_name) == (answer, actor.label):
            return signal
        raise NotNow(_("This signal was answered already."))
    if not answer:
        raise InvalidRequest({"answer": [_("Write what you do with it, and why.")]})
    signal.status = SignalStatus.CHANGED if is_changing else SignalStatus.ANSWERED
    signal.answer = answer
    signal.answered_by_name = actor.label
    signal.answered_at = at
    signal.save()
    if signal.filed_by_id is not None:
        tell_about_signal(
            "referrals.signal-answered", signal, to_users=[signal.filed_by_id], at=at
        )
    return signal


def _role_of(actor: Actor) -> str:
    """Return in which role somebody files: the first that may."""
    return next(
        (
            role.value
            for role in Role
            if role in actor.roles and role in FILE_SIGNAL.grants
        ),
        "",
    )


def _lock(signal_id: int) -> Signal:
    signal = Signal.objects.select_for_update().filter(pk=signal_id).first()
    if signal is None:
        raise UnknownSignal(
            _("There is no signal with number %(id)s.") % {"id": signal_id}
        )
    return signal
