"""What do publishers say of the use of district nursing: by age, place and health?

Measured in the files themselves, per gemeente of 2022:

- which curves of spending by age (CPB) explain the users per gemeente (CBS 2015) best
  gives the shape of use by age; its level is that of Vektis 2021;
- how much more is used where more people of 65 and over are limited by their health
  (RIVM 2020) gives what health of a place means;
- cost per gemeente against what age and health explain gives where more or less care
  is given than elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray
from scipy.optimize import nnls

from wijkspil.directory.importing.scope import fold
from wijkspil.insight.engine_io.need import (
    INHABITANTS,
    CareUse,
    clients_at_a_moment,
    hours_by_age,
    national_use,
)
from wijkspil.insight.services import open_data_files as files
from wijkspil.insight.services.open_data_files import Folder
from wijkspil.insight.types import Assumption, Place

Floats = NDArray[np.float64]

#: Gemeenten of 2015 that are wholly in another one in 2022 (herindelingen 2016-2022).
MERGED: Mapping[str, str] = {
    old: new
    for new, names in {
        "Altena": ("Aalburg", "Werkendam", "Woudrichem"),
        "Beekdaelen": ("Nuth", "Onderbanken", "Schinnen"),
        "Dijk en Waard": ("Heerhugowaard", "Langedijk"),
        "Eemsdelta": ("Appingedam", "Delfzijl", "Loppersum"),
        "Groningen": ("Haren", "Ten Boer"),
        "Haarlemmermeer": ("Haarlemmerliede en Spaarnwoude",),
        "Het Hogeland": ("Bedum", "De Marne", "Eemsmond", "Winsum"),
        "Hoeksche Waard": (
            "Binnenmaas", "Cromstrijen", "Korendijk", "Oud-Beijerland", "Strijen",
        ),
        "Land van Cuijk": (
            "Boxmeer", "Cuijk", "Grave", "Mill en Sint Hubert", "Sint Anthonis",
        ),
        "Leeuwarden": ("Leeuwarderadeel",),
        "Maashorst": ("Landerd", "Uden"),
        "Meierijstad": ("Schijndel", "Sint-Oedenrode", "Veghel"),
        "Midden-Groningen": ("Hoogezand-Sappemeer", "Menterwolde", "Slochteren"),
        "Molenlanden": ("Giessenlanden", "Molenwaard"),
        "Noardeast-Fryslan": (
            "Dongeradeel", "Ferwerderadiel", "Kollumerland en Nieuwkruisland",
        ),
        "Noordwijk": ("Noordwijkerhout",),
        "Purmerend": ("Beemster",),
        "Vijfheerenlanden": ("Leerdam", "Vianen", "Zederik"),
        "Waadhoeke": ("Franekeradeel", "Menameradiel", "het Bildt"),
        "West Betuwe": ("Geldermalsen", "Lingewaal", "Neerijnen"),
        "Westerkwartier": ("Grootegast", "Leek", "Marum", "Zuidhorn"),
        "Westerwolde": ("Bellingwedde", "Vlagtwedde"),
        "Zevenaar": ("Rijnwaarden",),
    }.items()
    for old in names
}  # fmt: skip

#: Of a difference in use between gemeenten, how much is need and not supply.
NEED_SHARE = (0.2, 0.8)
#: Fewer gemeenten than this say nothing of health or of age.
_ENOUGH = 30
_BETA_ASSUMED = 1.0
#: Of one gemeente a deviation beyond this is rather a fault in its figures.
_RATIO_RANGE = (0.5, 2.0)
_NATION = "NL01"
#: Spending under the Wlz before 65 is for people with a disability.
_WORKING_BAND = 12
_MOST_NAMES = 10
#: Half an 80 % interval of a normal spread, in standard deviations.
_NORMAL_90 = 1.2815515655446004
_FIRST_OLD = 13


@dataclass(frozen=True, eq=False)
class PlaceCare:
    """What is known of care per place, relative to age alone.

    ``health`` and ``ratio`` are (places,) factors around 1: need by health, and care
    given in the gemeente. ``need_share`` is the 80 % interval of the part of
    ``ratio`` that is need.
    """

    use: CareUse
    health: Floats
    ratio: Floats
    need_share: tuple[float, float]
    assumptions: tuple[Assumption, ...]


@dataclass(frozen=True, eq=False)
class _Used:
    """Users and euro of 2015 by gemeente of 2022, and what did not match."""

    users: dict[str, float]
    euro: dict[str, float]
    unmatched: tuple[str, ...]
    unmatched_users: float


def measure_care(
    folder: Folder,
    gemeenten: Mapping[str, files.GemeenteRow],
    people: Mapping[str, Floats],
    places: Sequence[Place],
    health_codes: Sequence[Sequence[tuple[str, float]]],
) -> PlaceCare:
    """Return use by age and what deviates from it per place.

    ``people`` is (2, 20) by gemeente; ``health_codes`` the areas whose health a place
    has, with their share, most first.
    """
    assumptions: list[Assumption] = []
    used = None
    if folder.has(files.USE_FILE):
        used = _match(files.read_use(folder), gemeenten)
        assumptions.extend(_say_match(used))
    use = _use_by_age(folder, used, people, assumptions)
    health = files.read_health(folder) if folder.has(files.HEALTH_FILE) else {}
    beta, relative = _health_effect(health, used, people, use, assumptions)
    factor = np.array(
        [
            _health_of(codes, place, relative) ** beta
            for codes, place in zip(health_codes, places, strict=True)
        ]
    )
    by_gemeente = _ratios(used, people, use, relative, beta, assumptions)
    ratio = np.array([by_gemeente.get(place.gemeente, 1.0) for place in places])
    return PlaceCare(use, factor, ratio, NEED_SHARE, tuple(assumptions))


def _match(
    rows: Sequence[files.UseRow], gemeenten: Mapping[str, files.GemeenteRow]
) -> _Used:
    code_of = {fold(row.name): row.code for row in gemeenten.values()}
    merged = {fold(old): fold(new) for old, new in MERGED.items()}
    users: dict[str, float] = {}
    euro: dict[str, float] = {}
    unmatched, left = [], 0.0
    for row in rows:
        name = fold(row.gemeente)
        code = code_of.get(name) or code_of.get(merged.get(name, ""))
        if code is None:
            unmatched.append(row.gemeente)
            left += float(np.nan_to_num(row.users))
            continue
        users[code] = users.get(code, 0.0) + row.users
        euro[code] = euro.get(code, 0.0) + row.euro
    return _Used(users, euro, tuple(sorted(unmatched)), left)


def _say_match(used: _Used) -> list[Assumption]:
    source = gettext_noop(
        "CBS, use and cost of care per gemeente 2015; mergers 2016-2022"
    )
    found = [
        Assumption(
            key="use-division",
            text=gettext_noop(
                "Use of 2015 is by the gemeenten of then; %(count)s gemeenten of 2022 "
                "have a figure, by name or by merger."
            ),
            values={"count": len(used.users)},
            source=source,
            status="measured",
        )
    ]
    if used.unmatched:
        shown = ", ".join(used.unmatched[:_MOST_NAMES])
        more = len(used.unmatched) - _MOST_NAMES
        found.append(
            Assumption(
                key="use-unmatched",
                text=gettext_noop(
                    "Gemeenten of 2015 that were divided over others, or are not in "
                    "the region file, are left out: %(names)s; %(users)s users."
                ),
                values={
                    "names": shown + (f" (+{more})" if more > 0 else ""),
                    "users": round(used.unmatched_users),
                },
                source=source,
                status="measured",
            )
        )
    return found


def _use_by_age(
    folder: Folder,
    used: _Used | None,
    people: Mapping[str, Floats],
    assumptions: list[Assumption],
) -> CareUse:
    """Return use by age: curves of spending that explain users per gemeente best."""
    codes = _known(used, people)
    has_curves = folder.has(files.COST_BY_AGE_FILE)
    by_age = files.read_cost_by_age(folder) if has_curves else None
    if used is None or len(codes) < _ENOUGH or by_age is None:
        plain = national_use()
        assumptions.append(
            Assumption(
                key="use-by-age",
                text=gettext_noop(
                    "Use by age is that of the product: the files do not give it."
                ),
                source=plain.source,
                status="assumed",
            )
        )
        return plain
    curves = _curves(by_age)
    counts = np.array([people[code].sum(axis=0) for code in codes])
    users = np.array([used.users[code] for code in codes])
    weight = 1 / np.sqrt(np.maximum(counts.sum(axis=1), 1))
    parts, _residual = nnls((counts @ curves) * weight[:, None], users * weight)
    rate = curves @ parts
    left = ((users - counts @ rate) ** 2 * weight**2).sum()
    flat = users.sum() / counts.sum() * counts.sum(axis=1)
    explained = 1 - left / ((users - flat) ** 2 * weight**2).sum()
    stock, stay_years = clients_at_a_moment()
    everybody = np.sum([each.sum(axis=0) for each in people.values()], axis=0)
    level = stock * everybody.sum() / INHABITANTS / float(everybody @ rate)
    assumptions.append(
        Assumption(
            key="use-by-age",
            text=gettext_noop(
                "Use by age has the shape of spending under the Zvw and, from 65 on, "
                "the Wlz: the mix that explains users per gemeente best (%(part)s %% "
                "of the differences per inhabitant). Men and women use the same. "
                "Level: %(clients)s clients at a moment in the country, from people in "
                "care in a year and in a month of 2021."
            ),
            values={"part": round(100 * explained), "clients": round(stock)},
            source=gettext_noop("CPB 2022; CBS 2015; Vektis, factsheet 2022"),
            status="assumed",
        )
    )
    return CareUse(
        use=np.minimum(rate * level, 1.0),
        hours=hours_by_age(),
        stay_years=stay_years,
        source="CPB, CBS and Vektis, fitted",
    )


def _curves(by_age: Floats) -> Floats:
    """Return (20, 2) spending by band: Zvw, and what the Wlz has more from 65 on."""
    bands = np.array(
        [by_age[low : low + 5].mean(axis=0) for low in range(0, 95, 5)]
        + [by_age[95:].mean(axis=0)]
    )
    zvw, wlz = bands[:, 0], bands[:, 1]
    more = np.maximum(wlz - wlz[_WORKING_BAND], 0.0)
    more[:_FIRST_OLD] = 0.0
    return np.stack([zvw, more], axis=1)


def _known(used: _Used | None, people: Mapping[str, Floats]) -> list[str]:
    if used is None:
        return []
    return [
        code
        for code in people
        if np.isfinite(used.users.get(code, np.nan)) and people[code].sum() > 0
    ]


def _health_effect(
    health: Mapping[str, float],
    used: _Used | None,
    people: Mapping[str, Floats],
    use: CareUse,
    assumptions: list[Assumption],
) -> tuple[float, dict[str, float]]:
    """Return the elasticity of use by health, and health relative to the country."""
    nation = health.get(_NATION)
    if not nation:
        return 0.0, {}
    relative = {code: value / nation for code, value in health.items() if value > 0}
    codes = [code for code in _known(used, people) if code in relative]
    differs = len({relative[code] for code in codes}) > 1
    if used is None or len(codes) < _ENOUGH or not differs:
        assumptions.append(
            Assumption(
                key="health",
                text=gettext_noop(
                    "Need grows as the share of people of 65 and over who are limited "
                    "by their health: one percent more of them is one percent more "
                    "need, between 0.5 and 1.5."
                ),
                source=gettext_noop("RIVM 50090NED, 2020; elasticity assumed"),
                status="assumed",
            )
        )
        return _BETA_ASSUMED, relative
    expected = np.array([people[code].sum(axis=0) @ use.use for code in codes])
    users = np.array([used.users[code] for code in codes])
    y = np.log(np.maximum(users, 1) / (expected * users.sum() / expected.sum()))
    x = np.log([relative[code] for code in codes])
    design = np.stack([np.ones(len(x)), x], axis=1)
    root = np.sqrt(expected)[:, None]
    inverse = np.linalg.inv((design * root).T @ (design * root))
    found = inverse @ (design * root).T @ (y * root[:, 0])
    left = y * root[:, 0] - (design * root) @ found
    error = float(np.sqrt(left @ left / (len(x) - 2) * inverse[1, 1]))
    beta = float(np.clip(found[1], 0.0, 2.0))
    assumptions.append(
        Assumption(
            key="health",
            text=gettext_noop(
                "Where 1 %% more people of 65 and over are limited by their health, "
                "use is %(more)s %% higher at the same age (%(count)s gemeenten; 80 %% "
                "interval %(low)s to %(high)s). Taken over for wijken and postcodes."
            ),
            values={
                "more": round(beta, 2),
                "count": len(codes),
                "low": round(beta - _NORMAL_90 * error, 2),
                "high": round(beta + _NORMAL_90 * error, 2),
            },
            source=gettext_noop("RIVM 50090NED, 2020 (model estimates); CBS, use 2015"),
            status="assumed",
        )
    )
    return beta, relative


def _health_of(
    codes: Sequence[tuple[str, float]], place: Place, relative: Mapping[str, float]
) -> float:
    """Return health of a place against the country: its wijken, else its gemeente."""
    known = [(relative[code], share) for code, share in codes if code in relative]
    weight = sum(share for _value, share in known)
    if weight > 0:
        return sum(value * share for value, share in known) / weight
    return relative.get(place.gemeente, 1.0)


def _ratios(
    used: _Used | None,
    people: Mapping[str, Floats],
    use: CareUse,
    relative: Mapping[str, float],
    beta: float,
    assumptions: list[Assumption],
) -> dict[str, float]:
    """Return cost of 2015 against what age and health explain, by gemeente."""
    if used is None:
        return {}
    codes = [
        code
        for code in _known(used, people)
        if np.isfinite(used.euro.get(code, np.nan))
    ]
    if not codes:
        return {}
    by_age = use.use * use.hours
    expected = np.array(
        [
            (people[code].sum(axis=0) @ by_age) * relative.get(code, 1.0) ** beta
            for code in codes
        ]
    )
    euro = np.array([used.euro[code] for code in codes])
    ratio = np.clip(euro / (expected * euro.sum() / expected.sum()), *_RATIO_RANGE)
    low, high = np.quantile(ratio, (0.1, 0.9))
    assumptions.append(
        Assumption(
            key="use-of-gemeente",
            text=gettext_noop(
                "Care given per gemeente follows cost of 2015: %(low)s to %(high)s "
                "times (8 of 10 gemeenten) what age and health explain. Of such a "
                "difference %(least)s to %(most)s %% is taken as need and the rest as "
                "supply; nobody published that part. %(unknown)s gemeenten have no "
                "figure and count as 1."
            ),
            values={
                "low": round(float(low), 2),
                "high": round(float(high), 2),
                "least": round(100 * NEED_SHARE[0]),
                "most": round(100 * NEED_SHARE[1]),
                "unknown": len(people) - len(codes),
            },
            source=gettext_noop("CBS, use and cost of care per gemeente 2015"),
            status="assumed",
        )
    )
    return dict(zip(codes, ratio.tolist(), strict=True))
