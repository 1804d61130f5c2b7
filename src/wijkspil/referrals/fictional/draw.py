"""Which requests come in a region: where, who, what, when - by its real population.

A wijk is drawn by its inhabitants per age band times their use of district nursing, a
postcode within it by its inhabitants. Nobody in it exists. The same seed, areas and
moment give the same requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

import numpy as np
import yaml
from django.utils.timezone import localdate

from wijkspil.directory.fictional.calibration import weekly_new_clients
from wijkspil.directory.fictional.ground import Ground, read_ground
from wijkspil.directory.fictional.hexmap import Floats, Ints
from wijkspil.directory.fictional.workshop import INSURERS
from wijkspil.directory.selectors.care_teams import list_age_bands, list_organizations
from wijkspil.directory.types import OrganizationType
from wijkspil.referrals.catalogue import needs_order
from wijkspil.referrals.types import (
    ConsentDecision,
    ConsentGiven,
    ConsentGiver,
    Need,
    PatientDetails,
    Presence,
    Requester,
    RequesterKind,
    Urgency,
    UrgencyReason,
)

Choice = TypeVar("Choice")

#: Days until the first visit, by urgency: half-open.
_DAYS_AHEAD = {
    Urgency.TODAY: (0, 1),
    Urgency.TOMORROW: (1, 2),
    Urgency.DAYS: (1, 4),
    Urgency.WEEK: (3, 8),
    Urgency.PLANNED: (8, 22),
}
_ASKING = {
    RequesterKind.GP: OrganizationType.GP_PRACTICE,
    RequesterKind.HOSPITAL: OrganizationType.HOSPITAL,
    RequesterKind.MUNICIPALITY: OrganizationType.SOCIAL_TEAM,
}
_BANDS = {"0-14": (0, 15), "15-24": (15, 25), "25-44": (25, 45), "45-64": (45, 65)}
_FIRST_NAMES = ("J.", "M.", "A.", "C.", "W.", "H.", "G.", "T.", "E.", "P.")
_LAST_NAMES = (
    *("Beukenhof", "Vlierman", "Zandkuil", "Rietsnijder", "Klaproos", "Havermans"),
    *("Duinpan", "Wilgenrijs", "Steenuil", "Kruidhof", "Merelveld", "Ooievaar"),
)


@dataclass(frozen=True)
class Drawn:
    """One invented request and the moment it comes in."""

    at: datetime
    need: Need
    requester: Requester
    patient: PatientDetails
    consent: ConsentGiven


@lru_cache(maxsize=1)
def load_profiles() -> dict[str, Any]:
    """Return the figures of ``profiles.yaml``."""
    text = files(__package__).joinpath("profiles.yaml").read_text("utf-8")
    figures: dict[str, Any] = yaml.safe_load(text)
    return figures


def weeks_for(count: int) -> float:
    """Return over how many weeks ``count`` new clients come in, here."""
    return count / weekly_new_clients(read_ground().people)


def draw_requests(
    *, count: int, start: datetime, end: datetime, seed: int
) -> list[Drawn]:
    """Return ``count`` requests that come in from ``start`` until ``end``, in order."""
    rng = np.random.default_rng([seed, 51])
    ground = read_ground()
    profiles = load_profiles()
    wijk_of, age_of = _draw_people(ground, profiles, count, rng)
    postcode_of = _draw_postcodes(ground, wijk_of, rng)
    moments = np.sort(_draw_moments(count, start, end, rng))
    asking = _asking(ground)
    providers = list_organizations([OrganizationType.HOME_CARE])
    bundles = profiles["bundles"]
    bundle_of = rng.choice(
        len(bundles), count, p=_shares([row["weight"] for row in bundles])
    )
    drawn = []
    for place in range(count):
        bundle = bundles[int(bundle_of[place])]
        at = start + timedelta(seconds=float(moments[place]))
        wijk, age = int(wijk_of[place]), int(age_of[place])
        requester = _draw_requester(profiles, asking, wijk, rng)
        drawn.append(
            Drawn(
                at=at,
                need=_draw_need(
                    profiles, bundle, str(postcode_of[place]), age, at, providers, rng
                ),
                requester=requester,
                patient=_draw_patient(age, localdate(at), rng),
                consent=ConsentGiven(
                    decision=ConsentDecision.AGREED,
                    given_by=ConsentGiver.CLIENT
                    if rng.random() < 0.8
                    else ConsentGiver.REPRESENTATIVE,
                ),
            )
        )
    return drawn


def _draw_people(
    ground: Ground, profiles: Mapping[str, Any], count: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return wijk (count,) and age in years (count,)."""
    use = profiles["use_by_age"]
    bands = list(use)
    by_wijk = list_age_bands(ground.wijken.ids.tolist())
    weights = np.array(
        [
            [by_wijk[pk].get(band, 0.0) * use[band] for band in bands]
            for pk in ground.wijken.ids.tolist()
        ]
    )
    if not weights.any():
        weights[:, -1] = 1.0
    cell = rng.choice(weights.size, count, p=weights.ravel() / weights.sum())
    wijk, band = np.divmod(cell, len(bands))
    ages = np.empty(count, dtype=np.int64)
    for place, name in enumerate(band.tolist()):
        if bands[name] in _BANDS:
            ages[place] = rng.integers(*_BANDS[bands[name]])
        else:
            ages[place] = min(99, int(rng.triangular(65, 84, 99)))
    return wijk, ages


