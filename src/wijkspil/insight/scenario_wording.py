"""What the pages call the parameters, causes and shipped scenarios of the engine.

The engine says a share as 0.08; people say 8 %. ``scale_of`` says how a unit is shown.
A name that is not known here is shown as the engine calls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.insight.types import MeasureStatus

#: Ends the name of what a parameter grows to.
TARGET = ".target"
#: Shipped scenario -> what it is called, and what is supposed, in plain words.
SHIPPED: Mapping[str, tuple[Any, Any]] = {
    "base": (
        gettext_lazy("As today"),
        gettext_lazy(
            "Nothing new is done. People grow older, digital care stays where it is, "
            "training and leaving go on as now."
        ),
    ),
    "digital-50-percent-adoption": (
        gettext_lazy("Half of clients use digital care"),
        gettext_lazy(
            "By 2030 half of the clients whom it suits get a medicine dispenser, "
            "lifestyle monitoring or talks on a screen."
        ),
    ),
    "hybrid-70-percent": (
        gettext_lazy("70 % of suitable care is hybrid"),
        gettext_lazy(
            "By 2030 70 % of the care that it suits is offered partly on a screen, "
            "and half of the clients use it."
        ),
    ),
    "training-money": (
        gettext_lazy("Training money is spent"),
        gettext_lazy(
            "The money for training in the agreements is spent: 53 million euros in "
            "2026, 185 million from 2029, and 60 million a year for district nursing."
        ),
    ),
    "retirement-early": (
        gettext_lazy("Workers stop earlier"),
        gettext_lazy("Each year 20 to 60 % more workers retire than expected now."),
    ),
    "practice-closes": (
        gettext_lazy("A practice stops"),
        gettext_lazy("The GP practice you choose stops, and nobody takes it over."),
    ),
}

#: Groups of the sliders, in the order of the page.
GROUPS: Mapping[str, tuple[Any, Any]] = {
    "digital": (
        gettext_lazy("Digital and hybrid care"),
        gettext_lazy("Whom it suits, who gets it, who keeps using it, what it saves."),
    ),
    "workers": (
        gettext_lazy("Workers and training"),
        gettext_lazy("Who comes, who leaves, and how much of the week is for clients."),
    ),
    "need": (
        gettext_lazy("Need of district nursing"),
        gettext_lazy("Who starts with care, how long it lasts and for how many hours."),
    ),
    "people": (
        gettext_lazy("Inhabitants"),
        gettext_lazy("Births, deaths and moves. Ageing itself is known."),
    ),
    "gp": (gettext_lazy("GP care"), gettext_lazy("Need and GPs.")),
}

#: Parameter -> its label and its group.
_LABELS: Mapping[str, tuple[Any, str]] = {
    "mortality": (gettext_lazy("Level of mortality"), "people"),
    "mortality_improvement": (gettext_lazy("How fast mortality falls"), "people"),
    "fertility": (gettext_lazy("Births"), "people"),
    "arrivals": (gettext_lazy("People who come to live here"), "people"),
    "departures": (gettext_lazy("People who move away"), "people"),
    "wijkverpleging.clients_in_a_year": (
        gettext_lazy("People with district nursing in a year, the Netherlands"),
        "need",
    ),
    "wijkverpleging.clients_in_a_month": (
        gettext_lazy("People with district nursing in a month, the Netherlands"),
        "need",
    ),
    "wijkverpleging.hours.under_65": (
        gettext_lazy("Hours of a client below 65"),
        "need",
    ),
    "wijkverpleging.hours.65_74": (gettext_lazy("Hours of a client of 65-74"), "need"),
    "wijkverpleging.hours.75_84": (gettext_lazy("Hours of a client of 75-84"), "need"),
    "wijkverpleging.hours.85_plus": (
        gettext_lazy("Hours of a client of 85 and over"),
        "need",
    ),
    "use.wijkverpleging": (gettext_lazy("People who start with care"), "need"),
    "use_trend.wijkverpleging": (
        gettext_lazy("Growth of people who start, at the same age"),
        "need",
    ),
    "stay.wijkverpleging": (gettext_lazy("How long people stay in care"), "need"),
    "hours.wijkverpleging": (gettext_lazy("Hours of a client"), "need"),
    "hours_trend.wijkverpleging": (
        gettext_lazy("Growth of the hours of a client"),
        "need",
    ),
    "hours_per_fte": (gettext_lazy("Contract hours of a full-time worker"), "workers"),
    "absence": (gettext_lazy("Leave and illness"), "workers"),
    "client_facing": (gettext_lazy("Part of the work that reaches clients"), "workers"),
    "outflow": (gettext_lazy("Workers who leave for other work"), "workers"),
    "retirement": (gettext_lazy("Workers who retire"), "workers"),
    "training": (gettext_lazy("New workers from training"), "workers"),
    "productivity.wijkverpleging": (
        gettext_lazy("More care in an hour, each year"),
        "workers",
    ),
    "training.trainees_per_million_euro": (
        gettext_lazy("Places to train for a million euros"),
        "workers",
    ),
    "training.years": (gettext_lazy("How long training takes"), "workers"),
    "training.finishes": (gettext_lazy("Who finishes the training"), "workers"),
    "training.works_here": (
        gettext_lazy("Who comes to work here after training"),
        "workers",
    ),
    "dispenser.eligible": (
        gettext_lazy("Medicine dispenser: whom it suits"),
        "digital",
    ),
    "dispenser.adopted": (gettext_lazy("Medicine dispenser: who gets it"), "digital"),
    "dispenser.still_used": (
        gettext_lazy("Medicine dispenser: who keeps using it"),
        "digital",
    ),
    "dispenser.unique_visits_per_week": (
        gettext_lazy("Medicine dispenser: visits it replaces"),
        "digital",
    ),
    "dispenser.minutes_per_visit": (
        gettext_lazy("Medicine dispenser: minutes of such a visit"),
        "digital",
    ),
    "dispenser.hours_per_client_week": (
        gettext_lazy("Medicine dispenser: hours saved for each client"),
        "digital",
    ),
    "dispenser.euro_per_client_month": (
        gettext_lazy("Medicine dispenser: euros saved for each client"),
        "digital",
    ),
    "dispenser.client_hours_per_fte": (
        gettext_lazy("Hours with clients of a full-time worker in a year"),
        "digital",
    ),
    "lifestyle.eligible": (
        gettext_lazy("Lifestyle monitoring: whom it suits"),
        "digital",
    ),
    "lifestyle.adopted": (gettext_lazy("Lifestyle monitoring: who gets it"), "digital"),
    "lifestyle.still_used": (
        gettext_lazy("Lifestyle monitoring: who keeps using it"),
        "digital",
    ),
    "lifestyle.hours_per_client_week": (
        gettext_lazy("Lifestyle monitoring: hours saved for each client"),
        "digital",
    ),
    "lifestyle.euro_per_client_month": (
        gettext_lazy("Lifestyle monitoring: euros saved for each client"),
        "digital",
    ),
    "remote_guidance.eligible": (
        gettext_lazy("Talks on a screen: whom it suits"),
        "digital",
    ),
    "remote_guidance.adopted": (
        gettext_lazy("Talks on a screen: who has them"),
        "digital",
    ),
    "remote_guidance.still_used": (
        gettext_lazy("Talks on a screen: who keeps using it"),
        "digital",
    ),
    "remote_guidance.visits_replaced_per_week": (
        gettext_lazy("Talks on a screen: visits they replace"),
        "digital",
    ),
    "remote_guidance.minutes_saved_per_visit": (
        gettext_lazy("Talks on a screen: minutes saved for each visit"),
        "digital",
    ),
    "hybrid.suitable": (gettext_lazy("Hybrid care: which care it suits"), "digital"),
    "hybrid.available": (gettext_lazy("Hybrid care: how much is offered"), "digital"),
    "hybrid.adopted": (gettext_lazy("Hybrid care: who uses it"), "digital"),
    "hybrid.hours_saved": (
        gettext_lazy("Hybrid care: part of the hours it saves"),
        "digital",
    ),
    "huisartsenzorg.people_per_gp": (gettext_lazy("Inhabitants for each GP"), "gp"),
    "huisartsenzorg.unmet": (gettext_lazy("Need of GP care that is not met"), "gp"),
    "use_trend.huisartsenzorg": (
        gettext_lazy("Growth of need of GP care, apart from ageing"),
        "gp",
    ),
    "productivity.huisartsenzorg": (
        gettext_lazy("More GP care in an hour, each year"),
        "gp",
    ),
    "huisartsenzorg.workers": (gettext_lazy("Working GPs, the Netherlands"), "gp"),
    "huisartsenzorg.fte_per_worker": (gettext_lazy("Size of a GP's job"), "gp"),
    "huisartsenzorg.patient_hours_per_worker": (
        gettext_lazy("Hours of a GP for patients"),
        "gp",
    ),
    "huisartsenzorg.outflow_5_years": (
        gettext_lazy("GPs who stop within five years"),
        "gp",
    ),
    "huisartsenzorg.trainees_per_year": (
        gettext_lazy("New GPs in training, the Netherlands"),
        "gp",
    ),
    "huisartsenzorg.training_years": (gettext_lazy("How long GP training takes"), "gp"),
    "huisartsenzorg.finishes": (gettext_lazy("Who finishes GP training"), "gp"),
}

#: Unit of the engine -> how it is shown; shares are shown in %.
_UNITS: Mapping[str, Any] = {
    "factor": gettext_lazy("% of now"),
    "share": gettext_lazy("%"),
    "share a year": gettext_lazy("% a year"),
    "share of clients": gettext_lazy("% of clients"),
    "share of eligible": gettext_lazy("% of whom it suits"),
    "share of given out": gettext_lazy("% of who got it"),
    "share of care": gettext_lazy("% of care"),
    "share of suitable care": gettext_lazy("% of suitable care"),
    "share of patients": gettext_lazy("% of patients"),
    "share of hours": gettext_lazy("% of hours"),
    "share of need": gettext_lazy("% of need"),
    "share in 5 years": gettext_lazy("% in 5 years"),
    "hours a week": gettext_lazy("hours a week"),
    "hours a year": gettext_lazy("hours a year"),
    "visits a week": gettext_lazy("visits a week"),
    "minutes a visit": gettext_lazy("minutes a visit"),
    "euro per client per month": gettext_lazy("euros for each client a month"),
    "fte a worker": gettext_lazy("fte for each worker"),
    "trainees per million euro": gettext_lazy("places for a million euros"),
    "people": gettext_lazy("people"),
    "people a year": gettext_lazy("people a year"),
    "people per GP": gettext_lazy("people for each GP"),
    "years": gettext_lazy("years"),
}

#: How sure a value is, in words.
STATUSES: Mapping[str, Any] = {
    "measured": gettext_lazy("Measured"),
    "published": gettext_lazy("Published"),
    "expert": gettext_lazy("Judgement of experts"),
    "assumed": gettext_lazy("Assumed: nobody published it"),
}

#: Causes of a waterfall.
_CAUSES: Mapping[str, Any] = {
    "population": gettext_lazy("More and older people"),
    "use": gettext_lazy("More or fewer people who start"),
    "hours": gettext_lazy("Hours of a client"),
    "digital": gettext_lazy("Digital and hybrid care"),
    "workers": gettext_lazy("Workers who come and leave"),
    "working-time": gettext_lazy("Hours that workers give"),
    "productivity": gettext_lazy("Care in an hour"),
    "closures": gettext_lazy("Practices that stop"),
    "interaction": gettext_lazy("Causes that strengthen each other"),
}

#: Acts on a measure, as a button says them.
ACTS: Mapping[str, Any] = {
    "agree": gettext_lazy("Agreed"),
    "start": gettext_lazy("We have started"),
    "finish": gettext_lazy("It is done"),
    "stop": gettext_lazy("Stop this measure"),
    "take up again": gettext_lazy("Take it up again"),
}
STATUS_TONES: Mapping[str, str] = {
    MeasureStatus.PROPOSED: "info",
    MeasureStatus.AGREED: "limited",
    MeasureStatus.RUNNING: "good",
    MeasureStatus.DONE: "unknown",
    MeasureStatus.STOPPED: "unknown",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """How a unit is shown: times ``factor``, with ``step`` between two stops."""

    factor: float
    unit: str
    step: float


def say_shipped(key: str, title: str = "", description: str = "") -> tuple[str, str]:
    """Return title and plain words of a shipped scenario.

    One that is not known here is said as its file does: that is a message too.
    """
    known = SHIPPED.get(key)
    if known is None:
        return _(title or key), _(description) if description else ""
    return str(known[0]), str(known[1])


def say_parameter(name: str) -> str:
    """Return what a parameter, or the target it grows to, is called."""
    if name.endswith(TARGET):
        return _("%(what)s, when the growth is done") % {
            "what": say_parameter(name.removesuffix(TARGET))
        }
    known = _LABELS.get(name)
    return str(known[0]) if known else name


def group_of(name: str) -> str:
    """Return the group of the page that a parameter stands in."""
    known = _LABELS.get(name.removesuffix(TARGET))
    if known:
        return known[1]
    if "huisartsenzorg" in name:
        return "gp"
    return "digital" if "." in name and "adopted" in name else "need"


def say_cause(key: str) -> str:
    """Return what a cause of a waterfall is called."""
    known = _CAUSES.get(key)
    return str(known) if known else say_parameter(key)


def scale_of(unit: str) -> Shown:
    """Return how values in a unit of the engine are shown."""
    words = str(_UNITS.get(unit, unit))
    if unit == "factor":
        return Shown(100.0, words, 1.0)
    if unit == "share a year":
        return Shown(100.0, words, 0.1)
    if unit.startswith("share"):
        return Shown(100.0, words, 1.0)
    if unit.startswith(("people", "hours a year")):
        return Shown(1.0, words, 1.0)
    return Shown(1.0, words, 0.1 if unit != "euro per client per month" else 5.0)


def say_amount(value: float) -> str:
    """Return a number as short as it can be, with a decimal comma where it is used."""
    rounded = round(value, 2)
    decimals = len(f"{rounded:.2f}".rstrip("0").partition(".")[2])
    return str(number_format(rounded, decimals, force_grouping=True))


def say_range(low: float, high: float, unit: str) -> str:
    """Return an interval of the engine as people say it: "27 to 46 % of clients"."""
    shown = scale_of(unit)
    first, last = say_amount(low * shown.factor), say_amount(high * shown.factor)
    if first == last:
        return f"{first} {shown.unit}"
    return _("%(low)s to %(high)s %(unit)s") % {
        "low": first,
        "high": last,
        "unit": shown.unit,
    }
