"""From "who is responsible" to what the page says: the card on top and what follows.

The order comes from the directory (``get_who_helps``); this module only chooses the
words and the number that suits the reader. It reads nothing itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.directory.room import RoomReport
from wijkspil.directory.selectors.responsibility import (
    Answer,
    Contact,
    DutyCard,
    Responsibility,
    ServiceCard,
    WhoHelps,
)
from wijkspil.directory.types import (
    Audience,
    Care,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    Room,
)
from wijkspil.portal.opening_words import say_opening_hours

#: What residents can ask for, in the order of the page.
RESIDENT_CARES = (
    Care.DISTRICT_NURSING,
    Care.GP_CARE,
    Care.GP_OUT_OF_HOURS,
    Care.PHARMACY,
    Care.SOCIAL_SUPPORT,
    Care.PARAMEDICAL_CARE,
    Care.TEMPORARY_STAY,
)
#: What professionals arrange besides.
PROFESSIONAL_CARES = (*RESIDENT_CARES, Care.HOSPITAL_TRANSFER)

#: Care people choose themselves: several offer it, nobody is assigned to an address.
FREE_CHOICE = frozenset({Care.GP_CARE, Care.PHARMACY, Care.PARAMEDICAL_CARE})

#: Care of which teams say how many new clients they can take.
REPORTS_ROOM = frozenset({Care.DISTRICT_NURSING, Care.TEMPORARY_STAY})

#: Who helps instead when nobody of this kind is open.
INSTEAD = {
    Care.GP_CARE: Care.GP_OUT_OF_HOURS,
    Care.GP_OUT_OF_HOURS: Care.GP_CARE,
}

#: The words on the page where they differ from the name of the kind of care.
CARE_WORDS = {
    Care.DISTRICT_NURSING: gettext_lazy("Nursing at home"),
    Care.GP_CARE: gettext_lazy("GP"),
    Care.GP_OUT_OF_HOURS: gettext_lazy("GP out-of-hours post"),
    Care.PHARMACY: gettext_lazy("Pharmacy"),
    Care.SOCIAL_SUPPORT: gettext_lazy("Social neighborhood team"),
    Care.PARAMEDICAL_CARE: gettext_lazy("Physiotherapy and other therapy"),
    Care.TEMPORARY_STAY: gettext_lazy("Temporary stay"),
    Care.HOSPITAL_TRANSFER: gettext_lazy("Hospital transfer"),
}

_PARTS = {
    CoverageRole.FIRST_CONTACT: gettext_lazy("Fixed contact"),
    CoverageRole.REGULAR: gettext_lazy("Regular team"),
    CoverageRole.BACK_UP: gettext_lazy("Back-up"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number or address with the words that say for whom or what it is."""

    label: object
    value: str
    system: str
    person_name: str = ""
    is_for_residents: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One service as a page shows it. ``phone`` is the number to call first."""

    id: int
    name: str
    organization_name: str
    care: str
    specialty: str
    part: object
    is_open: bool
    opens_at: datetime | None
    hours: str
    phone: str
    numbers: Sequence[Number]
    is_region_wide: bool
    on_duty_until: datetime | None
    person_name: str
    room: Room
    room_report: RoomReport | None
    is_stale: bool
    lon: float | None
    lat: float | None

    @property
    def care_words(self) -> object:
        """The kind of care in everyday words."""
        return CARE_WORDS.get(Care(self.care), Care(self.care).label)

    @property
    def is_reachable(self) -> bool:
        """Whether somebody answers at the moment asked for."""
        return self.is_open or self.on_duty_until is not None

    @property
    def hours_now(self) -> str:
        """The hours behind "open"; somebody on duty is there outside them."""
        return "" if self.on_duty_until is not None else self.hours

    @property
    def other_numbers(self) -> list[Number]:
        """Every number and address besides the one to call first."""
        return [number for number in self.numbers if number.value != self.phone]

    @property
    def resident_phone(self) -> str:
        """The number anybody may see, for a table that is equal to a public map."""
        return next((n.value for n in self.numbers if n.is_for_residents), "")


@dataclass(frozen=True, slots=True)
class TopCard:
    """The answer: who to call, and why."""

    title: str
    status: str
    tone: str
    why: str
    entry: Entry | None
    is_instead: bool = False


#: More than these at once is a wall; the rest stands behind one line.
SHOWN_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class WhoHelpsView:
    """All that the page "Who helps here now?" says, in its order."""

    top: TopCard
    fixed_contact: Entry | None
    next_title: str
    next_in_line: Entry | None
    opens_next: Entry | None
    everyone: Sequence[Entry]
    other_care: Sequence[Entry]
    out_of_hours: Entry | None

    @property
    def first_of_everyone(self) -> Sequence[Entry]:
        """Those shown at once."""
        return self.everyone[:SHOWN_AT_ONCE]

    @property
    def rest_of_everyone(self) -> Sequence[Entry]:
        """Those behind one line."""
        return self.everyone[SHOWN_AT_ONCE:]

    @property
    def on_map(self) -> Sequence[Entry]:
        """The services of the map and of its table: the same in both, each once."""
        entries = (*self.first_of_everyone, *self.other_care)
        if self.top.entry is not None:
            entries = (self.top.entry, *entries)
        return list({entry.id: entry for entry in entries}.values())


def view_of(found: WhoHelps, care: Care, *, is_now: bool) -> WhoHelpsView:
    """Return what the page says for ``care``; the others become calm cards."""
    answer = found.by_care[care]
    top = _top_card(found, care, is_now=is_now)
    everyone = list(_everyone(answer))
    post = found.by_care.get(Care.GP_OUT_OF_HOURS)
    top_id = top.entry.id if top.entry else None
    coordinator = entry_of(answer.coordinator) if answer.coordinator else None
    return WhoHelpsView(
        top=top,
        fixed_contact=_fixed_contact(answer, top),
        next_title=_("Also open, close by")
        if care in FREE_CHOICE
        else _("No answer? Then call"),
        next_in_line=_next_in_line(answer, top, everyone),
        opens_next=None if answer.now is not None else _opens_next(everyone),
        # The coordinator is shown to whom she has a number for, where she has a say.
        everyone=[*everyone, coordinator]
        if coordinator and coordinator.phone and care not in FREE_CHOICE
        else everyone,
        other_care=[
            card
            for other in found.by_care
            if other != care
            and (card := summary_of(found.by_care[other]))
            # Already on top: not said twice.
            and not (top.is_instead and card.id == top_id)
        ],
        out_of_hours=entry_of(post.now)
        if post is not None and post.now is not None and post.answer in _OF_ITSELF
        else None,
    )


def _fixed_contact(answer: Responsibility, top: TopCard) -> Entry | None:
    """Return the fixed contact when it is not the one on top."""
    contact = answer.first_contact
    if contact is None or top.is_instead or top.entry is None:
        return None
    return entry_of(contact) if contact.id != top.entry.id else None


def _next_in_line(
    answer: Responsibility, top: TopCard, everyone: Sequence[Entry]
) -> Entry | None:
    """Return who to call when the top card does not answer.

    That is the next in line, unless this reader would see the number on top again:
    a second person on duty has the same number for residents.
    """
    if top.entry is None or top.is_instead:
        return None
    line = [] if answer.next_in_line is None else [entry_of(answer.next_in_line)]
    reachable = (
        entry
        for entry in (*line, *everyone)
        if entry.is_reachable
        # A coordinator is no other pharmacy.
        and (answer.care not in FREE_CHOICE or entry.care == answer.care)
    )
    return next((e for e in reachable if e.phone not in ("", top.entry.phone)), None)


#: Answers in which the kind of care itself is at hand (a coordinator is not).
_OF_ITSELF = frozenset(Answer) - {Answer.COORDINATOR, Answer.NOBODY}


def _top_card(found: WhoHelps, care: Care, *, is_now: bool) -> TopCard:
    answer = found.by_care[care]
    if answer.answer not in _OF_ITSELF and care in INSTEAD:
        other = found.by_care.get(INSTEAD[care])
        if other is not None and other.now is not None and other.answer in _OF_ITSELF:
            return _instead_card(care, entry_of(other.now))
    if answer.now is None:
        return TopCard(
            title=_("Nobody is known here at this moment")
            if is_now
            else _("Nobody is known here at that moment"),
            status="",
            tone="unknown",
            why=_(
                "We do not know who can be reached for this. That does not mean that "
                "there is nobody: it is not written down here."
            ),
            entry=None,
        )
    entry = entry_of(answer.now)
    is_open_itself = answer.answer in _OF_ITSELF and entry.on_duty_until is None
    if care in FREE_CHOICE and is_open_itself:
        return TopCard(
            title=_("%(name)s is open") % {"name": entry.name},
            status=_("Close to this address"),
            tone="good",
            why=_FREE_CHOICE_WHY[care](),
            entry=entry,
        )
    return TopCard(
        title=_("%(name)s helps here") % {"name": entry.name},
        status=_("Can be reached now") if is_now else _("Can be reached then"),
        tone="info" if answer.answer is Answer.COORDINATOR else "good",
        why=answer.why() if is_now else _WHY_THEN[answer.answer](),
        entry=entry,
    )


#: The same reasons for a moment that is not now.
_WHY_THEN: dict[Answer, Callable[[], str]] = {
    Answer.FIRST_CONTACT: lambda: _("This is the fixed contact here, open then."),
    Answer.TEAM: lambda: _("This is the regular team here, open then."),
    Answer.ON_DUTY: lambda: _("The regular team is closed then. This team is on duty."),
    Answer.BACK_UP: lambda: _("The regular team is closed then. This is its back-up."),
    Answer.REGION_FALLBACK: lambda: _(
        "Nobody of this wijk is open then. This team helps the whole region."
    ),
    Answer.COORDINATOR: lambda: _(
        "No team is open here then. The coordinator of the region finds help."
    ),
}

_FREE_CHOICE_WHY: dict[Care, Callable[[], str]] = {
    Care.GP_CARE: lambda: _("Do you have a GP already? Then call your own practice."),
    Care.PHARMACY: lambda: _(
        "Do you have a pharmacy already? It knows your medicines, so call that one."
    ),
    Care.PARAMEDICAL_CARE: lambda: _(
        "You may choose yourself. You often need no referral."
    ),
}


def _instead_card(care: Care, entry: Entry) -> TopCard:
    if care == Care.GP_CARE:
        return TopCard(
            title=_("%(name)s helps now") % {"name": entry.name},
            status=_("GP practices are closed"),
            tone="good",
            why=_(
                "Call the out-of-hours post when it cannot wait until your own GP is "
                "open. Call first, do not just go there."
            ),
            entry=entry,
            is_instead=True,
        )
    return TopCard(
        title=_("Call your own GP"),
        status=_("The out-of-hours post is closed during the day"),
        tone="good",
        why=_(
            "GP practices are open. Do you have no GP here, for example because you "
            "are visiting? %(name)s is close by."
        )
        % {"name": entry.name},
        entry=entry,
        is_instead=True,
    )


def summary_of(answer: Responsibility) -> Entry | None:
    """Return the one service to name for a kind of care: who is open, else the team."""
    if answer.now is not None and answer.answer in _OF_ITSELF:
        return entry_of(answer.now)
    return next(iter(_everyone(answer)), None)


def _everyone(answer: Responsibility) -> Iterator[Entry]:
    """Yield everyone with a part here once, in the order of responsibility."""
    seen: set[int] = set()
    on_duty = [] if answer.on_duty is None else [answer.on_duty]
    cards: list[DutyCard | ServiceCard | None] = [
        answer.first_contact,
        answer.team,
        *on_duty,
        *answer.others,
        *answer.back_ups,
    ]
    for card in cards:
        if card is None:
            continue
        entry = entry_of(card)
        if entry.id in seen:
            continue
        seen.add(entry.id)
        duty = answer.on_duty
        if duty is not None and duty.service.id == entry.id:
            # The regular team that has the duty itself: one line, with the duty.
            entry = replace(entry_of(duty), part=entry.part)
        yield entry
    # Region-wide helpers have no role of their own in this wijk.
    for other in (answer.now, answer.next_in_line):
        if other is not None:
            entry = entry_of(other)
            if entry.id not in seen and entry.care == answer.care:
                seen.add(entry.id)
                yield entry


@dataclass(frozen=True, slots=True)
class FridgeLine:
    """One line of the sheet for the fridge: by day, and by night and at weekends."""

    care_words: object
    by_day: Entry | None
    by_night: Entry | None


#: Without the out-of-hours post and the GP: those have a place of their own on top.
_FRIDGE_CARES = (
    Care.DISTRICT_NURSING,
    Care.PHARMACY,
    Care.SOCIAL_SUPPORT,
)


def fridge_lines(by_day: WhoHelps, by_night: WhoHelps) -> list[FridgeLine]:
    """Return who to call by day and by night, per kind of care; empty lines left out.

    Only numbers for residents: both answers must be those of a visitor.
    """
    lines = [
        FridgeLine(
            care_words=_("GP"),
            by_day=_with_phone(summary_of(by_day.by_care[Care.GP_CARE])),
            by_night=_with_phone(_reachable(by_night.by_care[Care.GP_OUT_OF_HOURS])),
        ),
        *(
            FridgeLine(
                care_words=CARE_WORDS[care],
                by_day=_with_phone(summary_of(by_day.by_care[care])),
                by_night=_with_phone(_reachable(by_night.by_care[care])),
            )
            for care in _FRIDGE_CARES
        ),
    ]
    return [line for line in lines if line.by_day or line.by_night]


def _reachable(answer: Responsibility) -> Entry | None:
    if answer.now is None or answer.answer not in _OF_ITSELF:
        return None
    return entry_of(answer.now)


def _with_phone(entry: Entry | None) -> Entry | None:
    return entry if entry is not None and entry.phone else None


def entry_of(card: DutyCard | ServiceCard) -> Entry:
    """Return a card of the directory as the page shows it."""
    duty = card if isinstance(card, DutyCard) else None
    service = duty.service if duty else card
    assert isinstance(service, ServiceCard)
    numbers = _numbers(service.contacts)
    if duty and duty.phone:
        numbers.insert(
            0,
            Number(
                label=_("On duty"),
                value=duty.phone,
                system=ContactSystem.PHONE,
                person_name=duty.person_name,
            ),
        )
    return Entry(
        id=service.id,
        name=service.team_name or service.name,
        organization_name=service.organization_name,
        care=service.care,
        specialty=service.specialty,
        part=_part(service, duty),
        is_open=service.is_open,
        opens_at=service.opens_at,
        hours=say_opening_hours(service.opening_hours),
        phone=next((n.value for n in numbers if n.system == ContactSystem.PHONE), ""),
        numbers=numbers,
        is_region_wide=service.is_region_wide,
        on_duty_until=duty.until if duty else None,
        person_name=duty.person_name if duty else "",
        room=service.room,
        room_report=service.room_report,
        # Only a report past its limit leaves room unknown.
        is_stale=service.room_report is not None and service.room == Room.UNKNOWN,
        lon=service.lon,
        lat=service.lat,
    )


def _part(service: ServiceCard, duty: DutyCard | None) -> object:
    if duty is not None:
        return _("On duty")
    if service.care == Care.COORDINATION:
        return _("Coordinator of the region")
    if service.is_region_wide:
        return _("Helps the whole region")
    return _PARTS[CoverageRole(service.role)]


#: Which number a reader needs first: those for colleagues before the one for
#: residents. A visitor's contacts hold only the latter.
_NUMBERS = (
    (Audience.REFERRER, ContactPurpose.GENERAL),
    (Audience.PROFESSIONAL, ContactPurpose.GENERAL),
    (Audience.PROFESSIONAL, ContactPurpose.DUTY),
    (Audience.RESIDENT, ContactPurpose.GENERAL),
    (Audience.RESIDENT, ContactPurpose.DUTY),
    (Audience.REFERRER, ContactPurpose.DUTY),
    (Audience.REFERRER, ContactPurpose.COMPLEX_CARE),
    (Audience.PROFESSIONAL, ContactPurpose.COMPLEX_CARE),
    (Audience.RESIDENT, ContactPurpose.COMPLEX_CARE),
)
_NUMBER_ORDER: dict[tuple[str, str], int] = {
    (audience.value, purpose.value): place
    for place, (audience, purpose) in enumerate(_NUMBERS)
}
_SYSTEM_ORDER: dict[str, int] = {
    ContactSystem.PHONE.value: 0,
    ContactSystem.EMAIL.value: 1,
    ContactSystem.WEB.value: 2,
}
_NUMBER_LABELS: dict[str, object] = {
    Audience.REFERRER.value: gettext_lazy("For referrers"),
    Audience.PROFESSIONAL.value: gettext_lazy("For colleagues"),
    Audience.RESIDENT.value: gettext_lazy("For residents"),
}


def _numbers(contacts: Sequence[Contact]) -> list[Number]:
    """Return what a person can use, the number to call first on top.

    A number that stands there twice is shown once, with the person if there is one.
    """
    usable = [
        contact
        for contact in contacts
        if (contact.audience, contact.purpose) in _NUMBER_ORDER
        and contact.system in _SYSTEM_ORDER
    ]
    usable.sort(
        key=lambda contact: (
            _SYSTEM_ORDER[contact.system],
            _NUMBER_ORDER[contact.audience, contact.purpose],
            not contact.person_name,
        )
    )
    once = {(contact.system, contact.value): contact for contact in reversed(usable)}
    return [
        Number(
            label=_number_label(contact),
            value=contact.value,
            system=contact.system,
            person_name=contact.person_name,
            is_for_residents=contact.audience == Audience.RESIDENT
            and contact.system == ContactSystem.PHONE,
        )
        for contact in reversed(once.values())
    ]


def _number_label(contact: Contact) -> object:
    if contact.system == ContactSystem.WEB:
        return _("Website")
    if contact.purpose == ContactPurpose.COMPLEX_CARE:
        return _("Complex questions")
    if contact.purpose == ContactPurpose.DUTY:
        return _("Duty phone")
    return _NUMBER_LABELS[contact.audience]


def _opens_next(entries: Sequence[Entry]) -> Entry | None:
    """Return who opens first after the moment asked for."""
    opening = [entry for entry in entries if entry.opens_at is not None]
    return min(opening, key=_opening_moment, default=None)


def _opening_moment(entry: Entry) -> datetime:
    assert entry.opens_at is not None
    return entry.opens_at
