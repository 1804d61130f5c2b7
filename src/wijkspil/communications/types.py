"""The words of communications: topics, channels, and who is reached.

A room that sends declares its topics here, once, when it is loaded. Inside the app a
message is the topic's ``sentence`` with its parameters. Outside the app (e-mail,
webhook, text message) only the topic's title, the stable id and a link go out: nothing
that identifies a client, and no parameter at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.types import Role
from wijkspil.core.permissions import Scope

#: What a message may carry: codes and numbers, never a name or a note.
Params = Mapping[str, str | int | float | None]
#: Longer than this is no code.
MAX_CODE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Topic:
    """What a message can be about.

    ``title`` goes outside the app and takes no parameters; ``sentence`` stays inside
    and may use ``%(name)s`` of the parameters sent. Both are lazy translations.
    """

    code: str
    title: Any
    sentence: Any
    urgent: bool = False


_CATALOGUE: dict[str, Topic] = {}


def declare_topic(
    code: str, *, title: Any, sentence: Any, urgent: bool = False
) -> Topic:
    """Add a topic to the catalogue; a code ("calls.accepted") is declared once.

    Parameters
    ----------
    title
        Lazy translation, without parameters: this is all that is said outside.
    sentence
        Lazy translation shown in the app, with ``%(name)s`` for parameters.
    urgent
        A person must know now: e-mailed (and texted) also to who wants little mail.

    Raises
    ------
    ValueError
        If the code was declared before, or is longer than a code.
    """
    if code in _CATALOGUE:
        raise ValueError(f"Topic {code!r} is declared twice.")
    if not code or len(code) > MAX_CODE_CHARACTERS:
        raise ValueError(
            f"Topic {code!r}: write 1 to {MAX_CODE_CHARACTERS} characters."
        )
    topic = Topic(code=code, title=title, sentence=sentence, urgent=urgent)
    _CATALOGUE[code] = topic
    return topic


def find_topic(code: str) -> Topic | None:
    """Return a declared topic; None for one that an older version declared."""
    return _CATALOGUE.get(code)


def list_topics() -> list[Topic]:
    """Return every declared topic, by code."""
    return [_CATALOGUE[code] for code in sorted(_CATALOGUE)]


@dataclass(frozen=True, slots=True)
class ServiceOf:
    """A service (team) of an organization as receiver: its members read it."""

    organization_id: int
    service_id: int


class Channel(models.TextChoices):
    """How a message leaves the app."""

    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Another system (webhook)")
    TEXT = "text", _("Text message")


@dataclass(frozen=True, slots=True)
class OutsideAddress:
    """Somebody without an account: an e-mail address, or a number for texts.

    ``path`` leads this one message elsewhere than the message's own link, as in a
    private link that is told once. Both are kept sealed, and only until it has gone.
    """

    channel: Channel
    value: str
    path: str = ""


class DeliveryStatus(models.TextChoices):
    """Where one delivery stands."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Delivered")
    DEAD = "dead", _("Not delivered")
    CANCELLED = "cancelled", _("No longer needed")


class EmailChoice(models.TextChoices):
    """Which messages a person also gets by e-mail."""

    NONE = "none", _("None")
    URGENT = "urgent", _("Only what cannot wait")
    ALL = "all", _("All")


#: Whose messages a role reads beside its own: of the team, organization or region.
#: A message to a whole organization is not for members of one team.
INBOX_SCOPES: Mapping[str, Scope] = {
    Role.TEAM_MEMBER: Scope.SERVICE,
    Role.COORDINATOR: Scope.REGION,
    Role.REFERRER: Scope.ORGANIZATION,
    Role.PROVIDER_MANAGER: Scope.ORGANIZATION,
    Role.PROVIDER_SYSTEM: Scope.ORGANIZATION,
    Role.TRIAGE: Scope.ORGANIZATION,
    Role.DIRECTORY_EDITOR: Scope.ORGANIZATION,
    Role.INSURER: Scope.ORGANIZATION,
    Role.AUDITOR: Scope.ORGANIZATION,
    Role.ADMINISTRATOR: Scope.ORGANIZATION,
    Role.NURSE_REPRESENTATIVE: Scope.ORGANIZATION,
    Role.REFERRER_REPRESENTATIVE: Scope.ORGANIZATION,
    Role.PRIVACY_OFFICER: Scope.ORGANIZATION,
    Role.PRACTICE_MANAGER: Scope.ORGANIZATION,
    Role.GP_COORDINATOR: Scope.REGION,
}

TEST_MESSAGE = declare_topic(
    "communications.test",
    title=_("A test message"),
    sentence=_("A test message to one of your systems."),
)
