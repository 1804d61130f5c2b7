"""What practices and the GP organization are told about rounds."""

from django.utils.translation import gettext_lazy as _

from wijkspil.communications.types import declare_topic

ROUND_OPEN = declare_topic(
    "registrations.round-open",
    title=_("A round of swaps is open: does your practice join?"),
    sentence=_(
        "Join before %(day)s. Swapping costs you no place: who comes, comes in the "
        "place of who goes."
    ),
)
JOIN_SOON = declare_topic(
    "registrations.round-join-soon",
    title=_("A round of swaps closes soon for practices"),
    sentence=_("Your practice can join up to and including %(day)s."),
)
PROPOSALS = declare_topic(
    "registrations.round-proposals",
    title=_("Households were proposed to your practice"),
    sentence=_("Answer up to and including %(day)s. Then the round goes on."),
    urgent=True,
)
ROUND_EXECUTED = declare_topic(
    "registrations.round-executed",
    title=_("The round is carried out: your work list is ready"),
    sentence=_("Registrations change on %(day)s. Your desk enters them before."),
    urgent=True,
)
ROUND_CLOSED = declare_topic(
    "registrations.round-closed",
    title=_("The answers of a round are in"),
    sentence=_("See what fell through, and divide that again or carry out the round."),
)
