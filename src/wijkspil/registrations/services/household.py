"""A household on a wish: read what was typed, store it sealed, and take it away again.

What every service of a wish shares. Checks no permission.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import InvalidValue
from wijkspil.core.sealing import seal, unseal
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.selectors.gp_practices import (
    GpPlace,
    get_gp_place,
    list_gp_practices,
)
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownWish
from wijkspil.registrations.models import Wish, WishMember
from wijkspil.registrations.policies import age_on, band_of, load_of
from wijkspil.registrations.types import (
    CONSENT_AGE,
    LIVE_WISHES,
    MOST_CHOICES,
    Consent,
    ContactGiven,
    ContactKind,
    MemberGiven,
    WishGiven,
    WishReason,
    WishStatus,
)

MOST_MEMBERS = 12
OLDEST = 120
#: A wish that is not confirmed within this is no wish.
CONFIRM_WITHIN = timedelta(days=7)
#: So long the others of a household have to say yes.
CONSENT_WITHIN = timedelta(days=60)
#: Names and contact are kept so long after a wish has ended.
KEEP_AFTER = timedelta(days=90)
_MOBILE = re.compile(r"(?:\+31|0031|0)6[0-9]{8}")
_PHONE = re.compile(r"(?:\+31|0031|0)[1-9][0-9]{8}")


@dataclass(frozen=True)
class CheckedWish:
    """What was typed, tidied, with the place it lies."""

    given: WishGiven
    place: GpPlace
    bands: tuple[str, ...]


def resident_of(wish: Wish) -> Actor:
    """Return who acts through the private link of a wish."""
    return Actor(label=f"bewoner {wish.number}", grants=(Grant(Role.RESIDENT),))


def lock_wish(wish_id: int) -> Wish:
    """Return a wish, locked for the caller's transaction.

    Raises
    ------
    UnknownWish
        If there is no such wish.
    """
    wish = Wish.objects.select_for_update().filter(pk=wish_id).first()
    if wish is None:
        raise UnknownWish(_("There is no such wish (any more)."))
    return wish


def check_wish(given: WishGiven, *, at: datetime) -> CheckedWish:
    """Return what is wanted, tidied (four queries).

    Raises
    ------
    InvalidRegistration
        With every field that breaks a rule: the value and what is expected.
    """
    wrong: dict[str, list[str]] = {}
    place = _check_place(given.postcode, wrong)
    if given.reason not in WishReason.values:
        wrong["reason"] = [_("Choose why you look for a GP.")]
    if given.reason == WishReason.NO_GP and given.current_practice_id is not None:
        wrong["reason"] = [
            _("You gave a GP that you have now. Choose another reason, or no GP.")
        ]
    members, bands = _check_members(given, wrong, on=localdate(at))
    _check_choices(given, wrong, at=at)
    if wrong or place is None:
        raise InvalidRegistration(wrong)
    return CheckedWish(
        given=replace(given, postcode=place.postcode, members=members),
        place=place,
        bands=bands,
    )


def check_choices(
    choices: Sequence[int], *, current_practice_id: int | None, at: datetime
) -> None:
    """Refuse a list of practices that breaks a rule (two queries).

    Raises
    ------
    InvalidRegistration
        If there are none or too many, one twice, an unknown one or their own.
    """
    given = WishGiven("", "", (), choices, current_practice_id)
    wrong: dict[str, list[str]] = {}
    _check_choices(given, wrong, at=at)
    if wrong:
        raise InvalidRegistration(wrong)


def check_contact(given: ContactGiven, *, is_helped: bool) -> ContactGiven:
    """Return how to reach a household, tidied.

    Raises
    ------
    InvalidRegistration
        If it is no e-mail address or mobile number, or a desk without a helper.
    """
    value = re.sub(r"\s+", " ", given.value.replace("\0", "")).strip()
    if given.kind == ContactKind.DESK and is_helped:
        return ContactGiven(ContactKind.DESK, "")
    if given.kind == ContactKind.EMAIL:
        try:
            validate_email(value)
        except ValidationError:
            raise InvalidRegistration(
                {
                    "email": [
                        _("“%(value)s” is no e-mail address, as in name@example.nl.")
                        % {"value": value[:60]}
                        if value
                        else _("Give your e-mail address.")
                    ]
                }
            ) from None
        return ContactGiven(ContactKind.EMAIL, value)
    if given.kind == ContactKind.PHONE:
        digits = re.sub(r"[\s().-]", "", value)
        if not _MOBILE.fullmatch(digits):
            raise InvalidRegistration({"phone": [_say_phone(digits, value)]})
        return ContactGiven(ContactKind.PHONE, digits)
    raise InvalidRegistration({"kind": [_("Choose how we can reach you.")]})


def _say_phone(digits: str, value: str) -> str:
    if not value:
        return _("Give your mobile number.")
    if _PHONE.fullmatch(digits):
        return _(
            "“%(value)s” is no mobile number: a text message cannot go there. Choose "
            "e-mail, or ask a desk to help you."
        ) % {"value": value[:30]}
    return _("“%(value)s” is no mobile number, as in 06 12345678.") % {
        "value": value[:30]
    }


def write_members(
    wish: Wish, members: Sequence[MemberGiven], *, on: date, first: int = 1
) -> None:
    """Store who the members are, sealed, from row ``first`` on."""
    WishMember.objects.bulk_create(
        WishMember(
            wish=wish,
            row=row,
            identity=seal(
                json.dumps({"name": one.name, "birth_date": one.birth_date.isoformat()})
            ),
            key=member_key(one, postcode=wish.postcode),
            age_band=band_of(age_on(one.birth_date, on)),
            consents_self=age_on(one.birth_date, on) >= CONSENT_AGE,
        )
        for row, one in enumerate(members, start=first)
    )


def read_member(member: WishMember) -> MemberGiven | None:
    """Return who a member is; None once that was removed. The caller logs it."""
    if member.identity is None:
        return None
    content = json.loads(unseal(bytes(member.identity)))
    return MemberGiven(
        name=content["name"], birth_date=date.fromisoformat(content["birth_date"])
    )


def member_key(member: MemberGiven, *, postcode: str) -> str:
    """Return a keyed digest by which the same person is known again, and not read."""
    name = re.sub(r"[^a-z]", "", member.name.casefold())
    text = f"{name}:{member.birth_date.isoformat()}:{postcode[:4]}"
    return salted_hmac(
        "wijkspil.household-member", text, algorithm="sha256"
    ).hexdigest()


def refuse_second_wish(wish: Wish) -> None:
    """Refuse when somebody of the household is on another wish that runs.

    In the caller's transaction: two that start at once are looked at one by one.

    Raises
    ------
    NotNow
        If there is one.
    """
    keys = sorted({key for key in wish.members.values_list("key", flat=True) if key})
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_as_bigint(key)])
    running = [status for status in LIVE_WISHES if status != WishStatus.DRAFT]
    if (
        WishMember.objects.filter(key__in=keys, wish__status__in=[*map(str, running)])
        .exclude(wish=wish)
        .exists()
    ):
        raise NotNow(
            _(
                "There is a wish already for somebody of this household. Use that one: "
                "it keeps its place in line. Or withdraw it first."
            )
        )


def recount(wish: Wish) -> None:
    """Set size and load from the members (not yet saved; one query)."""
    bands = list(wish.members.values_list("age_band", flat=True))
    wish.size = len(bands)
    wish.load = load_of(bands)


def end_wish(wish: Wish, *, status: WishStatus, reason: str, at: datetime) -> None:
    """End a wish and plan when names and contact go (not yet saved)."""
    wish.status = status
    wish.closed_at = at
    wish.close_reason = reason
    wish.retain_until = localdate(at) + KEEP_AFTER


def settle_rows(wish: Wish, rows: Sequence[int], *, at: datetime) -> None:
    """Write that these members agree, in the caller's transaction."""
    wish.members.filter(row__in=rows).update(consent=Consent.AGREED, consent_at=at)


