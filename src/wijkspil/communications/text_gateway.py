"""What sends a text message. None comes with Wijkspil: name yours in a setting.

``WIJKSPIL_TEXT_GATEWAY`` is the dotted path of a class made without arguments, or of
anything that can be called without arguments and returns a ``TextGateway``. Without
it the channel is off.
"""

from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class TextNotSent(Exception):
    """The gateway did not take the message now; it is tried again later."""


class TextGateway(Protocol):
    """A way to send text messages."""

    def send(self, number: str, text: str) -> None:
        """Hand over one text.

        Raises
        ------
        TextNotSent, OSError
            If it was not taken; it is tried again later.
        """


def load_text_gateway() -> TextGateway | None:
    """Return the gateway of the settings, or None: the channel is off."""
    if not settings.TEXT_GATEWAY:
        return None
    gateway: TextGateway = import_string(settings.TEXT_GATEWAY)()
    return gateway
