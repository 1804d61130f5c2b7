"""GP lists: which practice has a place, who wants one, and who moves in a round."""

from django.apps import AppConfig


class RegistrationsConfig(AppConfig):
    """The registrations context."""

    name = "wijkspil.registrations"
    label = "registrations"
