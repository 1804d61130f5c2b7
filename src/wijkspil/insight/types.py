"""Words and shapes of insight: figures, ground, plans, scenarios. No database.

A **figure** is one number about one area and one period: the only thing that maps,
tables, charts, reports and exports show. It says its definition (``Indicator``), over
how many it was counted, how sure it is, where it comes from and how old it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from django.db import models
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

#: Five-year age bands, the last is open: what CBS publishes per postcode.
AGE_BANDS = (
    *(f"{low}-{low + 4}" for low in range(0, 95, 5)),
    "95+",
)
SEXES = ("m", "v")


class Theme(models.TextChoices):
    """What a figure is about; a page of the regional picture each."""

    GAP = "gap", _("Need and room")
    WAITING = "waiting", _("Waiting and placing")
    GP = "gp", _("GP care nearby")
    NIGHT = "night", _("Evening, night and weekend")
    QUALITY = "quality", _("Quality")
    PEOPLE = "people", _("Who lives here")


class Better(StrEnum):
    """Which way a figure should go."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Scale(StrEnum):
    """How numbers of an indicator add up over areas and periods."""

    SUM = "sum"
    #: numerator and denominator add up, the value is their ratio
    RATIO = "ratio"
    #: cannot be added up; each level is counted by itself
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Indicator:
    """What a figure means. Words are English msgids, translated where shown.

    ``factor`` makes the value of numerator and denominator (100 for percentages,
    10,000 for "per 10,000 inhabitants"). ``smallest`` is the smallest denominator
    (people) that is shown; below it the figure is withheld.
    """

    code: str
    theme: Theme
    name: Any
    definition: Any
    numerator: Any
    denominator: Any
    unit: Any
    source: Any
    scale: Scale
    better: Better
    factor: float = 1.0
    decimals: int = 0
    smallest: int = 0
    #: the source of the definition or of a norm: title and place
    reference: str = ""
    #: the page opens with these
    is_headline: bool = False


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One number: of an indicator, an area, a period (half-open) and a part of day.

    ``low`` and ``high`` are the bounds of an 80 % interval where there is one.
    ``value`` is None when it is not known or (``is_withheld``) may not be shown.
    """

    indicator: str
    area_code: str
    valid_from: date
    valid_until: date
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None
    part_of_day: str = ""
    source: str = ""
    measured_at: datetime | None = None
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Assumption:
    """What was taken for granted, with where it comes from and how sure that is.

    ``text`` and ``source`` are English messages; ``values`` fill ``%(name)s`` in the
    text. Of a parameter that is drawn ``low`` and ``high`` are its 80 % interval, in
    ``unit`` of the engine. ``status`` is one of measured, published, expert, assumed.
    ``data_wording.say_assumption`` says it in the reader's language.
    """

    key: str
    text: str
    source: str
    status: str
    values: Mapping[str, str | float] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    unit: str = ""
    #: title of the scenario that alone supposes this, where others suppose otherwise
    only_in: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An area of the ground: a wijk, or a postcode area of four digits."""

    code: str
    name: str
    kind: str
    gemeente: str
    lon: float
    lat: float
    #: codes of the regions (and the gemeente) it lies in
    within: frozenset[str]


@dataclass(frozen=True, slots=True)
class Site:
    """A place where care is given, with what it can take.

    ``capacity`` in people on the list (GP care); ``takes_new`` is false with a stop.
    """

    code: str
    name: str
    lon: float
    lat: float
    capacity: float
    takes_new: bool | None


@dataclass(frozen=True, eq=False)
class Ground:
    """What engines are fed with: who lives where, and where care is given.

    ``population`` is (places, sexes, age bands), people. ``capacity_hours`` is what
    district nursing can give per place in hours a week, ``used_hours`` what it gives
    now; NaN where unknown. Made from the database or from open data files.
    """

    name: str
    year: int
    places: tuple[Place, ...]
    population: Floats
    gp_sites: tuple[Site, ...]
    capacity_hours: Floats
    used_hours: Floats
    assumptions: tuple[Assumption, ...]
    #: share of the people of a place within a lower or higher income group, NaN unknown
    income_low_share: Floats
    #: figures about places from elsewhere, by indicator code: (places,)
    given: Mapping[str, Floats]


class RunStatus(models.TextChoices):
    """Of a computation of a scenario."""

    QUEUED = "queued", _("Waits")
    RUNNING = "running", _("Is being computed")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class MeasureStatus(models.TextChoices):
    """Of what was agreed to do about a gap."""

    PROPOSED = "proposed", _("Proposed")
    AGREED = "agreed", _("Agreed")
    RUNNING = "running", _("Being done")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


class OwnerKind(models.TextChoices):
    """Who a measure belongs to."""

    RESV = "resv", _("Regional primary-care partnership (RESV)")
    INSURER = "insurer", _("Insurer")
    PROVIDER = "provider", _("Provider")