def _as_bigint(key: str) -> int:
    return int.from_bytes(bytes.fromhex(key[:16]), signed=True)


def _check_place(postcode: str, wrong: dict[str, list[str]]) -> GpPlace | None:
    try:
        return get_gp_place(postcode)
    except (InvalidValue, UnknownPostcode) as error:
        wrong["postcode"] = [str(error)]
        return None


def _check_members(
    given: WishGiven, wrong: dict[str, list[str]], *, on: date
) -> tuple[tuple[MemberGiven, ...], tuple[str, ...]]:
    members = tuple(
        MemberGiven(
            name=re.sub(r"\s+", " ", one.name.replace("\0", "")).strip(),
            birth_date=one.birth_date,
        )
        for one in given.members
    )
    if not members:
        wrong["members"] = [_("Give who registers.")]
    elif len(members) > MOST_MEMBERS:
        wrong["members"] = [
            _("%(count)s people: a wish takes at most %(max)s.")
            % {"count": len(members), "max": MOST_MEMBERS}
        ]
    ages = [age_on(one.birth_date, on) for one in members]
    for row, (one, age) in enumerate(zip(members, ages, strict=True), start=1):
        if not 1 <= len(one.name) <= 120:
            wrong[f"name_{row}"] = [_("Give the name, in at most 120 signs.")]
        if not 0 <= age <= OLDEST:
            wrong[f"birth_date_{row}"] = [
                _("%(day)s: give a date of birth in the past, as in 24-5-1980.")
                % {"day": one.birth_date.strftime("%d-%m-%Y")}
            ]
    if len({(one.name.casefold(), one.birth_date) for one in members}) < len(members):
        wrong["members"] = [_("The same person is in the list twice.")]
    if (
        members
        and not given.by_guardian
        and all(0 <= age < CONSENT_AGE for age in ages)
    ):
        wrong["by_guardian"] = [
            _(
                "Nobody here is 16 or over. Say that you are their parent or guardian, "
                "or add a parent who registers as well."
            )
        ]
    if wrong:
        return members, ()
    # Row 1 speaks for the wish: an adult, or the child whose parent asks.
    order = sorted(
        range(len(members)),
        key=lambda place: (ages[place] >= CONSENT_AGE) == given.by_guardian,
    )
    return (
        tuple(members[place] for place in order),
        tuple(str(band_of(ages[place])) for place in order),
    )


def _check_choices(
    given: WishGiven, wrong: dict[str, list[str]], *, at: datetime
) -> None:
    choices = list(given.choices)
    known = list_gp_practices(
        [*choices, *filter(None, [given.current_practice_id])], at=at
    )
    if not choices:
        wrong["choices"] = [_("Choose at least one practice.")]
    elif len(choices) > MOST_CHOICES:
        wrong["choices"] = [
            _("%(count)s practices: choose at most %(max)s.")
            % {"count": len(choices), "max": MOST_CHOICES}
        ]
    elif len(set(choices)) < len(choices):
        wrong["choices"] = [_("A practice is in your list twice.")]
    elif given.current_practice_id in choices:
        wrong["choices"] = [_("Your own practice is in your list. Take it out.")]
    elif not set(choices) <= set(known):
        wrong["choices"] = [_("One of these practices does not exist (any more).")]
    if given.current_practice_id is not None and (
        given.current_practice_id not in known
    ):
        wrong["current_practice_id"] = [_("This practice is not known here.")]
