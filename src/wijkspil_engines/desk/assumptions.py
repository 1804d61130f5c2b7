"""What the simulation takes for granted: each figure with unit, range and source.

``low`` and ``high`` are the ends between which a figure is varied in the sweep. They
are what we hold for possible, not measured intervals. A source is a page, or
``ASSUMED`` where we know of none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Literal, Self

from wijkspil_engines.routing.problem import InvalidProblem

ASSUMED = "assumption"
DEMO = "assumption, as in the demo (profiles.yaml, fictional/rounds.py)"
RIVM = (
    "assumption; that it is often unclear who gives which care and who has room: "
    "rivm.nl/zorg/organisatie-van-zorg/wijkverpleging"
)
SALLAND = (
    "assumption; compare 2 to 5 hours of GP time per temporary stay before RTP "
    "Salland: zoetermeer2025.nl/leren-van-het-regionaal-transferpunt-in-de-regio-"
    "salland"
)
WSD = (
    "assumption; in the WSD region a GP tries once and then hands the search over: "
    "gezondenwel-wsd.nl, Coördinatie Wijkverpleging"
)

Ways = Literal["today", "wijkspil", "both"]


@dataclass(frozen=True)
class Assumption:
    """One figure; ``touches`` says in which way of working it plays a part."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    source: str
    touches: Ways


def _take(
    value: float,
    low: float,
    high: float,
    unit: str,
    touches: Ways = "both",
    source: str = ASSUMED,
) -> Any:
    return field(
        default=value,
        metadata={
            "unit": unit,
            "low": low,
            "high": high,
            "source": source,
            "touches": touches,
        },
    )


@dataclass(frozen=True)
class Assumptions:
    """All figures; the table is ``list_assumptions``.

    Raises
    ------
    InvalidProblem
        If a figure is not a number of 0 or more, or a share is above 1.
    """

    # The region.
    supply: float = _take(
        1.0, 0.7, 1.5, "places that come free per request", source=DEMO
    )
    uneven_places: float = _take(
        0.9, 0.4, 3.0, "shape of the gamma spread of places over teams", source=DEMO
    )
    place_lives_days: float = _take(
        10.0, 4.0, 30.0, "mean days before something else takes a free place"
    )
    patience: float = _take(
        1.0, 0.5, 2.0, "times the hours a request waits before a fallback"
    )
    # How teams decide.
    accepts_when_it_fits: float = _take(
        0.86, 0.7, 0.97, "share of teams with room that fits that say yes", source=DEMO
    )
    takes_at_other_hours: float = _take(
        0.45, 0.2, 0.7, "share with room at other hours or of other size", source=DEMO
    )
    # The phone.
    call_min: float = _take(8.0, 4.0, 15.0, "minutes of a call", source=SALLAND)
    no_answer: float = _take(0.2, 0.05, 0.4, "share of calls nobody answers")
    answers_at_once: float = _take(
        0.35, 0.15, 0.8, "share of answered calls with the answer on the spot"
    )
    call_back_h: float = _take(
        2.0, 0.5, 6.0, "median working hours until a provider calls back"
    )
    hurry: float = _take(
        0.5,
        0.2,
        1.0,
        "times the waiting before, between and after calls, for today or tomorrow",
    )
    never_calls_back: float = _take(0.08, 0.0, 0.2, "share that never calls back")
    # The referrer today.
    starts_phoning_min: float = _take(
        30.0, 5.0, 120.0, "median minutes until the first call", "today"
    )
    between_calls_min: float = _take(
        20.0, 2.0, 60.0, "minutes between calls, for other work", "today"
    )
    calls_at_once: float = _take(
        2.0, 1.0, 4.0, "providers with the question at the same time", "today", WSD
    )
    knows_own_team: float = _take(
        0.85, 0.5, 1.0, "share that knows the wijk's own provider", "today", RIVM
    )
    knows_tasks: float = _take(
        0.9, 0.6, 1.0, "share that knows a provider does not do the task", "today", RIVM
    )
    knows_well: float = _take(
        3.0, 1.0, 6.0, "providers a referrer tries before others", "today"
    )
    remembers_days: float = _take(
        7.0, 0.0, 14.0, "days a referrer remembers who said no", "today"
    )
    # Wijkspil.
    form_min: float = _take(
        8.0, 4.0, 20.0, "minutes to send a request to the desk", "wijkspil"
    )
    report_every_h: float = _take(
        68.0, 24.0, 120.0, "hours between reports of room", "wijkspil", DEMO
    )
    skips_report: float = _take(
        0.1, 0.0, 0.4, "share of reports that is skipped", "wijkspil", DEMO
    )
    never_reports: float = _take(
        0.07, 0.0, 0.3, "share of teams that never reports", "wijkspil", DEMO
    )
    answer_min: float = _take(
        25.0, 10.0, 90.0, "median minutes until a team answers", "wijkspil", DEMO
    )
    answers_in_time: float = _take(
        0.95, 0.75, 1.0, "share of questions that is answered at all", "wijkspil", DEMO
    )
    answers_at_weekend: float = _take(
        0.5, 0.2, 1.0, "times that share, at weekends if not urgent", "wijkspil"
    )
    coordinator_starts_min: float = _take(
        45.0, 15.0, 180.0, "median minutes until a coordinator begins", "wijkspil", DEMO
    )
    coordinator_calls: float = _take(
        4.0, 2.0, 8.0, "providers a coordinator calls in a round", "wijkspil", DEMO
    )

    def __post_init__(self) -> None:
        """Check the ranges."""
        for row in list_fields():
            value = getattr(self, row.name)
            is_share = row.unit.startswith("share") or row.name == "answers_at_weekend"
            if not 0 <= value < 1e6 or (is_share and value > 1):
                raise InvalidProblem(
                    f"{value!r} is not a number from 0{' to 1' if is_share else ''}",
                    field=f"assumptions.{row.name}",
                )
        for name in ("uneven_places", "place_lives_days", "report_every_h"):
            if getattr(self, name) <= 0:
                raise InvalidProblem(
                    "is not above 0; a rate cannot be computed",
                    field=f"assumptions.{name}",
                )

    def with_value(self, name: str, value: float) -> Self:
        """Return the same with one figure changed."""
        return replace(self, **{name: value})

    def as_mapping(self) -> Mapping[str, float]:
        """Return name -> value."""
        return {row.name: getattr(self, row.name) for row in list_fields()}


@lru_cache(maxsize=1)
def list_fields() -> tuple[Assumption, ...]:
    """Return every assumption with its default value, in the order of the table."""
    return tuple(
        Assumption(name=item.name, value=item.default, **item.metadata)  # type: ignore[arg-type]
        for item in fields(Assumptions)
    )


def list_assumptions(taken: Assumptions) -> tuple[Assumption, ...]:
    """Return every assumption with the value that was taken."""
    return tuple(replace(row, value=getattr(taken, row.name)) for row in list_fields())
