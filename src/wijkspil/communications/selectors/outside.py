"""Which messages to people without an account did not arrive?"""

from collections.abc import Collection

from wijkspil.communications.models import Delivery
from wijkspil.communications.types import DeliveryStatus


def list_undelivered(subjects: Collection[str]) -> set[str]:
    """Return what ("wish:H-7K3F9Q") the last message about did not arrive (one query).

    Who reads it has another way to reach them: a desk, or a page they open themselves.
    """
    last: dict[str, str] = dict(
        Delivery.objects.filter(
            communication__about__in=subjects, communication__to_outside=True
        )
        .exclude(status=DeliveryStatus.WAITING)
        .order_by("communication__created_at", "pk")
        .values_list("communication__about", "status")
    )
    return {about for about, status in last.items() if status == DeliveryStatus.DEAD}
