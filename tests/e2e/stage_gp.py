"""Set the scene for a round: every list is closed, and one household waits.

Run as a process of its own on the site's database (``python -m tests.e2e.stage_gp``);
prints what a journey needs as JSON. The household is at the second practice of the demo
and wants the first; what happens then is played in the browser.
"""

import json
import sys
from datetime import date

import django


def main() -> None:
    django.setup()
    from django.urls import reverse
    from django.utils import timezone

    from wijkspil.accounts.selectors import find_fictional_actor
    from wijkspil.accounts.types import VISITOR
    from wijkspil.directory.selectors.gp_practices import (
        list_gp_practices_near,
        list_gp_practices_of,
    )
    from wijkspil.registrations.models import PracticeList
    from wijkspil.registrations.services.wishes import confirm_contact, start_wish
    from wijkspil.registrations.types import ContactGiven, MemberGiven, WishGiven

    now = timezone.now()
    own = []
    for name in ("praktijk", "praktijk2"):
        manager = find_fictional_actor(f"{name}@example.nl", at=now)
        assert manager is not None
        ids = [grant.organization_id for grant in manager.grants]
        own.append(list_gp_practices_of(filter(None, ids), at=now)[0])
    first, second = own
    assert first.lon is not None
    assert first.lat is not None
    around = list_gp_practices_near(first.lon, first.lat, at=now, km=60, limit=500)
    PracticeList.objects.bulk_create(
        PracticeList(
            service_id=practice.id,
            status="closed",
            reason="full",
            people=2400,
            publisher_name="e2e",
            valid_from=now,
        )
        for practice in around
    )
    wish, told = start_wish(
        actor=VISITOR,
        given=WishGiven(
            postcode=second.postcode,
            reason="nearer",
            members=[MemberGiven("B. Zonneveer (verzonnen)", date(1971, 3, 9))],
            choices=[first.id],
            current_practice_id=second.id,
        ),
        contact=ContactGiven("email", "zonneveer@example.nl"),
        at=now,
    )
    confirm_contact(token=told.token, code=told.code, at=now)
    others = [one for one in around if one.id not in {first.id, second.id}]
    json.dump(
        {
            **{
                key: {"id": one.id, "name": one.name, "postcode": one.postcode}
                for key, one in (("first", first), ("second", second))
            },
            "stops": {"id": others[0].id, "postcode": others[0].postcode},
            "takers": [one.id for one in others[1:4]],
            "other": {
                "path": reverse("registrations:follow", args=[told.token]),
                "code": told.code,
                "number": wish.number,
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
