"""Play temporary stay in a region over the days before a moment.

Every morning the places promise beds; in the day practices ask, claim, confirm; most
clients arrive and go home, a few promises are not kept, some find no bed. Shares are
assumptions, only there to fill the pages. The same seed, services and moment give the
same course (numbers of stays aside).
"""

import heapq
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count

import numpy as np
from django.utils.timezone import localdate

from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.selectors.listing import (
    ListedService,
    ServiceFilter,
    list_services,
)
from wijkspil.directory.selectors.management import list_coverage_regions
from wijkspil.directory.types import Care
from wijkspil.stays.catalogue import load_catalogue
from wijkspil.stays.errors import NotNow
from wijkspil.stays.models import StayRequest
from wijkspil.stays.policies import suggest
from wijkspil.stays.services.asking import (
    claim_bed,
    list_beds_for,
    start_stay,
)
from wijkspil.stays.services.beds import report_beds
from wijkspil.stays.services.course import (
    cancel_stay,
    confirm_claim,
    end_stay,
    record_arrival,
    report_not_delivered,
)
from wijkspil.stays.services.timers import run_timers
from wijkspil.stays.types import (
    Beds,
    BedSource,
    CancelReason,
    ConsentGiven,
    ConsentGiver,
    EndReason,
    Feature,
    Happened,
    NotDeliveredGround,
    PatientDetails,
    Requester,
    StayConsentDecision,
    StayKind,
    StayNeed,
    StayStatus,
)

#: Chance that a place has beds of a kind, and of a feature; assumptions.
KIND_SHARE = {
    StayKind.ELV_LOW: 0.8,
    StayKind.ELV_HIGH: 0.5,
    StayKind.ELV_PALLIATIVE: 0.4,
    StayKind.GRZ: 0.4,
    StayKind.WMO: 0.3,
    StayKind.WLZ_CRISIS: 0.25,
}
FEATURE_SHARE = 0.35
#: Of the claims: confirmed, and of those delivered; assumptions.
CONFIRMED, DELIVERED = 0.9, 0.96
STAYS_PER_DAY = 3
#: Of what found no bed within a day: closed, because it was solved in another way.
SOLVED_OTHERWISE = 0.9
#: A place forgets to report on a day.
SILENT = 0.15
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class BedsMade:
    """How much was made."""

    places: int
    stays: int
    claims: int


def make_beds(
    *,
    region_id: int,
    at: datetime,
    seed: int,
    days: int = 30,
    requesters: Sequence[Actor] = (),
) -> BedsMade:
    """Fill a region with promises, stays and claims of the days before ``at``.

    ``requesters`` are who ask beside practices of the region, so that somebody who
    signs in finds stays of their own.
    """
    region = next(iter(list_coverage_regions([region_id])), None)
    if region is None:
        return BedsMade(0, 0, 0)
    places = _services(Care.TEMPORARY_STAY, region.code, at=at)
    practices = [
        one for one in _services(Care.GP_CARE, region.code, at=at) if one.postcode
    ]
    if not places or not practices:
        return BedsMade(len(places), 0, 0)
    play = _Play(places, practices, list(requesters), seed=seed, until=at)
    play.run(days)
    return BedsMade(len(places), play.stays, play.claims)


