"""Messages to people and systems: in the app, by e-mail and by webhook."""

from django.apps import AppConfig


class CommunicationsConfig(AppConfig):
    """The communications context."""

    name = "wijkspil.communications"
    label = "communications"
