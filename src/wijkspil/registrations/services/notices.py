"""What a household is told outside the app, and who helped it inside the app.

Nothing personal goes out: a title, the number of the wish and the page where the
private link is asked for anew. The private link itself is in the first message only.
"""

from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from wijkspil.communications.services.sending import send
from wijkspil.communications.types import (
    Channel,
    OutsideAddress,
    Topic,
    declare_topic,
)
from wijkspil.core.sealing import unseal
from wijkspil.registrations.models import Wish
from wijkspil.registrations.types import ContactKind

STARTED = declare_topic(
    "registrations.started",
    title=_("Your link to finish your wish for a GP"),
    sentence=_("Wish %(number)s was written down. It counts once it is confirmed."),
    urgent=True,
)
NEW_LINK = declare_topic(
    "registrations.new-link",
    title=_("Your new link to your wish for a GP"),
    sentence=_("A new link was made for wish %(number)s. The old one has ended."),
    urgent=True,
)
NEWS = declare_topic(
    "registrations.news",
    title=_("There is news about your wish for a GP"),
    sentence=_("There is news about wish %(number)s. Look what it is."),
    urgent=True,
)
PROPOSAL = declare_topic(
    "registrations.proposal",
    title=_("There is a place for you: answer in time"),
    sentence=_("There is a place for wish %(number)s. The household must answer."),
    urgent=True,
)
PLACED = declare_topic(
    "registrations.placed",
    title=_("Your registration with a GP is arranged"),
    sentence=_("The household of wish %(number)s has a place."),
    urgent=True,
)
STILL_LOOKING = declare_topic(
    "registrations.still-looking",
    title=_("Are you still looking for a GP? Tell us in time"),
    sentence=_("Ask whether the household of wish %(number)s is still looking."),
    urgent=True,
)
LAPSED = declare_topic(
    "registrations.lapsed",
    title=_("Your wish for a GP has ended"),
    sentence=_("Wish %(number)s has ended: it was not confirmed in time."),
    urgent=True,
)
_CHANNELS = {
    ContactKind.EMAIL: Channel.EMAIL,
    ContactKind.PHONE: Channel.TEXT,
}


def tell_household(wish: Wish, topic: Topic, *, at: datetime, key: str) -> None:
    """Tell a household, or the desk where it was helped, that there is something.

    In the caller's transaction; once for each ``key``. Who has neither an address nor
    a desk reads it on the page of the wish.
    """
    _tell(wish, topic, at=at, key=key)


def tell_link(wish: Wish, topic: Topic, *, token: str, at: datetime, key: str) -> None:
    """Send the private link; the code is told another way."""
    _tell(
        wish,
        topic,
        at=at,
        key=key,
        path=reverse("registrations:follow", args=[token]),
    )


def goes_nowhere(kind: str) -> bool:
    """Whether messages of this kind do not leave the machine (a demo)."""
    if kind == ContactKind.PHONE:
        return not settings.TEXT_GATEWAY
    return not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")


def _tell(wish: Wish, topic: Topic, *, at: datetime, key: str, path: str = "") -> None:
    channel = _CHANNELS.get(ContactKind(wish.contact_kind))
    if channel is not None and wish.contact is not None:
        start = reverse("registrations:follow-start")
        send(
            topic=topic,
            to_addresses=[
                OutsideAddress(channel, unseal(bytes(wish.contact)), path=path)
            ],
            params={"number": wish.number},
            link=f"{start}?{urlencode({'nummer': wish.number})}",
            about=about(wish),
            at=at,
            key=f"{wish.number}:{key}",
        )
    elif wish.helper_id is not None:
        send(
            topic=topic,
            to_users=[wish.helper_id],
            params={"number": wish.number},
            link=reverse("registrations:help-wish", args=[wish.number]),
            about=about(wish),
            at=at,
            key=f"{wish.number}:{key}",
        )


def about(wish: Wish) -> str:
    """Return the wish as messages name what they are about."""
    return f"wish:{wish.number}"