def _draw_postcodes(
    ground: Ground, wijk_of: Ints, rng: np.random.Generator
) -> list[str]:
    places, wijk_of_place = (
        (ground.pc6, ground.pc6_wijk)
        if len(ground.pc6)
        else (ground.pc4, ground.pc4_wijk)
    )
    order = np.argsort(wijk_of_place, kind="stable")
    sorted_wijk = wijk_of_place[order]
    postcodes = []
    for wijk in wijk_of.tolist():
        first, last = np.searchsorted(sorted_wijk, [wijk, wijk + 1])
        inside = order[first:last]
        if inside.size == 0:
            pc4 = np.flatnonzero(ground.pc4_wijk == wijk)
            chosen = (
                int(pc4[0])
                if pc4.size
                else _nearest(ground.pc4.km, ground.wijken.km[wijk])
            )
            postcodes.append(ground.pc4.codes[chosen])
            continue
        people = places.people[inside] + 0.1
        postcodes.append(places.codes[int(rng.choice(inside, p=people / people.sum()))])
    return postcodes


def _nearest(km: Floats, point: Floats) -> int:
    return int(((km - point) ** 2).sum(axis=1).argmin())


def _draw_moments(
    count: int, start: datetime, end: datetime, rng: np.random.Generator
) -> Floats:
    """Return seconds after ``start``: by day mostly, fewer at weekends."""
    length = (end - start).total_seconds()
    seconds = rng.uniform(0, length, count * 8)
    moments = [start + timedelta(seconds=each) for each in seconds.tolist()]
    is_working_hour = np.array([7 <= moment.hour < 17 for moment in moments])
    is_weekend = np.array([moment.weekday() >= 5 for moment in moments])
    likely = np.where(is_working_hour, 1.0, 0.12) * np.where(is_weekend, 0.35, 1.0)
    kept = seconds[rng.random(seconds.size) < likely]
    if kept.size < count:
        kept = np.concatenate([kept, seconds])
    return kept[:count]


@dataclass(frozen=True)
class _Asking:
    """Organizations that ask, per kind, with the nearest per wijk."""

    names: dict[str, list[tuple[int, str]]]
    nearest: dict[str, Ints]


def _asking(ground: Ground) -> _Asking:
    names: dict[str, list[tuple[int, str]]] = {}
    nearest: dict[str, Ints] = {}
    for kind, organization_type in _ASKING.items():
        rows = list_organizations([organization_type])
        names[kind] = [(row.id, row.name) for row in rows]
        points = np.array(
            [[row.lon or 0.0, row.lat or 0.0] for row in rows], dtype=np.float64
        ).reshape(-1, 2)
        wijken = np.stack([ground.wijken.lon, ground.wijken.lat], axis=1)
        if len(rows):
            scale = np.array([0.61, 1.0])
            nearest[kind] = np.array(
                [
                    ((points - wijk) * scale).__pow__(2).sum(axis=1).argsort()[:3]
                    for wijk in wijken
                ]
            )
    return _Asking(names, nearest)


