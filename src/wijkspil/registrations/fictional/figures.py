"""The figures of ``figures.yaml``, each with its unit and source."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


@lru_cache(maxsize=1)
def load_figures() -> dict[str, dict[str, Any]]:
    """Return figure name -> {value, unit, source}."""
    text = files(__package__).joinpath("figures.yaml").read_text("utf-8")
    figures: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return figures


def figure(name: str) -> Any:
    """Return the value of a figure."""
    return load_figures()[name]["value"]
