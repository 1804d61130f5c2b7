"""What people and systems are told about calls. Outside the app only the title goes."""

from django.utils.translation import gettext_lazy as _

from wijkspil.communications.types import declare_topic

ALERT = declare_topic(
    "calls.alert",
    title=_("Unplanned call: can you come?"),
    sentence=_(
        "Unplanned call %(number)s waits for your answer. After %(minutes)s minutes "
        "the next nurse is alerted as well."
    ),
    urgent=True,
)
ACCEPTED = declare_topic(
    "calls.accepted",
    title=_("A nurse is coming"),
    sentence=_("A nurse is coming to call %(number)s, in about %(minutes)s minutes."),
)
NO_LONGER_NEEDED = declare_topic(
    "calls.no-longer-needed",
    title=_("You need not come any more"),
    sentence=_("Nobody needs to go to call %(number)s any more."),
    urgent=True,
)
HANDED_ON = declare_topic(
    "calls.handed-on",
    title=_("No nurse found for an unplanned call"),
    sentence=_(
        "No nurse could come to call %(number)s. Call the client, the out-of-hours "
        "post or 112."
    ),
    urgent=True,
)
CHECK_IN_MISSED = declare_topic(
    "calls.check-in-missed",
    title=_("A nurse gave no sign of being safe"),
    sentence=_(
        "The nurse of call %(number)s gave no sign of being safe. Call the nurse now."
    ),
    urgent=True,
)
DONE = declare_topic(
    "calls.done",
    title=_("An unplanned call is done"),
    sentence=_("The nurse of call %(number)s is done."),
)
MORNING_REPORT = declare_topic(
    "calls.morning-report",
    title=_("Unplanned calls of last night"),
    sentence=_("%(calls)s unplanned calls last night for clients of your team."),
)
GLASS_BROKEN = declare_topic(
    "calls.glass-broken",
    title=_("Emergency access to a client's data"),
    sentence=_(
        "Somebody used emergency access for call %(number)s. Read the reason and "
        "judge it."
    ),
    urgent=True,
)
