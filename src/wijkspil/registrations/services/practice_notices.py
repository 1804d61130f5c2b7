"""Tell a practice something: its manager, and its own system by webhook."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from wijkspil.communications.services.sending import send
from wijkspil.communications.types import ServiceOf, Topic, declare_topic
from wijkspil.directory.selectors.targets import get_service_target

HOUSEHOLD_NO = declare_topic(
    "registrations.household-no",
    title=_("A household does not come after all"),
    sentence=_("A household that was proposed to you does not come."),
)
REMINDER = declare_topic(
    "registrations.answer-reminder",
    title=_("Households wait for the answer of your practice"),
    sentence=_("Households still wait for your answer. In two days the time is over."),
    urgent=True,
)
WORK_TO_DO = declare_topic(
    "registrations.work",
    title=_("There are registrations to enter"),
    sentence=_("Registrations are ready on your work list, spread over the days."),
)
RECORDS_TO_SEND = declare_topic(
    "registrations.records",
    title=_("There are records to send on"),
    sentence=_("People move to another practice. See to whom their records go."),
)


def tell_practice(
    service_id: int,
    topic: Topic,
    *,
    page: str,
    at: datetime,
    key: str,
    about: str = "",
) -> None:
    """Send one message, in the caller's transaction; the same key adds nothing.

    ``page`` is where it leads: "home" or "work".
    """
    organization_id = get_service_target(service_id).organization_id
    assert organization_id is not None, "a service has an organization"
    link = f"/praktijk/{service_id}/werklijst/" if page == "work" else "/praktijk/"
    send(
        topic=topic,
        to_organizations=[ServiceOf(organization_id, service_id)],
        link=link,
        about=about or f"practice:{service_id}",
        at=at,
        key=f"{service_id}:{key}",
    )