def _draw_requester(
    profiles: Mapping[str, Any],
    asking: _Asking,
    wijk: int,
    rng: np.random.Generator,
) -> Requester:
    kind = RequesterKind(_draw(profiles["requester"], rng))
    phone = f"0119-{rng.integers(100000, 999999)}"
    name = f"{rng.choice(_FIRST_NAMES)} {rng.choice(_LAST_NAMES)}"
    if kind == RequesterKind.FAMILY or not asking.names.get(kind):
        return Requester(RequesterKind.FAMILY, name, phone)
    organization_id, organization = asking.names[kind][
        int(rng.choice(asking.nearest[kind][wijk]))
    ]
    return Requester(kind, f"{name}, {organization}"[:120], phone, organization_id)


def _draw_need(
    profiles: Mapping[str, Any],
    bundle: Mapping[str, Any],
    postcode: str,
    age: int,
    at: datetime,
    providers: Sequence[Any],
    rng: np.random.Generator,
) -> Need:
    urgency = Urgency(_draw(profiles["urgency"], rng))

    def maybe_provider(share: str) -> int | None:
        if not providers or rng.random() >= profiles[share]:
            return None
        return int(providers[int(rng.integers(len(providers)))].id)

    refused = maybe_provider("share_refuses_provider")
    has_order = needs_order(bundle["tasks"])
    return Need(
        postcode=postcode,
        tasks=tuple(bundle["tasks"]),
        parts_of_day=tuple(bundle["parts"]),
        first_visit_on=localdate(at)
        + timedelta(days=int(rng.integers(*_DAYS_AHEAD[urgency]))),
        urgency=urgency,
        urgency_reason=_why(urgency, bundle["tasks"], rng),
        age=age,
        language=_draw(profiles["languages"], rng),
        insurer=str(rng.choice(INSURERS)),
        order_present=Presence.YES if has_order else Presence.NOT_NEEDED,
        materials_present=Presence.YES if has_order else Presence.NOT_NEEDED,
        preferred_organization_id=maybe_provider("share_prefers_provider"),
        known_organization_id=maybe_provider("share_known_to_provider"),
        refused_organization_ids=() if refused is None else (refused,),
    )


def _why(urgency: Urgency, tasks: Sequence[str], rng: np.random.Generator) -> str:
    if "palliative" in tasks:
        return UrgencyReason.END_OF_LIFE
    if urgency in (Urgency.PLANNED, Urgency.WEEK):
        return UrgencyReason.PLANNED
    return str(
        rng.choice(
            [
                UrgencyReason.DISCHARGE.value,
                UrgencyReason.DISCHARGE.value,
                UrgencyReason.DECLINE.value,
                UrgencyReason.CARER.value,
                UrgencyReason.TREATMENT.value,
            ]
        )
    )


def _draw_patient(age: int, today: date, rng: np.random.Generator) -> PatientDetails:
    day = date(today.year - age, 1, 1) - timedelta(days=int(rng.integers(0, 300)))
    return PatientDetails(
        name=f"{rng.choice(_FIRST_NAMES)} {rng.choice(_LAST_NAMES)} (verzonnen)",
        birth_date=day,
        address=f"Verzonnenstraat {int(rng.integers(1, 200))}",
        phone=f"06-0{rng.integers(1000000, 9999999)}",
    )


def _draw(weights: Mapping[str, float], rng: np.random.Generator) -> str:
    names = list(weights)
    return names[int(rng.choice(len(names), p=_shares(list(weights.values()))))]


def _shares(weights: Sequence[float]) -> Floats:
    values = np.asarray(weights, dtype=np.float64)
    shares: Floats = values / values.sum()
    return shares
