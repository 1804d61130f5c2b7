"""Topics that only tests send: in the catalogue while they run (``conftest``)."""

from wijkspil.communications.types import _CATALOGUE, declare_topic

CALM = declare_topic("test.calm", title="A calm thing", sentence="%(number)s is calm")
URGENT = declare_topic(
    "test.urgent",
    title="An urgent thing",
    sentence="%(number)s is urgent",
    urgent=True,
)
for _topic in (CALM, URGENT):
    del _CATALOGUE[_topic.code]
