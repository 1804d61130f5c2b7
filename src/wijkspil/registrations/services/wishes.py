"""A household's wish from first word to last: start, confirm, edit, keep, withdraw.

Editing keeps the place in line. Nothing here checks a permission, except for helpers:
the caller holds the private link of the wish (with its code), or is who helped.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.models import AuditEvent
from wijkspil.core.private_links import LinkSecrets
from wijkspil.core.sealing import seal
from wijkspil.core.spoken_numbers import read_number, save_with_number
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownWish
from wijkspil.registrations.models import Wish, WishChoice, WishEvent, WishLink
from wijkspil.registrations.permissions import check_can_assist_wish, is_helper_of
from wijkspil.registrations.policies import load_of, next_wish_status
from wijkspil.registrations.services.consent import (
    RECONFIRM_AFTER_DAYS,
    reopen,
    settle,
)
from wijkspil.registrations.services.household import (
    CONFIRM_WITHIN,
    CONSENT_WITHIN,
    KEEP_AFTER,
    check_choices,
    check_contact,
    check_wish,
    end_wish,
    lock_wish,
    read_member,
    recount,
    refuse_second_wish,
    resident_of,
    settle_rows,
    write_members,
)
from wijkspil.registrations.services.moves import drop_live_move
from wijkspil.registrations.services.notices import (
    NEW_LINK,
    NEWS,
    STARTED,
    tell_household,
    tell_link,
)
from wijkspil.registrations.services.trail import (
    add_wish_event,
    record_household_access,
)
from wijkspil.registrations.types import (
    CLASS_OF_REASON,
    LIVE_WISHES,
    Consent,
    ContactGiven,
    DeclineReason,
    MemberGiven,
    WishGiven,
    WishStatus,
    WithdrawReason,
)

#: So long a private link holds; it is made anew on request.
LINK_HOLDS = timedelta(days=2 * RECONFIRM_AFTER_DAYS)
#: Who lost the link gets a new one no more often than this.
RENEW_AFTER = timedelta(minutes=15)


@transaction.atomic
def start_wish(
    *,
    actor: Actor,
    given: WishGiven,
    contact: ContactGiven,
    at: datetime,
    is_direct: bool = False,
    is_helped: bool = False,
    helper_organization_id: int | None = None,
) -> tuple[Wish, LinkSecrets]:
    """Write a wish down and send its private link; return it with link and code.

    It counts from this moment. Who typed it confirms the address with the link and
    the code that is shown once; a helper has spoken to them, so that is done at once.

    Parameters
    ----------
    is_direct
        Registers at the first choice, which has room, as soon as all agreed.
    is_helped
        The actor writes it down for somebody, at a desk or on the phone.
    helper_organization_id
        Whose desk that is, if it is of an organization: colleagues follow the wish.

    Raises
    ------
    InvalidRegistration
        With every field that breaks a rule.
    NotPermitted
        If a desk is named that is not the actor's.
    NotNow
        If a helper writes it down and somebody of the household has a wish already.
    """
    if is_helped:
        check_can_assist_wish(actor, Target(organization_id=helper_organization_id))
    wrong: dict[str, list[str]] = {}
    checked = reach = None
    try:
        checked = check_wish(given, at=at)
    except InvalidRegistration as error:
        wrong |= error.fields
    try:
        reach = check_contact(contact, is_helped=is_helped)
    except InvalidRegistration as error:
        wrong |= error.fields
    if checked is None or reach is None:
        raise InvalidRegistration(wrong)
    given = checked.given
    wish = Wish(
        status=WishStatus.DRAFT,
        reason=given.reason,
        priority_class=CLASS_OF_REASON[given.reason],
        region_id=checked.place.region_id,
        place_id=checked.place.id,
        postcode=given.postcode,
        current_practice_id=given.current_practice_id,
        is_direct=is_direct,
        size=len(given.members),
        load=load_of(checked.bands),
        waiting_since=at,
        reconfirm_until=localdate(at) + CONFIRM_WITHIN,
        contact_kind=reach.kind,
        contact=seal(reach.value) if reach.value else None,
        helper_id=actor.user_id if is_helped else None,
        helper_organization_id=helper_organization_id if is_helped else None,
        created_at=at,
        retain_until=localdate(at) + CONFIRM_WITHIN + KEEP_AFTER,
    )
    save_with_number(wish, prefix="H")
    write_members(wish, given.members, on=localdate(at))
    _write_choices(wish, given.choices, given.member_at)
    add_wish_event(
        wish,
        "started",
        actor=actor if is_helped else resident_of(wish),
        at=at,
        by_guardian=given.by_guardian,
    )
    told = WishLink.make(valid_until=at + LINK_HOLDS, wish=wish)
    tell_link(wish, STARTED, token=told.token, at=at, key="started")
    if is_helped:
        record_household_access(
            wish,
            actor=actor,
            action=AuditEvent.Action.CREATE,
            purpose="wish.start",
            at=at,
        )
        _confirm(wish, actor=actor, at=at)
    return wish, told


def find_wish_by_link(token: str, *, at: datetime) -> Wish:
    """Return the wish of a private link (two queries).

    Raises
    ------
    UnknownWish
        If the link is not known or has ended.
    """
    return Wish.objects.get(pk=_get_link(token, at=at).wish_id)


def check_wish_code(token: str, code: str, *, at: datetime) -> Wish:
    """Return the wish if the code belongs to the link.

    Raises
    ------
    UnknownWish
        If the link is not known or has ended.
    WrongCode
        If the code is not right, or was tried too often.
    """
    link = _get_link(token, at=at)
    link.check_code(token, code, at=at)
    return Wish.objects.get(pk=link.wish_id)


def confirm_contact(*, token: str, code: str, at: datetime) -> Wish:
    """Confirm the address: who has both link and code can be reached.

    Done again it changes nothing.

    Raises
    ------
    UnknownWish
        If the link is not known or has ended.
    WrongCode
        If the code is not right, or was tried too often.
    NotNow
        If somebody of the household has another wish that runs.
    """
    wish_id = check_wish_code(token, code, at=at).pk
    with transaction.atomic():
        wish = lock_wish(wish_id)
        if wish.status == WishStatus.DRAFT:
            _confirm(wish, actor=resident_of(wish), at=at)
    return wish


@transaction.atomic
def edit_wish(
    *,
    actor: Actor,
    wish_id: int,
    choices: Sequence[int],
    member_at: Collection[int] = (),
    at: datetime,
) -> Wish:
    """Change the practices of a wish; it keeps its place in line.

    Where a practice is added, the others of 16 and over say again whether they move
    along: they agreed to other practices. Leaving out and another order need no yes.

    Raises
    ------
    UnknownWish
        If there is no such wish.
    NotNow
        If it has a proposal, or does not run.
    InvalidRegistration
        If the list of practices breaks a rule.
    """
    wish = lock_wish(wish_id)
    check_choices(choices, current_practice_id=wish.current_practice_id, at=at)
    before = {row.service_id: (row.rank, row.has_member) for row in wish.choices.all()}
    after = {
        service_id: (rank, service_id in member_at)
        for rank, service_id in enumerate(choices, start=1)
    }
    if before == after:
        return wish
    if wish.status != WishStatus.DRAFT:
        next_wish_status("edit", wish.status)
    wish.choices.all().delete()
    _write_choices(wish, choices, member_at)
    added = sorted(set(after) - set(before))
    add_wish_event(
        wish, "edited", actor=actor, at=at, choices=list(choices), added=added
    )
    wish.is_direct = False
    wish.save(update_fields=["is_direct"])
    if wish.status == WishStatus.WAITING:
        reopen(wish)
    if added:
        asked = wish.members.filter(consents_self=True, consent=Consent.AGREED)
        # Who changes the list agrees to it by doing so.
        asked.exclude(row=1).update(consent=Consent.PENDING, consent_at=None)
    if wish.members.filter(consent=Consent.PENDING).exists():
        wish.reconfirm_until = localdate(at) + CONSENT_WITHIN
        wish.save(update_fields=["reconfirm_until"])
    settle(wish, at=at)
    return wish


@transaction.atomic
def add_member(
    *, actor: Actor, wish_id: int, member: MemberGiven, at: datetime
) -> Wish:
    """Add somebody to the household, as a child that was born.

    Raises
    ------
    UnknownWish
        If there is no such wish.
    NotNow
        If it has a proposal, does not run, or this person has a wish already.
    InvalidRegistration
        If the name or the date of birth breaks a rule.
    """
    wish = lock_wish(wish_id)
    next_wish_status("edit", wish.status)
    present = [one for row in wish.members.all() if (one := read_member(row))]
    check_wish(
        WishGiven(
            postcode=wish.postcode,
            reason=wish.reason,
            members=[*present, member],
            choices=list(wish.choices.values_list("service_id", flat=True)),
            current_practice_id=wish.current_practice_id,
            by_guardian=True,
        ),
        at=at,
    )
    rows = set(wish.members.values_list("row", flat=True))
    write_members(wish, [member], on=localdate(at), first=max(rows) + 1)
    refuse_second_wish(wish)
    settle_rows(wish, _rows_of_children(wish), at=at)
    recount(wish)
    wish.is_direct = False
    wish.save(update_fields=["size", "load", "is_direct"])
    record_household_access(
        wish,
        actor=actor,
        action=AuditEvent.Action.UPDATE,
        purpose="wish.add-member",
        at=at,
    )
    add_wish_event(wish, "member-added", actor=actor, at=at, row=max(rows) + 1)
    if wish.status == WishStatus.WAITING:
        reopen(wish)
    settle(wish, at=at)
    return wish


@transaction.atomic
def reconfirm_wish(*, actor: Actor, wish_id: int, at: datetime) -> Wish:
    """Say that the household is still looking: the wish holds another year.

    Raises
    ------
    UnknownWish
        If there is no such wish.
    NotNow
        If it does not run (any more).
    """
    wish = lock_wish(wish_id)
    if wish.status not in (
        WishStatus.CONSENT,
        WishStatus.WAITING,
        WishStatus.PROPOSED,
    ):
        raise NotNow(_("This wish does not run (any more)."))
    until = localdate(at) + timedelta(days=RECONFIRM_AFTER_DAYS)
    if wish.reconfirm_until == until and wish.reminded_at is None:
        return wish
    wish.reconfirm_until = until
    wish.reminded_at = None
    wish.retain_until = until + KEEP_AFTER
    wish.save(update_fields=["reconfirm_until", "reminded_at", "retain_until"])
    add_wish_event(wish, "reconfirmed", actor=actor, at=at, until=until.isoformat())
    return wish


@transaction.atomic
def withdraw_wish(*, actor: Actor, wish_id: int, reason: str, at: datetime) -> Wish:
    """Withdraw a wish; a proposal is declined first, so that its place goes on.

    Raises
    ------
    UnknownWish
        If there is no such wish.
    NotNow
        If it has ended already, or the household has the place already.
    InvalidRegistration
        If the reason is not known.
    """
    if reason not in WithdrawReason.values:
        raise InvalidRegistration({"reason": [_("Choose why.")]})
    wish = lock_wish(wish_id)
    next_wish_status("withdraw", wish.status)
    declined = {
        WithdrawReason.FOUND: DeclineReason.FOUND,
        WithdrawReason.STAYS: DeclineReason.STAYS,
    }
    drop_live_move(
        wish,
        reason=declined.get(WithdrawReason(reason), DeclineReason.OTHER),
        actor=actor,
        at=at,
    )
    end_wish(
        wish,
        status=next_wish_status("withdraw", wish.status),
        reason=reason,
        at=at,
    )
    wish.save(update_fields=["status", "closed_at", "close_reason", "retain_until"])
    add_wish_event(wish, "withdrawn", actor=actor, at=at, reason=reason)
    return wish


@transaction.atomic
def renew_link(*, number: str, birth_date: object, at: datetime) -> LinkSecrets | None:
    """Send a new link to the address of a wish whose link was lost.

    Returned is a link and a code, of which only the code may be shown: the link goes
    to the address. None if number and date of birth of who asked do not belong
    together, the wish has ended, it has no address, or a link was made just now; who
    asks is told the same either way.
    """
    wish = (
        Wish.objects.select_for_update()
        .filter(number=read_number(number)[:12], status__in=[*map(str, LIVE_WISHES)])
        .first()
    )
    first = None if wish is None else wish.members.order_by("row").first()
    if wish is None or first is None or wish.contact is None:
        return None
    who = read_member(first)
    if who is None or who.birth_date != birth_date:
        return None
    if WishEvent.objects.filter(
        wish=wish, kind="new-link", at__gt=at - RENEW_AFTER
    ).exists():
        return None
    told = WishLink.make(valid_until=at + LINK_HOLDS, wish=wish)
    add_wish_event(wish, "new-link", actor=resident_of(wish), at=at)
    tell_link(wish, NEW_LINK, token=told.token, at=at, key=f"link-{at.isoformat()}")
    return told


@transaction.atomic
def renew_link_at_desk(*, actor: Actor, wish_id: int, at: datetime) -> LinkSecrets:
    """Make a new link and code for the desk to hand over; the old one ends; logged.

    Raises
    ------
    UnknownWish
        If there is no such wish, or it is not of the actor's desk.
    NotNow
        If the wish has ended and who it is about was removed.
    """
    wish = lock_wish(wish_id)
    if not is_helper_of(actor, wish):
        raise UnknownWish(_("There is no such wish (any more)."))
    if not wish.members.filter(identity__isnull=False).exists():
        raise NotNow(_("There is nobody to make a link for (any more)."))
    record_household_access(
        wish,
        actor=actor,
        action=AuditEvent.Action.UPDATE,
        purpose="wish.link",
        at=at,
    )
    add_wish_event(wish, "new-link", actor=actor, at=at)
    return WishLink.make(valid_until=at + LINK_HOLDS, wish=wish)


def _get_link(token: str, *, at: datetime) -> WishLink:
    link = WishLink.find(token, at=at)
    if link is None:
        raise UnknownWish(
            _(
                "This link does not work (any more). Fill in your number to get a new "
                "one."
            )
        )
    return link


def _confirm(wish: Wish, *, actor: Actor, at: datetime) -> None:
    """Count the wish from here; who asks agrees, and for children under 16."""
    refuse_second_wish(wish)
    wish.status = next_wish_status("confirm-contact", wish.status)
    wish.contact_confirmed_at = at
    wish.reconfirm_until = localdate(at) + CONSENT_WITHIN
    wish.retain_until = localdate(at) + timedelta(
        days=RECONFIRM_AFTER_DAYS + KEEP_AFTER.days
    )
    wish.save()
    add_wish_event(wish, "confirmed", actor=actor, at=at)
    settle_rows(wish, [1, *_rows_of_children(wish)], at=at)
    settle(wish, at=at)
    if wish.status == WishStatus.CONSENT:
        tell_household(wish, NEWS, at=at, key="asks-consent")


def _rows_of_children(wish: Wish) -> list[int]:
    return list(wish.members.filter(consents_self=False).values_list("row", flat=True))


def _write_choices(
    wish: Wish, choices: Sequence[int], member_at: Collection[int]
) -> None:
    WishChoice.objects.bulk_create(
        WishChoice(
            wish=wish,
            service_id=service_id,
            rank=rank,
            has_member=service_id in member_at,
        )
        for rank, service_id in enumerate(choices, start=1)
    )