class _Play:
    """The course of some weeks: a queue of what happens when."""

    def __init__(
        self,
        places: list[ListedService],
        practices: list[ListedService],
        requesters: list[Actor],
        *,
        seed: int,
        until: datetime,
    ) -> None:
        self.rng = np.random.default_rng([seed, 4707])
        self.places = places
        self.practices = practices
        self.requesters = requesters
        self.until = until
        self.stays = self.claims = 0
        self._queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._order = count()
        self.kinds = {
            place.id: self._draw_kinds() or [StayKind.ELV_LOW] for place in places
        }
        self.features = {place.id: self._draw_features() for place in places}

    def run(self, days: int) -> None:
        """Do everything until the moment, in order of time."""
        for day in range(days, -1, -1):
            morning = self.until - timedelta(days=day) - 6 * _HOUR
            self._later(morning, self._promise)
            for _ in range(STAYS_PER_DAY):
                minutes = int(self.rng.integers(30, 350))
                self._later(morning + timedelta(minutes=minutes), self._ask)
            self._later(morning + 5 * _HOUR, self._clock)
        while self._queue:
            moment, _number, act = heapq.heappop(self._queue)
            act(moment)
        self._clock(self.until)

    def _later(self, moment: datetime, act: Callable[[datetime], None]) -> None:
        if moment <= self.until:
            heapq.heappush(self._queue, (moment, next(self._order), act))

    def _clock(self, at: datetime) -> None:
        run_timers(at=at)

    def _promise(self, at: datetime) -> None:
        for place in self.places:
            if self.rng.random() < SILENT:
                continue
            for kind in self.kinds[place.id]:
                report_beds(
                    actor=_system_of(place),
                    service_id=place.id,
                    kind=kind,
                    beds=Beds(
                        free=int(self.rng.choice([0, 1, 1, 2, 3])),
                        features=self.features[place.id],
                        valid_hours=int(self.rng.choice([24, 24, 48])),
                    ),
                    at=at,
                    source=BedSource.GENERATED,
                )

    def _ask(self, at: datetime) -> None:
        practice = self.practices[int(self.rng.integers(len(self.practices)))]
        actor = Actor(
            label=practice.name,
            grants=(Grant(Role.REFERRER, organization_id=practice.organization_id),),
        )
        if self.requesters and self.rng.random() < 0.2:
            actor = self.requesters[int(self.rng.integers(len(self.requesters)))]
        answers = self._draw_answers()
        need = StayNeed(
            postcode=practice.postcode,
            age=int(np.clip(self.rng.normal(82, 8), 55, 99)),
            happened=str(self.rng.choice(Happened.values)),
            needed_on=localdate(at),
            answers=answers,
            needs=(Feature.SINGLE_ROOM.value,) if self.rng.random() < 0.1 else (),
        )
        try:
            stay = start_stay(
                actor=actor,
                need=need,
                requester=Requester(actor.label, "070 000 0000"),
                at=at,
            )
        except NotNow:  # 112, the hospital, or at home: counted, no stay
            return
        self.stays += 1
        for hours, share in ((20, SOLVED_OTHERWISE), (44, 1.0)):
            give_up = partial(self._give_up, stay, actor, share)
            self._later(at + hours * _HOUR, give_up)
        fitting = [one for one in list_beds_for(stay, at=at) if one.fits]
        if not fitting:
            return
        chosen = fitting[0]
        claim_bed(
            actor=actor,
            stay_id=stay.pk,
            service_id=chosen.service_id,
            kind=chosen.kind,
            at=at,
        )
        self.claims += 1
        place = next((p for p in self.places if p.id == chosen.service_id), None)
        if place is None or self.rng.random() > CONFIRMED:
            return
        minutes = int(self.rng.integers(10, 120))
        self._later(
            at + timedelta(minutes=minutes),
            lambda moment: self._confirm(stay, actor, place, moment),
        )

    def _confirm(
        self, stay: StayRequest, actor: Actor, place: ListedService, at: datetime
    ) -> None:
        length = int(self.rng.integers(6, 28))
        confirm_claim(
            actor=actor,
            stay_id=stay.pk,
            arrives_at=at + 2 * _HOUR,
            planned_end=localdate(at + 2 * _HOUR) + timedelta(days=length),
            patient=PatientDetails(
                name=f"Cliënt {stay.number} (verzonnen)",
                birth_date=date(at.year - (stay.age or 80), 1, 2),
                address="Verzonnen straat 1",
                phone="070 000 0000",
            ),
            consent=ConsentGiven(StayConsentDecision.AGREED, ConsentGiver.CLIENT),
            at=at,
        )
        if self.rng.random() > DELIVERED:
            ground = str(self.rng.choice(NotDeliveredGround.values))
            self._later(
                at + _HOUR,
                lambda moment: _if_possible(
                    lambda: report_not_delivered(
                        actor=_system_of(place),
                        stay_id=stay.pk,
                        ground=ground,
                        at=moment,
                    )
                ),
            )
            return
        self._later(
            at + 3 * _HOUR,
            lambda moment: _if_possible(
                lambda: record_arrival(
                    actor=_system_of(place), stay_id=stay.pk, at=moment
                )
            ),
        )
        self._later(
            at + timedelta(days=length, hours=-4),
            lambda moment: _if_possible(
                lambda: end_stay(
                    actor=_system_of(place),
                    stay_id=stay.pk,
                    reason=EndReason.HOME
                    if self.rng.random() < 0.8
                    else EndReason.LONG_TERM,
                    at=moment,
                )
            ),
        )

    def _give_up(
        self, stay: StayRequest, actor: Actor, share: float, at: datetime
    ) -> None:
        """Close what found no bed: it was solved in another way."""
        is_open = StayRequest.objects.filter(pk=stay.pk, status=StayStatus.OPEN)
        if is_open.exists() and self.rng.random() < share:
            reasons = [CancelReason.ELSEWHERE, CancelReason.HOME, CancelReason.HOSPITAL]
            cancel_stay(
                actor=actor,
                stay_id=stay.pk,
                reason=str(self.rng.choice(reasons)),
                at=at,
            )

    def _draw_kinds(self) -> list[str]:
        return [kind for kind, p in KIND_SHARE.items() if self.rng.random() < p]

    def _draw_features(self) -> tuple[str, ...]:
        return tuple(f for f in Feature.values if self.rng.random() < FEATURE_SHARE)

    def _draw_answers(self) -> dict[str, str]:
        """Draw answers that mostly lead to a bed: who asks has looked at home."""
        questions = load_catalogue().questions
        answers = {
            code: str(self.rng.choice(list(question.answers)))
            for code, question in questions.items()
        }
        if self.rng.random() < 0.9:
            answers |= {"home": "no"}
            answers["urgent"] = str(self.rng.choice(["today", "days"]))
        if suggest(answers).kind not in StayKind.values and self.rng.random() < 0.7:
            answers |= {"wlz": "no", "last_phase": "no", "back_home": "yes"}
            answers["medical"] = str(self.rng.choice(["watch", "complex"]))
        return answers


def _if_possible(act: Callable[[], object]) -> None:
    """Do what may no longer be possible: the clock was first."""
    with suppress(NotNow, NotPermitted):
        act()


def _system_of(place: ListedService) -> Actor:
    grant = Grant(Role.PROVIDER_SYSTEM, organization_id=place.organization_id)
    return Actor(label=place.organization_name, grants=(grant,))


def _services(care: Care, area_code: str, *, at: datetime) -> list[ListedService]:
    rows, _count = list_services(
        ServiceFilter(care=care, area_code=area_code),
        at=at,
        audiences=(),
        page=1,
        page_size=500,
    )
    return sorted(rows, key=lambda row: row.id)
