"""Ask for a stay: what happened, what fits, which beds are free, and take one.

Nothing here says who it is about: that comes with ``confirming``. A sent request always
has an owner and a date; without a bed that fits it is a coordinator's at once.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.spoken_numbers import save_with_number
from wijkspil.directory.selectors.care_teams import CarePlace, get_care_place
from wijkspil.stays.errors import InvalidStay, NotNow
from wijkspil.stays.models import BedClaim, StayRequest, StaySearch
from wijkspil.stays.permissions import check_can_request_stay, check_can_steer_stay
from wijkspil.stays.policies import Suggestion, check_answers, suggest
from wijkspil.stays.selectors.agreed import get_agreed
from wijkspil.stays.selectors.beds import FreeBeds, list_beds_near, list_misfits
from wijkspil.stays.selectors.stays import find_live_claim, lock_stay
from wijkspil.stays.services.beds import take_bed
from wijkspil.stays.services.notices import CLAIMED, tell_provider
from wijkspil.stays.services.ownership import (
    give_to_coordinator,
    give_to_requester,
    set_owner,
)
from wijkspil.stays.services.trail import add_event
from wijkspil.stays.types import (
    Advice,
    ClaimStatus,
    EventKind,
    Feature,
    Gender,
    Happened,
    OwnerKind,
    Requester,
    StayKind,
    StayNeed,
    StayStatus,
)

LONGEST_AHEAD = timedelta(days=60)
OLDEST = 120
#: With these no bed is looked for.
NO_BED = (Advice.CALL_112, Advice.HOSPITAL)


@dataclass(frozen=True)
class Found:
    """What fits and where it is free."""

    suggestion: Suggestion
    place: CarePlace
    beds: list[FreeBeds]

    @property
    def fitting(self) -> list[FreeBeds]:
        """Beds that meet everything that is asked."""
        return [beds for beds in self.beds if beds.fits]


def look_for_beds(*, actor: Actor, need: StayNeed, at: datetime) -> Found:
    """Return what fits and which beds are free; counted without a person.

    Raises
    ------
    NotPermitted
        If the actor may not look.
    InvalidStay
        With every field that breaks a rule.
    UnknownPostcode
        If the address is not known.
    """
    check_can_request_stay(actor)
    need = check_need(need, today=localdate(at))
    place = get_care_place(need.postcode)
    suggestion = suggest(need.answers)
    beds = _list_beds(need, suggestion, place, at=at)
    _count_search(need, suggestion, place, beds, at=at)
    return Found(suggestion, place, beds)


@transaction.atomic
def start_stay(
    *,
    actor: Actor,
    need: StayNeed,
    requester: Requester,
    at: datetime,
    despite_home: bool = False,
) -> StayRequest:
    """Ask for a stay; it has an owner and a date from now on.

    ``despite_home``: also when the rules say that it works at home.

    Raises
    ------
    NotPermitted, InvalidStay, UnknownPostcode
        As for ``look_for_beds``; also for an organization that is not the actor's, or
        a requester who cannot be called back.
    NotNow
        If a stay is not what is needed now (112, the hospital, at home).
    """
    found = look_for_beds(actor=actor, need=need, at=at)
    suggestion, place = found.suggestion, found.place
    if suggestion.kind in NO_BED or (
        suggestion.kind == Advice.HOME and not despite_home
    ):
        raise NotNow(f"{suggestion.what} {suggestion.why[0]}")
    need = check_need(need, today=localdate(at))
    requester = _own_organization(_check_requester(requester), actor)
    agreed = get_agreed(place.region_id)
    stay = StayRequest(
        status=StayStatus.OPEN,
        region_id=place.region_id,
        place_id=place.id,
        postcode=place.postcode,
        requester_id=actor.user_id,
        requester_name=requester.name,
        requester_phone=requester.phone,
        requester_organization_id=requester.organization_id,
        age=need.age,
        happened=need.happened,
        answers=dict(need.answers),
        suggested=suggestion.kind,
        rule=suggestion.rule,
        decider=suggestion.decider,
        needed_on=need.needed_on,
        needs=list(need.needs),
        gender=need.gender,
        note=need.note,
        due_at=at + timedelta(hours=agreed.search_hours),
        created_at=at,
    )
    give_to_requester(stay)
    save_with_number(stay, prefix="V")
    add_event(
        stay,
        EventKind.STARTED,
        actor=actor,
        at=at,
        suggested=suggestion.kind,
        fitting=len(found.fitting),
    )
    if not found.fitting:
        give_to_coordinator(stay, agreed=agreed, actor=actor, at=at, key="no-bed")
        stay.save()
    return stay


@transaction.atomic
def claim_bed(
    *, actor: Actor, stay_id: int, service_id: int, kind: str, at: datetime
) -> BedClaim:
    """Take a free bed: from now on the provider owes it. Binding for both.

    Locks the stay, then the service. Pressing twice takes one bed. The bed is held
    for as long as the region agreed; confirming keeps it.

    Raises
    ------
    UnknownStay
        If there is no such stay.
    NotPermitted
        If the actor did not ask for it and does not coordinate its region.
    NotNow
        If another bed is taken already, or the stay is closed.
    InvalidStay
        If the bed does not meet what is asked; names what.
    BedTaken
        If no bed is left, or the report no longer counts.
    """
    stay = lock_stay(stay_id)
    check_can_steer_stay(actor, stay)
    live = find_live_claim(stay)
    if live is not None:
        if (live.service_id, live.kind) == (service_id, kind):
            return live
        raise NotNow(
            _("A bed is taken already. Give that one back first, then take another.")
        )
    if stay.status != StayStatus.OPEN:
        raise NotNow(_("This stay is closed. Ask for a new one."))
    if kind not in StayKind.values:
        raise InvalidStay({"kind": [_("Choose one of the beds shown.")]})
    report = take_bed(service_id=service_id, kind=kind, at=at)
    misfits = list_misfits(report, needs=stay.needs, gender=stay.gender, needed_on=None)
    if misfits:
        raise InvalidStay({"needs": [say_misfits(misfits)]})
    agreed = get_agreed(stay.region_id)
    claim = BedClaim.objects.create(
        stay=stay,
        report=report,
        service_id=service_id,
        kind=kind,
        status=ClaimStatus.HELD,
        claimed_by_id=actor.user_id,
        claimed_by_name=actor.label[:120],
        held_at=at,
        hold_until=at + timedelta(hours=agreed.hold_hours),
    )
    stay.status = StayStatus.PLACED
    stay.due_at = claim.hold_until
    stay.overdue_since = None
    _own_by_claimant(stay, actor)
    stay.save()
    add_event(
        stay,
        EventKind.CLAIMED,
        actor=actor,
        at=at,
        service_id=service_id,
        bed_kind=kind,
        until=claim.hold_until.isoformat(),
    )
    tell_provider(stay, claim, CLAIMED, at=at, key=f"claim-{claim.pk}")
    return claim


@transaction.atomic
def ask_coordinator(*, actor: Actor, stay_id: int, at: datetime) -> StayRequest:
    """Hand an open stay to the coordinator of the region: no bed was found.

    Raises
    ------
    NotPermitted
        If the actor did not ask for it and does not coordinate its region.
    NotNow
        If it is not open.
    """
    stay = lock_stay(stay_id)
    check_can_steer_stay(actor, stay)
    if stay.status != StayStatus.OPEN:
        raise NotNow(_("A bed is taken already, or the stay is closed."))
    give_to_coordinator(
        stay,
        agreed=get_agreed(stay.region_id),
        actor=actor,
        at=at,
        key=f"asked-{at:%Y%m%dT%H%M}",
    )
    stay.overdue_since = None
    stay.save()
    return stay


def list_beds_for(stay: StayRequest, *, at: datetime) -> list[FreeBeds]:
    """Return the beds that are free now for a stored stay, what fits first."""
    need = StayNeed(
        postcode=stay.postcode,
        age=stay.age or 0,
        happened=stay.happened,
        needed_on=max(stay.needed_on, localdate(at)),
        answers=stay.answers,
        needs=tuple(stay.needs),
        gender=stay.gender,
    )
    place = get_care_place(stay.postcode)
    return _list_beds(need, suggest(stay.answers), place, at=at)


def say_misfits(misfits: tuple[str, ...]) -> str:
    """Say what a bed does not meet."""
    words = {"gender": _("a room for this person"), "later": _("the day it is needed")}
    told = [words.get(code) or str(Feature(code).label).lower() for code in misfits]
    return _("This bed does not have: %(what)s.") % {"what": ", ".join(told)}


def check_need(need: StayNeed, *, today: date) -> StayNeed:
    """Return the need with its lists in the order of the catalogue.

    Raises
    ------
    InvalidStay
        With every field that breaks a rule, and what to do.
    """
    wrong: dict[str, list[str]] = {}

    def check_choice(name: str, value: str, known: list[str]) -> None:
        if value not in known:
            wrong[name] = [
                _("“%(value)s” is not a known choice. Choose from: %(known)s.")
                % {"value": str(value)[:40], "known": ", ".join(known)}
            ]

    check_choice("happened", need.happened, Happened.values)
    check_choice("gender", need.gender, Gender.values)
    for code in need.needs:
        check_choice("needs", code, Feature.values)
    if not 0 <= need.age <= OLDEST:
        wrong["age"] = [
            _("%(age)s is not an age. Give a whole number from 0 to %(max)s.")
            % {"age": need.age, "max": OLDEST}
        ]
    if not today <= need.needed_on <= today + LONGEST_AHEAD:
        wrong["needed_on"] = [
            _("%(day)s: give today or a day within %(days)s days.")
            % {"day": need.needed_on.isoformat(), "days": LONGEST_AHEAD.days}
        ]
    if len(need.note) > 300:
        wrong["note"] = [_("Keep the note under 300 characters.")]
    try:
        answers = check_answers(need.answers)
    except InvalidStay as error:
        wrong |= error.fields
        answers = {}
    if wrong:
        raise InvalidStay(wrong)
    return replace(
        need,
        answers=answers,
        needs=tuple(code for code in Feature.values if code in need.needs),
        note=clean(need.note),
    )


def clean(text: str) -> str:
    """Return text as it can be stored: no NUL, no spaces around it."""
    return text.replace("\0", "").strip()


def _list_beds(
    need: StayNeed, suggestion: Suggestion, place: CarePlace, *, at: datetime
) -> list[FreeBeds]:
    if suggestion.kind in NO_BED:
        return []
    return list_beds_near(
        place,
        kinds=suggestion.kinds,
        needs=need.needs,
        gender=need.gender,
        needed_on=need.needed_on,
        at=at,
    )


def _count_search(
    need: StayNeed,
    suggestion: Suggestion,
    place: CarePlace,
    beds: list[FreeBeds],
    *,
    at: datetime,
) -> None:
    fitting = [one for one in beds if one.fits]
    distances = [one.km for one in fitting if one.km is not None]
    StaySearch.objects.create(
        at=at,
        region_id=place.region_id,
        wijk_id=place.wijk_id,
        kind=suggestion.kind,
        happened=need.happened,
        days_until_needed=(need.needed_on - localdate(at)).days,
        fitting=sum(one.left for one in fitting),
        of_kind=sum(one.left for one in beds if one.kind == suggestion.kind),
        nearest_km=min(distances, default=None),
    )


def _own_by_claimant(stay: StayRequest, actor: Actor) -> None:
    """Who claims has it in hand: who asked, or the coordinator who helps."""
    if actor.user_id is None or actor.user_id == stay.requester_id:
        give_to_requester(stay)
    elif stay.owner_id != actor.user_id:
        is_coordinator = stay.owner_kind == OwnerKind.COORDINATOR
        kind = OwnerKind.COORDINATOR if is_coordinator else OwnerKind.REQUESTER
        set_owner(stay, user_id=actor.user_id, name=actor.label, kind=kind)


def _check_requester(requester: Requester) -> Requester:
    wrong: dict[str, list[str]] = {}
    name, phone = clean(requester.name)[:120], clean(requester.phone)[:30]
    if not name:
        wrong["requester_name"] = [_("Give the name of who asks.")]
    if not phone:
        wrong["requester_phone"] = [_("Give a number to call back.")]
    if wrong:
        raise InvalidStay(wrong)
    return replace(requester, name=name, phone=phone)


def _own_organization(requester: Requester, actor: Actor) -> Requester:
    """Return who asks, from an organization the actor acts for.

    Raises
    ------
    NotPermitted
        If it is another organization: its people would follow the stay.
    """
    own = {grant.organization_id for grant in actor.grants} - {None}
    asked = requester.organization_id
    if asked is None:
        return (
            replace(requester, organization_id=own.pop())
            if len(own) == 1
            else (requester)
        )
    if asked in own:
        return requester
    raise NotPermitted(_("You can only ask for a stay from your own organization."))
