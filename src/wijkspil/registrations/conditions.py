"""Which conditions of a list does a household not meet?

One rule for everybody who asks: finding a practice, registering directly, the choices
of a round and the page of the practice. Nothing here is about health.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from wijkspil.registrations.types import Conditions, Unmet


def check_conditions(
    conditions: Conditions,
    *,
    postcode: str,
    minutes: float | None,
    has_member: bool,
    bands: Sequence[str],
    taken_of_band: Mapping[str, int],
) -> tuple[Unmet, ...]:
    """Return the conditions that are not met, in a fixed order; empty: it fits.

    Parameters
    ----------
    postcode
        Of the household, "2512AB"; a condition may be a PC4 or a PC6.
    minutes
        By car from the practice; None where it is not known, and then it is no bar.
    has_member
        Whether somebody of the household is on the list of this practice already.
    bands
        Age band of each member that comes.
    taken_of_band
        People per age band that the list took this month.
    """
    unmet: list[Unmet] = []
    if conditions.postcodes and not postcode.startswith(conditions.postcodes):
        unmet.append(Unmet.POSTCODE)
    most = conditions.most_minutes
    if most is not None and minutes is not None and minutes > most:
        unmet.append(Unmet.MINUTES)
    if conditions.only_with_member and not has_member:
        unmet.append(Unmet.MEMBER)
    coming = Counter(bands)
    if any(
        band in coming and taken_of_band.get(band, 0) + coming[band] > cap
        for band, cap in conditions.most_of_band.items()
    ):
        unmet.append(Unmet.BAND)
    return tuple(unmet)
