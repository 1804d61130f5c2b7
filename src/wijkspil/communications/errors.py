"""Errors of the communications context."""

from django.utils.translation import gettext as _

from wijkspil.core.errors import Conflict, InvalidValue, NotFound


class InvalidAddress(InvalidValue):
    """The address of a system cannot be used."""

    code = "invalid-address"


class InvalidNumber(InvalidValue):
    """The number cannot get text messages."""

    code = "invalid-number"


class UnknownTopic(InvalidValue):
    """No room sends about this."""

    code = "unknown-topic"


class UnknownMessage(NotFound):
    """There is no such message, or it is not for the actor."""

    code = "unknown-message"


class UnknownEndpoint(NotFound):
    """There is no such address of a system, or it is not the actor's."""

    code = "unknown-endpoint"


class EndpointHasEnded(Conflict):
    """Nothing is sent to this address any more."""

    code = "endpoint-has-ended"


class EndpointExists(Conflict):
    """The organization has this address already."""

    code = "endpoint-exists"


class TooManyEndpoints(Conflict):
    """The organization has as many addresses as it may have."""

    code = "too-many-endpoints"


class NotDead(Conflict):
    """The delivery is on its way, delivered or no longer needed."""

    code = "delivery-not-dead"


def unknown_message() -> UnknownMessage:
    """Return the error for a message that is not there for the actor."""
    return UnknownMessage(
        _("This message is not there. It may be older than half a year, or for others.")
    )


def unknown_endpoint() -> UnknownEndpoint:
    """Return the error for an address that is not there for the actor."""
    return UnknownEndpoint(_("Your organization has no such address of a system."))
