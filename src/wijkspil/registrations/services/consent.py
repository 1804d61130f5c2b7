"""Who is 16 or over says for themselves whether they move along.

The first member passes on a link with a code; a desk may write down what somebody says
there. When nobody is left to answer, the wish waits for a place; who asked for a place
that is there now, registers at once.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.core.private_links import LinkSecrets
from wijkspil.registrations.errors import (
    InvalidRegistration,
    ListFull,
    NotNow,
    UnknownWish,
)
from wijkspil.registrations.models import MemberLink, Wish, WishMember
from wijkspil.registrations.permissions import is_helper_of
from wijkspil.registrations.policies import next_wish_status
from wijkspil.registrations.services.direct import register_directly
from wijkspil.registrations.services.household import (
    CONSENT_WITHIN,
    lock_wish,
    recount,
)
from wijkspil.registrations.services.moves import answer_for_household
from wijkspil.registrations.services.notices import NEWS, tell_household
from wijkspil.registrations.services.trail import (
    SYSTEM,
    add_wish_event,
    record_household_access,
)
from wijkspil.registrations.types import (
    LIVE_MOVES,
    Answer,
    Consent,
    DeclineReason,
    WishStatus,
)

#: A wish is confirmed again each year.
RECONFIRM_AFTER_DAYS = 365


@transaction.atomic
def make_member_link(
    *, actor: Actor, wish_id: int, row: int, at: datetime
) -> LinkSecrets:
    """Make the link by which one member says yes or no; the old one ends.

    Checks no permission: the caller holds the private link or is the helper.

    Raises
    ------
    UnknownWish
        If there is no such member, or who it is was removed.
    NotNow
        If the wish does not run, or this member does not answer for themselves.
    """
    wish = lock_wish(wish_id)
    member = _get_member(wish, row)
    if wish.status not in (
        WishStatus.CONSENT,
        WishStatus.WAITING,
        WishStatus.PROPOSED,
    ):
        raise NotNow(_("Confirm your own address first."))
    if row == 1 or not member.consents_self:
        raise NotNow(_("This member does not answer by a link."))
    told = MemberLink.make(valid_until=at + CONSENT_WITHIN, member=member)
    add_wish_event(wish, "member-link", actor=actor, at=at, row=row)
    return told


def find_member(token: str, *, at: datetime) -> WishMember:
    """Return the member of a link (two queries).

    Raises
    ------
    UnknownWish
        If the link is not known or has ended.
    """
    link = MemberLink.find(token, at=at)
    if link is None:
        raise UnknownWish(
            _("This link does not work (any more). Ask who sent it for a new one.")
        )
    return WishMember.objects.select_related("wish").get(pk=link.member_id)


def check_member_code(token: str, code: str, *, at: datetime) -> WishMember:
    """Return the member if the code belongs to the link.

    Raises
    ------
    UnknownWish
        If the link is not known or has ended.
    WrongCode
        If the code is not right, or was tried too often.
    """
    link = MemberLink.find(token, at=at)
    if link is None:
        return find_member(token, at=at)
    link.check_code(token, code, at=at)
    return find_member(token, at=at)


def answer_consent(*, token: str, agrees: bool, at: datetime) -> Wish:
    """Write what a member says by the link; the caller checked the code.

    Raises
    ------
    UnknownWish
        If the link is not known or has ended.
    NotNow
        If the wish does not run (any more).
    """
    member = find_member(token, at=at)
    actor = Actor(
        label=f"bewoner {member.wish.number}/{member.row}",
        grants=(Grant(Role.RESIDENT),),
    )
    return _answer(member.wish_id, member.row, agrees, actor=actor, at=at)


def answer_consent_at_desk(
    *, actor: Actor, wish_id: int, row: int, agrees: bool, at: datetime
) -> Wish:
    """Write what a member said at the desk, or on the phone with the desk.

    Raises
    ------
    UnknownWish
        If there is no such wish or member.
    NotPermitted
        If the actor did not help with this wish.
    NotNow
        If the wish does not run (any more).
    """
    wish = Wish.objects.filter(pk=wish_id).first()
    if wish is None or not is_helper_of(actor, wish):
        raise NotPermitted(_("This is for the desk that wrote the wish down."))
    return _answer(wish_id, row, agrees, actor=actor, at=at)


@transaction.atomic
def leave_out_member(*, actor: Actor, wish_id: int, row: int, at: datetime) -> Wish:
    """Go on without one member; who it is, is removed at once.

    Checks no permission: the caller holds the private link or is the helper.

    Raises
    ------
    UnknownWish
        If there is no such wish or member.
    NotNow
        If it is who asks, or nobody of 16 or over would be left, or there is a
        proposal.
    """
    wish = lock_wish(wish_id)
    member = _get_member(wish, row)
    if wish.status not in (WishStatus.CONSENT, WishStatus.WAITING):
        raise NotNow(_("There is a proposal for this household: answer that first."))
    others = wish.members.exclude(row=row)
    if row == 1 or (
        member.consents_self and not others.filter(consents_self=True).exists()
    ):
        raise NotNow(_("Without this member there is no wish. Withdraw it instead."))
    record_household_access(
        wish,
        actor=actor,
        action=AuditEvent.Action.DELETE,
        purpose="wish.leave-out",
        at=at,
    )
    member.delete()
    recount(wish)
    wish.save(update_fields=["size", "load"])
    add_wish_event(wish, "left-out", actor=actor, at=at, row=row)
    settle(wish, at=at)
    return wish


def settle(wish: Wish, *, at: datetime) -> None:
    """Let the wish wait for a place once everybody agreed (locked by the caller).

    Who registers where there is room takes the place now; when that has gone
    meanwhile the wish waits like any other.
    """
    if wish.status != WishStatus.CONSENT:
        return
    if wish.members.exclude(consent=Consent.AGREED).exists():
        return
    wish.status = next_wish_status("all-agreed", wish.status)
    wish.reconfirm_until = localdate(at) + timedelta(days=RECONFIRM_AFTER_DAYS)
    wish.reminded_at = None
    wish.save(update_fields=["status", "reconfirm_until", "reminded_at"])
    add_wish_event(wish, "waits", actor=SYSTEM, at=at)
    # Only the first time: a practice that said no is not asked again by itself.
    if not wish.is_direct or wish.moves.exists():
        return
    first = wish.choices.order_by("rank").first()
    assert first is not None
    try:
        register_directly(
            actor=SYSTEM, wish_id=wish.pk, service_id=first.service_id, at=at
        )
    except (ListFull, InvalidRegistration):
        wish.is_direct = False
        wish.save(update_fields=["is_direct"])
        add_wish_event(
            wish, "no-room-now", actor=SYSTEM, at=at, service_id=first.service_id
        )
    wish.refresh_from_db()


def reopen(wish: Wish) -> None:
    """Let a wish that waits ask its members again (locked by the caller, saved)."""
    wish.status = next_wish_status("edit", wish.status)
    wish.save(update_fields=["status"])


@transaction.atomic
def _answer(
    wish_id: int, row: int, agrees: bool, *, actor: Actor, at: datetime
) -> Wish:
    wish = lock_wish(wish_id)
    member = _get_member(wish, row)
    if wish.status not in (
        WishStatus.CONSENT,
        WishStatus.WAITING,
        WishStatus.PROPOSED,
    ):
        raise NotNow(_("This wish does not run (any more)."))
    consent = Consent.AGREED if agrees else Consent.OBJECTED
    if member.consent == consent:
        return wish
    if not agrees and wish.status == WishStatus.PROPOSED:
        # Nobody is moved who does not want to: the household's yes is taken back.
        _decline_proposal(wish, actor=actor, at=at)
        wish = lock_wish(wish_id)
    member.consent = consent
    member.consent_at = at
    member.save(update_fields=["consent", "consent_at"])
    add_wish_event(
        wish, "agreed" if agrees else "objected", actor=actor, at=at, row=row
    )
    if not agrees and wish.status == WishStatus.WAITING:
        reopen(wish)
        wish.is_direct = False
        wish.save(update_fields=["is_direct"])
    settle(wish, at=at)
    tell_household(wish, NEWS, at=at, key=f"consent-{row}-{consent}-{at:%Y%m%dT%H%M%S}")
    return wish


def _decline_proposal(wish: Wish, *, actor: Actor, at: datetime) -> None:
    move = wish.moves.filter(status__in=[*map(str, LIVE_MOVES)]).first()
    if move is not None:
        answer_for_household(
            actor=actor,
            wish_id=wish.pk,
            move_id=move.pk,
            answer=Answer.NO,
            reason=DeclineReason.OTHER,
            at=at,
        )


def _get_member(wish: Wish, row: int) -> WishMember:
    member = wish.members.filter(row=row).first()
    if member is None:
        raise UnknownWish(_("There is no such member (any more)."))
    return member
