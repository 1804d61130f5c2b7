"""What each provider contributes to the work of a region, and which patterns show.

Counts of questions and clients, no request and no person. What a provider may see of
the others is made here as well (``make_spread``): values without a name, in order of
size, each rounded, and nothing at all where there are too few providers to hide among.

A pattern is a reason to talk, not a verdict. The rules are data (``RULES``); their
thresholds are assumptions of Wijkspil, no source gives any.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    Sum,
)
from django.db.models.functions import TruncDate

from wijkspil.core.periods import Period
from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.directory.selectors.capacity import count_free_places
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.directory.types import Care
from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.types import (
    PLACED,
    EventKind,
    OfferOrigin,
    OfferStatus,
    ReopenReason,
    RequestStatus,
)

#: With fewer answers than this a share says nothing, and could point at one case.
LEAST_ANSWERS = 5
#: Fewer providers than this: only their median. Fewer than the second: nothing.
LEAST_TO_SPREAD, LEAST_TO_COMPARE = 5, 3

#: A question that a team could answer itself; an agreement by phone is none.
_QUESTIONS = Q(origin__in=[OfferOrigin.RANKING, OfferOrigin.COORDINATOR])
#: Accepted, also when it was given back or ended afterwards.
_SAID_YES = Q(status__in=[OfferStatus.ACCEPTED, OfferStatus.RETURNED]) | (
    Q(status=OfferStatus.WITHDRAWN) & ~Q(answered_by_name="")
)
_SAID_NO = Q(status=OfferStatus.DECLINED)
_SILENT = Q(status=OfferStatus.EXPIRED)


class _Median(Aggregate):
    function = "PERCENTILE_CONT"
    name = "Median"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True)
class Contribution:
    """What one provider was asked and took in a period.

    ``load`` is the work taken, weighted by complexity (1 is a plain client);
    ``capacity`` the clients taken and the places reported now. ``minutes_median`` runs
    from question to answer by the clock, nights included.
    """

    organization_id: int
    name: str
    accepted: int = 0
    declined: int = 0
    expired: int = 0
    against_own_room: int = 0
    minutes_median: float | None = None
    reasons: Mapping[str, int] | None = None
    clients: int = 0
    load: float = 0.0
    free_places: int = 0

    @property
    def asked(self) -> int:
        """Questions that were answered, or not in time; what was withdrawn is none."""
        return self.accepted + self.declined + self.expired

    @property
    def capacity(self) -> int:
        """Clients it took and clients it can still take."""
        return self.clients + self.free_places

    @property
    def load_per_place(self) -> float | None:
        """Work taken per place; None with too few clients, or no place."""
        if self.clients < LEAST_ANSWERS or not self.capacity:
            return None
        return self.load / self.capacity

    @property
    def complexity(self) -> float | None:
        """Mean weight of the clients it took; None with too few clients."""
        return self.load / self.clients if self.clients >= LEAST_ANSWERS else None

    @property
    def accepted_share(self) -> float | None:
        """Part of the questions it accepted; None with too few questions."""
        return self._share(self.accepted)

    @property
    def expired_share(self) -> float | None:
        """Part of the questions it did not answer in time."""
        return self._share(self.expired)

    @property
    def against_share(self) -> float | None:
        """Part of the questions it declined although it had said there was room."""
        return self._share(self.against_own_room)

    @property
    def minutes(self) -> float | None:
        """Median minutes to an answer; None with too few answers."""
        answers = self.accepted + self.declined
        return self.minutes_median if answers >= LEAST_ANSWERS else None

    def _share(self, number: int) -> float | None:
        return number / self.asked if self.asked >= LEAST_ANSWERS else None


#: What is compared, by name. None of them tells how large a provider is.
MEASURES: Mapping[str, Callable[[Contribution], float | None]] = {
    "load-per-place": lambda one: one.load_per_place,
    "accepted": lambda one: one.accepted_share,
    "complexity": lambda one: one.complexity,
    "minutes-to-answer": lambda one: one.minutes,
    "no-answer": lambda one: one.expired_share,
    "against-own-room": lambda one: one.against_share,
}


@dataclass(frozen=True)
class Spread:
    """How providers lie on one measure: what one of them may see of the others.

    ``others`` are without a name and in order of size, so that their order tells
    nothing; empty below ``LEAST_TO_SPREAD`` providers. ``n`` counts all with a value,
    and is 0 below that: even how many they are tells whether one was asked.
    """

    n: int = 0
    median: float | None = None
    quartiles: tuple[float, float] | None = None
    others: tuple[float, ...] = ()


def list_contributions(region_id: int, period: Period) -> list[Contribution]:
    """Return what each provider of a region contributed, by name (five queries).

    Questions are those about requests of the region; work and capacity are of the
    whole provider, also elsewhere.
    """
    names = list_home_care_of_region(region_id, at=period.end)
    asked = _count_answers(region_id, period)
    reasons = _count_reasons(region_id, period)
    taken = {
        row["organization"]: row
        for row in ServiceRequest.objects.filter(
            placed_service__organization_id__in=names,
            status__in=[*map(str, PLACED), str(RequestStatus.ENDED)],
            placed_at__gte=period.start,
            placed_at__lt=period.end,
        )
        .order_by()
        .values(organization=F("placed_service__organization_id"))
        .annotate(load=Sum("complexity"), clients=Count("pk"))
    }
    free = count_free_places(names, care=Care.DISTRICT_NURSING, at=period.end)
    return [
        Contribution(
            organization_id=pk,
            name=name,
            **asked.get(pk, {}),
            reasons=reasons.get(pk, {}),
            clients=taken[pk]["clients"] if pk in taken else 0,
            load=taken[pk]["load"] if pk in taken else 0.0,
            free_places=free.get(pk, 0),
        )
        for pk, name in names.items()
    ]


def compare_own(
    own: Contribution, everyone: Sequence[Contribution]
) -> dict[str, Spread]:
    """Return measure -> what a provider may see of the others on it."""
    others = [one for one in everyone if one.organization_id != own.organization_id]
    return {
        measure: make_spread(value_of(own), [value_of(one) for one in others])
        for measure, value_of in MEASURES.items()
    }


def relative_loads(everyone: Sequence[Contribution]) -> dict[int, float]:
    """Return provider id -> its load per place against that of all together.

    1 is exactly fair; without a place, or without any work, a provider is left out.
    """
    load = sum(one.load for one in everyone)
    capacity = sum(one.capacity for one in everyone)
    if not load:
        return {}
    return {
        one.organization_id: (one.load / one.capacity) / (load / capacity)
        for one in everyone
        if one.capacity
    }


def make_spread(own: float | None, others: Sequence[float | None]) -> Spread:
    """Return what a provider may see of the others on one measure.

    ``own`` and ``others`` as they are, None where there were too few answers. With few
    providers a quartile, or even a median, would give a single other away.
    """
    known = sorted(value for value in others if value is not None)
    everyone = known if own is None else sorted([*known, own])
    # Whoever is not among them subtracts nothing, and hides nobody either.
    if len(everyone) < LEAST_TO_COMPARE or len(known) < LEAST_TO_COMPARE - 1:
        return Spread()
    low, median, high = quantiles(everyone, n=4, method="inclusive")
    if len(everyone) < LEAST_TO_SPREAD:
        return Spread(median=_rounded(median))
    return Spread(
        n=len(everyone),
        median=_rounded(median),
        quartiles=(_rounded(low), _rounded(high)),
        others=tuple(map(_rounded, known)),
    )


def _rounded(value: float) -> float:
    """Return two digits that count: enough to compare, too few to recognize."""
    return float(f"{value:.2g}")


def _count_answers(region_id: int, period: Period) -> dict[int, dict[str, Any]]:
    answered = _SAID_YES | _SAID_NO
    took = ExpressionWrapper(
        F("answered_at") - F("offered_at"), output_field=DurationField()
    )
    rows = (
        _questions(region_id, period)
        .values(organization=F("service__organization_id"))
        .annotate(
            n_yes=Count("pk", filter=_SAID_YES),
            n_no=Count("pk", filter=_SAID_NO),
            n_silent=Count("pk", filter=_SILENT),
            n_against=Count("pk", filter=_SAID_NO & Q(against_own_room=True)),
            took=_Median(took, filter=answered, output_field=DurationField()),
        )
    )
    return {
        row["organization"]: {
            "accepted": row["n_yes"],
            "declined": row["n_no"],
            "expired": row["n_silent"],
            "against_own_room": row["n_against"],
            "minutes_median": None
            if row["took"] is None
            else row["took"].total_seconds() / 60,
        }
        for row in rows
    }


def _count_reasons(region_id: int, period: Period) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for organization_id, reason, number in (
        _questions(region_id, period)
        .filter(_SAID_NO)
        .values_list("service__organization_id", "decline_reason")
        .annotate(n=Count("pk"))
        .order_by("-n", "decline_reason")
    ):
        found.setdefault(organization_id, {})[reason] = number
    return found


def _questions(region_id: int, period: Period) -> Any:
    return Offer.objects.filter(
        _QUESTIONS,
        request__region_id=region_id,
        offered_at__gte=period.start,
        offered_at__lt=period.end,
    ).order_by()


# --- patterns


@dataclass(frozen=True)
class Rule:
    """When something repeats often enough to talk about it.

    At least ``least`` times in ``days`` days, and more than ``times`` the share that
    the other providers of the region have together.
    """

    kind: str
    least: int = 3
    days: int = 28
    times: float = 2.0


AGAINST_OWN_ROOM = "against-own-room"
SILENCE = "silence"
GIVEN_BACK = "given-back"
LATE_FIRST_VISIT = "late-first-visit"
#: Assumptions of Wijkspil: four weeks hold a roster, three times is no accident.
RULES = tuple(map(Rule, (AGAINST_OWN_ROOM, SILENCE, GIVEN_BACK, LATE_FIRST_VISIT)))


@dataclass(frozen=True)
class Tally:
    """How often something happened to a provider (``times``), of how many (``of``)."""

    times: int = 0
    of: int = 0

    @property
    def share(self) -> float:
        """``times`` of ``of``; nothing of nothing is 0."""
        return self.times / self.of if self.of else 0.0


@dataclass(frozen=True)
class Pattern:
    """Something that repeats at one provider.

    ``others`` is that of all others together; None where it was not compared.
    """

    rule: Rule
    organization_id: int
    name: str
    own: Tally
    others: Tally | None


def list_patterns(
    region_id: int, *, at: datetime, rules: Sequence[Rule] = RULES
) -> list[Pattern]:
    """Return what repeats at which provider, the most frequent first.

    One query for the names and two per length of time among the rules.
    """
    names = list_home_care_of_region(region_id, at=at)
    tallies = {
        days: count_tallies(region_id, Period(at - timedelta(days=days), at))
        for days in {rule.days for rule in rules}
    }
    found = [
        pattern
        for rule in rules
        for pattern in find_patterns(rule, tallies[rule.days][rule.kind], names)
    ]
    return sorted(found, key=lambda p: (-p.own.times, p.name, p.rule.kind))


def list_own_patterns(
    region_id: int,
    organization_id: int,
    *,
    at: datetime,
    rules: Sequence[Rule] = RULES,
) -> list[Pattern]:
    """Return what repeats at one provider, for that provider (two queries a length).

    Among few others a comparison would tell what one of them did: then all that
    happened often enough is returned, compared with nothing.
    """
    found = []
    for days in sorted({rule.days for rule in rules}):
        tallies = count_tallies(region_id, Period(at - timedelta(days=days), at))
        for rule in rules:
            if rule.days != days:
                continue
            per_provider = tallies[rule.kind]
            own = per_provider.get(organization_id, Tally())
            n_others = sum(
                1 for pk, t in per_provider.items() if t.of and pk != organization_id
            )
            if n_others >= LEAST_TO_SPREAD - 1:
                found += find_patterns(rule, per_provider, {organization_id: ""})
            elif own.times >= rule.least:
                found.append(Pattern(rule, organization_id, "", own, None))
    return sorted(found, key=lambda p: (-p.own.times, p.rule.kind))


def find_patterns(
    rule: Rule, tallies: Mapping[int, Tally], names: Mapping[int, str]
) -> list[Pattern]:
    """Return the providers to which a rule applies.

    Without another provider there is nothing to compare with, and no pattern.
    """
    times = sum(tally.times for tally in tallies.values())
    of = sum(tally.of for tally in tallies.values())
    found = []
    for pk, own in tallies.items():
        others = Tally(times - own.times, of - own.of)
        if (
            pk in names
            and own.times >= rule.least
            and others.of
            and own.share > rule.times * others.share
        ):
            found.append(Pattern(rule, pk, names[pk], own, others))
    return found


def count_tallies(region_id: int, period: Period) -> dict[str, dict[int, Tally]]:
    """Return kind of pattern -> provider id -> how often (two queries)."""
    found: dict[str, dict[int, Tally]] = {rule.kind: {} for rule in RULES}
    accepted: dict[int, int] = {}
    for row in (
        _questions(region_id, period)
        .values(organization=F("service__organization_id"))
        .annotate(
            n=Count("pk", filter=_SAID_YES | _SAID_NO | _SILENT),
            n_yes=Count("pk", filter=_SAID_YES),
            n_silent=Count("pk", filter=_SILENT),
            n_against=Count("pk", filter=_SAID_NO & Q(against_own_room=True)),
        )
    ):
        pk = row["organization"]
        found[AGAINST_OWN_ROOM][pk] = Tally(row["n_against"], row["n"])
        found[SILENCE][pk] = Tally(row["n_silent"], row["n"])
        accepted[pk] = row["n_yes"]
    events = (
        RequestEvent.objects.filter(
            Q(kind=EventKind.CARE_STARTED)
            | Q(kind=EventKind.REOPENED, detail__reason=ReopenReason.TEAM_STOPS),
            request__region_id=region_id,
            service__isnull=False,
            at__gte=period.start,
            at__lt=period.end,
        )
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=AMSTERDAM))
        .values(organization=F("service__organization_id"))
        .annotate(
            n_started=Count("pk", filter=Q(kind=EventKind.CARE_STARTED)),
            n_late=Count(
                "pk",
                filter=Q(
                    kind=EventKind.CARE_STARTED, day__gt=F("request__first_visit_on")
                ),
            ),
            n_back=Count("pk", filter=Q(kind=EventKind.REOPENED)),
        )
    )
    given_back = dict.fromkeys(accepted, 0)
    for row in events:
        pk = row["organization"]
        found[LATE_FIRST_VISIT][pk] = Tally(row["n_late"], row["n_started"])
        given_back[pk] = row["n_back"]
    found[GIVEN_BACK] = {
        pk: Tally(times, max(times, accepted.get(pk, 0)))
        for pk, times in given_back.items()
    }
    return found
