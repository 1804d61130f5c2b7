"""Ask: first what and where (nobody named), then who; then teams are asked.

Room is checked before anything personal is typed. A draft holds the need only. Sending
it stores identity apart, on a recorded basis, and asks the first team in the same
transaction, so that a sent request always has an owner and a date.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import list_colleagues
from wijkspil.accounts.types import Actor
from wijkspil.core.errors import InvalidValue, NotPermitted
from wijkspil.core.identifiers import clean_uzovi
from wijkspil.core.models import AuditEvent
from wijkspil.core.spoken_numbers import save_with_number
from wijkspil.directory.selectors.care_teams import (
    CarePlace,
    get_care_place,
    get_organization_names,
    get_profile_area,
)
from wijkspil.directory.types import CareLaw, CareTask, PartOfDay
from wijkspil.referrals.catalogue import complexity, hours_band, is_rare
from wijkspil.referrals.engine_io import RankedTeams, rank_teams
from wijkspil.referrals.errors import InvalidRequest, NoBasis
from wijkspil.referrals.models import Consent, Patient, RoomCheck, ServiceRequest
from wijkspil.referrals.permissions import (
    check_can_create_request,
    check_can_steer_request,
)
from wijkspil.referrals.policies import next_status
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.requests import age_band, age_on, lock_request
from wijkspil.referrals.services.ledger import note_search
from wijkspil.referrals.services.links import make_client_link
from wijkspil.referrals.services.offers import ask_next_teams
from wijkspil.referrals.services.ownership import give_to_coordinator, set_owner
from wijkspil.referrals.services.trail import add_event, record_patient_access
from wijkspil.referrals.types import (
    ConsentDecision,
    ConsentGiven,
    ConsentGiver,
    EventKind,
    HoursBand,
    Need,
    OwnerKind,
    PatientDetails,
    Presence,
    Requester,
    RequesterKind,
    RequestStatus,
    Submitted,
    Urgency,
    UrgencyReason,
)

#: Nobody plans a first visit further ahead.
LONGEST_AHEAD = timedelta(days=183)
OLDEST = 120


def check_room(
    *, actor: Actor, need: Need, at: datetime
) -> tuple[CarePlace, HoursBand, RankedTeams]:
    """Return who could take this, before anything personal is typed.

    Every check is kept in the ledger of demand, without a person.

    Raises
    ------
    InvalidRequest
        With every field that breaks a rule.
    UnknownPostcode
        If the address is not known.
    """
    check_can_create_request(actor)
    need = check_need(need, today=localdate(at))
    place = get_care_place(need.postcode)
    band = hours_band(need.tasks, need.parts_of_day)
    found = rank_teams(
        need=need,
        band=band,
        place_id=place.id,
        lon=place.lon,
        lat=place.lat,
        agreed=get_agreed(place.region_id, at=at),
        at=at,
    )
    RoomCheck.objects.create(
        at=at,
        region_id=place.region_id,
        wijk_id=place.wijk_id,
        tasks=list(need.tasks),
        parts_of_day=list(need.parts_of_day),
        days_until_first_visit=(need.first_visit_on - localdate(at)).days,
        hours_high=band.high,
        candidates=len(found.candidates),
        with_room=found.with_room,
    )
    if not found.with_room:
        note_search(need=need, place=place, band=band, at=at)
    return place, band, found


@transaction.atomic
def start_request(
    *, actor: Actor, need: Need, requester: Requester, at: datetime
) -> ServiceRequest:
    """Keep a need as a draft of the actor; nothing in it says who it is about.

    A draft may lack who asks; sending it may not. A system asks for its organization.

    Raises
    ------
    InvalidRequest, UnknownPostcode
        As for ``check_room``.
    NotPermitted
        If it is sent from an organization that is not the actor's.
    """
    check_can_create_request(actor)
    need = check_need(need, today=localdate(at))
    requester = _own_organization(_plain(requester), actor)
    request = ServiceRequest(
        status=RequestStatus.DRAFT,
        requester_id=actor.user_id,
        created_at=at,
    )
    _fill(request, need, requester, get_care_place(need.postcode))
    save_with_number(request, prefix="A")
    return request


@transaction.atomic
def change_need(
    *,
    actor: Actor,
    request_id: int,
    need: Need,
    requester: Requester,
    at: datetime,
) -> ServiceRequest:
    """Change a draft.

    Raises
    ------
    NotPermitted
        If it is not the actor's, nor of the actor's organization.
    NotNow
        If it was sent already.
    """
    request = lock_request(request_id)
    _check_own_draft(actor, request)
    next_status("submit", request.status)
    need = check_need(need, today=localdate(at))
    requester = _own_organization(_plain(requester), actor, request)
    _fill(request, need, requester, get_care_place(need.postcode))
    request.save()
    return request


@transaction.atomic
def submit_request(
    *,
    actor: Actor,
    request_id: int,
    patient: PatientDetails,
    consent: ConsentGiven,
    at: datetime,
    requester: Requester | None = None,
    is_agreed_by_phone: bool = False,
) -> Submitted:
    """Send a draft: store who it is about, on a recorded basis, and ask teams.

    Locks the request. Identity is stored apart and released to nobody yet.
    ``requester`` completes what the draft says of who asks. ``is_agreed_by_phone``:
    a team took it already, so nobody is asked; ``record_phone_agreement`` must follow
    in the same transaction.

    Raises
    ------
    NoBasis
        If the client or representative objected: nothing personal is stored.
    InvalidRequest
        If a field of the patient breaks a rule, who asks is not complete, the day of
        the first visit has passed, or nobody would have it in hand.
    NotNow
        If it was sent already.
    """
    request = lock_request(request_id)
    _check_own_draft(actor, request)
    status = next_status("submit", request.status)
    requester = check_requester(requester or _requester_of(request))
    _fill_requester(request, _own_organization(requester, actor, request))
    today = localdate(at)
    _check_day_ahead(request, today=today)
    patient = check_patient(patient, today=today)
    _check_consent(consent)
    agreed = get_agreed(request.region_id, at=at)
    retain_until = max(today, request.first_visit_on) + timedelta(
        days=agreed.retention_days
    )
    request.age = age_on(patient.birth_date, today)
    _set_profile(request, least=agreed.min_residents)
    request.status = status
    request.submitted_at = at
    add_event(request, EventKind.SUBMITTED, actor=actor, at=at)
    _give_first_owner(request, actor)
    if request.owner_name:
        request.due_at = at + agreed.time_to_move(request.urgency)
    else:
        give_to_coordinator(request, agreed=agreed, actor=actor, at=at)
    if not request.owner_name:
        raise InvalidRequest(
            {
                "postcode": [
                    _(
                        "Nobody coordinates requests of families in this region yet. "
                        "Call the team of the neighborhood or your GP."
                    )
                ]
            }
        )
    request.save()
    Patient.objects.create(
        request=request,
        name=patient.name,
        birth_date=patient.birth_date,
        address=patient.address,
        phone=patient.phone,
        representative_name=patient.representative_name,
        representative_phone=patient.representative_phone,
        gp_name=patient.gp_name,
        retain_until=retain_until,
    )
    _store_consent(request, consent, actor, at=at, retain_until=retain_until)
    record_patient_access(
        request.pk,
        actor=actor,
        action=AuditEvent.Action.CREATE,
        purpose="request.submit",
        at=at,
    )
    link_token, link_code = make_client_link(
        request_id=request.pk, valid_until=at + timedelta(days=agreed.retention_days)
    )
    if not is_agreed_by_phone:
        ask_next_teams(request, agreed=agreed, actor=actor, at=at)
    return Submitted(request.pk, request.number, link_token, link_code)


@transaction.atomic
def hand_over_draft(
    *, actor: Actor, request_id: int, user_id: int, at: datetime
) -> None:
    """Give a draft to a colleague of the same organization.

    Raises
    ------
    NotPermitted
        If the draft is not the actor's.
    InvalidRequest
        If the other does not work at the organization of the draft.
    NotNow
        If it was sent already.
    """
    request = lock_request(request_id)
    _check_own_draft(actor, request)
    next_status("submit", request.status)
    colleagues = list_colleagues(request.requester_organization_id, at=at)
    if user_id not in dict(colleagues):
        raise InvalidRequest({"user_id": [_("Choose somebody you work with.")]})
    request.requester_id = user_id
    request.save(update_fields=["requester"])


# --- rules of the fields


def check_need(need: Need, *, today: date) -> Need:
    """Return the need with its lists in the order of the catalogue.

    Raises
    ------
    InvalidRequest
        With every field that breaks a rule, and what to do.
    """
    wrong: dict[str, list[str]] = {}

    def refuse(field: str, message: str) -> None:
        wrong.setdefault(field, []).append(message)

    def check_choice(field: str, value: str, known: list[str]) -> None:
        if value not in known:
            refuse(
                field,
                _("“%(value)s” is not a known choice. Choose from: %(known)s.")
                % {"value": str(value)[:40], "known": ", ".join(known)},
            )

    if not need.tasks:
        refuse("tasks", _("Choose at least one thing that has to be done."))
    for task in need.tasks:
        check_choice("tasks", task, CareTask.values)
    if not need.parts_of_day:
        refuse("parts_of_day", _("Choose at least one part of the day."))
    for part in need.parts_of_day:
        check_choice("parts_of_day", part, PartOfDay.values)
    check_choice("urgency", need.urgency, Urgency.values)
    check_choice("urgency_reason", need.urgency_reason, UrgencyReason.values)
    check_choice("care_law", need.care_law, CareLaw.values)
    check_choice("order_present", need.order_present, Presence.values)
    check_choice("materials_present", need.materials_present, Presence.values)
    if need.first_visit_on < today:
        refuse(
            "first_visit_on",
            _("%(day)s has passed. Give today or a later day.")
            % {"day": need.first_visit_on.isoformat()},
        )
    elif need.first_visit_on > today + LONGEST_AHEAD:
        refuse(
            "first_visit_on",
            _("%(day)s is more than half a year ahead. Ask again nearer to the day.")
            % {"day": need.first_visit_on.isoformat()},
        )
    if need.age is not None and not 0 <= need.age <= OLDEST:
        refuse(
            "age",
            _("%(age)s is not an age. Give a whole number from 0 to %(max)s.")
            % {"age": need.age, "max": OLDEST},
        )
    language = need.language.strip().lower()
    if not (len(language) in (2, 3) and language.isascii() and language.isalpha()):
        refuse("language", _("Give a language code of two letters, as in nl or tr."))
    if need.insurer:
        try:
            clean_uzovi(need.insurer)
        except InvalidValue as error:
            refuse("insurer", str(error))
    if len(need.note) > 500:
        refuse("note", _("Keep the note under 500 characters."))
    known = {
        pk
        for pk in (need.preferred_organization_id, need.known_organization_id)
        if pk is not None
    } | set(need.refused_organization_ids)
    unknown = known - set(get_organization_names(known)) if known else set()
    for pk in sorted(unknown):
        refuse(
            "refused_organizations"
            if pk in need.refused_organization_ids
            else "preferred_organization",
            _("There is no provider with number %(id)s.") % {"id": pk},
        )
    if wrong:
        raise InvalidRequest(wrong)
    return replace(
        need,
        language=language,
        note=_clean(need.note),
        tasks=tuple(task for task in CareTask.values if task in need.tasks),
        parts_of_day=tuple(p for p in PartOfDay.values if p in need.parts_of_day),
    )


def check_requester(requester: Requester) -> Requester:
    """Return the requester with plain text fields.

    Raises
    ------
    InvalidRequest
        If the kind is not known, or nobody could be called back.
    """
    wrong: dict[str, list[str]] = {}
    if requester.kind not in RequesterKind.values:
        wrong["requester_kind"] = [_("Choose who asks.")]
    if not _clean(requester.name):
        wrong["requester_name"] = [_("Give the name of who asks.")]
    if not _clean(requester.phone):
        wrong["requester_phone"] = [_("Give a number to call back.")]
    if wrong:
        raise InvalidRequest(wrong)
    return _plain(requester)


def _plain(requester: Requester) -> Requester:
    return replace(
        requester,
        name=_clean(requester.name)[:120],
        phone=_clean(requester.phone)[:30],
    )


def check_patient(patient: PatientDetails, *, today: date) -> PatientDetails:
    """Return the details with plain text fields.

    Raises
    ------
    InvalidRequest
        With every field that breaks a rule; never repeats what was typed.
    """
    wrong: dict[str, list[str]] = {}
    if not _clean(patient.name):
        wrong["name"] = [_("Give the name of the client.")]
    if not _clean(patient.address):
        wrong["address"] = [_("Give the address where the care is given.")]
    if not today - timedelta(days=OLDEST * 366) <= patient.birth_date <= today:
        wrong["birth_date"] = [_("This is no date of birth. Check the year.")]
    if not (_clean(patient.phone) or _clean(patient.representative_phone)):
        wrong["phone"] = [
            _("Give a number of the client or of the representative to call.")
        ]
    if wrong:
        raise InvalidRequest(wrong)
    return PatientDetails(
        name=_clean(patient.name)[:120],
        birth_date=patient.birth_date,
        address=_clean(patient.address)[:200],
        phone=_clean(patient.phone)[:30],
        representative_name=_clean(patient.representative_name)[:120],
        representative_phone=_clean(patient.representative_phone)[:30],
        gp_name=_clean(patient.gp_name)[:120],
    )


def _clean(text: str) -> str:
    """Return text as it can be stored: no NUL, no spaces around it."""
    return text.replace("\0", "").strip()


def _check_day_ahead(request: ServiceRequest, *, today: date) -> None:
    if request.first_visit_on < today:
        raise InvalidRequest(
            {
                "first_visit_on": [
                    _("%(day)s has passed. Give today or a later day.")
                    % {"day": request.first_visit_on.isoformat()}
                ]
            }
        )


def _check_consent(consent: ConsentGiven) -> None:
    wrong: dict[str, list[str]] = {}
    if consent.decision not in ConsentDecision.values:
        wrong["consent"] = [_("Say what the client said to sharing.")]
    if consent.given_by not in ConsentGiver.values:
        wrong["given_by"] = [_("Say who said it: the client or the representative.")]
    if wrong:
        raise InvalidRequest(wrong)
    if consent.decision == ConsentDecision.OBJECTED:
        raise NoBasis(
            _(
                "The client objects, so nothing was stored or sent. You can call a "
                "team without giving a name."
            )
        )


def _check_own_draft(actor: Actor, request: ServiceRequest) -> None:
    """A visitor's draft is kept by the visitor's own session, not by an account."""
    if request.requester_id is None and request.requester_organization_id is None:
        check_can_create_request(actor)
        return
    check_can_steer_request(actor, request)


# --- filling


def _fill(
    request: ServiceRequest, need: Need, requester: Requester, place: CarePlace
) -> None:
    band = hours_band(need.tasks, need.parts_of_day)
    request.region_id = place.region_id
    request.place_id = place.id
    request.wijk_id = place.wijk_id
    request.postcode = place.postcode
    _fill_requester(request, requester)
    request.tasks = list(need.tasks)
    request.parts_of_day = list(need.parts_of_day)
    request.first_visit_on = need.first_visit_on
    request.urgency = need.urgency
    request.urgency_reason = need.urgency_reason
    request.age = need.age
    request.language = need.language
    request.insurer = need.insurer
    request.care_law = need.care_law
    request.order_present = need.order_present
    request.materials_present = need.materials_present
    request.preferred_organization_id = need.preferred_organization_id
    request.known_organization_id = need.known_organization_id
    request.refused_organizations = sorted(set(need.refused_organization_ids))
    request.note = need.note
    request.hours_low = band.low
    request.hours_high = band.high
    request.hours_by_part = {part: float(h) for part, h in band.by_part.items()}
    request.complexity = complexity(need.tasks)


def _fill_requester(request: ServiceRequest, requester: Requester) -> None:
    request.requester_kind = requester.kind
    request.requester_name = requester.name
    request.requester_phone = requester.phone
    request.requester_organization_id = requester.organization_id


def _own_organization(
    requester: Requester, actor: Actor, draft: ServiceRequest | None = None
) -> Requester:
    """Return who asks, from an organization the actor acts for, or that of the draft.

    Raises
    ------
    NotPermitted
        If it is another organization: its people would follow the request.
    """
    own = {grant.organization_id for grant in actor.grants} - {None}
    asked = requester.organization_id
    if asked is None:
        if actor.user_id is None and actor.is_professional and len(own) == 1:
            return replace(requester, organization_id=own.pop())
        return requester
    if asked in own or (draft is not None and asked == draft.requester_organization_id):
        return requester
    raise NotPermitted(_("You can only send a request from your own organization."))


def _requester_of(request: ServiceRequest) -> Requester:
    return Requester(
        kind=request.requester_kind,
        name=request.requester_name,
        phone=request.requester_phone,
        organization_id=request.requester_organization_id,
    )


def _set_profile(request: ServiceRequest, *, least: int) -> None:
    """Choose the area teams see: widen until enough residents match the age band."""
    band = age_band(request.age)
    area = get_profile_area(
        request.place_id,
        age_from=band[0] if band else None,
        age_until=band[1] if band else None,
        least=least,
    )
    request.profile_area_id = area.id if area else None
    request.profile_residents = area.residents if area else None
    request.one_at_a_time = area is None or is_rare(request.tasks, request.language)


def _give_first_owner(request: ServiceRequest, actor: Actor) -> None:
    """The referrer keeps it; a family's request gets a coordinator."""
    if actor.user_id is not None and actor.is_professional:
        set_owner(
            request,
            user_id=actor.user_id,
            name=actor.label,
            kind=OwnerKind.REQUESTER,
        )
    elif request.requester_organization_id is not None:
        set_owner(
            request,
            user_id=None,
            name=request.requester_name,
            kind=OwnerKind.REQUESTER,
        )


def _store_consent(
    request: ServiceRequest,
    consent: ConsentGiven,
    actor: Actor,
    *,
    at: datetime,
    retain_until: date,
) -> None:
    def row(decision: str, organization_id: int | None) -> Consent:
        return Consent(
            request=request,
            decision=decision,
            given_by=consent.given_by,
            organization_id=organization_id,
            recorded_by=actor.label if actor.user_id else request.requester_name,
            recorded_at=at,
            retain_until=retain_until,
        )

    Consent.objects.bulk_create(
        [
            row(consent.decision, None),
            *(
                row(ConsentDecision.OBJECTED, organization_id)
                for organization_id in request.refused_organizations
            ),
        ]
    )
