"""Unplanned calls, day and night: the right nurse, fast, and settled afterwards."""

from django.apps import AppConfig


class CallsConfig(AppConfig):
    """The calls context."""

    name = "wijkspil.calls"
    label = "calls"
