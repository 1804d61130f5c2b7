"""Insight: where care falls short now and later, and what would help. Only reads."""

from django.apps import AppConfig


class InsightConfig(AppConfig):
    """The insight context."""

    name = "wijkspil.insight"
    label = "insight"
