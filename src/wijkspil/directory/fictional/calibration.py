"""The figures of ``calibration.yaml``, each with its unit and source."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


@lru_cache(maxsize=1)
def load_calibration() -> dict[str, dict[str, Any]]:
    """Return figure name -> {value, unit, source}."""
    text = files(__package__).joinpath("calibration.yaml").read_text("utf-8")
    figures: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return figures


def figure(name: str) -> float:
    """Return the value of a figure."""
    return float(load_calibration()[name]["value"])


def per_inhabitant(name: str) -> float:
    """Return a national count divided by the inhabitants of the country."""
    return figure(name) / figure("inhabitants")


def weekly_new_clients(people: float) -> float:
    """Return new district nursing clients a week among ``people`` inhabitants.

    Whoever had care within the year but not in a given month came in during the
    other eleven: (584,000 - 293,000) / (52 * 11 / 12) a week, or 6,100 in the country.
    People who leave and come back are not counted, so it is a lower bound.
    """
    new_people = figure("nursing_users_year") - figure("nursing_users_month")
    return people / figure("inhabitants") * new_people / (52 * 11 / 12)
