"""A wish in words: where it stands, what to do next, and what happened.

Every wish has a next step, also one that ended: a test walks all states.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.directory.wording import say_date
from wijkspil.registrations.models import Move, Round, Wish, WishEvent
from wijkspil.registrations.types import (
    Answer,
    Consent,
    DeclineReason,
    MoveStatus,
    RefusalReason,
    RoundStatus,
    WishStatus,
    WithdrawReason,
)
from wijkspil.ui.navigation import Step

STEPS = (
    gettext_lazy("Wish written down"),
    gettext_lazy("Address confirmed"),
    gettext_lazy("Household agrees"),
    gettext_lazy("Wait for a place"),
    gettext_lazy("Answer"),
    gettext_lazy("Registered"),
)
#: How many steps are done, by state; what ended early has no steps.
_DONE = {
    WishStatus.DRAFT: 1,
    WishStatus.CONSENT: 2,
    WishStatus.WAITING: 3,
    WishStatus.PROPOSED: 4,
    WishStatus.PLACED: 6,
}


@dataclass(frozen=True)
class Standing:
    """Where a wish stands: a title, what happens next, and by when."""

    title: str
    tone: str
    next_step: str
    by: datetime | None = None


def say_standing(
    wish: Wish,
    *,
    consents: Mapping[str, int],
    move: Move | None,
    round_: Round | None,
    is_open: bool = False,
) -> Standing:
    """Say where a wish stands without naming anybody, and what comes next.

    Parameters
    ----------
    consents
        How many members per consent.
    move
        The proposal that is open or was carried out.
    round_
        The round that runs in the region, if any.
    is_open
        Whether the code was given: then it is not asked again.
    """
    status = WishStatus(wish.status)
    if status is WishStatus.DRAFT:
        return Standing(
            _("Almost ready: confirm your address"),
            "limited",
            _(
                "Fill in the code that you saw on the screen. Your wish counts from "
                "then on. Do it before %(day)s."
            )
            % {"day": say_date(wish.reconfirm_until)},
        )
    if status is WishStatus.CONSENT:
        if consents.get(Consent.OBJECTED):
            return Standing(
                _("Somebody of your household does not want to move"),
                "limited",
                _fill_in_code(is_open)
                + _(
                    "Choose: go on without this person, or stop your wish. Your place "
                    "in line is kept."
                ),
            )
        return Standing(
            _("We wait for the yes of your household"),
            "limited",
            _fill_in_code(is_open)
            + _(
                "Everybody of 16 or over says for themselves whether they move along. "
                "Make a link for each of them and pass it on."
            ),
        )
    if status is WishStatus.WAITING:
        return Standing(_("Your wish waits for a place"), "info", _say_waiting(round_))
    if status is WishStatus.PROPOSED:
        return _say_proposed(move, is_open=is_open)
    if status is WishStatus.PLACED:
        day = None if move is None else move.effective_on
        return Standing(
            _("You have a place with a GP"),
            "good",
            (
                _("You are registered from %(day)s.") % {"day": say_date(day)} + " "
                if day
                else ""
            )
            + _(
                "You need not deregister: that goes by itself, and your file goes "
                "along. The practice may ask you to come and show your identity card."
            ),
        )
    if status is WishStatus.LAPSED:
        return Standing(
            _("Your wish has ended: it was not confirmed in time"),
            "unknown",
            _("Are you still looking? Find a practice or make a new wish."),
        )
    return Standing(
        _("You stopped this wish"),
        "unknown",
        _("Are you looking again? Find a practice or make a new wish."),
    )


def say_steps(wish: Wish) -> list[Step]:
    """Return the steps of a wish; none for one that ended early."""
    done = _DONE.get(WishStatus(wish.status))
    if done is None:
        return []
    return [
        Step(
            label,
            "done" if place < done else "current" if place == done else "todo",
        )
        for place, label in enumerate(STEPS)
    ]


def _say_waiting(round_: Round | None) -> str:
    if round_ is None:
        return _(
            "You need not do anything. When places are divided again your wish takes "
            "part, and you get a message when there is a place for you."
        )
    status = RoundStatus(round_.status)
    if status is RoundStatus.OPEN:
        return _(
            "A swap round is being prepared. Practices can join until %(day)s; then "
            "all wishes are divided together. Yours takes part. You need not do "
            "anything."
        ) % {"day": say_date(localdate(round_.join_until))}
    if status is RoundStatus.PUBLISHED:
        return _(
            "A swap round is running. There was no place for you in it so far. When "
            "somebody says no, places are divided again: you may still get one."
        )
    return _(
        "A swap round is running: all wishes are being divided. You get a message when "
        "there is a place for you."
    )


def _fill_in_code(is_open: bool) -> str:
    return "" if is_open else _("Fill in your code.") + " "


def _say_proposed(move: Move | None, *, is_open: bool) -> Standing:
    if move is None:
        return Standing(
            _("There is a place for you"),
            "good",
            _("Look again in a moment.")
            if is_open
            else _("Fill in your code to see it."),
        )
    if move.status == MoveStatus.CONFIRMED:
        return Standing(
            _("You and the practice said yes"),
            "good",
            _(
                "You need not do anything. When all moves of the round are ready you "
                "are registered, from %(day)s."
            )
            % {"day": say_date(move.effective_on)},
        )
    if move.household_answer == Answer.YES:
        return Standing(
            _("You said yes: the practice answers now"),
            "good",
            _(
                "You need not do anything. The practice answers before %(day)s, and "
                "you get a message."
            )
            % {"day": say_date(localdate(move.answer_by))},
            by=move.answer_by,
        )
    return Standing(
        _("There is a place for you"),
        "good",
        (
            _("Answer before %(day)s.")
            if is_open
            else _(
                "Answer before %(day)s. Fill in your code to see which practice it is."
            )
        )
        % {"day": say_date(localdate(move.answer_by))},
        by=move.answer_by,
    )


def say_wish_event(event: WishEvent, names: Mapping[int, str]) -> str:
    """Say what happened to a wish, in one sentence; ``names`` are of practices."""
    detail = event.detail
    practice = names.get(_practice_of(event) or 0, _("the practice"))
    sentence = _SENTENCES.get(event.kind)
    if sentence is None:
        return _("Something changed.")
    return str(sentence) % {
        "who": event.actor_name,
        "practice": practice,
        "why": _say_why(event),
        "day": _say_day(detail.get("until") or detail.get("effective_on")),
    }


def practices_of(events: list[WishEvent]) -> set[int]:
    """Return the practices that events are about."""
    return {one for event in events if (one := _practice_of(event)) is not None}


def _practice_of(event: WishEvent) -> int | None:
    detail = event.detail
    found = detail.get("service_id", detail.get("practice"))
    return found if isinstance(found, int) else None


def _say_why(event: WishEvent) -> str:
    reason = event.detail.get("reason", "")
    for words in (RefusalReason, DeclineReason, WithdrawReason):
        if event.kind == _KIND_OF[words] and reason in words.values:
            label = str(words(reason).label)
            return label[:1].lower() + label[1:]
    return _("not said")


def _say_day(text: object) -> str:
    if not isinstance(text, str):
        return ""
    try:
        return say_date(date.fromisoformat(text[:10]))
    except ValueError:
        return ""


_KIND_OF = {
    RefusalReason: "practice-no",
    DeclineReason: "household-no",
    WithdrawReason: "withdrawn",
}
_SENTENCES = {
    "started": gettext_lazy("The wish was written down."),
    "confirmed": gettext_lazy("The address was confirmed. The wish counts."),
    "member-link": gettext_lazy("A link was made for a member of the household."),
    "agreed": gettext_lazy("A member of the household said: I move along."),
    "objected": gettext_lazy("A member of the household said: I do not move along."),
    "left-out": gettext_lazy("The household goes on without one member."),
    "member-added": gettext_lazy("A member was added."),
    "waits": gettext_lazy("Everybody agreed. The wish waits for a place."),
    "no-room-now": gettext_lazy(
        "The place at %(practice)s was gone, or it does not fit. The wish waits."
    ),
    "registers": gettext_lazy("You asked %(practice)s to register you."),
    "edited": gettext_lazy("The practices were changed. The place in line is kept."),
    "reconfirmed": gettext_lazy("Still looking: the wish holds until %(day)s."),
    "reminded": gettext_lazy("We asked whether you are still looking."),
    "lapsed": gettext_lazy("The wish was not confirmed in time and has ended."),
    "withdrawn": gettext_lazy("The wish was stopped: %(why)s."),
    "new-link": gettext_lazy("A new link was made. The old one has ended."),
    "forgotten": gettext_lazy("Names and address were removed."),
    "proposed": gettext_lazy("There was a place at %(practice)s."),
    "household-yes": gettext_lazy("The household said yes."),
    "household-no": gettext_lazy("The household said no: %(why)s."),
    "practice-yes": gettext_lazy("The practice said yes."),
    "practice-no": gettext_lazy("%(practice)s said no: %(why)s."),
    "both-yes": gettext_lazy("Both sides said yes."),
    "waits-again": gettext_lazy("The wish waits again, in its old place in line."),
    "expired": gettext_lazy("Nobody answered in time. The wish waits again."),
    "fallen": gettext_lazy(
        "The place did not come free: somebody before you stayed. The wish waits again."
    ),
    "placed": gettext_lazy("Registered with %(practice)s from %(day)s."),
    "entered": gettext_lazy("%(practice)s entered the registration."),
    "record-sent": gettext_lazy("%(practice)s sent the record on."),
}
