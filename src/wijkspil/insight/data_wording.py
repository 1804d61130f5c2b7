"""Data in the reader's language: assumptions, reasons of the engine, sources.

Data says its text as an English message, with values kept apart; it is translated
where it is shown, so that readers of two languages read one run. What people wrote
themselves is no message and is shown as it is.
"""

from collections.abc import Mapping

from django.utils.translation import gettext

from wijkspil.insight.scenario_wording import say_amount, say_parameter, say_range
from wijkspil.insight.types import Assumption


def say_data(text: str, values: Mapping[str, str | float] | None = None) -> str:
    """Return a text of data; numbers among its values are said as people do."""
    said = gettext(text) if text else ""
    if not values:
        return said
    return said % {
        name: value if isinstance(value, str) else say_amount(value)
        for name, value in values.items()
    }


def say_assumption(one: Assumption) -> str:
    """Return what was supposed; of a parameter its name, its interval and why."""
    said = say_data(one.text, one.values)
    if one.low is not None and one.high is not None:
        interval = say_range(one.low, one.high, one.unit)
        said = f"{say_parameter(one.key)}: {interval}. {said}".strip()
    if not one.only_in:
        return said
    return gettext("Only in “%(scenario)s”: %(said)s") % {
        "scenario": one.only_in,
        "said": said,
    }


def say_source(text: str) -> str:
    """Return a source, or several parted by a semicolon, with our own words said."""
    parts = text.split("; ")
    said = []
    while parts:
        for count in range(len(parts), 0, -1):
            whole = "; ".join(parts[:count])
            words = say_data(whole)
            if words != whole or count == 1:
                said.append(words)
                del parts[:count]
                break
    return "; ".join(said)
