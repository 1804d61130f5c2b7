"""What every figure means: the only place where an indicator is defined.

Numerator over denominator times ``factor`` is the value; over fewer than ``smallest``
people, requests or answers it is withheld. No norm stands here without a source, and
no indicator is renamed: figures of years are compared by their code. Counting itself
is in ``services.counting``; projecting in ``engine_io``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from wijkspil.insight.types import Better, Indicator, Scale, Theme

#: Fewer people or requests than this could point at a person.
SMALL = 5
#: Of fewer people a percentage says nothing, and could point at a person.
SMALL_SHARE = 10

_HOURS = _("hours a week")
_PERCENT = _("%")
_PEOPLE = _("people")
_MINUTES = _("minutes")
_INHABITANTS = _("Inhabitants")
_SENT = _("Requests sent in the period")
_PLACED = _("Requests placed in the period")
_REQUESTS = _("Requests and answers in Wijkspil")
_REPORTS = _("What teams reported of their room in Wijkspil")
_PRACTICES = _("GP practices and their lists in Wijkspil, travel times estimated")
_ESTIMATE = _("Inhabitants by age, national use of care, and requests in Wijkspil")
_PROVIDERS = _("Brought in by providers, checked by Wijkspil")
_PROJECTED = _("Projected from a scenario")
_NATIONAL_USE = "Vektis, Factsheet wijkverpleging 2022 (vektis.nl)"
_E2SFCA = (
    "Luo and Qi, Health and Place 15 (2009), doi:10.1016/j.healthplace.2009.06.002; "
    "weights 1, 0.68 and 0.22 within 10, 20 and 30 minutes"
)
_QUARTER_HOUR = (
    "15 minutes is the effort norm for an urgent visit, not for a consultation (ad.nl)"
)

_GAP = (
    Indicator(
        code="need_hours",
        theme=Theme.GAP,
        name=_("Need of district nursing"),
        definition=_(
            "Hours of district nursing a week that people who live here need: what "
            "people of their age use on average in the country, plus what was asked "
            "and not placed. Fewer than 5 open requests in a wijk are spread over the "
            "region."
        ),
        numerator=_("Hours a week used and asked"),
        denominator=_INHABITANTS,
        unit=_HOURS,
        source=_ESTIMATE,
        scale=Scale.SUM,
        better=Better.NEITHER,
        smallest=SMALL_SHARE,
        reference=_NATIONAL_USE,
    ),
    Indicator(
        code="capacity_hours",
        theme=Theme.GAP,
        name=_("Capacity of district nursing"),
        definition=_(
            "Hours of district nursing a week that teams can give here: what they "
            "give now, plus the room they report. A report that is too old counts as "
            "no room."
        ),
        numerator=_("Hours a week given and free"),
        denominator=_INHABITANTS,
        unit=_HOURS,
        source=_ESTIMATE,
        scale=Scale.SUM,
        better=Better.HIGHER,
        smallest=SMALL_SHARE,
    ),
    Indicator(
        code="gap_hours",
        theme=Theme.GAP,
        name=_("Gap between need and capacity"),
        definition=_(
            "Need less capacity, in hours a week. Above 0 care falls short; below 0 "
            "there is room. Per part of the day: hours asked and not placed, less "
            "hours free."
        ),
        numerator=_("Need less capacity, hours a week"),
        denominator=_INHABITANTS,
        unit=_HOURS,
        source=_ESTIMATE,
        scale=Scale.SUM,
        better=Better.LOWER,
        smallest=SMALL_SHARE,
        is_headline=True,
    ),
    Indicator(
        code="gap_share",
        theme=Theme.GAP,
        name=_("Gap as part of the need"),
        definition=_("Need less capacity, as a part of the need."),
        numerator=_("Need less capacity, hours a week"),
        denominator=_("Need, hours a week"),
        unit=_PERCENT,
        source=_ESTIMATE,
        scale=Scale.RATIO,
        better=Better.LOWER,
        factor=100.0,
        decimals=1,
        is_headline=True,
    ),
    Indicator(
        code="gap_fte",
        theme=Theme.GAP,
        name=_("Gap in full-time workers"),
        definition=_(
            "Full-time workers that are missing to give the hours that fall short."
        ),
        numerator=_("Full-time workers missing"),
        denominator=_INHABITANTS,
        unit=_("full-time workers"),
        source=_PROJECTED,
        scale=Scale.SUM,
        better=Better.LOWER,
        decimals=1,
        smallest=SMALL_SHARE,
    ),
    Indicator(
        code="gap_chance",
        theme=Theme.GAP,
        name=_("Chance that care falls short"),
        definition=_("Part of the computed futures in which need exceeds capacity."),
        numerator=_("Futures with a gap"),
        denominator=_("Futures computed"),
        unit=_PERCENT,
        source=_PROJECTED,
        scale=Scale.OWN,
        better=Better.LOWER,
        factor=100.0,
    ),
    Indicator(
        code="clients",
        theme=Theme.GAP,
        name=_("People with district nursing"),
        definition=_(
            "People in care in a month, estimated from age and the national use. In "
            "a year about twice as many people get care: many need it briefly."
        ),
        numerator=_("People in care in a month"),
        denominator=_INHABITANTS,
        unit=_PEOPLE,
        source=_ESTIMATE,
        scale=Scale.SUM,
        better=Better.NEITHER,
        smallest=SMALL_SHARE,
        reference=_NATIONAL_USE,
    ),
    Indicator(
        code="room_teams_share",
        theme=Theme.GAP,
        name=_("Teams with room"),
        definition=_(
            "Teams with room for at least one new client, of the teams that work here "
            "and whose report is not too old."
        ),
        numerator=_("Teams with room"),
        denominator=_("Teams with a report that counts"),
        unit=_PERCENT,
        source=_REPORTS,
        scale=Scale.OWN,
        better=Better.HIGHER,
        factor=100.0,
    ),
    Indicator(
        code="asked_hours",
        theme=Theme.GAP,
        name=_("Hours asked and not placed"),
        definition=_(
            "Hours a week of requests that no team has taken yet, or that no team "
            "took in the last 4 weeks."
        ),
        numerator=_("Hours a week asked"),
        denominator=_("Requests"),
        unit=_HOURS,
        source=_REQUESTS,
        scale=Scale.SUM,
        better=Better.LOWER,
        decimals=1,
        smallest=SMALL,
    ),
    Indicator(
        code="free_hours",
        theme=Theme.GAP,
        name=_("Hours free"),
        definition=_(
            "Hours a week that teams can still give to new clients, as they reported. "
            "A team that works in more than one wijk is spread by inhabitants. Where "
            "a team reports places and no hours, the usual hours of such clients are "
            "taken."
        ),
        numerator=_("Hours a week free"),
        denominator=_("Teams with a report that counts"),
        unit=_HOURS,
        source=_REPORTS,
        scale=Scale.SUM,
        better=Better.HIGHER,
        decimals=1,
    ),
    Indicator(
        code="unmet_requests",
        theme=Theme.GAP,
        name=_("Times that no team had room"),
        definition=_(
            "Searches for room to which no team had room, and requests that were not "
            "placed, in the period."
        ),
        numerator=_("Searches and requests without room"),
        denominator=_("Searches and requests without room"),
        unit=_("times"),
        source=_("The ledger of unmet demand in Wijkspil"),
        scale=Scale.SUM,
        better=Better.LOWER,
        smallest=SMALL,
    ),
)

_WAITING = (
    Indicator(
        code="placement_minutes_median",
        theme=Theme.WAITING,
        name=_("Usual time until a team takes a request"),
        definition=_(
            "Half of the requests were taken by a team within this time after they "
            "were sent; the other half took longer."
        ),
        numerator=_("Minutes from sending until a team accepts"),
        denominator=_PLACED,
        unit=_MINUTES,
        source=_REQUESTS,
        scale=Scale.OWN,
        better=Better.LOWER,
        smallest=SMALL,
        is_headline=True,
    ),
    Indicator(
        code="placed_share",
        theme=Theme.WAITING,
        name=_("Placed within 24 hours"),
        definition=_("Requests that a team took within 24 hours after sending."),
        numerator=_("Requests placed within 24 hours"),
        denominator=_("Requests sent in the period, at least 24 hours ago"),
        unit=_PERCENT,
        source=_REQUESTS,
        scale=Scale.RATIO,
        better=Better.HIGHER,
        factor=100.0,
        smallest=SMALL_SHARE,
        reference="",
    ),
    Indicator(
        code="open_requests",
        theme=Theme.WAITING,
        name=_("Requests that wait"),
        definition=_("Requests that no team has taken yet, at the last refresh."),
        numerator=_("Requests that wait"),
        denominator=_("Requests that wait"),
        unit=_("requests"),
        source=_REQUESTS,
        scale=Scale.SUM,
        better=Better.LOWER,
        smallest=SMALL,
    ),
    Indicator(
        code="own_team_share",
        theme=Theme.WAITING,
        name=_("Placed with the own team of the wijk"),
        definition=_("Placed requests that went to the own team of the wijk."),
        numerator=_("Requests placed with the own team"),
        denominator=_PLACED,
        unit=_PERCENT,
        source=_REQUESTS,
        scale=Scale.RATIO,
        better=Better.HIGHER,
        factor=100.0,
        smallest=SMALL_SHARE,
    ),
    Indicator(
        code="no_room_declines_share",
        theme=Theme.WAITING,
        name=_("Declined because there was no room"),
        definition=_(
            "Of all times that a team declined, how often that was for lack of room, "
            "illness in the team, the part of the day or a missing skill."
        ),
        numerator=_("Declined for lack of room"),
        denominator=_("Times that a team declined"),
        unit=_PERCENT,
        source=_REQUESTS,
        scale=Scale.RATIO,
        better=Better.LOWER,
        factor=100.0,
        smallest=SMALL_SHARE,
    ),
)

_GP = (
    Indicator(
        code="gp_places_per_1000",
        theme=Theme.GP,
        name=_("GP places within reach"),
        definition=_(
            "Places on lists of GP practices within 30 minutes by car, per 1,000 "
            "people, shared with everybody who can reach the same practice; nearby "
            "counts more (10, 20, 30 minutes)."
        ),
        numerator=_("Places, shared by who can reach them"),
        denominator=_INHABITANTS,
        unit=_("places per 1,000 people"),
        source=_PRACTICES,
        scale=Scale.RATIO,
        better=Better.HIGHER,
        factor=1000.0,
        reference=_E2SFCA,
        is_headline=True,
    ),
    Indicator(
        code="gp_nearest_min",
        theme=Theme.GP,
        name=_("Time to the nearest GP practice"),
        definition=_("Minutes by car to the nearest practice, mean of inhabitants."),
        numerator=_("Minutes times inhabitants"),
        denominator=_INHABITANTS,
        unit=_MINUTES,
        source=_PRACTICES,
        scale=Scale.RATIO,
        better=Better.LOWER,
        decimals=1,
        reference=_QUARTER_HOUR,
    ),
    Indicator(
        code="gp_choice",
        theme=Theme.GP,
        name=_("GP practices to choose from"),
        definition=_("Practices within 15 minutes by car, mean of inhabitants."),
        numerator=_("Practices times inhabitants"),
        denominator=_INHABITANTS,
        unit=_("practices"),
        source=_PRACTICES,
        scale=Scale.RATIO,
        better=Better.HIGHER,
        decimals=1,
    ),
    Indicator(
        code="gp_open_share",
        theme=Theme.GP,
        name=_("People with an open GP practice nearby"),
        definition=_(
            "Inhabitants with a practice within 15 minutes by car that takes new "
            "patients."
        ),
        numerator=_("Inhabitants with an open practice within 15 minutes"),
        denominator=_INHABITANTS,
        unit=_PERCENT,
        source=_PRACTICES,
        scale=Scale.RATIO,
        better=Better.HIGHER,
        factor=100.0,
    ),
    Indicator(
        code="gp_stop_share",
        theme=Theme.GP,
        name=_("GP practices with a patient stop"),
        definition=_(
            "Practices that take no new patients, of the practices that told it."
        ),
        numerator=_("Practices with a stop"),
        denominator=_("Practices that told it"),
        unit=_PERCENT,
        source=_("Lists of practices in Wijkspil"),
        scale=Scale.RATIO,
        better=Better.LOWER,
        factor=100.0,
        is_headline=True,
    ),
    Indicator(
        code="gp_wishes",
        theme=Theme.GP,
        name=_("People who look for another GP"),
        definition=_("People of households that wait for a place with a GP practice."),
        numerator=_("People who wait"),
        denominator=_("People who wait"),
        unit=_PEOPLE,
        source=_("Wishes in Wijkspil"),
        scale=Scale.SUM,
        better=Better.LOWER,
        smallest=SMALL,
    ),
)

_NIGHT = (
    Indicator(
        code="night_covered_share",
        theme=Theme.NIGHT,
        name=_("Hours with a nurse on duty"),
        definition=_(
            "Hours outside 7.00-17.00 on weekdays, in the 7 days from the refresh on, "
            "in which a team or a nurse is on duty for all of the wijk, weighed by "
            "inhabitants. Who answers for the whole region does not count."
        ),
        numerator=_("Covered hours times inhabitants"),
        denominator=_("Hours times inhabitants"),
        unit=_PERCENT,
        source=_("Duty schedules in Wijkspil"),
        scale=Scale.RATIO,
        better=Better.HIGHER,
        factor=100.0,
        decimals=1,
        is_headline=True,
    ),
    Indicator(
        code="night_arrival_min_median",
        theme=Theme.NIGHT,
        name=_("Usual time until a nurse is there"),
        definition=_(
            "In half of the unplanned calls a nurse was with the client within this "
            "time after the call; in the other half it took longer."
        ),
        numerator=_("Minutes from the call until the nurse is there"),
        denominator=_("Calls in which a nurse came"),
        unit=_MINUTES,
        source=_("Unplanned calls in Wijkspil"),
        scale=Scale.OWN,
        better=Better.LOWER,
        smallest=SMALL,
    ),
)

_QUALITY = (
    Indicator(
        code="prem_score",
        theme=Theme.QUALITY,
        name=_("What clients say of their care (PREM)"),
        definition=_(
            "Mean of the questions on experience in the PREM for district nursing, on "
            "a scale from 1 to 10."
        ),
        numerator=_("Sum of the scores"),
        denominator=_("Clients who answered"),
        unit=_("points, 1 to 10"),
        source=_PROVIDERS,
        scale=Scale.RATIO,
        better=Better.HIGHER,
        decimals=1,
        smallest=SMALL_SHARE,
        reference="PREM wijkverpleging (kwaliteitwijkverpleging.nl)",
    ),
    Indicator(
        code="unplanned_hospital_share",
        theme=Theme.QUALITY,
        name=_("Clients who went to hospital unplanned"),
        definition=_(
            "Clients who went to hospital without an appointment, of all clients in "
            "the period. The register has no public definition of who counts: "
            "compare with care."
        ),
        numerator=_("Clients with an unplanned visit to hospital"),
        denominator=_("Clients in the period"),
        unit=_PERCENT,
        source=_PROVIDERS,
        scale=Scale.RATIO,
        better=Better.LOWER,
        factor=100.0,
        decimals=1,
        smallest=SMALL_SHARE,
        reference="Zorginzicht, Openbaar Register (zorginzicht.nl), since 2020-04-01",
    ),
    Indicator(
        code="carer_strain_share",
        theme=Theme.QUALITY,
        name=_("Informal carers under heavy strain"),
        definition=_(
            "Carers with 9 or more points of 15 on the EDIZ-plus, or 7 or more of 13 "
            "on the CSI, of the carers who filled it in."
        ),
        numerator=_("Carers under heavy strain"),
        denominator=_("Carers who filled it in"),
        unit=_PERCENT,
        source=_PROVIDERS,
        scale=Scale.RATIO,
        better=Better.LOWER,
        factor=100.0,
        decimals=1,
        smallest=SMALL_SHARE,
        reference="EDIZ-plus: TGG 2012;43:77 (instrumentwijzer.nl); CSI: zorgstroom.nl",
    ),
)

_WHO = (
    Indicator(
        code="population",
        theme=Theme.PEOPLE,
        name=_INHABITANTS,
        definition=_("People who live here."),
        numerator=_INHABITANTS,
        denominator=_INHABITANTS,
        unit=_PEOPLE,
        source=_("CBS, in the year of the division in use"),
        scale=Scale.SUM,
        better=Better.NEITHER,
    ),
    Indicator(
        code="population_75plus_share",
        theme=Theme.PEOPLE,
        name=_("People of 75 and over"),
        definition=_(
            "Inhabitants of 75 and over. Where only those of 65 and over are known, "
            "they are split as in the country."
        ),
        numerator=_("Inhabitants of 75 and over"),
        denominator=_INHABITANTS,
        unit=_PERCENT,
        source=_("CBS, in the year of the division in use"),
        scale=Scale.RATIO,
        better=Better.NEITHER,
        factor=100.0,
        decimals=1,
        smallest=SMALL_SHARE,
    ),
    Indicator(
        code="income_low_share",
        theme=Theme.PEOPLE,
        name=_("People with a low income"),
        definition=_("Inhabitants in the lowest income group of the country."),
        numerator=_("Inhabitants with a low income"),
        denominator=_INHABITANTS,
        unit=_PERCENT,
        source=_("CBS, Kerncijfers wijken en buurten"),
        scale=Scale.RATIO,
        better=Better.NEITHER,
        factor=100.0,
        decimals=1,
        smallest=SMALL_SHARE,
    ),
)

#: Every indicator by its code, in the order in which pages show them.
INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {one.code: one for one in (*_GAP, *_WAITING, *_GP, *_NIGHT, *_QUALITY, *_WHO)}
)
#: These are brought in by providers, with their lowest and highest possible value.
UPLOADED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "prem_score": (1.0, 10.0),
        "unplanned_hospital_share": (0.0, 100.0),
        "carer_strain_share": (0.0, 100.0),
    }
)
#: These exist for years to come.
PROJECTED = (
    "need_hours",
    "capacity_hours",
    "gap_hours",
    "gap_share",
    "gap_fte",
    "clients",
    "gap_chance",
    "gp_places_per_1000",
)


def list_of_theme(theme: Theme) -> list[Indicator]:
    """Return the indicators of a theme, in the order of the page."""
    return [one for one in INDICATORS.values() if one.theme == theme]


def list_headlines() -> list[Indicator]:
    """Return what a page opens with."""
    return [one for one in INDICATORS.values() if one.is_headline]
