"""Temporary stay: which kind fits, who decides, and which bed is free."""

from django.apps import AppConfig


class StaysConfig(AppConfig):
    """The stays context."""

    name = "wijkspil.stays"
    label = "stays"
