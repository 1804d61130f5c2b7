"""Topics that only tests send."""

from wijkspil.communications.types import declare_topic

CALM = declare_topic("test.calm", title="A calm thing", sentence="%(number)s is calm")
URGENT = declare_topic(
    "test.urgent",
    title="An urgent thing",
    sentence="%(number)s is urgent",
    urgent=True,
)
